// What the control interface is told (cJSON).
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/json_read.h"

#include <cjson/cJSON.h>

#include "bridge/base/text.h"

static const cJSON *node_of(const struct json *json)
{
	return (const cJSON *)(const void *)json;
}

struct json *json_read(const char *text)
{
	return (struct json *)(void *)cJSON_ParseWithOpts(text[0] == '\0' ? "{}" : text, NULL, true);
}

void json_read_free(struct json *root)
{
	cJSON_Delete((cJSON *)(void *)root);
}

const struct json *json_read_member(const struct json *object, const char *name)
{
	return (const struct json *)(const void *)cJSON_GetObjectItemCaseSensitive(node_of(object), name);
}

const char *json_read_text(const struct json *object, const char *name, const char *fallback)
{
	const struct json *member = json_read_member(object, name);
	return cJSON_IsString(node_of(member)) ? node_of(member)->valuestring : fallback;
}

int64_t json_read_number(const struct json *object, const char *name, int64_t fallback)
{
	const cJSON *member = node_of(json_read_member(object, name));
	if (!cJSON_IsNumber(member) || member->valuedouble > 9e15 || member->valuedouble < -9e15)
		return fallback;
	return (int64_t)member->valuedouble;
}

bool json_read_bool(const struct json *object, const char *name, bool fallback)
{
	const cJSON *member = node_of(json_read_member(object, name));
	return cJSON_IsBool(member) ? cJSON_IsTrue(member) : fallback;
}

const char *json_read_string(const struct json *node)
{
	return cJSON_IsString(node_of(node)) ? node_of(node)->valuestring : "";
}

bool json_read_is_array(const struct json *node)
{
	return cJSON_IsArray(node_of(node));
}

bool json_read_is_object(const struct json *node)
{
	return cJSON_IsObject(node_of(node));
}

size_t json_read_count(const struct json *array)
{
	return array != NULL ? (size_t)cJSON_GetArraySize(node_of(array)) : 0;
}

const struct json *json_read_item(const struct json *array, size_t index)
{
	return (const struct json *)(const void *)cJSON_GetArrayItem(node_of(array), (int)index);
}

const char *json_read_unknown(const struct json *object, const char *const *known)
{
	const cJSON *member;
	cJSON_ArrayForEach(member, node_of(object))
	{
		const char *const *at = known;
		while (*at != NULL && !text_equal(*at, member->string))
			at++;
		if (*at == NULL)
			return member->string;
	}
	return "";
}
