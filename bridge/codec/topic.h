/* topic - topic names and templates with exactly one `+` that stands for the device.
 *
 * Threads: any; no state.
 * Rules:   MQTT 3.1.1 section 4.7 for wildcards and matching. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_TOPIC_H
#define BRIDGE_CODEC_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/base/limits.h"

/* 1..128 bytes of UTF-8, none of + # /, no control character, not starting with `$`. */
bool topic_device_is_valid(const char *device, char *why, size_t why_size);

/* A template: a valid topic filter with exactly one `+` level, no `#`, not starting with `$`,
 * short enough that every device fits in TOPIC_SIZE. */
bool topic_template_is_valid(const char *template_text, char *why, size_t why_size);

/* A topic to publish on: UTF-8, 1..512 bytes, no wildcard, no control character. */
bool topic_name_is_valid(const char *topic, char *why, size_t why_size);

/* The template with the device in the place of `+`; both valid. */
void topic_fill(char to[TOPIC_SIZE], const char *template_text, const char *device);

/* What stands in `topic` where the template has its `+`, which may be no device's name; false when it does not match,
 * or is too long for `to`. */
bool topic_level(const char *template_text, const char *topic, char *to, size_t size);

/* MQTT matching of a topic name against a filter (`+`, `#`; $-topics only by a literal first level). */
bool topic_matches(const char *filter, const char *topic);

/* Could some topic match both filters? Used to refuse loops at start. */
bool topic_overlaps(const char *filter_a, const char *filter_b);

#endif
