/* settings_reference - docs/configuration.md, written from the table. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/settings/settings_table.h"

static const char INTRODUCTION[] =
	"# Configuration\n"
	"\n"
	"Every setting of `bridge.yaml`. This page is written by the program from its own table of settings;\n"
	"`config/bridge.yaml` is the same as a file to start from.\n"
	"\n"
	"- The file is YAML: sections, and settings below them. Unknown keys, wrong types and values out of range are\n"
	"  errors, all reported at once as `file:line: what is wrong` (`mqtt-sms-bridge --test-config`).\n"
	"- `${VAR}` and `${VAR:-default}` in a value are replaced from the environment; a variable that is not set "
	"and\n"
	"  has no default is an error. `$$` is a dollar sign.\n"
	"- Times have a unit: `500ms`, `30s`, `5m`, `24h`, `30d`. So have sizes: `64MiB`, `1GiB`.\n"
	"- Relative paths are relative to the file that names them.\n"
	"- A secret stands in the file itself, or better in a file of its own: `password_file` in place of "
	"`password`.\n"
	"  One trailing line end is cut off. A secret file that everybody on the machine can read is warned\n"
	"  of, one that everybody can change is refused, except below `/run/secrets` and `$CREDENTIALS_DIRECTORY`,\n"
	"  where the platform decides.\n"
	"- `mqtt-sms-bridge --print-config` shows every setting in use and where it came from.\n"
	"- A signal SIGHUP reads secrets and mappings again; everything else needs a restart.\n";

static const char *kind_name(enum setting_kind kind)
{
	switch (kind) {
	case SETTING_TEXT:
		return "text";
	case SETTING_PATH:
		return "path";
	case SETTING_URL:
		return "address";
	case SETTING_URLS:
		return "address or list";
	case SETTING_LISTEN:
		return "host:port";
	case SETTING_WORD:
	case SETTING_CHOICE:
		return "one of";
	case SETTING_FLAG:
		return "`true` or `false`";
	case SETTING_NUMBER:
		return "number";
	case SETTING_DURATION:
		return "time";
	case SETTING_BYTES:
		return "size";
	case SETTING_TIME:
		return "date and time";
	case SETTING_SECRET:
		return "secret";
	case SETTING_KEYS:
		return "secret, up to two lines";
	}
	return "";
}

static void append_words(struct buffer *to, const char *words)
{
	while (*words) {
		size_t len = strcspn(words, " ");

		buffer_append_format(to, " `%.*s`", (int)len, words);
		words += len + (words[len] == ' ');
	}
}

void setting_describe(struct buffer *to, const struct setting *setting)
{
	char min[VALUE_TEXT_SIZE], max[VALUE_TEXT_SIZE];

	buffer_append_text(to, kind_name(setting->kind));
	if (setting->kind == SETTING_WORD || setting->kind == SETTING_CHOICE) {
		append_words(to, setting->values);
	} else if (setting->kind != SETTING_TEXT && setting->values[0]) {
		setting_range(setting, min, max);
		buffer_append_format(to, ", %s to %s", min, max);
	}
}

bool setting_begins_section(const struct setting *setting)
{
	size_t len = setting_section_length(setting);

	return setting == SETTINGS || len == 0 || len != setting_section_length(setting - 1) ||
	       strncmp(setting->path, setting[-1].path, len) != 0;
}

static void print_values(FILE *to, const struct setting *setting)
{
	struct buffer text;

	buffer_init(&text, SETTING_DESCRIPTION_MAX);
	setting_describe(&text, setting);
	fputs(buffer_text(&text), to);
	buffer_clear(&text);
}

/* In a table a bar ends the cell. */
static void print_cell(FILE *to, const char *text)
{
	for (; *text; text++)
		fprintf(to, "%s%c", *text == '|' ? "\\" : "", *text);
}

static void print_row(FILE *to, const struct setting *setting)
{
	fprintf(to, "| `%s`", setting->path);
	if (setting_is_secret(setting))
		fprintf(to, " `%s_file`", setting->path);
	const char *tick = setting->fallback[0] ? "`" : "";

	fprintf(to, " | %s%s%s | ", tick, setting->fallback, tick);
	print_values(to, setting);
	fputs(" | ", to);
	print_cell(to, setting->help);
	fputs(" |\n", to);
}

void settings_print_reference(FILE *to)
{
	fputs(INTRODUCTION, to);
	for (const struct setting *row = SETTINGS; row < SETTINGS + SETTINGS_COUNT; row++) {
		int len = (int)setting_section_length(row);

		if (setting_begins_section(row))
			fprintf(to, "\n## %.*s\n\n| setting | default | value | meaning |\n|---|---|---|---|\n",
				len ? len : (int)strlen(row->path), row->path);
		print_row(to, row);
	}
}
