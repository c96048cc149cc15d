// tap - two pumps for each connection; both directions are read as MQTT packets (OASIS MQTT 3.1.1, chapters 2 and 3).
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/base/buffer.h"
#include "bridge/base/memory.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/http.h"
#include "tests/harness/ports.h"

enum { PACKET_IDS = 65536, PACKET_MAX = 1024 * 1024, CHUNK = 16384, LOOK_MS = 50, PUBLISH_TYPE = 3, PUBACK_TYPE = 4 };

struct line {
	struct tap *tap;
	struct line *next;
	int bridge, broker;
	pthread_t thread;
	bool cut;				/* under the tap's lock */
	struct buffer from_bridge, from_broker; /* the beginning of a packet */
	struct tap_message pending[PACKET_IDS]; /* published, no PUBACK yet; by packet identifier */
};

struct tap {
	int listener, port, broker_port;
	pthread_t thread;
	pthread_mutex_t lock;
	bool stopping;
	struct line *lines;
	struct tap_message *messages;
	size_t count, capacity;
};

/* ---- packets ------------------------------------------------------------------------------------------ */

struct packet {
	unsigned type, flags;
	const unsigned char *body;
	size_t len, whole; /* of the body; of all bytes */
};

/* False: there is no whole packet yet. */
static bool next_packet(const struct buffer *from, size_t at, struct packet *ret)
{
	const unsigned char *bytes = (const unsigned char *)buffer_text(from) + at;
	size_t have = from->len - at, len = 0, used = 1;
	for (unsigned shift = 0; shift < 28; shift += 7) {
		if (used >= have)
			return false;
		unsigned char digit = bytes[used++];
		len |= (size_t)(digit & 0x7f) << shift;
		if ((digit & 0x80) == 0)
			break;
	}
	*ret = (struct packet){bytes[0] >> 4, bytes[0] & 0xf, bytes + used, len, used + len};
	return have >= ret->whole;
}

static size_t number_at(const unsigned char *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

static void message_clear(struct tap_message *message)
{
	free(message->topic);
	free(message->payload);
	*message = (struct tap_message){NULL, NULL};
}

static void note_publish(struct line *line, const struct packet *packet)
{
	bool qos_1 = (packet->flags & 6) == 2;
	size_t topic_len = packet->len >= 2 ? number_at(packet->body) : 0;
	if (packet->type != PUBLISH_TYPE || !qos_1 || packet->len < topic_len + 4)
		return;
	const unsigned char *at = packet->body + 2 + topic_len;
	struct tap_message *message = &line->pending[number_at(at)];
	message_clear(message);
	message->topic = memory_copied(packet->body + 2, topic_len);
	message->payload = memory_copied(at + 2, packet->len - topic_len - 4);
}

static void note_puback(struct line *line, const struct packet *packet)
{
	struct tap *tap = line->tap;
	if (packet->type != PUBACK_TYPE || packet->len < 2 || line->pending[number_at(packet->body)].topic == NULL)
		return;
	struct tap_message *message = &line->pending[number_at(packet->body)];
	pthread_mutex_lock(&tap->lock);
	if (tap->count == tap->capacity) {
		tap->capacity = 2 * tap->capacity + 256;
		tap->messages = memory_resized(tap->messages, tap->capacity * sizeof(*tap->messages));
	}
	tap->messages[tap->count++] = *message;
	pthread_mutex_unlock(&tap->lock);
	*message = (struct tap_message){NULL, NULL};
}

static void note(struct line *line, struct buffer *from, void (*what)(struct line *, const struct packet *))
{
	struct packet packet;
	size_t at = 0;
	while (at < from->len && next_packet(from, at, &packet)) {
		what(line, &packet);
		at += packet.whole;
	}
	memmove(from->data, from->data + at, from->len - at);
	from->len -= at;
}

/* ---- connections -------------------------------------------------------------------------------------- */

/* Passes on what is there. A PUBLISH is noted before it leaves, a PUBACK before it arrives. */
static bool pump(struct line *line, bool from_bridge)
{
	char chunk[CHUNK];
	ssize_t got = recv(from_bridge ? line->bridge : line->broker, chunk, sizeof(chunk), 0);
	if (got <= 0)
		return got < 0 && errno == EINTR;
	struct buffer *from = from_bridge ? &line->from_bridge : &line->from_broker;
	buffer_append(from, chunk, (size_t)got);
	note(line, from, from_bridge ? note_publish : note_puback);
	return http_send(from_bridge ? line->broker : line->bridge, chunk, (size_t)got);
}

static bool is_cut(struct line *line)
{
	pthread_mutex_lock(&line->tap->lock);
	bool cut = line->cut || line->tap->stopping;
	pthread_mutex_unlock(&line->tap->lock);
	return cut;
}

/* A socket that lingers for no time ends by RST. */
static void end(int connection, bool reset)
{
	struct linger linger = {.l_onoff = reset, .l_linger = 0};
	setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(connection);
}

static void *pass_on(void *arg)
{
	struct line *line = arg;
	struct pollfd ends[2] = {{.fd = line->bridge, .events = POLLIN}, {.fd = line->broker, .events = POLLIN}};
	bool alive = true, cut = false;
	while (alive && !cut) {
		int ready = poll(ends, 2, LOOK_MS);
		if (ready > 0 && ends[0].revents != 0)
			alive = pump(line, true);
		if (ready > 0 && alive && ends[1].revents != 0)
			alive = pump(line, false);
		cut = is_cut(line);
	}
	end(line->bridge, cut);
	end(line->broker, cut);
	return NULL;
}

static void begin(struct tap *tap, int bridge)
{
	int on = 1, broker = http_connect(tap->broker_port, STEP_MS);
	if (broker < 0) {
		end(bridge, true);
		return;
	}
	setsockopt(bridge, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(broker, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	struct line *line = memory_zeroed(1, sizeof(*line));
	line->tap = tap;
	line->bridge = bridge;
	line->broker = broker;
	buffer_init(&line->from_bridge, PACKET_MAX);
	buffer_init(&line->from_broker, PACKET_MAX);
	pthread_mutex_lock(&tap->lock);
	line->next = tap->lines;
	tap->lines = line;
	pthread_mutex_unlock(&tap->lock);
	assert_int_equal(pthread_create(&line->thread, NULL, pass_on, line), 0);
}

static void *accept_all(void *arg)
{
	struct tap *tap = arg;
	for (;;) {
		int bridge = accept(tap->listener, NULL, NULL);
		pthread_mutex_lock(&tap->lock);
		bool stopping = tap->stopping;
		pthread_mutex_unlock(&tap->lock);
		if (bridge >= 0 && !stopping)
			begin(tap, bridge);
		else if (bridge >= 0)
			close(bridge);
		if (stopping)
			return NULL;
	}
}

struct tap *tap_start(int broker_port)
{
	struct tap *tap = memory_zeroed(1, sizeof(*tap));
	struct sockaddr_in address = {.sin_family = AF_INET};
	int on = 1;
	tap->broker_port = broker_port;
	tap->port = port_free();
	pthread_mutex_init(&tap->lock, NULL);
	address.sin_port = htons((uint16_t)tap->port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	tap->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(tap->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(tap->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(tap->listener, 16), 0);
	assert_int_equal(pthread_create(&tap->thread, NULL, accept_all, tap), 0);
	return tap;
}

int tap_port(const struct tap *tap)
{
	return tap->port;
}

void tap_cut(struct tap *tap)
{
	pthread_mutex_lock(&tap->lock);
	for (struct line *line = tap->lines; line != NULL; line = line->next)
		line->cut = true;
	pthread_mutex_unlock(&tap->lock);
}

const struct tap_message *tap_message_at(struct tap *tap, size_t index)
{
	static struct tap_message copy;
	pthread_mutex_lock(&tap->lock);
	bool there = index < tap->count;
	if (there)
		copy = tap->messages[index];
	pthread_mutex_unlock(&tap->lock);
	return there ? &copy : NULL;
}

static void line_free(struct line *line)
{
	pthread_join(line->thread, NULL);
	for (size_t i = 0; i < PACKET_IDS; i++)
		message_clear(&line->pending[i]);
	buffer_clear(&line->from_bridge);
	buffer_clear(&line->from_broker);
	free(line);
}

void tap_destroy(struct tap *tap)
{
	if (tap == NULL)
		return;
	pthread_mutex_lock(&tap->lock);
	tap->stopping = true;
	pthread_mutex_unlock(&tap->lock);
	http_close(http_connect(tap->port, STEP_MS)); /* wakes the one who accepts */
	pthread_join(tap->thread, NULL);
	close(tap->listener);
	while (tap->lines != NULL) {
		struct line *line = tap->lines;
		tap->lines = line->next;
		line_free(line);
	}
	for (size_t i = 0; i < tap->count; i++)
		message_clear(&tap->messages[i]);
	free(tap->messages);
	pthread_mutex_destroy(&tap->lock);
	free(tap);
}
