/* mqtt_text - tables of sentences, and the checks of what comes in. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/mqtt_text.h"

#include <string.h>
#include <unistd.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"

enum duration { PLAIN, LASTING, PASSING };

/* OASIS MQTT 3.1.1 table 3.1; MQTT 5.0 section 2.4. */
static const struct {
	int code;
	enum duration duration;
	const char *text;
} codes[] = {
	{1, LASTING, "the broker does not speak this MQTT version: set mqtt.version"},
	{2, LASTING, "the broker does not accept this client id: change mqtt.client_id"},
	{3, PASSING, "the broker says it is unavailable"},
	{4, LASTING, "wrong user name or password: check mqtt.username and mqtt.password"},
	{5, LASTING, "not authorized: check mqtt.username, mqtt.password and the broker's access list"},
	{0x81, LASTING, "the broker calls the packet malformed"},
	{0x82, LASTING, "the broker calls it a protocol error"},
	{0x84, LASTING, "the broker does not speak this MQTT version: set mqtt.version"},
	{0x85, LASTING, "the broker does not accept this client id: change mqtt.client_id"},
	{0x86, LASTING, "wrong user name or password: check mqtt.username and mqtt.password"},
	{0x87, LASTING, "not authorized: check mqtt.username, mqtt.password and the broker's access list"},
	{0x88, PASSING, "the broker says it is unavailable"},
	{0x89, PASSING, "the broker is busy"},
	{0x8A, LASTING, "the broker has banned us"},
	{0x8B, PASSING, "the broker is shutting down"},
	{0x8C, LASTING, "bad authentication method"},
	{0x8D, PLAIN, "the broker heard nothing for longer than the keep-alive"},
	{0x8E, LASTING, "another client took over our client id: give each bridge its own mqtt.client_id"},
	{0x8F, LASTING, "the broker refuses the topic filter"},
	{0x90, LASTING, "the broker refuses the topic name"},
	{0x93, PASSING, "too many messages at once"},
	{0x95, LASTING, "the message is larger than the broker takes"},
	{0x96, PASSING, "messages come too fast for the broker"},
	{0x97, PASSING, "a quota at the broker is used up"},
	{0x98, LASTING, "an administrator at the broker closed the connection"},
	{0x99, LASTING, "the broker refuses the payload's format"},
	{0x9A, LASTING, "the broker keeps no retained messages"},
	{0x9B, LASTING, "the broker does not offer this quality of service"},
	{0x9C, PLAIN, "the broker says: use another server"},
	{0x9D, LASTING, "the broker says: the server has moved"},
	{0x9E, LASTING, "the broker has no shared subscriptions: clear mqtt.share_group"},
	{0x9F, PASSING, "connections come too fast for the broker"},
	{0xA2, LASTING, "the broker has no wildcard subscriptions"},
};

static enum duration duration_of(int code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return codes[i].duration;
	return PLAIN;
}

const char *mqtt_code_text(int code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return codes[i].text;
	return "refused without a reason: see the broker's log and access list";
}

bool mqtt_code_is_lasting(int code)
{
	return duration_of(code) == LASTING;
}

bool mqtt_code_is_passing(int code)
{
	return duration_of(code) == PASSING;
}

static const struct {
	const char *pahos, *plain, *tls;
} failures[] = {
	{"", "unknown host name, or no route to it", "unknown host name, no route, or a TLS file that cannot be used"},
	{"TCP/TLS connect failure", "connection refused",
	 "connection refused, no TLS there, or the certificate is not for this host name"},
	{"TCP connect timeout", "no answer in time", "no answer in time"},
	{"TCP connect completion failure", "closed before the broker answered", "closed before the broker answered"},
	{"socket error", "closed before the broker answered", "closed before the broker answered"},
};

const char *mqtt_failure_text(const char *pahos, bool tls)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (text_equal(failures[i].pahos, pahos))
			return tls ? failures[i].tls : failures[i].plain;
	return pahos;
}

bool mqtt_topic_is_readable(const char *topic, size_t len)
{
	return len > 0 && len < TOPIC_SIZE && memchr(topic, '\0', len) == NULL && memchr(topic, '+', len) == NULL &&
	       memchr(topic, '#', len) == NULL && text_is_utf8(topic, len);
}

bool mqtt_url_has_tls(const char *url)
{
	return text_starts_with(url, "mqtts://") || text_starts_with(url, "wss://");
}

/* The URL is not repeated where it may hold a password. */
static bool url_is_valid(const char *url, char *why, size_t size)
{
	const char *const schemes[] = {"mqtt://", "mqtts://", "ws://", "wss://"};
	const char *host = NULL;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (text_starts_with(url, schemes[i]))
			host = url + strlen(schemes[i]);
	if (strchr(url, '@') != NULL)
		text_format(why, size,
			    "a broker URL must not hold credentials: use mqtt.username and mqtt.password_file");
	else if (host == NULL || strlen(url) >= URL_SIZE)
		text_format(why, size, "\"%s\" is not a broker URL: write mqtt://host:port, or mqtts, ws, wss", url);
	else if (host[0] == '\0' || host[0] == ':' || host[0] == '/' || strpbrk(url, " \t\r\n") != NULL)
		text_format(why, size, "the broker URL \"%s\" names no host", url);
	else
		return true;
	return false;
}

static bool file_is_readable(const char *path, char *why, size_t size)
{
	if (path[0] == '\0' || access(path, R_OK) == 0)
		return true;
	text_format(why, size, "cannot read %s: check that it exists and who may read it", path);
	return false;
}

static bool client_id_is_valid(const struct mqtt_options *options, char *why, size_t size)
{
	const char *id = options->client_id;
	if (id[0] != '\0' && strlen(id) < TOPIC_SIZE && text_is_utf8(id, strlen(id)))
		return true;
	text_format(why, size, "mqtt.client_id must be 1 to %d bytes of UTF-8: the broker keeps a session by it",
		    TOPIC_SIZE - 1);
	return false;
}

bool mqtt_options_are_valid(const struct mqtt_options *options, char *why, size_t why_size)
{
	if (options->url_count == 0) {
		text_format(why, why_size, "no broker URL: set mqtt.url");
		return false;
	}
	bool tls = false;
	for (size_t i = 0; i < options->url_count; i++) {
		if (!url_is_valid(options->urls[i], why, why_size))
			return false;
		tls = tls || mqtt_url_has_tls(options->urls[i]);
	}
	if (!client_id_is_valid(options, why, why_size))
		return false;
	return !tls || (file_is_readable(options->ca_file, why, why_size) &&
			file_is_readable(options->cert_file, why, why_size) &&
			file_is_readable(options->key_file, why, why_size));
}
