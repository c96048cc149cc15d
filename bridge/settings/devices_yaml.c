/* devices_yaml - the full reader of a mapping: any YAML, as a stream of events. Every scalar is a text. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/text.h"
#include "bridge/settings/devices_table.h"
#include "bridge/settings/yaml.h"

enum { NAME_SHOWN_MAX = 80 };

struct yaml_loading {
	struct devices_loading *loading;
	struct yaml_reader *reader;
};

static struct slice slice_of(const struct yaml_event *event)
{
	return (struct slice){event->text, event->len};
}

static bool next(struct yaml_loading *yaml, struct yaml_event *ret)
{
	struct text_problem problem;

	if (yaml_next(yaml->reader, ret, &problem))
		return true;
	settings_fault(yaml->loading->faults, yaml->loading->path, problem.line, "%s", problem.why);
	return false;
}

static bool skip(struct yaml_loading *yaml, const struct yaml_event *event)
{
	struct text_problem problem;

	if (yaml_skip(yaml->reader, event, &problem))
		return true;
	settings_fault(yaml->loading->faults, yaml->loading->path, problem.line, "%s", problem.why);
	return false;
}

/* Says what is wrong with a value and goes past it; false only when the file cannot be read on. */
static bool refuse(struct yaml_loading *yaml, const struct yaml_event *event, const char *why)
{
	settings_fault(yaml->loading->faults, yaml->loading->path, event->line, "%s", why);
	return skip(yaml, event);
}

/* The next key of the mapping that is open; *ret_more is false at its end. */
static bool next_key(struct yaml_loading *yaml, struct yaml_event *ret, bool *ret_more)
{
	if (!next(yaml, ret))
		return false;
	*ret_more = ret->kind != YAML_CLOSE;
	if (ret->kind == YAML_SCALAR || ret->kind == YAML_CLOSE)
		return true;
	settings_fault(yaml->loading->faults, yaml->loading->path, ret->line,
		       "a key that is not a text; write `name: value`");
	return false;
}

/* One `key: value` of a device in the long form. */
static bool read_field(struct yaml_loading *yaml, struct device_draft *draft, const struct yaml_event *key)
{
	char name[NAME_SHOWN_MAX + 1];
	size_t line = key->line;
	struct yaml_event value;

	/* The key's text ends with the next event. What is cut is unknown either way. */
	text_copy_bytes(name, sizeof(name), key->text, key->len);
	if (!next(yaml, &value))
		return false;
	if (value.kind != YAML_SCALAR) {
		draft->failed = true;
		return refuse(yaml, &value, "a list or mapping, where one value belongs");
	}
	device_field(yaml->loading, draft, (struct slice){name, strlen(name)}, slice_of(&value), line);
	return true;
}

static bool read_fields(struct yaml_loading *yaml, struct device_draft *draft)
{
	struct yaml_event key;
	bool more;

	while (next_key(yaml, &key, &more))
		if (!more)
			return true;
		else if (!read_field(yaml, draft, &key))
			return false;
	return false;
}

static bool read_device(struct yaml_loading *yaml, const struct yaml_event *name)
{
	struct device_draft draft;
	struct yaml_event value;

	device_begin(yaml->loading, &draft, slice_of(name), name->line);
	if (!next(yaml, &value))
		return false;
	if (value.kind == YAML_LIST)
		return refuse(yaml, &value, "a list, where a SIM belongs; a device has one SIM");
	if (value.kind == YAML_SCALAR)
		device_field(yaml->loading, &draft, (struct slice){"sim", 3}, slice_of(&value), draft.line);
	else if (!read_fields(yaml, &draft))
		return false;
	device_end(yaml->loading, &draft);
	return true;
}

static bool read_devices(struct yaml_loading *yaml)
{
	struct yaml_event value, name;
	bool more;

	if (!next(yaml, &value))
		return false;
	if (value.kind == YAML_SCALAR && value.len == 0 && !value.quoted)
		return true;
	if (value.kind != YAML_MAPPING)
		return refuse(yaml, &value, "devices is a mapping; write lines of `  device: SIM` below it");
	while (next_key(yaml, &name, &more))
		if (!more)
			return true;
		else if (!read_device(yaml, &name))
			return false;
	return false;
}

static bool read_unlisted(struct yaml_loading *yaml, size_t line)
{
	struct yaml_event value;

	if (!next(yaml, &value))
		return false;
	if (value.kind != YAML_SCALAR)
		return refuse(yaml, &value, "unlisted is one word: reject or unique_name");
	devices_set_unlisted(yaml->loading, slice_of(&value), line);
	return true;
}

static bool refuse_key(struct yaml_loading *yaml, const struct yaml_event *key, const char *why)
{
	struct yaml_event value;

	settings_fault(yaml->loading->faults, yaml->loading->path, key->line, "%.*s: %s", NAME_SHOWN_MAX, key->text,
		       why);
	return next(yaml, &value) && skip(yaml, &value);
}

static bool read_key(struct yaml_loading *yaml, const struct yaml_event *key)
{
	bool is_devices = text_equal(key->text, "devices"), is_unlisted = text_equal(key->text, "unlisted");
	bool *seen = is_devices ? &yaml->loading->has_devices : &yaml->loading->has_unlisted;

	if (!is_devices && !is_unlisted)
		return refuse_key(yaml, key,
				  "not known here; a mapping has devices and unlisted, and devices are "
				  "indented below devices");
	if (*seen)
		return refuse_key(yaml, key, "stands here a second time; keep one");
	*seen = true;
	return is_devices ? read_devices(yaml) : read_unlisted(yaml, key->line);
}

static void read_root(struct yaml_loading *yaml)
{
	struct yaml_event event;
	bool more = true;

	if (!next(yaml, &event) || event.kind == YAML_END)
		return;
	if (event.kind != YAML_MAPPING) {
		refuse(yaml, &event, "not a mapping; write `devices:` and lines of `  device: SIM` below it");
		return;
	}
	while (more && next_key(yaml, &event, &more))
		if (more && !read_key(yaml, &event))
			return;
	if (!more)
		next(yaml, &event); /* what follows the document, if anything, is a fault */
}

void devices_read_yaml(struct devices_loading *loading, struct text_file *file)
{
	struct yaml_loading yaml = {.loading = loading, .reader = yaml_create(file)};

	read_root(&yaml);
	yaml_destroy(yaml.reader);
}
