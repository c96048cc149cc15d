/* settings_load - file to struct: defaults, then the file's values with their variables and secret files. */
// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/settings/devices.h"
#include "bridge/settings/expand.h"
#include "bridge/settings/secret.h"
#include "bridge/settings/settings_faults.h"
#include "bridge/settings/settings_loading.h"
#include "bridge/settings/suggest.h"
#include "bridge/settings/yaml_tree.h"

/* What the file says about a setting; borrowed from the tree. */
struct given {
	const struct yaml_node *value, *file;
};

enum { KEY_SHOWN_MAX = 80 };

size_t settings_loading_line(const struct settings_loading *loading, enum setting_index index)
{
	const struct setting_origin *origin = &loading->origins[index];

	if (origin->line)
		return origin->line;
	return origin->section_line ? origin->section_line : 1;
}

static void fill_defaults(struct settings_loading *loading)
{
	char why[WHY_SIZE];

	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		bool fine = setting_assign(loading->settings, &SETTINGS[i], SETTINGS[i].fallback, loading->path, why);

		assert(fine); /* the table's own defaults are valid */
		(void)fine;
	}
}

static void fault_unknown(struct settings_loading *loading, const char *section, const struct yaml_node *node)
{
	char near[2 * SUGGEST_SIZE];

	setting_suggest(near, sizeof(near), section, node->key);
	settings_fault(loading->faults, loading->path, node->line, "%s%s%.*s is not a setting; %s%s%s", section,
		       section[0] ? "." : "", KEY_SHOWN_MAX, node->key, near[0] ? "did you mean " : "remove the line",
		       near, near[0] ? "?" : ", or see docs/configuration.md");
}

/* One `key: value` of a section ("" for the root): remembered for its row. */
static void take_key(struct settings_loading *loading, struct given *given, const char *section,
		     const struct yaml_node *node)
{
	bool is_file;
	const struct setting *setting = setting_find(section, node->key, &is_file);

	if (setting == NULL) {
		fault_unknown(loading, section, node);
		return;
	}
	struct given *row = &given[setting - SETTINGS];

	if (is_file)
		row->file = node;
	else
		row->value = node;
}

static void take_section(struct settings_loading *loading, struct given *given, const struct yaml_node *node)
{
	size_t len = strlen(node->key);

	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		if (setting_section_length(&SETTINGS[i]) == len && text_starts_with(SETTINGS[i].path, node->key))
			loading->origins[i].section_line = node->line;
	if (yaml_node_is_blank(node))
		return; /* every line of the section is commented out */
	if (node->kind != YAML_MAPPING) {
		settings_fault(loading->faults, loading->path, node->line,
			       "%s is a section; write its settings below it, indented", node->key);
		return;
	}
	for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
		take_key(loading, given, node->key, child);
}

static void take_all(struct settings_loading *loading, struct given *given, const struct yaml_node *root)
{
	for (const struct yaml_node *node = root->first; node != NULL; node = node->next) {
		if (setting_is_section(node->key))
			take_section(loading, given, node);
		else
			take_key(loading, given, "", node);
	}
}

/* Values of these kinds are short and not secret: a fault may repeat them, as they stand in the file. */
static bool is_shown(enum setting_kind kind)
{
	return kind == SETTING_WORD || kind == SETTING_CHOICE || kind == SETTING_FLAG || kind == SETTING_NUMBER ||
	       kind == SETTING_DURATION || kind == SETTING_BYTES || kind == SETTING_TIME;
}

static void fault_value(struct settings_loading *loading, const struct setting *setting, const struct yaml_node *node,
			const char *why)
{
	bool shown = is_shown(setting->kind) && node->kind == YAML_SCALAR;
	size_t section = setting_section_length(setting);

	loading->origins[setting - SETTINGS].failed = true;
	if (shown)
		settings_fault(loading->faults, loading->path, node->line, "%s: `%.*s` is %s", setting->path,
			       KEY_SHOWN_MAX, node->text, why);
	else if (section && node->key[0]) /* the key as written: a secret's may be the twin */
		settings_fault(loading->faults, loading->path, node->line, "%.*s.%s: %s", (int)section, setting->path,
			       node->key, why);
	else
		settings_fault(loading->faults, loading->path, node->line, "%s: %s", setting->path, why);
}

static bool is_null(const struct yaml_node *node)
{
	return !node->quoted && value_word_index("~ null Null NULL", node->text) >= 0;
}

/* The scalar's text with its variables replaced; NULL after a fault. Yours to give to secret_free(). */
static char *scalar_text(struct settings_loading *loading, const struct setting *setting, const struct yaml_node *node)
{
	char why[WHY_SIZE];
	const char *wrong = NULL;
	bool replaced = false;

	if (node->kind == YAML_LIST)
		wrong = "a list, where one value belongs";
	else if (node->kind == YAML_MAPPING)
		wrong = "a mapping, where one value belongs";
	else if (is_null(node))
		wrong = "null, which is no value; leave the line out, or write \"\" for an empty text";
	char *text = wrong != NULL ? NULL : expand_text(node->text, &replaced, why);

	if (text == NULL) {
		fault_value(loading, setting, node, wrong != NULL ? wrong : why);
		return NULL;
	}
	struct setting_origin *origin = &loading->origins[setting - SETTINGS];

	if (replaced)
		origin->source = SOURCE_ENVIRONMENT;
	else if (origin->source == SOURCE_DEFAULT)
		origin->source = SOURCE_FILE;
	return text;
}

static void load_scalar(struct settings_loading *loading, const struct setting *setting, const struct yaml_node *node)
{
	char why[WHY_SIZE];
	char *text = scalar_text(loading, setting, node);

	if (text != NULL && !setting_assign(loading->settings, setting, text, loading->path, why))
		fault_value(loading, setting, node, why);
	secret_free(text);
}

static void load_value(struct settings_loading *loading, const struct setting *setting, const struct yaml_node *node)
{
	loading->origins[setting - SETTINGS].line = node->line;
	if (setting->kind != SETTING_URLS) {
		load_scalar(loading, setting, node);
		return;
	}
	setting_clear(loading->settings, setting);
	if (node->kind != YAML_LIST) {
		load_scalar(loading, setting, node);
		return;
	}
	if (node->first == NULL)
		fault_value(loading, setting, node, "an empty list; write at least one address");
	for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
		load_scalar(loading, setting, item);
}

/* A secret: its value, or its file, not both. An empty text (a variable left empty) counts as not given. */
static void load_secret(struct settings_loading *loading, const struct setting *setting, const struct given *given)
{
	struct setting_origin *origin = &loading->origins[setting - SETTINGS];
	char *value = given->value != NULL ? scalar_text(loading, setting, given->value) : NULL;
	char *file = given->file != NULL ? scalar_text(loading, setting, given->file) : NULL;
	bool has_value = value != NULL && value[0], has_file = file != NULL && file[0];
	const struct yaml_node *node = has_file || given->value == NULL ? given->file : given->value;
	char why[WHY_SIZE];

	origin->line = node->line;
	if (has_value && has_file) {
		settings_fault(loading->faults, loading->path, node->line, "%s and %s_file are both given; keep one",
			       setting->path, setting->path);
		has_value = has_file = false;
		origin->failed = true;
	}
	if (has_file) {
		char *path = text_file_beside(loading->path, file);

		secret_free(value);
		value = secret_read(path, why);
		if (value == NULL)
			fault_value(loading, setting, node, why);
		else if (why[0])
			settings_note(loading->faults, loading->path, node->line, "%s_file: %s", setting->path, why);
		free(path);
		has_value = value != NULL;
	}
	if (has_value && !setting_assign(loading->settings, setting, value, loading->path, why))
		fault_value(loading, setting, node, why);
	secret_free(value);
	secret_free(file);
}

static void load_tree(struct settings_loading *loading, const struct yaml_node *root)
{
	struct given given[SETTINGS_COUNT] = {0};

	take_all(loading, given, root);
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		if (setting_is_secret(&SETTINGS[i]) && (given[i].value != NULL || given[i].file != NULL))
			load_secret(loading, &SETTINGS[i], &given[i]);
		else if (given[i].value != NULL)
			load_value(loading, &SETTINGS[i], given[i].value);
	}
}

static struct yaml_node *read_tree(const struct settings_loading *loading)
{
	struct text_file file;
	struct text_problem problem;

	if (!text_file_read(&file, loading->path, SETTINGS_FILE_MAX, &problem)) {
		settings_fault(loading->faults, loading->path, problem.line, "%s", problem.why);
		return NULL;
	}
	struct yaml_node *root = yaml_tree_read(&file, loading->path, loading->faults);

	text_file_clear(&file);
	return root;
}

bool settings_loading_run(struct settings_loading *loading)
{
	size_t before = loading->faults->count;
	struct yaml_node *root = read_tree(loading);

	loading->settings = NULL;
	if (root != NULL) {
		loading->settings = memory_zeroed(1, sizeof(*loading->settings));
		fill_defaults(loading);
		load_tree(loading, root);
		yaml_tree_free(root);
		settings_check(loading);
		loading->settings->mappings_line = settings_loading_line(loading, AT_mappings);
	}
	if (loading->faults->count == before)
		return true;
	/* All faults at once: the mapping's too, though nothing comes of it. */
	if (root != NULL && !loading->origins[AT_mappings].failed)
		devices_free(devices_load(loading->settings->mappings, loading->path, loading->settings->mappings_line,
					  loading->faults));
	settings_faults_close(loading->faults, loading->path);
	settings_free(loading->settings);
	loading->settings = NULL;
	return false;
}
