// scripted_broker - one thread, poll(), and the packets that a client of ours needs.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/scripted_broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"

enum { CONNECTIONS_MAX = 64, PACKETS_MAX = 65536, BUFFER_SIZE = 65536, LOOK_MS = 5 };

struct connection {
	int fd; /* -1: ended */
	bool version_5;
	char client[PACKET_TEXT_SIZE];
	unsigned char *buffer;
	size_t len;
};

struct scripted_broker {
	pthread_t thread;
	pthread_mutex_t lock;
	int listener, port;
	bool stop;
	struct scripted_rules rules;
	struct connection connections[CONNECTIONS_MAX];
	int connection_count;
	struct scripted_packet *packets;
	size_t packet_count;
};

/* A packet's bytes, read from the front. Reading past the end gives zeros: a malformed packet shows in the record. */
struct cursor {
	const unsigned char *at;
	size_t left;
};

static int take_byte(struct cursor *cursor)
{
	if (cursor->left == 0)
		return 0;
	cursor->left--;
	return *cursor->at++;
}

static int take_number(struct cursor *cursor)
{
	int high = take_byte(cursor);
	return high << 8 | take_byte(cursor);
}

static void take_text(struct cursor *cursor, char text[PACKET_TEXT_SIZE])
{
	size_t len = (size_t)take_number(cursor);
	len = len > cursor->left ? cursor->left : len;
	text_copy_bytes(text, PACKET_TEXT_SIZE, cursor->at, len);
	cursor->at += len;
	cursor->left -= len;
}

/* MQTT 5 section 2.2.2; no client of ours sends 128 bytes of them. */
static void skip_properties(struct cursor *cursor, bool version_5)
{
	for (int left = version_5 ? take_byte(cursor) : 0; left > 0; left--)
		take_byte(cursor);
}

/* Under the lock, as everything below that takes a connection. */
static void send_bytes(struct connection *connection, const void *bytes, size_t len)
{
	if (connection->fd >= 0 && send(connection->fd, bytes, len, MSG_NOSIGNAL) < 0)
		return; /* gone: the reader will see it */
}

static void end_connection(struct connection *connection, bool reset)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	if (connection->fd < 0)
		return;
	if (reset)
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(connection->fd);
	connection->fd = -1;
}

static void answer_connect(struct scripted_broker *broker, struct connection *connection)
{
	const struct scripted_rules *rules = &broker->rules;
	unsigned char session = rules->connack == 0 && rules->session_present ? 1 : 0;
	unsigned char connack[] = {0x20, 2, session, (unsigned char)rules->connack, 0};
	size_t len = 4;
	if (rules->mute_connect)
		return;
	if (connection->version_5)
		connack[1] = (unsigned char)(len++ - 1);
	send_bytes(connection, connack, len);
	if (rules->connack != 0 || rules->close_at_connect)
		end_connection(connection, false);
}

static void send_puback(struct connection *connection, int id)
{
	const unsigned char puback[] = {0x40, 2, (unsigned char)(id >> 8), (unsigned char)id};
	send_bytes(connection, puback, sizeof(puback));
}

static void answer_publish(struct scripted_broker *broker, struct connection *connection,
			   const struct scripted_packet *packet)
{
	if (broker->rules.reset_at_publish > 0 && --broker->rules.reset_at_publish == 0)
		end_connection(connection, true);
	else if (packet->qos == 1 && !broker->rules.hold_pubacks)
		send_puback(connection, packet->id);
}

static void answer_subscribe(const struct scripted_broker *broker, struct connection *connection,
			     const struct scripted_packet *packet)
{
	int rule = broker->rules.suback, granted = rule == 0 ? packet->qos : rule == 0x80 ? rule : rule - 1;
	unsigned char suback[6] = {0x90, 3, (unsigned char)(packet->id >> 8), (unsigned char)packet->id};
	suback[1] = connection->version_5 ? 4 : 3;
	suback[1 + suback[1]] = (unsigned char)granted;
	send_bytes(connection, suback, 2U + suback[1]);
}

static void read_connect(struct cursor *cursor, struct scripted_packet *packet, bool *ret_version_5)
{
	char protocol[PACKET_TEXT_SIZE];
	take_text(cursor, protocol);
	*ret_version_5 = take_byte(cursor) == 5;
	packet->flags = take_byte(cursor);
	packet->id = take_number(cursor);
	skip_properties(cursor, *ret_version_5);
	take_text(cursor, packet->client);
	if (packet->flags & 0x04) {
		skip_properties(cursor, *ret_version_5);
		take_text(cursor, packet->topic);
		take_text(cursor, packet->text);
	}
}

static void read_publish(struct cursor *cursor, struct scripted_packet *packet, bool version_5)
{
	packet->qos = packet->flags >> 1 & 3;
	take_text(cursor, packet->topic);
	if (packet->qos > 0)
		packet->id = take_number(cursor);
	skip_properties(cursor, version_5);
	text_copy_bytes(packet->text, sizeof(packet->text), cursor->at, cursor->left);
}

static struct scripted_packet read_packet(struct connection *connection, int first, struct cursor cursor)
{
	struct scripted_packet packet = {.type = (enum scripted_type)(first >> 4), .flags = first & 15};
	text_copy(packet.client, sizeof(packet.client), connection->client);
	if (packet.type == PACKET_CONNECT) {
		read_connect(&cursor, &packet, &connection->version_5);
	} else if (packet.type == PACKET_PUBLISH) {
		read_publish(&cursor, &packet, connection->version_5);
	} else if (packet.type == PACKET_SUBSCRIBE) {
		packet.id = take_number(&cursor);
		skip_properties(&cursor, connection->version_5);
		take_text(&cursor, packet.topic);
		packet.qos = take_byte(&cursor);
	} else if (packet.type == PACKET_PUBACK) {
		packet.id = take_number(&cursor);
	}
	return packet;
}

static void take_packet(struct scripted_broker *broker, struct connection *connection, int first, struct cursor cursor)
{
	static const unsigned char pingresp[] = {0xD0, 0};
	struct scripted_packet packet = read_packet(connection, first, cursor);
	packet.connection = (int)(connection - broker->connections);
	text_copy(connection->client, sizeof(connection->client), packet.client);
	if (broker->packet_count < PACKETS_MAX)
		broker->packets[broker->packet_count++] = packet;
	if (packet.type == PACKET_CONNECT)
		answer_connect(broker, connection);
	else if (packet.type == PACKET_PUBLISH)
		answer_publish(broker, connection, &packet);
	else if (packet.type == PACKET_SUBSCRIBE)
		answer_subscribe(broker, connection, &packet);
	else if (packet.type == PACKET_PINGREQ)
		send_bytes(connection, pingresp, sizeof(pingresp));
}

/* The length of the packet at the front with its fixed header (section 2.2.3), or 0 while it is not all there. */
static size_t whole_packet(const struct connection *connection, size_t *ret_header)
{
	size_t remaining = 0, shift = 0, i = 1;
	do {
		if (i >= connection->len || i > 4)
			return 0;
		remaining |= (size_t)(connection->buffer[i] & 127) << shift;
		shift += 7;
	} while (connection->buffer[i++] & 128);
	*ret_header = i;
	return i + remaining <= connection->len ? i + remaining : 0;
}

static void read_connection(struct scripted_broker *broker, struct connection *connection)
{
	ssize_t got =
		recv(connection->fd, connection->buffer + connection->len, BUFFER_SIZE - connection->len, MSG_DONTWAIT);
	if (got <= 0) {
		end_connection(connection, false);
		return;
	}
	connection->len += (size_t)got;
	size_t header, size;
	while (connection->fd >= 0 && (size = whole_packet(connection, &header)) > 0) {
		struct cursor cursor = {.at = connection->buffer + header, .left = size - header};
		take_packet(broker, connection, connection->buffer[0], cursor);
		memmove(connection->buffer, connection->buffer + size, connection->len - size);
		connection->len -= size;
	}
}

static void accept_one(struct scripted_broker *broker)
{
	int fd = accept(broker->listener, NULL, NULL);
	if (fd < 0 || broker->connection_count == CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	broker->connections[broker->connection_count++] =
		(struct connection){.fd = fd, .buffer = memory_zeroed(BUFFER_SIZE, 1)};
}

static void *run(void *arg)
{
	struct scripted_broker *broker = arg;
	pthread_mutex_lock(&broker->lock);
	while (!broker->stop) {
		struct pollfd polls[CONNECTIONS_MAX + 1] = {{.fd = broker->listener, .events = POLLIN}};
		nfds_t count = (nfds_t)broker->connection_count;
		for (nfds_t i = 0; i < count; i++)
			polls[i + 1] = (struct pollfd){.fd = broker->connections[i].fd, .events = POLLIN};
		pthread_mutex_unlock(&broker->lock);
		poll(polls, count + 1, LOOK_MS);
		pthread_mutex_lock(&broker->lock);
		for (nfds_t i = 0; i < count; i++)
			if (polls[i + 1].revents != 0 && broker->connections[i].fd >= 0)
				read_connection(broker, &broker->connections[i]);
		if (polls[0].revents != 0)
			accept_one(broker);
	}
	pthread_mutex_unlock(&broker->lock);
	return NULL;
}

struct scripted_broker *scripted_broker_start(void)
{
	struct scripted_broker *broker = memory_zeroed(1, sizeof(*broker));
	broker->packets = memory_zeroed(PACKETS_MAX, sizeof(struct scripted_packet));
	pthread_mutex_init(&broker->lock, NULL);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	broker->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(broker->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(broker->listener, 16), 0);
	assert_int_equal(getsockname(broker->listener, (struct sockaddr *)&address, &len), 0);
	broker->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&broker->thread, NULL, run, broker), 0);
	return broker;
}

void scripted_broker_destroy(struct scripted_broker *broker)
{
	pthread_mutex_lock(&broker->lock);
	broker->stop = true;
	pthread_mutex_unlock(&broker->lock);
	pthread_join(broker->thread, NULL);
	for (int i = 0; i < broker->connection_count; i++) {
		end_connection(&broker->connections[i], false);
		free(broker->connections[i].buffer);
	}
	close(broker->listener);
	pthread_mutex_destroy(&broker->lock);
	free(broker->packets);
	free(broker);
}

int scripted_broker_port(const struct scripted_broker *broker)
{
	return broker->port;
}

void scripted_broker_rules(struct scripted_broker *broker, const struct scripted_rules *rules)
{
	pthread_mutex_lock(&broker->lock);
	broker->rules = *rules;
	pthread_mutex_unlock(&broker->lock);
}

struct search {
	struct scripted_broker *broker;
	const char *client;
	enum scripted_type type;
	size_t n, found;
	struct scripted_packet packet;
};

static bool look(void *ctx)
{
	struct search *search = ctx;
	search->found = 0;
	pthread_mutex_lock(&search->broker->lock);
	for (size_t i = 0; i < search->broker->packet_count; i++) {
		const struct scripted_packet *packet = &search->broker->packets[i];
		if (packet->type != search->type || !text_equal(packet->client, search->client))
			continue;
		if (++search->found == search->n)
			search->packet = *packet;
	}
	pthread_mutex_unlock(&search->broker->lock);
	return search->found >= search->n;
}

size_t scripted_broker_count(struct scripted_broker *broker, const char *client, enum scripted_type type)
{
	struct search search = {.broker = broker, .client = client, .type = type};
	look(&search);
	return search.found;
}

/* Who has lost ten connections soon after they were made waits for up to 32 s before the next. */
enum { FIGHT_MS = 2 * STEP_MS };

struct scripted_packet scripted_broker_expect(struct scripted_broker *broker, const char *client,
					      enum scripted_type type, size_t n)
{
	struct search search = {.broker = broker, .client = client, .type = type, .n = n};
	if (!await(look, &search, FIGHT_MS))
		fail_msg("the client %s sent %zu packets of type %d, not %zu", client, search.found, (int)type, n);
	return search.packet;
}

void scripted_broker_send(struct scripted_broker *broker, int connection, const void *bytes, size_t len)
{
	pthread_mutex_lock(&broker->lock);
	send_bytes(&broker->connections[connection], bytes, len);
	pthread_mutex_unlock(&broker->lock);
}

void scripted_broker_publish(struct scripted_broker *broker, int connection, const struct scripted_message *message)
{
	unsigned char packet[1024];
	size_t topic_len = message->topic_len > 0 ? message->topic_len : strlen(message->topic),
	       len = strlen(message->payload);
	size_t remaining = 2 + topic_len + (message->qos > 0 ? 2 : 0) + len, at = 0;
	assert_true(remaining < 16384 && remaining + 3 <= sizeof(packet));
	packet[at++] = (unsigned char)(0x30 | (message->dup ? 8 : 0) | message->qos << 1 | (message->retain ? 1 : 0));
	packet[at++] = (unsigned char)(remaining % 128 | 128);
	packet[at++] = (unsigned char)(remaining / 128);
	packet[at++] = (unsigned char)(topic_len >> 8);
	packet[at++] = (unsigned char)topic_len;
	memcpy(packet + at, message->topic, topic_len);
	at += topic_len;
	if (message->qos > 0) {
		packet[at++] = (unsigned char)(message->id >> 8);
		packet[at++] = (unsigned char)message->id;
	}
	memcpy(packet + at, message->payload, len);
	scripted_broker_send(broker, connection, packet, at + len);
}

void scripted_broker_puback(struct scripted_broker *broker, int connection, int id)
{
	const unsigned char puback[] = {0x40, 2, (unsigned char)(id >> 8), (unsigned char)id};
	scripted_broker_send(broker, connection, puback, sizeof(puback));
}

void scripted_broker_reset(struct scripted_broker *broker, int connection)
{
	pthread_mutex_lock(&broker->lock);
	end_connection(&broker->connections[connection], true);
	pthread_mutex_unlock(&broker->lock);
}
