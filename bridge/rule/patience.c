/* patience - a small table that is searched from end to end; see the header. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/rule/patience.h"

#include "bridge/base/text.h"

enum { NOWHERE = PATIENCE_MAX };

static size_t find(const struct patience *patience, const char *name)
{
	for (size_t i = 0; i < patience->count; i++)
		if (text_equal(patience->entries[i].name, name))
			return i;
	return NOWHERE;
}

/* Where a new one can be put: behind the others, or in the place of the one that was not asked for longest. */
static size_t find_room(const struct patience *patience, int64_t mono_ms)
{
	size_t oldest = 0;
	if (patience->count < PATIENCE_MAX)
		return patience->count;
	for (size_t i = 1; i < PATIENCE_MAX; i++)
		if (patience->entries[i].failed_ms < patience->entries[oldest].failed_ms)
			oldest = i;
	return mono_ms - patience->entries[oldest].failed_ms > PATIENCE_IDLE_MS ? oldest : NOWHERE;
}

int64_t patience_pause_ms(int64_t so_far_ms, int64_t least_ms, int64_t most_ms)
{
	int64_t pause_ms = so_far_ms / 10;
	if (pause_ms > most_ms)
		pause_ms = most_ms;
	return pause_ms > least_ms ? pause_ms : least_ms;
}

static int64_t due_ms(const struct patience_entry *entry)
{
	return entry->failed_ms + patience_pause_ms(entry->failing_ms, PATIENCE_LEAST_MS, PATIENCE_MOST_MS);
}

bool patience_may_ask(const struct patience *patience, const char *name, int64_t mono_ms)
{
	size_t at = find(patience, name);
	return at == NOWHERE || due_ms(&patience->entries[at]) <= mono_ms;
}

bool patience_knows(const struct patience *patience, const char *name)
{
	return find(patience, name) != NOWHERE;
}

bool patience_failed(struct patience *patience, const char *name, int64_t mono_ms)
{
	size_t at = find(patience, name);
	bool first = at == NOWHERE;
	if (first) {
		at = find_room(patience, mono_ms);
		if (at == NOWHERE)
			return false;
		patience->count += at == patience->count;
		patience->entries[at] = (struct patience_entry){.failed_ms = mono_ms};
		text_copy(patience->entries[at].name, sizeof(patience->entries[at].name), name);
	}
	struct patience_entry *entry = &patience->entries[at];
	int64_t step_ms = mono_ms - entry->failed_ms;
	entry->failing_ms += step_ms < PATIENCE_STEP_MS ? step_ms : PATIENCE_STEP_MS;
	if (step_ms > PATIENCE_ANEW_MS)
		entry->failing_ms = 0;
	entry->failed_ms = mono_ms;
	return first;
}

void patience_ended(struct patience *patience, const char *name)
{
	size_t at = find(patience, name);
	if (at != NOWHERE)
		patience->entries[at] = patience->entries[--patience->count];
}

bool patience_is_over(const struct patience *patience, const char *name, int64_t limit_ms)
{
	size_t at = find(patience, name);
	return at != NOWHERE && patience->entries[at].failing_ms >= limit_ms;
}

int64_t patience_wait_ms(const struct patience *patience, int64_t mono_ms)
{
	int64_t first_ms = INT64_MAX;
	for (size_t i = 0; i < patience->count; i++) {
		int64_t due = due_ms(&patience->entries[i]);
		if (due > mono_ms && due < first_ms)
			first_ms = due;
	}
	return first_ms == INT64_MAX ? 0 : first_ms - mono_ms;
}
