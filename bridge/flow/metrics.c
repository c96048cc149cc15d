/* metrics - a table of gauges over one reading, the counters' own table, and two histograms. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/metrics.h"

#include <math.h>

#include "bridge/base/log.h"
#include "bridge/base/text.h"
#include "bridge/rule/lifecycle.h"

#define PREFIX "mqtt_sms_bridge_"

static void head(struct buffer *to, const char *family, const char *type, const char *help)
{
	buffer_append_format(to, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", family, help, family, type);
}

static void put_counters(struct buffer *to, struct counters *counters)
{
	const char *family = "";
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const struct counter_text *text = &counter_texts[i];
		if (!text_equal(family, text->family)) {
			family = text->family;
			head(to, family, "counter", text->help);
		}
		bool labelled = text->labels[0] != '\0';
		buffer_append_format(to, PREFIX "%s%s%s%s %lld\n", family, labelled ? "{" : "", text->labels,
				     labelled ? "}" : "", (long long)counters_get(counters, (enum counter)i));
	}
}

static void put_statuses(struct buffer *to, const struct store_stats *store)
{
	head(to, "commands_total", "counter", "Commands that entered each state.");
	for (int state = 1; state <= STATE_MAX; state++)
		buffer_append_format(to, PREFIX "commands_total{status=\"%s\"} %lld\n",
				     lifecycle_name((enum command_state)state), (long long)store->by_status[state]);
}

/* Buckets are counted one by one and told cumulated, as the format wants it. `bounds` has one entry less than `counts`.
 */
struct histogram {
	const char *name, *help;
	const int64_t *counts, *bounds;
	int buckets;	   /* bounds */
	double bound_unit; /* of a bound in seconds */
	int64_t sum_us;
};

static void put_histogram(struct buffer *to, const struct histogram *histogram)
{
	const char *name = histogram->name;
	int64_t sum = 0;
	head(to, name, "histogram", histogram->help);
	for (int i = 0; i < histogram->buckets; i++) {
		sum += histogram->counts[i];
		buffer_append_format(to, PREFIX "%s_bucket{le=\"%g\"} %lld\n", name,
				     (double)histogram->bounds[i] * histogram->bound_unit, (long long)sum);
	}
	sum += histogram->counts[histogram->buckets];
	buffer_append_format(to, PREFIX "%s_bucket{le=\"+Inf\"} %lld\n", name, (long long)sum);
	buffer_append_format(to, PREFIX "%s_sum %.6f\n" PREFIX "%s_count %lld\n", name, (double)histogram->sum_us / 1e6,
			     name, (long long)sum);
}

static void put_latency(struct buffer *to, struct counters *counters)
{
	int64_t counts[LATENCY_BUCKETS + 1];
	for (int i = 0; i <= LATENCY_BUCKETS; i++)
		counts[i] = atomic_load(&counters->latency[i]);
	put_histogram(to, &(struct histogram){.name = "api_request_duration_seconds",
					      .help = "Time from a create request to its answer.",
					      .counts = counts,
					      .bounds = latency_bounds_ms,
					      .buckets = LATENCY_BUCKETS,
					      .bound_unit = 1e-3,
					      .sum_us = atomic_load(&counters->latency_us_sum)});
}

static void put_commits(struct buffer *to, const struct store_stats *store)
{
	put_histogram(to, &(struct histogram){.name = "spool_commit_duration_seconds",
					      .help = "Time that a commit of the spool took, fsync included.",
					      .counts = store->commits_within,
					      .bounds = store_commit_bounds_us,
					      .buckets = STORE_COMMIT_BUCKETS,
					      .bound_unit = 1e-6,
					      .sum_us = store->commit_us_sum});
}

struct figure {
	const char *name, *type, *help;
	double value;
};

static double age_s(int64_t now_ms, int64_t then_ms)
{
	return then_ms > 0 && now_ms > then_ms ? (double)(now_ms - then_ms) / 1000 : 0;
}

static void put_figures(struct buffer *to, const struct figure *figures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		head(to, figures[i].name, figures[i].type, figures[i].help);
		if (isinf(figures[i].value))
			buffer_append_format(to, PREFIX "%s +Inf\n", figures[i].name);
		else
			buffer_append_format(to, PREFIX "%s %.15g\n", figures[i].name, figures[i].value);
	}
}

static void put_queue(struct buffer *to, const struct health_reading *now)
{
	const struct store_stats *store = &now->store;
	const struct figure figures[] = {
		{"queue_depth", "gauge", "Commands that the API does not have yet.", (double)store->open},
		{"queue_oldest_age_seconds", "gauge", "Age of the oldest of them.",
		 age_s(now->now_ms, store->oldest_ms)},
		{"commands_unresolved", "gauge", "Commands whose outcome is unknown.",
		 (double)(store->unknown + store->held)},
		{"commands_held", "gauge", "Commands that wait for an operator's decision.", (double)store->held},
		{"events_waiting", "gauge", "Events not yet acknowledged by the broker.", (double)store->events},
		{"spool_commit_max_seconds", "gauge", "The longest commit since the start.",
		 (double)store->commit_us_max / 1e6},
		{"spool_size_bytes", "gauge", "Size of the spool file.", (double)store->file_bytes},
		{"disk_free_bytes", "gauge", "Free space where the spool lives.", (double)store->free_bytes},
		{"intake_open", "gauge", "1 while there is room for new commands.", store->room ? 1 : 0},
	};
	put_figures(to, figures, sizeof(figures) / sizeof(figures[0]));
}

static void put_links(struct buffer *to, const struct health *health, const struct health_reading *now)
{
	/* -1: a credential without an end that we could know; -2: none that is of use. */
	int64_t left_s = now->account.token_lifetime_s;
	double lifetime = left_s == -1 ? INFINITY : left_s < 0 ? 0 : (double)left_s;
	const struct figure figures[] = {
		{"broker_up", "gauge", "1 while both connections to the broker are up.",
		 now->mqtt.intake_up && now->mqtt.publish_up ? 1 : 0},
		{"broker_connects_total", "counter", "Connections made for intake; the first one and every reconnect.",
		 (double)now->mqtt.connects},
		{"broker_messages_dropped_total", "counter",
		 "Messages acknowledged unread: their topic is none, or they came to the handle that only publishes.",
		 (double)now->mqtt.dropped},
		{"broker_handles_abandoned_total", "counter", "Publish handles given up after a failure.",
		 (double)now->mqtt.abandoned},
		{"api_paused", "gauge", "1 while the API account is paused.", now->account.paused ? 1 : 0},
		{"api_token_lifetime_seconds", "gauge",
		 "Until the current access token ends; +Inf when nothing says that it does.", lifetime},
		{"api_token_age_seconds", "gauge",
		 "Since the current access token was fetched, or a fixed one taken into use; 0 without one.",
		 now->account.token_age_s < 0 ? 0 : (double)now->account.token_age_s},
		{"last_callback_timestamp_seconds", "gauge",
		 "When the last authentic callback came, since 1970; 0 before the first.",
		 (double)now->last_callback_ms / 1000},
		{"devices", "gauge", "Devices in the mapping.", (double)mapping_count(health->mapping)},
		{"log_lines_dropped_total", "counter", "Log lines that stderr did not take.", (double)log_dropped()},
		{"start_time_seconds", "gauge", "When the process started, since 1970.",
		 (double)health->started_ms / 1000},
	};
	put_figures(to, figures, sizeof(figures) / sizeof(figures[0]));
}

void metrics_encode(const struct health *health, struct buffer *to)
{
	struct health_reading now;
	health_read(health, &now);
	head(to, "info", "gauge", "Constant 1, labelled with the version.");
	buffer_append_format(to, PREFIX "info{version=\"" BRIDGE_VERSION "\"} 1\n");
	put_statuses(to, &now.store);
	put_counters(to, health->counters);
	put_latency(to, health->counters);
	put_commits(to, &now.store);
	put_queue(to, &now);
	put_links(to, health, &now);
}
