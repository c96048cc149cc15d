/* yaml_tree - events put together, keys checked. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

struct builder {
	struct yaml_reader *reader;
	const char *path;
	struct settings_faults *faults;
	size_t nodes;
};

static struct yaml_node *node_create(const struct yaml_event *event, const char *key, size_t line)
{
	struct yaml_node *node = memory_zeroed(1, sizeof(*node));

	node->kind = event->kind;
	node->key = memory_copied_text(key);
	node->line = line;
	node->text = memory_copied(event->text, event->len);
	node->len = event->len;
	node->quoted = event->quoted;
	return node;
}

/* Children first, with a list of what is left to do instead of recursion: a node's children are put
 * in front of its own siblings. */
void yaml_tree_free(struct yaml_node *node)
{
	while (node != NULL) {
		struct yaml_node *next = node->next;

		if (node->first != NULL) {
			node->last->next = next;
			next = node->first;
		}
		explicit_bzero(node->text, node->len);
		free(node->text);
		free(node->key);
		free(node);
		node = next;
	}
}

static void node_append(struct yaml_node *parent, struct yaml_node *child)
{
	if (parent->last != NULL)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

static const struct yaml_node *node_with_key(const struct yaml_node *parent, const char *key)
{
	const struct yaml_node *node = parent->first;

	while (node != NULL && !text_equal(node->key, key))
		node = node->next;
	return node;
}

static bool builder_next(struct builder *builder, struct yaml_event *ret)
{
	struct text_problem problem;

	if (!yaml_next(builder->reader, ret, &problem)) {
		settings_fault(builder->faults, builder->path, problem.line, "%s", problem.why);
		return false;
	}
	if (++builder->nodes > YAML_NODES_MAX) {
		settings_fault(builder->faults, builder->path, ret->line,
			       "more than %d keys and values; is it the right file?", YAML_NODES_MAX);
		return false;
	}
	return true;
}

static bool build_children(struct builder *builder, struct yaml_node *parent);

/* A child whose key (if any) is read; `event` begins its value. */
static bool build_child(struct builder *builder, struct yaml_node *parent, struct yaml_node *child)
{
	const struct yaml_node *earlier = NULL;

	if (parent->kind == YAML_MAPPING)
		earlier = node_with_key(parent, child->key);
	if (earlier != NULL)
		settings_fault(builder->faults, builder->path, child->line,
			       "%s stands here a second time; keep this line or line %zu", child->key, earlier->line);
	node_append(parent, child);
	return child->kind == YAML_SCALAR || build_children(builder, child);
}

static bool build_pair(struct builder *builder, struct yaml_node *parent, const struct yaml_event *key)
{
	struct yaml_event value;

	if (key->kind != YAML_SCALAR) {
		settings_fault(builder->faults, builder->path, key->line,
			       "a key that is not a text; write `name: value`");
		return false;
	}
	char *name = memory_copied(key->text, key->len);
	size_t line = key->line;
	struct yaml_node *child = NULL;

	if (builder_next(builder, &value))
		child = node_create(&value, name, line);
	free(name);
	return child != NULL && build_child(builder, parent, child);
}

/* Depth is bounded by the reader, so recursion is too. */
static bool build_children(struct builder *builder, struct yaml_node *parent)
{
	struct yaml_event event;

	for (;;) {
		if (!builder_next(builder, &event))
			return false;
		if (event.kind == YAML_CLOSE)
			return true;
		bool fine = parent->kind == YAML_MAPPING
				    ? build_pair(builder, parent, &event)
				    : build_child(builder, parent, node_create(&event, "", event.line));
		if (!fine)
			return false;
	}
}

static struct yaml_node *build_root(struct builder *builder)
{
	struct yaml_event event, end;

	if (!builder_next(builder, &event))
		return NULL;
	bool is_empty = event.kind == YAML_END;

	if (!is_empty && event.kind != YAML_MAPPING) {
		settings_fault(builder->faults, builder->path, event.line,
			       "not a mapping; write lines of `name: value`");
		return NULL;
	}
	event.kind = YAML_MAPPING;
	struct yaml_node *root = node_create(&event, "", event.line);

	if (!is_empty && !(build_children(builder, root) && builder_next(builder, &end))) {
		yaml_tree_free(root);
		return NULL;
	}
	return root;
}

struct yaml_node *yaml_tree_read(struct text_file *file, const char *path, struct settings_faults *faults)
{
	struct builder builder = {.reader = yaml_create(file), .path = path, .faults = faults};
	struct yaml_node *root = build_root(&builder);

	yaml_destroy(builder.reader);
	return root;
}

bool yaml_node_is_blank(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && !node->quoted && node->len == 0;
}
