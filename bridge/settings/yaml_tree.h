/* yaml_tree - a small YAML file as a tree of nodes, for the settings.
 *
 * Threads:   any; no state.
 * Promise:   keys are texts, and no mapping holds one twice.
 * Ownership: yaml_tree_free() wipes (a value may be a secret) and frees.
 * Failure:   NULL; what is wrong is added to the faults. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_YAML_TREE_H
#define BRIDGE_SETTINGS_YAML_TREE_H

#include "bridge/settings/settings.h"
#include "bridge/settings/yaml.h"

enum { YAML_NODES_MAX = 10000 };

struct yaml_node {
	enum yaml_kind kind; /* SCALAR, MAPPING or LIST */
	char *key;	     /* "" in a list and at the root */
	size_t line;	     /* of the key; without one, of the value */
	char *text;	     /* of a scalar */
	size_t len;
	bool quoted;
	struct yaml_node *first, *last; /* children */
	struct yaml_node *next;
};

/* The root is a mapping; of an empty file, an empty one. `path` is for the faults. */
struct yaml_node *yaml_tree_read(struct text_file *file, const char *path, struct settings_faults *faults);
void yaml_tree_free(struct yaml_node *node);

/* Nothing was written behind the colon. */
bool yaml_node_is_blank(const struct yaml_node *node);

#endif
