/* store_fresh - events just committed, kept for the publisher.
 *
 * What is published is nearly always what has just been written. Handed over from memory it costs neither a look into
 * the file nor the connection. Only a window: who asks for older events reads them from the file. */
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/edge/store_internal.h"

/* ---- in the transaction: who has the connection ------------------------------------------------- */

void store_fresh_stage(struct store *store, int64_t seq, const struct store_outgoing *event)
{
	struct store_fresh_staged *staged = &store->fresh_staged;
	staged->last_seq = seq;
	if (staged->count == STORE_FRESH_MAX) {
		staged->overflow = true;
		return;
	}
	staged->events[staged->count++] = (struct store_event){
		.seq = seq,
		.topic = memory_copied_text(event->topic),
		.payload = memory_copied(event->payload_len > 0 ? event->payload : "", event->payload_len),
		.payload_len = event->payload_len,
		.retain = event->retain,
		.correlation =
			event->correlation_len > 0 ? memory_copied(event->correlation, event->correlation_len) : NULL,
		.correlation_len = event->correlation_len,
	};
}

void store_fresh_drop(struct store *store)
{
	struct store_fresh_staged *staged = &store->fresh_staged;
	for (size_t i = 0; i < staged->count; i++)
		store_event_clear(&staged->events[i]);
	staged->count = 0;
	staged->overflow = false;
}

/* ---- after the commit: under the lock ---------------------------------------------------------- */

static struct store_event *at(struct store_fresh *fresh, size_t i)
{
	return &fresh->events[(fresh->first + i) % STORE_FRESH_MAX];
}

/* The oldest goes, into `*ret` or for good. */
static void shift(struct store_fresh *fresh, struct store_event *ret)
{
	struct store_event *oldest = at(fresh, 0);
	fresh->base = oldest->seq;
	if (ret != NULL)
		*ret = *oldest;
	else
		store_event_clear(oldest);
	fresh->first = (fresh->first + 1) % STORE_FRESH_MAX;
	fresh->count--;
}

void store_fresh_adopt(struct store *store)
{
	struct store_fresh *fresh = &store->writer.fresh;
	struct store_fresh_staged *staged = &store->fresh_staged;
	if (staged->overflow) {
		store_fresh_drop(store);
		store_fresh_clear(fresh);
		fresh->base = staged->last_seq;
		return;
	}
	for (size_t i = 0; i < staged->count; i++) {
		if (fresh->count == STORE_FRESH_MAX)
			shift(fresh, NULL);
		*at(fresh, fresh->count++) = staged->events[i];
	}
	staged->count = 0;
}

void store_fresh_done(struct store_fresh *fresh, int64_t seq)
{
	for (size_t i = 0; seq > fresh->base && i < fresh->count; i++) {
		struct store_event *event = at(fresh, i);
		if (event->seq != seq)
			continue;
		store_event_clear(event);
		event->seq = seq; /* without a topic: not handed out */
	}
}

bool store_fresh_take(struct store_fresh *fresh, int64_t after, struct store_event *ret, size_t max, size_t *ret_count)
{
	*ret_count = 0;
	if (after < fresh->base)
		return false;
	while (*ret_count < max && fresh->count > 0) {
		if (at(fresh, 0)->seq <= after || at(fresh, 0)->topic == NULL)
			shift(fresh, NULL);
		else
			shift(fresh, &ret[(*ret_count)++]);
	}
	return true;
}

void store_fresh_clear(struct store_fresh *fresh)
{
	while (fresh->count > 0)
		shift(fresh, NULL);
}
