/* load - what the parts of the load generator share. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct load_options {
	int broker;	       /* port on 127.0.0.1 */
	const char *publish;   /* topic; a `%` stands for the device's number */
	const char *subscribe; /* filter */
	const char *word;      /* a message counts when it holds this; "" */
	int64_t devices;       /* publish goes round among so many */
	int64_t window;	       /* messages under way at most */
	int64_t rate;	       /* messages a second; 0: as fast as the window allows */
	int64_t first;	       /* number of the first device */
	int64_t count;	       /* so many messages and no more; 0: until the time is over */
	double seconds;
	int api;	     /* port of an API that this program plays; 0: none */
	int webhook;	     /* port of a webhook to call instead of publishing; 0: none */
	const char *path;    /* of the webhook */
	int64_t connections; /* to the webhook */
	int64_t grace_us;    /* to wait for what is still under way at the end */
	bool wait;
};

/* load_mqtt.c: a subscriber that counts, and a publisher. They end with the process. */
void load_mqtt_start(const struct load_options *options);
void load_mqtt_publish(int64_t number);

/* load_http.c: callers of the webhook, each message on a connection of its own. */
void load_http_start(const struct load_options *options);
void load_http_stop(void);
int64_t load_http_failures(void);

/* load_api.c: an API that answers each create with 201. */
void load_api_start(const struct load_options *options);

/* Ends the program. */
_Noreturn void load_fail(const char *what);

#endif
