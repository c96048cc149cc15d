/* version - ours, and those of the libraries that are linked.
 *
 * Threads: main. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_VERSION_H
#define BRIDGE_FLOW_VERSION_H

#include <stdio.h>

void version_print(FILE *to);

#endif
