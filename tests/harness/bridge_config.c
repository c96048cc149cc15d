// bridge_config - a flat list of keys, written as sections.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/bridge_config.h"

#include <stdbool.h>
#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"

enum { FILE_MAX = 65536 };

static size_t find(const struct bridge_config *config, const char *key)
{
	size_t i = 0;
	while (i < config->count && !text_equal(config->lines[i].key, key))
		i++;
	return i;
}

void bridge_config_set(struct bridge_config *config, const char *key, const char *value)
{
	size_t i = find(config, key);
	assert_true(i < CONFIG_KEYS_MAX);
	if (i == config->count)
		config->count++;
	assert_true(text_copy(config->lines[i].key, CONFIG_KEY_SIZE, key));
	assert_true(text_copy(config->lines[i].value, CONFIG_VALUE_SIZE, value));
}

void bridge_config_line(struct bridge_config *config, const char *line)
{
	char key[CONFIG_KEY_SIZE];
	size_t len = strcspn(line, ":");
	assert_true(text_copy_bytes(key, sizeof(key), line, len));
	const char *value = line[len] == ':' ? line + len + 1 : "";
	bridge_config_set(config, key, value + strspn(value, " "));
}

const char *bridge_config_get(const struct bridge_config *config, const char *key)
{
	size_t i = find(config, key);
	return i < config->count ? config->lines[i].value : "";
}

/* Length of the section's name, without the dot; 0: top-level. */
static size_t section_len(const char *key)
{
	const char *dot = strchr(key, '.');
	return dot != NULL ? (size_t)(dot - key) : 0;
}

static bool same_section(const char *a, const char *b)
{
	size_t len = section_len(a);
	return len == section_len(b) && strncmp(a, b, len) == 0;
}

static void write_section(const struct bridge_config *config, size_t first, struct buffer *to)
{
	const char *head = config->lines[first].key;
	size_t len = section_len(head);
	if (len > 0)
		buffer_append_format(to, "%.*s:\n", (int)len, head);
	for (size_t i = first; i < config->count; i++) {
		const char *key = config->lines[i].key, *value = config->lines[i].value;
		if (*value != '\0' && same_section(head, key))
			buffer_append_format(to, "%s%s: %s\n", len > 0 ? "  " : "", key + (len > 0 ? len + 1 : 0),
					     value);
	}
}

/* Is this the first line with a value in its section? */
static bool starts_section(const struct bridge_config *config, size_t index)
{
	if (*config->lines[index].value == '\0')
		return false;
	for (size_t i = 0; i < index; i++)
		if (*config->lines[i].value != '\0' && same_section(config->lines[i].key, config->lines[index].key))
			return false;
	return true;
}

void bridge_config_write(const struct bridge_config *config, const char *path)
{
	struct buffer text;
	buffer_init(&text, FILE_MAX);
	for (size_t i = 0; i < config->count; i++)
		if (starts_section(config, i))
			write_section(config, i, &text);
	assert_false(text.overflow);
	file_write(path, buffer_text(&text));
	buffer_clear(&text);
}
