/* http_tls - a server's certificate and key, read from their files.
 *
 * Threads:   any; no state.
 * Ownership: http_tls_clear() wipes and frees, also what was never loaded. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_HTTP_TLS_H
#define BRIDGE_EDGE_HTTP_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct http_tls {
	char *cert, *key; /* PEM; NULL: plain HTTP */
};

/* Both names "" : plain HTTP. False and why when one is missing or cannot be read. */
bool http_tls_load(struct http_tls *ret, const char *cert_file, const char *key_file, char *why, size_t why_size);
void http_tls_clear(struct http_tls *tls);

#endif
