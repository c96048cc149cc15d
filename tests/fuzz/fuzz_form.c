// A webhook's body or query: what the parser accepts means the same when it is written again.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "bridge/codec/form.h"
#include "tests/fuzz/input.h"

static void judge_alike(const struct form *a, const struct form *b)
{
	input_require(a->count == b->count, "as many fields");
	for (size_t i = 0; i < a->count; i++) {
		input_require(text_equal(a->fields[i].name, b->fields[i].name), "the same names");
		input_require(text_equal(a->fields[i].value, b->fields[i].value), "the same values");
		input_require(form_value(a, a->fields[i].name) == a->fields[i].value, "a name once");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct form form, again;
	char why[WHY_SIZE];
	struct buffer text;
	if (!form_parse(&form, (const char *)data, size, why, sizeof(why)))
		return 0;
	buffer_init(&text, 4 * FORM_BODY_MAX);
	for (size_t i = 0; i < form.count; i++)
		form_put(&text, form.fields[i].name, form.fields[i].value);
	if (text.len <= FORM_BODY_MAX) {
		input_require(form_parse(&again, buffer_text(&text), text.len, why, sizeof(why)), "readable again");
		judge_alike(&form, &again);
		form_clear(&again);
	}
	buffer_clear(&text);
	form_clear(&form);
	return 0;
}
