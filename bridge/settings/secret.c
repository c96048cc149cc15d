/* secret - the rules for a secret's file and its lines. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/settings/text_file.h"

void secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* Links and dots are followed first, so that the answer is about the file itself. */
static bool lies_below(const char *path, const char *folder)
{
	char *real_path = realpath(path, NULL), *real_folder = realpath(folder, NULL);
	size_t len = real_folder != NULL ? strlen(real_folder) : 0;
	bool below = real_path != NULL && len > 1 && strncmp(real_path, real_folder, len) == 0 && real_path[len] == '/';

	free(real_path);
	free(real_folder);
	return below;
}

static bool is_handed_over_by_platform(const char *path)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	return lies_below(path, "/run/secrets") ||
	       (credentials != NULL && credentials[0] == '/' && lies_below(path, credentials));
}

static bool refuse(char why[WHY_SIZE], const char *path, const char *what)
{
	text_format(why, WHY_SIZE, "%s %s", path, what);
	return false;
}

static bool check_file(const struct text_file *file, const char *path, char why[WHY_SIZE])
{
	why[0] = '\0';
	if ((file->mode & S_IWOTH) && !is_handed_over_by_platform(path))
		return refuse(why, path,
			      "can be changed by everybody on this machine; take the rights away (chmod o-rwx)");
	if (file->len == 0 || text_equal(file->text, "\n"))
		return refuse(why, path, "is empty; write the secret into it");
	if (strchr(file->text, '\r'))
		return refuse(why, path, "holds a carriage return; save it with Unix line ends");
	if ((file->mode & S_IROTH) && !is_handed_over_by_platform(path))
		text_format(why, WHY_SIZE,
			    "%s can be read by everybody on this machine; take the rights away (chmod o-rwx)", path);
	return true;
}

char *secret_read(const char *path, char why[WHY_SIZE])
{
	struct text_file file;
	struct text_problem problem;
	char *secret = NULL;

	if (!text_file_read(&file, path, SECRET_MAX, &problem)) {
		refuse(why, path, problem.why);
		return NULL;
	}
	if (check_file(&file, path, why))
		secret = memory_copied(file.text, file.len - (file.text[file.len - 1] == '\n'));
	text_file_clear(&file);
	return secret;
}

bool secret_is_line(const char *text, char why[WHY_SIZE])
{
	if (!strpbrk(text, "\r\n"))
		return true;
	text_copy(why, WHY_SIZE, "more than one line; a secret here is one line");
	return false;
}

bool secret_to_keys(struct settings_keys *ret, const char *text, char why[WHY_SIZE])
{
	struct settings_keys keys = {0};
	const char *wrong = strchr(text, '\r') ? "a carriage return in it; use Unix line ends" : NULL;

	while (*text && wrong == NULL) {
		size_t len = strcspn(text, "\n");

		if (len == 0)
			wrong = "an empty line in it; write one key, or the new and the old one on two lines";
		else if (keys.count == SETTINGS_KEYS_MAX)
			wrong = "more than two lines; write one key, or the new and the old one on two lines";
		else
			keys.keys[keys.count++] = memory_copied(text, len);
		text += len + (text[len] == '\n');
	}
	if (wrong != NULL) {
		text_copy(why, WHY_SIZE, wrong);
		secret_keys_clear(&keys);
		return false;
	}
	*ret = keys;
	return true;
}

void secret_keys_clear(struct settings_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		secret_free(keys->keys[i]);
	*keys = (struct settings_keys){0};
}
