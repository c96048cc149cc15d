/* api_query - asking the API: fetch a command, list commands page by page, look up a SIM.
 *
 * Threads:   a query object belongs to one thread; it blocks for the answer.
 * Promise:   the token goes only to the configured host: a `next_page_url` elsewhere is an error. A refused token is
 *            renewed once by the account.
 * Failure:   an outcome; RETRY and UNKNOWN mean "ask again later", REFUSED is the API's no. RETRY speaks of all
 *            questions (no token, no way there, too many), but with the code API_UNREADABLE of this one. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_API_QUERY_H
#define BRIDGE_FLOW_API_QUERY_H

#include <stdbool.h>

#include "bridge/base/outcome.h"
#include "bridge/codec/api_message.h"
#include "bridge/flow/account.h"
#include "bridge/flow/thread.h"
#include "bridge/settings/settings.h"

struct api_query;

/* A 2xx that cannot be read, such as a page for people. */
#define API_UNREADABLE "api_unreadable"

/* All borrowed for its lifetime. `thread` is the one that it belongs to, which is alive while it waits for an answer.
 */
struct api_query *api_query_create(const struct settings *settings, struct account *account, struct thread *thread);
void api_query_destroy(struct api_query *query);

/* From any thread: what is under way, and all that follows, ends at once as RETRY. NULL is fine. */
void api_query_stop(struct api_query *query);

/* GET {api.url}/SmsCommands/{sid}. `ret_given`, unless NULL: the resource as it came, or NULL; yours to json_free(). */
struct outcome api_query_fetch(struct api_query *query, const char *sid, struct api_resource *ret,
			       struct json **ret_given);

/* What to list; "" leaves a filter out. */
struct api_filter {
	const char *sim, *status, *direction;
	int page_size; /* 1..1000 */
};

/* Called for each page; false ends the walk early. The page is borrowed. */
typedef bool api_page_taker(void *ctx, const struct api_page *page);

/* Walks all pages (at most API_PAGES_MAX). *ret_complete: the end was reached. */
enum { API_PAGES_MAX = 10000 };
struct outcome api_query_list(struct api_query *query, const struct api_filter *filter, api_page_taker *take, void *ctx,
			      bool *ret_complete);

/* GET {api.url}/Sims/{sid or unique_name}. An API of SMS need not have it: no answer to this is an outage. */
struct outcome api_query_sim(struct api_query *query, const char *sim, char ret_sid[SID_SIZE], char ret_name[SIM_SIZE]);

#endif
