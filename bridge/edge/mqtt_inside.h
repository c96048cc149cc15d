/* mqtt_inside - the state that mqtt.c, mqtt_events.c and mqtt_connector.c share; nobody else includes it.
 *
 * One lock guards all of it. It is never held across a call of paho.h or of a handler, so Paho's threads may take
 * it in their events. Events only note what happened; the connector thread draws the consequences:
 *
 *   DOWN -> CONNECTING -> CONNECTED [-> SUBSCRIBING [-> PARTLY]] -> UP -> CLOSING -> ENDED -> DOWN
 *                                 (any of them may go straight to ENDED: refused, lost) */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_EDGE_MQTT_INSIDE_H
#define BRIDGE_EDGE_MQTT_INSIDE_H

#include <pthread.h>

#include "bridge/edge/mqtt.h"
#include "bridge/edge/paho.h"

enum {
	ANNOUNCEMENTS = 4, /* of ours, on top of the user's window */
	FLIGHTS = MQTT_WINDOW + ANNOUNCEMENTS,
	NO_ANSWER = -2 /* of a SUBSCRIBE, yet */
};

/* One Paho handle. Never freed: Paho may call back for it as long as the process lives. */
struct mqtt_handle {
	struct mqtt *mqtt;
	struct link *link;
	struct paho *paho;
	struct mqtt_handle *older; /* all handles of the process, so that none is lost to a leak checker */
	bool used;		   /* was ever connected */
	int64_t connection;	   /* the number that its messages carry */
	size_t in_flight, limit;
	int64_t progress_ms; /* last PUBACK, or when in_flight left 0 */
	struct flight {
		bool busy, ours;
		int64_t tag; /* the user's, or the announcement's number when ours */
	} flights[FLIGHTS];
};

enum link_state {
	LINK_DOWN,	  /* until next_ms, or until wanted */
	LINK_CONNECTING,  /* until Paho says, or deadline_ms */
	LINK_CONNECTED,	  /* the broker accepted us */
	LINK_SUBSCRIBING, /* until every SUBACK, or deadline_ms */
	LINK_PARTLY,	  /* some filters are refused: asked again at next_ms */
	LINK_UP,
	LINK_CLOSING, /* DISCONNECT is on its way, until deadline_ms */
	LINK_ENDED    /* the connector has not looked yet; `end` says how */
};

enum link_end {
	END_FAILED,   /* the attempt */
	END_LOST,     /* by the broker or the network */
	END_GIVEN_UP, /* by us */
	END_CLOSED    /* as wanted */
};

struct link {
	enum link_state state;
	enum link_end end;
	bool discard;		     /* the handle is not to be used again */
	int code;		     /* of the broker, when it gave one */
	struct mqtt_handle *handle;  /* the one in use, or the last */
	struct mqtt_handle **by_url; /* handles that may be used (again); Paho binds one to its URL */
	size_t url, tried;	     /* which URL; how many failed in this round */
	int64_t attempts, floor_ms;  /* rounds that failed; the least wait this round earned */
	int64_t next_ms, deadline_ms, up_since_ms;
	int quick_losses;      /* in a row, soon after connecting */
	char why[WHY_SIZE];    /* why it is not up, or what is wrong although it is */
	char detail[WHY_SIZE]; /* of this end, as the event gave it */
};

enum { INTAKE, PUBLISH, LINKS };

struct mqtt {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t connector;
	struct mqtt *older;	     /* never freed, for the same reason as the handles */
	struct mqtt_options options; /* copied, all of it, but for the password */
	struct mqtt_handlers handlers;
	char *password;
	char *publish_id;
	int64_t puback_timeout_ms;

	struct link links[LINKS];
	bool news; /* the connector has something to look at */
	bool paused, stopping, connector_done, stopped;
	int64_t goodbye_until_ms, stop_deadline_ms;
	int handling; /* handlers that run */
	int waiting;  /* calls of mqtt_publish() that wait for room */
	bool in_message;
	int64_t message_end_ms;
	struct mqtt_handle *stray; /* a discarded handle that connected after all */

	bool session_present;
	bool *subscribed; /* by URL: every filter was granted there once in this process */
	int *answers;	  /* a filter's SUBACK */
	bool told_up;	  /* what the user was told last */
	char told_why[WHY_SIZE];

	bool resetting, reset_again;
	const char *announcement; /* "online", "offline"; "" : none yet */
	int64_t announcement_number;
	bool announcement_sent, announcement_done;

	_Atomic int64_t alive_ms;    /* of the connector */
	_Atomic int64_t probing_ms;  /* since when it has been waiting for Paho's lock; 0: it is not */
	_Atomic int64_t handling_ms; /* since when a message has been handled; 0: none is */
	int64_t next_probe_ms;

	int64_t connection, connects, abandoned, messages, dropped;
};

extern const struct paho_events mqtt_paho_events;

void *mqtt_connector_run(void *mqtt);

/* A handle for one URL. Not under the lock. */
struct mqtt_handle *mqtt_handle_create(struct mqtt *mqtt, struct link *link, size_t url);

/* Handlers run between these; false: mqtt was stopped and nothing may be told. They take the lock. */
bool mqtt_enter_handler(struct mqtt *mqtt);
void mqtt_leave_handler(struct mqtt *mqtt);

/* All that follow are called under the lock; those of the connector thread let go of it around calls. */
void mqtt_wake(struct mqtt *mqtt);
/* Until something changed, or until_ms, or a few seconds. */
void mqtt_wait(struct mqtt *mqtt, int64_t until_ms);
bool mqtt_is_intake(const struct mqtt *mqtt, const struct link *link);
/* The broker accepted us and the connector has seen it. */
bool mqtt_is_accepted(const struct link *link);

/* mqtt_events.c: the link has ended; the handle failed; a free flight of it, marked busy (FLIGHTS: none). */
void mqtt_end_link(struct mqtt *mqtt, struct link *link, enum link_end end, const char *detail);
void mqtt_give_up(struct mqtt_handle *handle, const char *why);
size_t mqtt_take_flight(struct mqtt_handle *handle, bool ours, int64_t tag);

/* mqtt_connector.c: sends DISCONNECT; the link ends as `end` when that is done. */
void mqtt_close_link(struct mqtt *mqtt, struct link *link, enum link_end end, const char *detail);

/* mqtt_intake.c */
void mqtt_tell_down(struct mqtt *mqtt, const char *why);
void mqtt_accept_intake(struct mqtt *mqtt, struct link *link);
void mqtt_subscribe(struct mqtt *mqtt, struct link *link);
void mqtt_check_subscriptions(struct mqtt *mqtt, struct link *link, int64_t now_ms);

/* mqtt_outgoing.c */
void mqtt_publish_up(struct mqtt *mqtt, struct link *link);
void mqtt_watch_publishes(struct mqtt *mqtt, struct link *link, int64_t now_ms);
int64_t mqtt_stall_ms(const struct mqtt *mqtt, const struct mqtt_handle *handle);
void mqtt_announce(struct mqtt *mqtt, const char *text);

#endif
