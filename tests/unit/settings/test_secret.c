/* Which secret files are taken, and what of them? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/secret.h"

#include "tests/unit/settings/workplace.h"

struct row {
	const char *name;
	const char *bytes;
	size_t len;
	const char *want; /* NULL: refused */
	const char *want_why;
};

#define BYTES(text) (text), sizeof(text) - 1

static const struct row ROWS[] = {
	{"one line", BYTES("s3cret\n"), "s3cret", ""},
	{"no line end", BYTES("s3cret"), "s3cret", ""},
	{"one line end is cut off, not two", BYTES("s3cret\n\n"), "s3cret\n", ""},
	{"blanks belong to it", BYTES(" s3 cret \n"), " s3 cret ", ""},
	{"two lines", BYTES("new\nold\n"), "new\nold", ""},
	{"UTF-8", BYTES("p\xC3\xA4ss"), "p\xC3\xA4ss", ""},
	{"empty", BYTES(""), NULL, "is empty"},
	{"only a line end", BYTES("\n"), NULL, "is empty"},
	{"carriage return", BYTES("s3cret\r\n"), NULL, "carriage return"},
	{"NUL", BYTES("s3\0cret\n"), NULL, "NUL"},
	{"not UTF-8", BYTES("s3\xFF"), NULL, "UTF-8"},
};

static void a_secret_is_its_file_without_the_line_end(void **state)
{
	(void)state;
	char path[WORKPLACE_PATH_SIZE];

	workplace_path(path, "secret");
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		char why[WHY_SIZE] = "";

		workplace_write_bytes("secret", ROWS[i].bytes, ROWS[i].len);
		char *got = secret_read(path, why);

		if ((got == NULL) != (ROWS[i].want == NULL) || (got != NULL && !text_equal(got, ROWS[i].want)) ||
		    !strstr(why, ROWS[i].want_why) || (got == NULL && !strstr(why, path)))
			fail_msg("%s: got `%s`, why: %s", ROWS[i].name, got != NULL ? got : "(none)", why);
		assert_null(strstr(why, "s3"));
		secret_free(got);
	}
}

static char *read_with_mode(mode_t mode, char why[WHY_SIZE])
{
	char path[WORKPLACE_PATH_SIZE];

	workplace_write("secret", "s3cret\n");
	assert_int_equal(chmod(workplace_path(path, "secret"), mode), 0);
	return secret_read(path, why);
}

static void a_file_that_everybody_can_change_is_refused(void **state)
{
	(void)state;
	char why[WHY_SIZE] = "";
	const mode_t open_modes[] = {0602, 0606, 0666, 0777};

	unsetenv("CREDENTIALS_DIRECTORY");
	for (size_t i = 0; i < 4; i++) {
		assert_null(read_with_mode(open_modes[i], why));
		assert_non_null(strstr(why, "chmod o-rwx"));
	}
}

static void a_file_that_everybody_can_read_is_taken_with_a_warning(void **state)
{
	(void)state;
	char why[WHY_SIZE] = "";
	const mode_t modes[] = {0644, 0604, 0600, 0400, 0640, 0660};

	unsetenv("CREDENTIALS_DIRECTORY");
	for (size_t i = 0; i < 6; i++) {
		char *secret = read_with_mode(modes[i], why);

		assert_non_null(secret);
		assert_string_equal(secret, "s3cret");
		assert_int_equal(strstr(why, "chmod o-rwx") != NULL, i < 2);
		assert_null(strstr(why, "s3cret"));
		secret_free(secret);
	}
}

static void below_the_credentials_directory_the_mode_does_not_matter(void **state)
{
	(void)state;
	char why[WHY_SIZE] = "";

	setenv("CREDENTIALS_DIRECTORY", workplace, 1);
	char *secret = read_with_mode(0446, why);

	assert_non_null(secret);
	assert_string_equal(secret, "s3cret");
	secret_free(secret);

	secret = read_with_mode(0446, why);
	assert_non_null(secret);
	secret_free(secret);
	unsetenv("CREDENTIALS_DIRECTORY");
}

/* Neither a folder whose name begins alike, nor a way out of the folder, is below it. */
static void beside_the_credentials_directory_the_mode_matters(void **state)
{
	(void)state;
	char why[WHY_SIZE] = "", folder[WORKPLACE_PATH_SIZE], path[WORKPLACE_PATH_SIZE];

	assert_null(read_with_mode(0446, why)); /* leaves the file */
	assert_int_equal(mkdir(workplace_path(folder, "sec"), 0700), 0);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_null(secret_read(workplace_path(path, "secret"), why));
	assert_null(secret_read(workplace_path(path, "sec/../secret"), why));
	assert_non_null(strstr(why, "chmod o-rwx"));
	assert_int_equal(symlink(workplace_path(path, "secret"), workplace_path(why, "sec/link")), 0);
	assert_null(secret_read(workplace_path(path, "sec/link"), why));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);

	/* /…/sec is given; the file lies in /…/secrets. */
	assert_int_equal(mkdir(workplace_path(folder, "secrets"), 0700), 0);
	assert_int_equal(rename(workplace_path(path, "secret"), workplace_path(why, "secrets/key")), 0);
	assert_int_equal(mkdir(workplace_path(path, "sec"), 0700), 0);
	assert_null(secret_read(workplace_path(folder, "secrets/key"), why));
	assert_int_equal(unlink(folder), 0);
	assert_int_equal(rmdir(workplace_path(folder, "secrets")), 0);
	assert_int_equal(rmdir(path), 0);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void a_secret_over_its_cap_is_refused(void **state)
{
	(void)state;
	char path[WORKPLACE_PATH_SIZE], why[WHY_SIZE] = "";
	char *large = malloc(SECRET_MAX + 1);

	memset(large, 'x', SECRET_MAX + 1);
	workplace_write_bytes("secret", large, SECRET_MAX + 1);
	assert_null(secret_read(workplace_path(path, "secret"), why));
	assert_non_null(strstr(why, "too large"));
	workplace_write_bytes("secret", large, SECRET_MAX);
	char *secret = secret_read(path, why);

	assert_non_null(secret);
	secret_free(secret);
	free(large);
	assert_null(secret_read("/nowhere/secret", why));
	assert_null(secret_read("/tmp", why));
	assert_non_null(strstr(why, "directory"));
}

static void up_to_two_lines_are_keys_newest_first(void **state)
{
	(void)state;
	struct settings_keys keys;
	char why[WHY_SIZE];

	assert_true(secret_to_keys(&keys, "new\nold", why));
	assert_int_equal(keys.count, 2);
	assert_string_equal(keys.keys[0], "new");
	assert_string_equal(keys.keys[1], "old");
	secret_keys_clear(&keys);
	assert_int_equal(keys.count, 0);
	assert_true(secret_to_keys(&keys, "only", why));
	assert_int_equal(keys.count, 1);
	secret_keys_clear(&keys);
	assert_true(secret_to_keys(&keys, "", why));
	assert_int_equal(keys.count, 0);
	assert_false(secret_to_keys(&keys, "a\nb\nc", why));
	assert_false(secret_to_keys(&keys, "a\n\nb", why));
	assert_false(secret_to_keys(&keys, "\na", why));
	assert_false(secret_to_keys(&keys, "a\rb", why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_its_file_without_the_line_end),
		cmocka_unit_test(a_file_that_everybody_can_change_is_refused),
		cmocka_unit_test(a_file_that_everybody_can_read_is_taken_with_a_warning),
		cmocka_unit_test(below_the_credentials_directory_the_mode_does_not_matter),
		cmocka_unit_test(beside_the_credentials_directory_the_mode_matters),
		cmocka_unit_test(a_secret_over_its_cap_is_refused),
		cmocka_unit_test(up_to_two_lines_are_keys_newest_first),
	};

	return cmocka_run_group_tests(tests, workplace_open, workplace_close);
}
