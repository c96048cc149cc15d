/* settings_manual - packaging/man/mqtt-sms-bridge.yaml.5, written from the table.
 *
 * The help texts of the table are marked up with backticks; here they become bold. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/settings/settings_table.h"

static const char INTRODUCTION[] =
	".\\\" Written by the program from its table of settings: unit_manual --write\n"
	".\\\" SPDX-License-Identifier: Apache-2.0\n"
	".TH MQTT\\-SMS\\-BRIDGE.YAML 5 2026-11-24 mqtt\\-sms\\-bridge \"File Formats Manual\"\n"
	".SH NAME\n"
	"mqtt\\-sms\\-bridge.yaml \\- configuration of the bridge between MQTT and the SMS Commands API\n"
	".SH SYNOPSIS\n"
	".I /etc/mqtt\\-sms\\-bridge/bridge.yaml\n"
	".SH DESCRIPTION\n"
	"The file is YAML: sections, and settings below them. Unknown keys, wrong types and values out of range are\n"
	"errors; all are reported at once as\n"
	".IR file : line :\n"
	"what is wrong, by\n"
	".BR \"mqtt\\-sms\\-bridge \\-\\-test\\-config\" .\n"
	".PP\n"
	"${\\fIVAR\\fR} and ${\\fIVAR\\fR:\\-\\fIdefault\\fR} in a value are replaced from the environment; a "
	"variable\n"
	"that is not set and has no default is an error. $$ is a dollar sign.\n"
	".PP\n"
	"Times have a unit: 500ms, 30s, 5m, 24h, 30d. So have sizes: 64MiB, 1GiB.\n"
	"Relative paths are relative to the file that names them.\n"
	".PP\n"
	"A secret stands in the file itself, or better in a file of its own:\n"
	".B password_file\n"
	"in place of\n"
	".BR password .\n"
	"One trailing line end is cut off. A secret file that everybody on the machine can read is warned\n"
	"of, one that everybody can change is refused, except below\n"
	".I /run/secrets\n"
	"and\n"
	".RI $ CREDENTIALS_DIRECTORY ,\n"
	"where the platform decides.\n"
	".PP\n"
	"SIGHUP reads secrets and mappings again; everything else needs a restart.\n";

static const char END[] = ".SH FILES\n"
			  ".I /etc/mqtt\\-sms\\-bridge/bridge.yaml\n"
			  ".br\n"
			  ".I /etc/mqtt\\-sms\\-bridge/devices.yaml\n"
			  ".SH SEE ALSO\n"
			  ".BR mqtt\\-sms\\-bridge (8)\n";

/* roff gives meaning to a backslash, to a hyphen, and to a dot or quote at the start of a line. */
static void print_plain(FILE *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\\')
			fputs("\\e", to);
		else if (text[i] == '-')
			fputs("\\-", to);
		else if (i == 0 && (text[i] == '.' || text[i] == '\''))
			fprintf(to, "\\&%c", text[i]);
		else
			fputc(text[i], to);
}

/* Every second piece between backticks is bold. */
static void print_marked(FILE *to, const char *text)
{
	bool bold = false;

	while (*text) {
		size_t len = strcspn(text, "`");

		print_plain(to, text, len);
		text += len;
		if (*text == '`') {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", to);
			text++;
		}
	}
}

/* "(time, 1s to 18h; default 60s)" */
static void print_values(FILE *to, const struct setting *setting)
{
	struct buffer values;

	buffer_init(&values, SETTING_DESCRIPTION_MAX);
	setting_describe(&values, setting);
	fputs("(", to);
	print_marked(to, buffer_text(&values));
	if (setting->fallback[0]) {
		fputs("; default \\fB", to);
		print_plain(to, setting->fallback, strlen(setting->fallback));
		fputs("\\fR", to);
	}
	fputs(")\n", to);
	buffer_clear(&values);
}

/* The YAML key: what stands behind the section. */
static const char *key_of(const struct setting *setting)
{
	size_t section = setting_section_length(setting);

	return setting->path + (section ? section + 1 : 0);
}

static void print_setting(FILE *to, const struct setting *setting)
{
	fprintf(to, ".TP\n.B %s", key_of(setting));
	if (setting_is_secret(setting))
		fprintf(to, "\\fR, \\fB%s_file", key_of(setting));
	fputs("\n", to);
	print_marked(to, setting->help);
	fputs("\n", to);
	print_values(to, setting);
}

void settings_print_manual(FILE *to)
{
	fputs(INTRODUCTION, to);
	for (const struct setting *row = SETTINGS; row < SETTINGS + SETTINGS_COUNT; row++) {
		if (setting_begins_section(row))
			fprintf(to, ".SH %.*s:\n", (int)strcspn(row->path, "."), row->path);
		print_setting(to, row);
	}
	fputs(END, to);
}
