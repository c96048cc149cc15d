// Two topic templates, a device and a topic, a line each.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "bridge/base/text.h"
#include "bridge/codec/topic.h"
#include "tests/fuzz/input.h"

enum { PARTS = 4 };

static void judge_filled(const char *template_text, const char *device)
{
	char topic[TOPIC_SIZE], again[DEVICE_SIZE], why[WHY_SIZE];
	if (!topic_template_is_valid(template_text, why, sizeof(why)) ||
	    !topic_device_is_valid(device, why, sizeof(why)))
		return;
	topic_fill(topic, template_text, device);
	input_require(topic_name_is_valid(topic, why, sizeof(why)), "a topic to publish on");
	input_require(topic_matches(template_text, topic), "matched by its template");
	input_require(topic_level(template_text, topic, again, sizeof(again)) && text_equal(device, again),
		      "the same device");
}

static void judge_overlap(const char *a, const char *b, const char *topic)
{
	char why[WHY_SIZE], device[DEVICE_SIZE];
	bool valid = topic_name_is_valid(topic, why, sizeof(why));
	if (valid && topic_matches(a, topic) && topic_matches(b, topic))
		input_require(topic_overlaps(a, b) && topic_overlaps(b, a), "two filters of one topic overlap");
	topic_level(a, topic, device, sizeof(device));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *parts[PARTS];
	size_t at = 0, rest;
	for (size_t i = 0; i < PARTS; i++, at += rest)
		parts[i] = input_part(data + at, size - at, '\n', &rest);
	judge_filled(parts[0], parts[2]);
	judge_overlap(parts[0], parts[1], parts[3]);
	for (size_t i = 0; i < PARTS; i++)
		free(parts[i]);
	return 0;
}
