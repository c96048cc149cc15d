/* api_pages - what the API's lists look like, in few words.
 *
 * Shape: the SMSCommand resource and its list page, as the Super SIM documentation prints them. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_API_PAGES_H
#define TESTS_FLOW_API_PAGES_H

#include "tests/flow/flow_world.h"

#define LISTS  "GET " API_URL "/SmsCommands?"
#define FETCH  "GET " API_URL "/SmsCommands/"
#define SIMS   "GET " API_URL "/Sims/"
#define PAGE_2 API_URL "/SmsCommands?Page=1&PageToken=x"

struct listed {
	const char *sid, *sim, *payload, *status, *direction; /* NULL: SIM_1, "to meter-1", queued, to_sim */
	int64_t created_ms;				      /* 0: now; -1: null */
};

static inline const char *or_else(const char *text, const char *otherwise)
{
	return text != NULL ? text : otherwise;
}

static inline void put_listed(char *to, size_t size, const struct listed *listed)
{
	char created[CLOCK_TEXT_SIZE] = "";
	int64_t created_ms = listed->created_ms != 0 ? listed->created_ms : clock_wall_ms();
	if (created_ms > 0)
		clock_to_text(created_ms, created);
	const char *quote = created_ms > 0 ? "\"" : "";
	text_format(to, size,
		    "{\"sid\": \"%s\", \"account_sid\": \"AC00000000000000000000000000000000\", \"sim_sid\": \"%s\","
		    " \"payload\": \"%s\", \"status\": \"%s\", \"direction\": \"%s\", \"date_created\": %s%s%s}",
		    listed->sid, or_else(listed->sim, SIM_1), or_else(listed->payload, "to meter-1"),
		    or_else(listed->status, "queued"), or_else(listed->direction, "to_sim"), quote,
		    created_ms > 0 ? created : "null", quote);
}

/* A page of `count` resources; `next` "" at the end. Static memory: until the next call. */
static inline const char *page_text(const struct listed *list, size_t count, const char *next)
{
	static char text[65536];
	text_format(text, sizeof(text), "{\"sms_commands\": [");
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(text);
		text_format(text + len, sizeof(text) - len, i > 0 ? ", %s" : "%s", "");
		len = strlen(text);
		put_listed(text + len, sizeof(text) - len, &list[i]);
	}
	size_t len = strlen(text);
	text_format(text + len, sizeof(text) - len,
		    "], \"meta\": {\"key\": \"sms_commands\", \"next_page_url\": %s%s%s}}", next[0] != '\0' ? "\"" : "",
		    next[0] != '\0' ? next : "null", next[0] != '\0' ? "\"" : "");
	return text;
}

/* The next list is this one page; the page that follows; one resource. */
static inline void answer_list(const struct listed *list, size_t count)
{
	fake_http_next(LISTS, (struct fake_answer){.status = 200, .body = page_text(list, count, "")});
}

static inline void answer_two_pages(const struct listed *first, size_t first_count, const struct listed *second,
				    size_t second_count)
{
	fake_http_next(LISTS, (struct fake_answer){.status = 200, .body = page_text(first, first_count, PAGE_2)});
	fake_http_next(LISTS, (struct fake_answer){.status = 200, .body = page_text(second, second_count, "")});
}

static inline void answer_fetch(const struct listed *resource)
{
	char text[1024];
	put_listed(text, sizeof(text), resource);
	fake_http_always(FETCH, (struct fake_answer){.status = 200, .body = text});
}

#define LIST(...) answer_list((const struct listed[]){__VA_ARGS__}, ROWS(((const struct listed[]){__VA_ARGS__})))

#endif
