/* Which YAML is read, what is refused, and on which line? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/yaml.h"

#include <sys/mman.h>

#include "bridge/settings/yaml_tree.h"
#include "tests/unit/settings/workplace.h"

struct refusal {
	const char *name;
	const char *text;
	size_t want_line;
	const char *want_why;
};

static const struct refusal REFUSALS[] = {
	{"anchor on a scalar", "a: 1\nb: &x 2\n", 2, "anchor"},
	{"anchor on a mapping", "a: 1\nb: &x {c: d}\n", 2, "anchor"},
	{"anchor on a list", "b: &x [1]\n", 1, "anchor"},
	{"alias", "a: 1\n\nb: *x\n", 3, "alias"},
	{"merge key", "a:\n  <<: {b: 1}\n", 2, "merge"},
	{"tag", "a: !!str 1\n", 1, "tag"},
	{"tag on a mapping", "a: !x {b: 1}\n", 1, "tag"},
	{"directive", "%YAML 1.1\n---\na: 1\n", 1, "directive"},
	{"second document", "a: 1\n---\nb: 2\n", 2, "second document"},
	{"tab", "a:\n\tb: 1\n", 2, "spaces, no tabs"},
	{"open quote", "a: 1\nb: \"x\n", 3, "quotes"},
	{"bad indentation", "a:\n  b: 1\n c: 2\n", 3, "indentation"},
	{"colon in a value", "a: b: c\n", 1, "colons"},
	{"NUL by escape", "a: 1\nb: \"x\\0y\"\n", 2, "NUL"},
	{"control character", "a: 1\nb: \x01\n", 2, "remove the character"},
	{"too deep", "a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n", 1, "deeply"},
	{"key twice", "a: 1\nb: 2\na: 3\n", 3, "second time; keep this line or line 1"},
	{"key twice, inside", "s:\n  a: 1\n  a: 2\n", 3, "second time"},
	{"key that is a list", "? [a]\n: b\n", 1, "key"},
	{"list at the root", "- a\n", 1, "not a mapping"},
	{"text at the root", "hello\n", 1, "not a mapping"},
};

static struct text_file file_of(const char *text)
{
	return (struct text_file){.text = strdup(text), .len = strlen(text)};
}

static void what_surprises_is_refused_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
		struct text_file file = file_of(REFUSALS[i].text);
		struct settings_faults faults;
		char place[32];

		settings_faults_init(&faults);
		struct yaml_node *root = yaml_tree_read(&file, "f.yaml", &faults);

		text_format(place, sizeof(place), "f.yaml:%zu: ", REFUSALS[i].want_line);
		if (faults.count != 1 || !text_starts_with(buffer_text(&faults.text), place) ||
		    !strstr(buffer_text(&faults.text), REFUSALS[i].want_why))
			fail_msg("%s: %zu faults: %s", REFUSALS[i].name, faults.count, buffer_text(&faults.text));
		yaml_tree_free(root);
		settings_faults_clear(&faults);
		text_file_clear(&file);
	}
}

static struct yaml_node *tree_of(const char *text)
{
	struct text_file file = file_of(text);
	struct settings_faults faults;

	settings_faults_init(&faults);
	struct yaml_node *root = yaml_tree_read(&file, "f.yaml", &faults);

	assert_non_null(root);
	assert_int_equal(faults.count, 0);
	settings_faults_clear(&faults);
	text_file_clear(&file);
	return root;
}

static void scalars_are_texts_with_lines(void **state)
{
	(void)state;
	struct yaml_node *root = tree_of("---\n# head\nplain: 3.1.1\nquoted: \"a\\tb\"\n\nblank:\nempty: ''\n"
					 "list: [x, 'y z']\n");
	const struct yaml_node *node = root->first;

	assert_string_equal(node->key, "plain");
	assert_string_equal(node->text, "3.1.1");
	assert_int_equal(node->line, 3);
	assert_false(node->quoted);
	node = node->next;
	assert_string_equal(node->text, "a\tb");
	assert_true(node->quoted);
	node = node->next;
	assert_int_equal(node->line, 6);
	assert_true(yaml_node_is_blank(node));
	node = node->next;
	assert_false(yaml_node_is_blank(node));
	assert_string_equal(node->text, "");
	node = node->next;
	assert_int_equal(node->kind, YAML_LIST);
	assert_string_equal(node->first->next->text, "y z");
	assert_null(node->next);
	yaml_tree_free(root);
}

static void an_empty_file_is_an_empty_mapping(void **state)
{
	(void)state;
	struct yaml_node *root = tree_of("# nothing\n");

	assert_null(root->first);
	yaml_tree_free(root);
}

static void more_nodes_than_the_cap_are_refused(void **state)
{
	(void)state;
	enum { KEYS = YAML_NODES_MAX, KEY_SIZE = sizeof("k000000: 1\n") - 1 };
	char *text = calloc(KEYS, KEY_SIZE + 1);
	size_t len = 0;

	for (int i = 0; i < KEYS; i++)
		len += (size_t)snprintf(text + len, KEY_SIZE + 1, "k%06d: 1\n", i);
	struct text_file file = {.text = text, .len = len};
	struct settings_faults faults;

	settings_faults_init(&faults);
	assert_null(yaml_tree_read(&file, "f.yaml", &faults));
	assert_non_null(strstr(buffer_text(&faults.text), "more than 10000"));
	settings_faults_clear(&faults);
	free(text);
}

struct reading {
	const char *name;
	const char *bytes;
	size_t len;
	bool want;
	size_t want_line;
	const char *want_text; /* or why */
};

static const struct reading READINGS[] = {
	{"plain", "a: 1\n", 5, true, 0, "a: 1\n"},
	{"byte order mark",
	 "\xEF\xBB\xBF"
	 "a: 1\n",
	 8, true, 0, "a: 1\n"},
	{"UTF-8", "a: \xE2\x82\xAC 1234567890\n", 18, true, 0, "a: \xE2\x82\xAC 1234567890\n"},
	{"empty", "", 0, true, 0, ""},
	{"NUL", "a: 1\nb: \0\n", 10, false, 2, "NUL"},
	{"Latin-1", "a: 1\n\nb: caf\xE9\n", 14, false, 3, "not UTF-8"},
	{"surrogate", "a: \xED\xA0\x80\n", 7, false, 1, "not UTF-8"},
	{"UTF-16",
	 "\xFF\xFE"
	 "a\0:\0",
	 6, false, 1, "NUL"},
};

static void a_file_is_read_when_it_is_text(void **state)
{
	(void)state;
	char path[WORKPLACE_PATH_SIZE];

	for (size_t i = 0; i < sizeof(READINGS) / sizeof(READINGS[0]); i++) {
		const struct reading *row = &READINGS[i];
		struct text_file file = {0};
		struct text_problem problem = {0};

		workplace_write_bytes("f.yaml", row->bytes, row->len);
		bool got = text_file_read(&file, workplace_path(path, "f.yaml"), 100, &problem);

		if (got != row->want || problem.line != row->want_line ||
		    !(got ? text_equal(file.text, row->want_text) : strstr(problem.why, row->want_text) != NULL))
			fail_msg("%s: %d, line %zu, %s", row->name, got, problem.line, problem.why);
		text_file_clear(&file);
	}
}

static void what_is_no_plain_file_within_the_cap_is_refused(void **state)
{
	(void)state;
	struct text_file file;
	struct text_problem problem;
	char path[WORKPLACE_PATH_SIZE];

	assert_false(text_file_read(&file, workplace_path(path, "missing"), 100, &problem));
	assert_non_null(strstr(problem.why, "No such file"));
	assert_false(text_file_read(&file, workplace, 100, &problem));
	assert_non_null(strstr(problem.why, "directory"));
	assert_int_equal(mkfifo(workplace_path(path, "pipe"), 0600), 0);
	assert_false(text_file_read(&file, path, 100, &problem));
	assert_non_null(strstr(problem.why, "not a regular file"));
	workplace_write("f.yaml", "0123456789");
	assert_false(text_file_read(&file, workplace_path(path, "f.yaml"), 9, &problem));
	assert_non_null(strstr(problem.why, "too large"));
	assert_true(text_file_read(&file, path, 10, &problem));
	text_file_clear(&file);
}

/* How many pages of the text's first `len` bytes are in memory. */
static size_t pages_there(const struct text_file *file, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), there = 0;
	uintptr_t from = ((uintptr_t)file->text + page - 1) / page * page;
	size_t count = ((uintptr_t)file->text + len - from) / page;
	unsigned char *pages = calloc(count, 1);

	assert_non_null(pages);
	assert_int_equal(mincore(file->text + (from - (uintptr_t)file->text), count * page, pages), 0);
	for (size_t i = 0; i < count; i++)
		there += pages[i] & 1;
	free(pages);
	return there;
}

/* A mapping and the table that it becomes are not in memory at once. */
static void what_was_read_of_a_large_file_is_given_back(void **state)
{
	(void)state;
	enum { LINE = 16, LINES = 1024 * 1024, PART = LINE * LINES / 2 };
	struct text_file file = {.len = (size_t)LINE * LINES, .text = malloc((size_t)LINE * LINES + 1)};

	assert_non_null(file.text);
	for (size_t i = 0; i < LINES; i++)
		snprintf(file.text + i * LINE, LINE + 1, "line %10zu\n", i);
	text_file_drop(&file, 100);
	assert_int_equal(file.dropped, 0); /* too little to bother */
	size_t before = pages_there(&file, PART);

	text_file_drop(&file, PART);
	assert_in_range(pages_there(&file, PART), 0, before / 100);
	assert_memory_equal(file.text + PART, "line     524288\n", LINE);
	assert_int_equal(text_file_line(&file, PART + 3 * LINE), LINES / 2 + 4);
	text_file_drop(&file, file.len);
	assert_int_equal(text_file_line(&file, file.len - 1), LINES);
	text_file_clear(&file);
}

static void a_path_is_seen_from_the_file_that_names_it(void **state)
{
	(void)state;
	const char *const rows[][3] = {
		{"/etc/bridge/bridge.yaml", "ca.pem", "/etc/bridge/ca.pem"},
		{"config/bridge.yaml", "../mappings/devices.yaml", "config/../mappings/devices.yaml"},
		{"/etc/bridge/bridge.yaml", "/ca.pem", "/ca.pem"},
		{"bridge.yaml", "ca.pem", "ca.pem"},
		{"/bridge.yaml", "ca.pem", "/ca.pem"},
		{"/etc/bridge.yaml", "", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = text_file_beside(rows[i][0], rows[i][1]);

		assert_string_equal(got, rows[i][2]);
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_surprises_is_refused_with_its_line),
		cmocka_unit_test(scalars_are_texts_with_lines),
		cmocka_unit_test(an_empty_file_is_an_empty_mapping),
		cmocka_unit_test(more_nodes_than_the_cap_are_refused),
		cmocka_unit_test(a_file_is_read_when_it_is_text),
		cmocka_unit_test(what_is_no_plain_file_within_the_cap_is_refused),
		cmocka_unit_test(what_was_read_of_a_large_file_is_given_back),
		cmocka_unit_test(a_path_is_seen_from_the_file_that_names_it),
	};

	return cmocka_run_group_tests(tests, workplace_open, workplace_close);
}
