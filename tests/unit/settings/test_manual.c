/* Do the manual pages say what the program says?
 *
 * `unit_manual --write` writes mqtt-sms-bridge.yaml(5) again after a change of the table. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/settings.h"

#include "bridge/settings/options.h"
#include "bridge/settings/settings_table.h"
#include "tests/unit/settings/workplace.h"

static const char PAGE_5[] = SOURCE_DIR "/packaging/man/mqtt-sms-bridge.yaml.5";
static const char PAGE_8[] = SOURCE_DIR "/packaging/man/mqtt-sms-bridge.8";

/* What a printing function prints; yours to free. */
static char *printed(void (*print)(FILE *to))
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	print(to);
	fclose(to);
	return text;
}

static void the_page_is_what_the_program_prints(void **state)
{
	(void)state;
	char *page = whole_file(PAGE_5), *now = printed(settings_print_manual);

	if (!text_equal(page, now))
		fail_msg("packaging/man/mqtt-sms-bridge.yaml.5 is out of date; run unit_manual --write");
	free(page);
	free(now);
}

static void the_page_has_every_key(void **state)
{
	(void)state;
	char *page = whole_file(PAGE_5), line[100];

	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		const char *dot = strrchr(SETTINGS[i].path, '.');
		text_format(line, sizeof(line), "\n.B %s%s", dot != NULL ? dot + 1 : SETTINGS[i].path,
			    setting_is_secret(&SETTINGS[i]) ? "\\fR, \\fB" : "\n");
		if (!strstr(page, line))
			fail_msg("%s is not on the page", SETTINGS[i].path);
	}
	free(page);
}

/* A line that begins with a dot or quote by accident is a request to roff, and vanishes. */
static void no_line_of_text_is_a_request(void **state)
{
	(void)state;
	static const char *const requests[] = {".TH ", ".SH ", ".PP\n", ".TP\n", ".B ",	  ".BR ",
					       ".I ",  ".IR ", ".RI ",	".br\n", ".\\\" "};
	char *page = whole_file(PAGE_5);

	for (const char *line = page; *line; line = strchr(line, '\n') + 1) {
		bool known = *line != '.' && *line != '\'';

		for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
			known = known || text_starts_with(line, requests[i]);
		if (!known)
			fail_msg("%.*s", (int)strcspn(line, "\n"), line);
	}
	free(page);
}

/* The next option in `text`, as a manual page writes it; NULL: no more. */
static const char *next_option(const char *text, char to[64])
{
	text = strstr(text, "--");
	if (text == NULL)
		return NULL;
	size_t len = 2 + strspn(text + 2, "abcdefghijklmnopqrstuvwxyz-"), at = 0;

	for (size_t i = 0; i < len && at < 60; i++) {
		if (text[i] == '-')
			to[at++] = '\\';
		to[at++] = text[i];
	}
	to[at] = '\0';
	return text + len;
}

static void the_manual_has_every_option_of_the_help(void **state)
{
	(void)state;
	char *help = printed(options_print_help), *page = whole_file(PAGE_8), option[64];
	int count = 0;

	for (const char *at = help; (at = next_option(at, option)) != NULL; count++)
		if (!strstr(page, option))
			fail_msg("packaging/man/mqtt-sms-bridge.8 does not have %s", option);
	assert_true(count >= 7);
	free(page);
	free(help);
}

static int write_page(void)
{
	FILE *to = fopen(PAGE_5, "w");

	if (to == NULL)
		return 1;
	settings_print_manual(to);
	return fclose(to) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_what_the_program_prints),
		cmocka_unit_test(the_page_has_every_key),
		cmocka_unit_test(no_line_of_text_is_a_request),
		cmocka_unit_test(the_manual_has_every_option_of_the_help),
	};

	if (argc == 2 && text_equal(argv[1], "--write"))
		return write_page();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
