/* counters - what happened since the start, for metrics and health.
 *
 * One list names every counter; the enum, the Prometheus text and its help come from it.
 *
 * Threads: any; relaxed atomics. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_COUNTERS_H
#define BRIDGE_FLOW_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* COUNTER(name, Prometheus family, labels, help of the family) */
#define COUNTERS(COUNTER)                                                                                           \
	COUNTER(CALLBACK_STORED, "callbacks_total", "result=\"stored\"", "Requests to the webhook by result.")      \
	COUNTER(CALLBACK_KNOWN, "callbacks_total", "result=\"known\"", "")                                          \
	COUNTER(CALLBACK_STRANGER, "callbacks_total", "result=\"unmapped\"", "")                                    \
	COUNTER(CALLBACK_MALFORMED, "callbacks_total", "result=\"malformed\"", "")                                  \
	COUNTER(CALLBACK_FORGED, "callbacks_total", "result=\"forged\"", "")                                        \
	COUNTER(CALLBACK_FULL, "callbacks_total", "result=\"full\"", "")                                            \
	COUNTER(MESSAGE_ACCEPTED, "messages_total", "result=\"accepted\"",                                          \
		"MQTT messages on command topics by result.")                                                       \
	COUNTER(MESSAGE_REPEATED, "messages_total", "result=\"repeated\"", "")                                      \
	COUNTER(MESSAGE_REDELIVERED, "messages_total", "result=\"redelivered\"", "")                                \
	COUNTER(MESSAGE_REJECTED, "messages_total", "result=\"rejected\"", "")                                      \
	COUNTER(MESSAGE_UNUSABLE, "messages_total", "result=\"unusable\"", "")                                      \
	COUNTER(MO_STORED, "mo_total", "source=\"callback\"", "MO SMS by where they were learnt from.")             \
	COUNTER(MO_LISTED, "mo_total", "source=\"list\"", "")                                                       \
	COUNTER(ATTEMPT_DONE, "api_creates_total", "outcome=\"done\"", "Create requests to the API by outcome.")    \
	COUNTER(ATTEMPT_RETRY, "api_creates_total", "outcome=\"retry\"", "")                                        \
	COUNTER(ATTEMPT_REFUSED, "api_creates_total", "outcome=\"refused\"", "")                                    \
	COUNTER(ATTEMPT_UNKNOWN, "api_creates_total", "outcome=\"unknown\"", "")                                    \
	COUNTER(RESOLVED_ADOPTED, "reconciled_total", "result=\"adopted\"", "Unknown outcomes that were resolved.") \
	COUNTER(RESOLVED_ABSENT, "reconciled_total", "result=\"absent\"", "")                                       \
	COUNTER(RESOLVED_HELD, "reconciled_total", "result=\"held\"", "")                                           \
	COUNTER(POLLED, "status_polls_total", "", "Commands whose silent status was fetched.")                      \
	COUNTER(EVENT_PUBLISHED, "events_published_total", "", "Events that the broker acknowledged.")              \
	COUNTER(EVENT_REFUSED_BY_BROKER, "events_refused_total", "", "Messages that the broker refused for good.")  \
	COUNTER(EVENT_REPUBLISHED, "events_republished_total", "", "Events published again on a new handle.")       \
	COUNTER(ADMIN_REQUESTS, "admin_requests_total", "", "Administration requests over MQTT.")                   \
	COUNTER(RELOADS, "reloads_total", "", "Reloads of mappings and secrets that succeeded.")                    \
	COUNTER(RELOAD_FAILURES, "reload_failures_total", "", "Reloads that were refused.")

#define COUNTER_NAME(name, family, labels, help) COUNT_##name,
enum counter { COUNTERS(COUNTER_NAME) COUNTER_COUNT };
#undef COUNTER_NAME

/* Upper bounds of the API latency histogram in milliseconds; the last bucket is +Inf. */
enum { LATENCY_BUCKETS = 12 };
extern const int64_t latency_bounds_ms[LATENCY_BUCKETS];

struct counters {
	_Atomic int64_t values[COUNTER_COUNT];
	_Atomic int64_t latency[LATENCY_BUCKETS + 1];
	_Atomic int64_t latency_us_sum;
	_Atomic int64_t last_callback_ms; /* wall; 0: none yet */
	_Atomic int64_t refusal_second, refusal_lines;
};

struct counter_text {
	const char *family, *labels, *help;
};
extern const struct counter_text counter_texts[COUNTER_COUNT];

void counters_add(struct counters *counters, enum counter counter);
int64_t counters_get(struct counters *counters, enum counter counter);
/* May the log tell of one more refusal of what strangers can send as often as they like? Ten a second are enough.
 * *ret_untold: how many were passed over in the last second that had any. */
bool counters_may_tell(struct counters *counters, int64_t mono_ms, int64_t *ret_untold);

void counters_latency(struct counters *counters, int64_t elapsed_us);

#endif
