/* mqtt_text - what mqtt reads and says: topics, URLs, and why a connection is not there.
 *
 * Threads: any; pure. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_MQTT_TEXT_H
#define BRIDGE_EDGE_MQTT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "bridge/edge/mqtt.h"

/* A topic name of `len` bytes that can be told on: UTF-8, no NUL, no wildcard, shorter than TOPIC_SIZE. */
bool mqtt_topic_is_readable(const char *topic, size_t len);

/* Settings that can never work: false and why. Files of a TLS setup must be readable now. */
bool mqtt_options_are_valid(const struct mqtt_options *options, char *why, size_t why_size);

bool mqtt_url_has_tls(const char *url);

/* What a CONNACK, DISCONNECT, SUBACK or PUBACK code (3.1.1: 1..5, else MQTT 5) means. */
const char *mqtt_code_text(int code);

/* A refusal that repeating soon does not change: credentials, permissions, an id or version not liked. */
bool mqtt_code_is_lasting(int code);

/* A refusal that passes: quota, load. */
bool mqtt_code_is_passing(int code);

/* Paho's words for a failed connect in ours. */
const char *mqtt_failure_text(const char *pahos, bool tls);

#endif
