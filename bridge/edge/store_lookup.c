/* store_lookup - questions that change nothing, and small named values. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/text.h"
#include "bridge/edge/store_internal.h"

/* ---- lists of commands ------------------------------------------------------------------------- */

struct list_args {
	enum store_sql rows, next;
	int64_t from; /* first parameter of `rows`; `next` looks behind it */
	const char *device;
	struct store_record *ret;
	size_t max, count;
	int64_t next_ms;
};

static void run_list(struct store *store, void *job)
{
	struct list_args *args = job;
	struct store_row row;
	struct sql_statement *statement = store_statement(store, args->rows);
	sql_put(statement, 1, args->from);
	sql_put(statement, 2, (int64_t)args->max);
	if (args->device != NULL)
		sql_put_text(statement, 3, args->device);
	while (sql_step(statement)) {
		store_row_read(store, statement, &row);
		args->ret[args->count++] = row.record;
	}
}

static void run_due_list(struct store *store, void *job)
{
	struct list_args *args = job;
	run_list(store, job);
	args->next_ms = args->count == args->max ? args->from : INT64_MAX;
	struct sql_statement *statement = store_statement(store, args->next);
	sql_put(statement, 1, args->from);
	if (args->count < args->max && sql_step(statement))
		args->next_ms = sql_column(statement, 0);
	sql_reset(statement);
}

static size_t due_list(struct store *store, struct list_args *args, int64_t *ret_next_ms)
{
	static const struct store_job_kind kind = {.run = run_due_list, .reads = true};
	store_queue_do(store, &kind, args);
	*ret_next_ms = args->next_ms;
	return args->count;
}

size_t store_unknown(struct store *store, int64_t now_ms, struct store_record *ret, size_t max, int64_t *ret_next_ms)
{
	struct list_args args = {
		.rows = SQL_UNKNOWN_DUE, .next = SQL_UNKNOWN_NEXT, .from = now_ms, .ret = ret, .max = max};
	return due_list(store, &args, ret_next_ms);
}

size_t store_silent(struct store *store, int64_t now_ms, struct store_record *ret, size_t max, int64_t *ret_next_ms)
{
	struct list_args args = {
		.rows = SQL_SILENT_DUE, .next = SQL_SILENT_NEXT, .from = now_ms, .ret = ret, .max = max};
	return due_list(store, &args, ret_next_ms);
}

size_t store_pending(struct store *store, const char *device, int64_t after, struct store_record *ret, size_t max)
{
	static const struct store_job_kind kind = {.run = run_list, .reads = true};
	struct list_args args = {.rows = SQL_PENDING_ALL, .from = after, .ret = ret, .max = max};
	if (device[0] != '\0') {
		args.rows = SQL_PENDING_DEVICE;
		args.device = device;
	}
	store_queue_do(store, &kind, &args);
	return args.count;
}

/* ---- one command --------------------------------------------------------------------------------- */

struct find_args {
	const char *device, *id, *sid; /* sid NULL: by id */
	struct store_record *ret;      /* NULL: only whether there is one */
	bool found;
};

static void run_find(struct store *store, void *job)
{
	struct find_args *args = job;
	struct store_row row;
	if (args->sid != NULL)
		args->found = store_row_by_sid(store, args->sid, &row);
	else
		args->found = store_row_by_id(store, args->device, args->id, &row) == 1;
	if (args->found && args->ret != NULL)
		*args->ret = row.record;
}

static bool find(struct store *store, struct find_args args)
{
	static const struct store_job_kind kind = {.run = run_find, .reads = true};
	store_queue_do(store, &kind, &args);
	return args.found;
}

bool store_find_id(struct store *store, const char *device, const char *id, struct store_record *ret)
{
	return find(store, (struct find_args){.device = device, .id = id, .ret = ret});
}

bool store_find_sid(struct store *store, const char *sid, struct store_record *ret)
{
	return find(store, (struct find_args){.sid = sid, .ret = ret});
}

bool store_owns_sid(struct store *store, const char *sid)
{
	return find(store, (struct find_args){.sid = sid});
}

static void run_knows_mo(struct store *store, void *job)
{
	struct find_args *args = job;
	struct sql_statement *statement = store_statement(store, SQL_MO_KNOWN);
	sql_put_text(statement, 1, args->sid);
	args->found = sql_step(statement);
	sql_reset(statement);
}

bool store_knows_mo(struct store *store, const char *sid)
{
	static const struct store_job_kind kind = {.run = run_knows_mo, .reads = true};
	struct find_args args = {.sid = sid};
	store_queue_do(store, &kind, &args);
	return args.found;
}

/* ---- names and values ----------------------------------------------------------------------------- */

struct pair_args {
	enum store_sql statement;
	const char *key, *value; /* to write */
	char *ret;		 /* to read */
	size_t size;
};

static void run_put(struct store *store, void *job)
{
	const struct pair_args *args = job;
	struct sql_statement *statement = store_statement(store, args->statement);
	sql_put_text(statement, 1, args->key);
	sql_put_text(statement, 2, args->value);
	sql_run(statement);
}

static void put(struct store *store, struct pair_args args)
{
	static const struct store_job_kind kind = {.run = run_put};
	store_queue_do(store, &kind, &args);
}

static void run_get(struct store *store, void *job)
{
	const struct pair_args *args = job;
	struct sql_statement *statement = store_statement(store, args->statement);
	sql_put_text(statement, 1, args->key);
	args->ret[0] = '\0';
	if (sql_step(statement))
		sql_column_text(statement, 0, args->ret, args->size);
	sql_reset(statement);
}

static void get(struct store *store, struct pair_args args)
{
	static const struct store_job_kind kind = {.run = run_get, .reads = true};
	store_queue_do(store, &kind, &args);
}

enum { NAME_SIZE = 192 };

/* The store's own entries (the epoch) have names without the dot. */
static void named(char key[NAME_SIZE], const char *name)
{
	text_format(key, NAME_SIZE, STORE_VALUE "%s", name);
}

void store_remember(struct store *store, const char *key, const char *value)
{
	char name[NAME_SIZE];
	named(name, key);
	put(store, (struct pair_args){.statement = SQL_META_PUT, .key = name, .value = value});
}

struct values_args {
	const char *const *keys;
	size_t count;
	const char *value;
};

static void put_value(struct store *store, const char *key, const char *value)
{
	struct sql_statement *statement = store_statement(store, value[0] == '\0' ? SQL_META_DELETE : SQL_META_PUT);
	sql_put_text(statement, 1, key);
	if (value[0] != '\0')
		sql_put_text(statement, 2, value);
	sql_run(statement);
}

static void run_put_all(struct store *store, void *job)
{
	const struct values_args *args = job;
	char name[NAME_SIZE], known[NAME_SIZE];
	for (size_t i = 0; i < args->count; i++) {
		named(name, args->keys[i]);
		run_get(store, &(struct pair_args){
				       .statement = SQL_META_GET, .key = name, .ret = known, .size = sizeof(known)});
		if (!text_equal(known, args->value))
			put_value(store, name, args->value);
	}
}

void store_remember_all(struct store *store, const char *const *keys, size_t count, const char *value)
{
	static const struct store_job_kind kind = {.run = run_put_all};
	struct values_args args = {keys, count, value};
	store_queue_do(store, &kind, &args);
}

void store_recall(struct store *store, const char *key, char *ret, size_t size)
{
	char name[NAME_SIZE];
	named(name, key);
	get(store, (struct pair_args){.statement = SQL_META_GET, .key = name, .ret = ret, .size = size});
}

bool store_recall_next(struct store *store, const char *prefix, char *key, size_t size)
{
	char name[NAME_SIZE], next[NAME_SIZE], wanted[NAME_SIZE];
	named(name, key);
	named(wanted, prefix);
	get(store, (struct pair_args){.statement = SQL_META_NEXT, .key = name, .ret = next, .size = sizeof(next)});
	return text_starts_with(next, wanted) && text_copy(key, size, next + sizeof(STORE_VALUE) - 1);
}

void store_learn_sim(struct store *store, const char *unique_name, const char *sim_sid)
{
	put(store, (struct pair_args){.statement = SQL_SIM_PUT, .key = sim_sid, .value = unique_name});
}

bool store_sim_name(struct store *store, const char *sim_sid, char unique_name[SIM_SIZE])
{
	get(store, (struct pair_args){.statement = SQL_SIM_NAME, .key = sim_sid, .ret = unique_name, .size = SIM_SIZE});
	return unique_name[0] != '\0';
}
