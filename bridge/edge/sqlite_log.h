/* sqlite_log - the write-ahead log in as few writes as there are commits.
 *
 * SQLite writes each page of a commit to its log in two calls. Under a VFS of this name they are gathered and leave in
 * one, with the last page of the commit at the latest: so an error is still an error of that commit, and what is synced
 * or read is what was written. Every other file is left to the default VFS.
 *
 * Threads: as SQLite's connection. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_SQLITE_LOG_H
#define BRIDGE_EDGE_SQLITE_LOG_H

/* Puts it over what is the default VFS just now; the name for sqlite3_open_v2(). Not while another thread opens a file.
 */
const char *sqlite_log_vfs(void);

#endif
