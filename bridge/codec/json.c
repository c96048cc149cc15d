/* json - reading JSON with the parser's traps closed: the only file that includes cJSON.
 * Writing is in json_write.c. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/codec/json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/codec/json_scan.h"

/* Whole numbers beyond this are not exact in a double, in which other readers of JSON keep them. */
static const int64_t EXACT_MAX = 9007199254740991;

static const cJSON *inner(const struct json *value)
{
	return (const cJSON *)(const void *)value;
}

static const struct json *outer(const cJSON *item)
{
	return (const struct json *)(const void *)item;
}

/* cJSON keeps a number as a double only; the digits that the sender wrote go into the number's
 * unused valuestring, which cJSON_Delete() frees. The tree has the order of the text. */
static void keep_digits(cJSON *item, const char **at)
{
	for (; item; item = item->next) {
		if (cJSON_IsNumber(item)) {
			size_t len;
			const char *digits = json_scan_number(at, &len);

			item->valuestring = memory_copied(digits, len);
		}
		keep_digits(item->child, at);
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A name that this object's members have twice, or NULL. Sorted, because somebody may send very many. */
static const char *twice_in(const cJSON *object)
{
	size_t count = 0;
	const char *found = NULL;

	for (const cJSON *member = object->child; member != NULL; member = member->next)
		count++;
	if (count < 2)
		return NULL;
	const char **names = memory_zeroed(count, sizeof(*names));

	count = 0;
	for (const cJSON *member = object->child; member != NULL; member = member->next)
		names[count++] = member->string;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 1; i < count && found == NULL; i++)
		if (text_equal(names[i - 1], names[i]))
			found = names[i];
	free(names);
	return found;
}

/* The same anywhere in `item` and its siblings. */
static const char *find_twice(const cJSON *item)
{
	const char *found = NULL;

	for (; item != NULL && found == NULL; item = item->next) {
		found = cJSON_IsObject(item) ? twice_in(item) : NULL;
		if (found == NULL)
			found = find_twice(item->child);
	}
	return found;
}

struct json *json_parse(const void *bytes, size_t len, char *why, size_t why_size)
{
	char shown[48];

	if (!json_scan(bytes, len, why, why_size))
		return NULL;
	/* A NUL behind the text, so that nothing can read over its end. */
	char *text = memory_copied(bytes, len);
	cJSON *document = cJSON_ParseWithLength(text, len + 1);
	const char *at = text;

	if (document == NULL) /* it is clean, so there was no memory for it */
		log_fatal("out of memory", "a JSON document could not be built");
	keep_digits(document, &at);
	free(text);
	const char *twice = find_twice(document);

	if (twice == NULL)
		return (struct json *)(void *)document;
	(void)text_copy_clean(shown, sizeof(shown), twice, strlen(twice));
	(void)text_format(why, why_size, "the JSON holds the member \"%s\" twice", shown);
	cJSON_Delete(document);
	return NULL;
}

struct json *json_parse_repaired(const void *bytes, size_t len, char *why, size_t why_size)
{
	struct buffer repaired;

	if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
		bytes = (const char *)bytes + 3;
		len -= 3;
	}
	buffer_init(&repaired, len * 6); /* \u001f for one byte */
	json_scan_repair(&repaired, bytes, len);
	struct json *document = json_parse(buffer_text(&repaired), repaired.len, why, why_size);

	buffer_clear(&repaired);
	return document;
}

void json_free(struct json *document)
{
	cJSON_Delete((cJSON *)(void *)document);
}

enum json_type json_type_of(const struct json *value)
{
	const cJSON *item = inner(value);

	if (cJSON_IsString(item))
		return JSON_STRING;
	if (cJSON_IsNumber(item))
		return JSON_NUMBER;
	if (cJSON_IsObject(item))
		return JSON_OBJECT;
	if (cJSON_IsArray(item))
		return JSON_ARRAY;
	return cJSON_IsBool(item) ? JSON_BOOL : JSON_NULL;
}

const struct json *json_member(const struct json *object, const char *name)
{
	return cJSON_IsObject(inner(object)) ? outer(cJSON_GetObjectItemCaseSensitive(inner(object), name)) : NULL;
}

const struct json *json_first(const struct json *container)
{
	return container != NULL ? outer(inner(container)->child) : NULL;
}

const struct json *json_next(const struct json *value)
{
	return value != NULL ? outer(inner(value)->next) : NULL;
}

const char *json_name(const struct json *member)
{
	return member != NULL && inner(member)->string ? inner(member)->string : "";
}

const char *json_text(const struct json *value)
{
	return cJSON_IsString(inner(value)) ? inner(value)->valuestring : "";
}

bool json_integer(const struct json *value, int64_t min, int64_t max, int64_t *ret)
{
	const cJSON *item = inner(value);
	int64_t low = min > -EXACT_MAX ? min : -EXACT_MAX, high = max < EXACT_MAX ? max : EXACT_MAX;

	if (!cJSON_IsNumber(item))
		return false;
	if (!strpbrk(item->valuestring, ".eE"))
		return text_to_int(item->valuestring, low, high, ret);
	/* 1e3 and 3600.0 are whole numbers, too. */
	double number = item->valuedouble;

	if (number < (double)low || number > (double)high || number != (double)(int64_t)number)
		return false;
	*ret = (int64_t)number;
	return true;
}

bool json_bool(const struct json *value, bool *ret)
{
	if (!cJSON_IsBool(inner(value)))
		return false;
	*ret = cJSON_IsTrue(inner(value));
	return true;
}

static void print_item(const cJSON *item, struct buffer *to);

static void print_children(const cJSON *item, struct buffer *to)
{
	for (const cJSON *child = item->child; child != NULL; child = child->next) {
		if (child != item->child)
			(void)buffer_append_text(to, ",");
		print_item(child, to);
	}
}

static void print_item(const cJSON *item, struct buffer *to)
{
	if (item->string) {
		json_append_quoted(to, item->string);
		(void)buffer_append_text(to, ":");
	}
	if (cJSON_IsString(item)) {
		json_append_quoted(to, item->valuestring);
	} else if (cJSON_IsNumber(item)) {
		(void)buffer_append_text(to, item->valuestring);
	} else if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
		(void)buffer_append_text(to, cJSON_IsObject(item) ? "{" : "[");
		print_children(item, to);
		(void)buffer_append_text(to, cJSON_IsObject(item) ? "}" : "]");
	} else {
		(void)buffer_append_text(to, cJSON_IsTrue(item) ? "true" : cJSON_IsFalse(item) ? "false" : "null");
	}
}

void json_print(const struct json *value, struct buffer *to)
{
	/* Only the value: a member prints without its own name. */
	cJSON item = *inner(value);

	item.string = NULL;
	print_item(&item, to);
}

void json_put_value(struct buffer *to, const char *key, const struct json *value)
{
	json_put_raw(to, key, "");
	json_print(value, to);
}
