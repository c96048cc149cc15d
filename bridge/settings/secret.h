/* secret - texts that must not leak: read from files with care, wiped when done.
 *
 * Where a file may lie: anywhere, if not everybody can read it. Below /run/secrets (containers) and
 * $CREDENTIALS_DIRECTORY (systemd) the mode is the platform's business and is not looked at.
 *
 * Threads:   any; no state.
 * Ownership: yours to give to secret_free(), secret_keys_clear().
 * Failure:   NULL or false, and why: it names the file, never what is in it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_SECRET_H
#define BRIDGE_SETTINGS_SECRET_H

#include <stdbool.h>

#include "bridge/base/limits.h"
#include "bridge/settings/settings.h"

enum { SECRET_MAX = 65536 };

/* The file without its last line end; one or more lines, not empty. NULL with the reason; else `why` is a warning
 * (everybody can read the file) or "". */
char *secret_read(const char *path, char why[WHY_SIZE]);

/* Wipes and frees; NULL is fine. */
void secret_free(char *secret);

/* One line of text. */
bool secret_is_line(const char *text, char why[WHY_SIZE]);

/* The lines of `text`, at most SETTINGS_KEYS_MAX, none empty; "" gives none. */
bool secret_to_keys(struct settings_keys *ret, const char *text, char why[WHY_SIZE]);
void secret_keys_clear(struct settings_keys *keys);

#endif
