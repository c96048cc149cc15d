/* page - the status page on the admin listener: what the bridge does, for people who would rather look than read.
 *
 *   GET  /               the page; GET /page/... its style and scripts, built into the program
 *   GET  /page/events    Server-Sent Events: health, samples, commands, SMS from devices
 *   GET  /page/devices   ?filter=...: devices of the mapping
 *   POST /send           {"device": ..., "message": ...}, where `admin.send` allows it
 *
 * Closed holes: a strict Content-Security-Policy; /send takes JSON only, from a page of this very host, and only where
 *            the host is an address or localhost (a name could be made to point here by somebody else's page). Bodies
 *            of SMS are masked unless `log.bodies`. At most PAGE_STREAMS people follow at a time.
 * Threads:   page_handle() on the HTTP server's; page_tick() from main. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_FLOW_PAGE_H
#define BRIDGE_FLOW_PAGE_H

#include "bridge/edge/http_server.h"
#include "bridge/flow/command_intake.h"
#include "bridge/flow/health.h"
#include "bridge/flow/recent.h"

enum { PAGE_STREAMS = 8 };

struct page;

/* All borrowed. `health` may be filled in until page_handle() is first called. */
struct page_parts {
	const struct settings *settings;
	struct store *store;
	struct mapping *mapping;
	struct counters *counters;
	struct command_intake *intake;
	const struct health *health;
};

struct page *page_create(const struct page_parts *parts);
void page_destroy(struct page *page);

/* Where the stages note what happens. */
struct recent *page_recent(struct page *page);

/* Once a second: takes a sample when it is due. */
void page_tick(struct page *page);

/* Ends the streams, so that the server can stop. */
void page_stop(struct page *page);

/* 0: ours, and the method fits; else the status to answer: 404 for every path that is not of the page. */
int page_gate(const char *method, const char *path);
void page_handle(struct page *page, const struct http_request_in *request, struct http_reply *reply);

#endif
