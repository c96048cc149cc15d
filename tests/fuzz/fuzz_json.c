// JSON: what is printed reads as it did; what is clean needs no repair.
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "bridge/codec/json.h"
#include "tests/fuzz/input.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

/* Parses and prints; false when it is not JSON. */
static bool printed(bool repair, const void *bytes, size_t len, struct buffer *to)
{
	char why[WHY_SIZE] = "";
	struct json *document =
		repair ? json_parse_repaired(bytes, len, why, sizeof(why)) : json_parse(bytes, len, why, sizeof(why));
	buffer_init(to, TEXT_MAX);
	if (document == NULL) {
		input_require(why[0] != '\0', "a reason");
		return false;
	}
	json_print(document, to);
	json_free(document);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer once, twice, repaired;
	bool clean = printed(false, data, size, &once);
	bool mended = printed(true, data, size, &repaired);
	const struct buffer *first = clean ? &once : &repaired;
	if (clean || mended) {
		input_require(printed(false, first->data, first->len, &twice), "what is printed is clean");
		input_require(text_equal(buffer_text(first), buffer_text(&twice)), "and reads the same");
		buffer_clear(&twice);
	}
	if (clean)
		input_require(mended && text_equal(buffer_text(&once), buffer_text(&repaired)), "nothing to repair");
	buffer_clear(&once);
	buffer_clear(&repaired);
	return 0;
}
