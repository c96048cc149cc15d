// fake_http_header - a look-up in the list.
// SPDX-License-Identifier: Apache-2.0
#include "tests/flow/fake_http_header.h"

#include <strings.h>

const char *http_header(const struct http_request_in *request, const char *name)
{
	const struct http_headers *headers = request->headers;
	for (int i = 0; i < FAKE_HEADERS_MAX && headers->names[i] != NULL; i++)
		if (strcasecmp(headers->names[i], name) == 0)
			return headers->values[i];
	return "";
}
