/* bridge_config - a bridge.yaml for a test: good defaults, and the lines that the test changes.
 *
 * A line is `section.key: value`, the value as YAML (`api.rate: 5`, `webhook.listen: ""`); a line with nothing
 * behind the colon takes the setting out. The last line for a key wins. Keys without a section are top-level.
 *
 * Ownership: plain data in the caller's memory; texts are copied. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_BRIDGE_CONFIG_H
#define TESTS_HARNESS_BRIDGE_CONFIG_H

#include <stddef.h>

enum { CONFIG_KEYS_MAX = 64, CONFIG_KEY_SIZE = 64, CONFIG_VALUE_SIZE = 512 };

struct bridge_config {
	size_t count;
	struct {
		char key[CONFIG_KEY_SIZE], value[CONFIG_VALUE_SIZE];
	} lines[CONFIG_KEYS_MAX];
};

/* Sets one setting; "" takes it out. */
void bridge_config_set(struct bridge_config *config, const char *key, const char *value);

/* The same from `key: value`. */
void bridge_config_line(struct bridge_config *config, const char *line);

/* What the setting is now; "" when it is not there. Borrowed. */
const char *bridge_config_get(const struct bridge_config *config, const char *key);

/* Writes the file, one section after the other. */
void bridge_config_write(const struct bridge_config *config, const char *path);

#endif
