// json_view - a walk along a path through cJSON's tree; the only file of the harness that knows cJSON.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/json_view.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "bridge/base/text.h"

enum { NAME_SIZE = 128 };

/* A view is the tree itself: the type exists only to keep cJSON inside this file. */
static const cJSON *tree(const struct json_view *view)
{
	return (const cJSON *)(const void *)view;
}

struct json_view *json_view_open(const char *text)
{
	return (struct json_view *)(void *)cJSON_ParseWithOpts(text, NULL, 1);
}

void json_view_close(struct json_view *view)
{
	cJSON_Delete((cJSON *)(void *)view);
}

/* path = [ name ] { "." name | "[" number "]" } */
static const cJSON *find(const cJSON *at, const char *path)
{
	while (at != NULL && *path != '\0') {
		char name[NAME_SIZE];
		int64_t index = 0;
		bool is_index = *path == '[';
		path += is_index || *path == '.' ? 1 : 0;
		size_t len = strcspn(path, is_index ? "]" : ".[");
		text_copy_bytes(name, sizeof(name), path, len);
		path += len + (is_index ? 1 : 0);
		if (!is_index)
			at = cJSON_GetObjectItemCaseSensitive(at, name);
		else
			at = text_to_int(name, 0, 1000000, &index) ? cJSON_GetArrayItem(at, (int)index) : NULL;
	}
	return at;
}

bool json_view_has(const struct json_view *view, const char *path)
{
	return find(tree(view), path) != NULL;
}

const char *json_view_text(const struct json_view *view, const char *path)
{
	const cJSON *item = find(tree(view), path);
	return cJSON_IsString(item) ? item->valuestring : "";
}

int64_t json_view_int(const struct json_view *view, const char *path)
{
	const cJSON *item = find(tree(view), path);
	return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : -1;
}

bool json_view_bool(const struct json_view *view, const char *path)
{
	return cJSON_IsTrue(find(tree(view), path));
}

size_t json_view_count(const struct json_view *view, const char *path)
{
	const cJSON *item = find(tree(view), path);
	return item != NULL ? (size_t)cJSON_GetArraySize(item) : 0;
}

void json_pick(const char *text, const char *path, char *ret, size_t size)
{
	struct json_view *view = json_view_open(text);
	const cJSON *item = find(tree(view), path);
	if (cJSON_IsNumber(item))
		text_format(ret, size, "%lld", (long long)item->valuedouble);
	else
		text_copy(ret, size, cJSON_IsString(item) ? item->valuestring : "");
	json_view_close(view);
}
