/* page_files - the files of bridge/page, as the build embeds them (cmake/Embed.cmake).
 *
 * Threads: any; constants. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_PAGE_FILES_H
#define BRIDGE_FLOW_PAGE_FILES_H

#include <stddef.h>

struct page_file {
	const char *name; /* such as main.js */
	const unsigned char *bytes;
	size_t len;
};

/* The last one has the name NULL. */
extern const struct page_file page_files[];

#endif
