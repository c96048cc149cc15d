/* expand - ${VAR} and ${VAR:-default} in a value, replaced from the environment.
 *
 *   ${NAME}            the variable; it must be set, and may be empty
 *   ${NAME:-default}   the default where the variable is unset or empty
 *   $$                 a dollar sign; one before anything else is one as well
 *
 * Threads:   any that agree with getenv().
 * Promise:   what is put in is never looked at again: neither for `$` nor as YAML.
 * Ownership: yours to wipe and free.
 * Failure:   NULL and why. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_SETTINGS_EXPAND_H
#define BRIDGE_SETTINGS_EXPAND_H

#include <stdbool.h>

#include "bridge/base/limits.h"

/* `ret_replaced`: something of it came from the environment, not only defaults. */
char *expand_text(const char *text, bool *ret_replaced, char why[WHY_SIZE]);

#endif
