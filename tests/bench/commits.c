/* bench-commits - how many rows a second SQLite stores, one in each transaction: FILE SECONDS full|normal. */
// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(sqlite3 *db, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE)
		return;
	fprintf(stderr, "bench-commits: %s\n", sqlite3_errmsg(db));
	exit(1);
}

int main(int argc, char **argv)
{
	sqlite3 *db;
	sqlite3_stmt *insert;
	if (argc != 4) {
		fprintf(stderr, "usage: bench-commits FILE SECONDS full|normal\n");
		return 2;
	}
	must(NULL, sqlite3_open(argv[1], &db));
	must(db, sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
			      NULL, NULL, NULL));
	if (strcmp(argv[3], "full") == 0)
		must(db, sqlite3_exec(db, "PRAGMA synchronous=FULL", NULL, NULL, NULL));
	must(db,
	     sqlite3_exec(db, "CREATE TABLE t (seq INTEGER PRIMARY KEY, device TEXT, payload TEXT)", NULL, NULL, NULL));
	must(db, sqlite3_prepare_v2(db, "INSERT INTO t (device, payload) VALUES ('d1', 'reboot')", -1, &insert, NULL));
	double start = now_s(), end = start + strtod(argv[2], NULL);
	long count = 0;
	for (; now_s() < end; count++) {
		must(db, sqlite3_step(insert));
		must(db, sqlite3_reset(insert));
	}
	printf("{\"rate\":%.1f}\n", (double)count / (now_s() - start));
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return 0;
}
