/* http_tls - a server's certificate and key, read from their files. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/http_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { PEM_MAX = 262144 };

static char *read_pem(const char *path, const char *what, char *why, size_t why_size)
{
	char *text = memory_zeroed(1, PEM_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && len < PEM_MAX) {
		got = read(fd, text + len, PEM_MAX - len);
		len += got > 0 ? (size_t)got : 0;
	}
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (got == 0)
		return text;
	text_format(why, why_size, "cannot read the %s %s: %s", what, path,
		    got < 0 ? strerror(error) : "it is too long to be one");
	explicit_bzero(text, len);
	free(text);
	return NULL;
}

bool http_tls_load(struct http_tls *ret, const char *cert_file, const char *key_file, char *why, size_t why_size)
{
	*ret = (struct http_tls){0};
	if (!cert_file[0] && !key_file[0])
		return true;
	if (!cert_file[0] || !key_file[0]) {
		text_format(why, why_size, "TLS needs both a certificate and a key, but there is only %s%s", cert_file,
			    key_file);
		return false;
	}
	ret->cert = read_pem(cert_file, "certificate", why, why_size);
	ret->key = ret->cert != NULL ? read_pem(key_file, "key", why, why_size) : NULL;
	if (ret->key == NULL)
		http_tls_clear(ret);
	return ret->key != NULL;
}

void http_tls_clear(struct http_tls *tls)
{
	if (tls->key != NULL)
		explicit_bzero(tls->key, strlen(tls->key));
	free(tls->key);
	free(tls->cert);
	*tls = (struct http_tls){0};
}
