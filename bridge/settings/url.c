/* url - one splitter for all forms: scheme://host:port/path */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"

enum { HOST_SIZE = 254, SCHEME_SIZE = 8, PORT_NONE = -1, PORT_MAX = 65535 };

struct url {
	char scheme[SCHEME_SIZE];
	char host[HOST_SIZE]; /* IPv6 without its brackets */
	bool is_ipv6;
	int64_t port;
	const char *path; /* from the first slash, or "" */
};

struct scheme {
	const char *name;
	int64_t port;
	bool has_path;
};

static const struct scheme MQTT_SCHEMES[] = {
	{"mqtt", 1883, false}, {"mqtts", 8883, false}, {"ws", 80, true}, {"wss", 443, true}, {0}};
static const struct scheme HTTP_SCHEMES[] = {{"http", 80, true}, {"https", 443, true}, {0}};

static bool refuse(char why[WHY_SIZE], const char *sentence)
{
	text_copy(why, WHY_SIZE, sentence);
	return false;
}

static bool is_host_name(const char *host)
{
	for (const char *at = host; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("-._", *at))
			return false;
	return host[0] != '\0' && host[0] != '.' && host[0] != '-';
}

/* Takes host and port from `text`, which ends at `len`. */
static bool split_authority(struct url *url, const char *text, size_t len, char why[WHY_SIZE])
{
	char authority[HOST_SIZE + sizeof("[]:65535")];
	struct in6_addr ignored;

	if (!text_copy_bytes(authority, sizeof(authority), text, len))
		return refuse(why, "the host name is too long");
	if (strchr(authority, '@'))
		return refuse(why, "a name or password inside the address; use the settings for them");
	char *host = authority, *end = strchr(authority, ':');

	url->is_ipv6 = authority[0] == '[';
	if (url->is_ipv6) {
		char *bracket = strchr(authority, ']');

		if (bracket == NULL || (bracket[1] != '\0' && bracket[1] != ':'))
			return refuse(why, "an IPv6 address is written as [::1] or [::1]:port");
		host++;
		*bracket = '\0';
		end = bracket[1] == ':' ? bracket + 1 : NULL;
	}
	url->port = PORT_NONE;
	if (end != NULL && !text_to_int(end + 1, 0, PORT_MAX, &url->port))
		return refuse(why, "the port is not a number from 0 to 65535; an IPv6 host needs brackets");
	if (end != NULL)
		*end = '\0';
	if (!(url->is_ipv6 ? inet_pton(AF_INET6, host, &ignored) == 1 : is_host_name(host)))
		return refuse(why, "the host is not a name or an address");
	return text_copy(url->host, sizeof(url->host), host) || refuse(why, "the host name is too long");
}

static const struct scheme *find_scheme(const struct scheme *schemes, const char *name)
{
	while (schemes->name != NULL && !text_equal(schemes->name, name))
		schemes++;
	return schemes->name != NULL ? schemes : NULL;
}

static bool has_odd_characters(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"<>\\^`{|}?#", *text))
			return true;
	return false;
}

static bool split(struct url *url, const struct scheme *schemes, const char *text, char why[WHY_SIZE])
{
	const char *colon = strstr(text, "://");

	*url = (struct url){.path = ""};
	if (has_odd_characters(text))
		return refuse(why, "a character that has no place in this address (blank, query, fragment, "
				   "non-ASCII or quote); leave it out");
	if (strlen(text) >= URL_SIZE / 2)
		return refuse(why, "the address is too long; at most 511 characters");
	if (colon == NULL || !text_copy_bytes(url->scheme, sizeof(url->scheme), text, (size_t)(colon - text)))
		return refuse(why, schemes == MQTT_SCHEMES ? "no scheme; write it as mqtt://host:1883"
							   : "no scheme; write it as https://host");
	const struct scheme *scheme = find_scheme(schemes, url->scheme);

	if (scheme == NULL) {
		text_format(why, WHY_SIZE, "the scheme %s:// is not known here; use %s", url->scheme,
			    schemes == MQTT_SCHEMES ? "mqtt, mqtts, ws or wss" : "https or http");
		return false;
	}
	const char *authority = colon + 3;
	size_t len = strcspn(authority, "/");

	url->path = authority + len;
	if (!split_authority(url, authority, len, why))
		return false;
	if (url->port == 0)
		return refuse(why, "port 0 cannot be connected to");
	if (url->port == PORT_NONE)
		url->port = scheme->port;
	if (!scheme->has_path && !text_equal(url->path, "") && !text_equal(url->path, "/"))
		return refuse(why, "a path behind the host; mqtt and mqtts have none");
	return true;
}

char *url_for_mqtt(const char *text, char why[WHY_SIZE])
{
	struct url url;
	char made[URL_SIZE];

	if (!split(&url, MQTT_SCHEMES, text, why))
		return NULL;
	text_format(made, sizeof(made), "%s://%s%s%s:%" PRId64 "%s", url.scheme, url.is_ipv6 ? "[" : "", url.host,
		    url.is_ipv6 ? "]" : "", url.port, text_equal(url.path, "/") ? "" : url.path);
	return memory_copied_text(made);
}

char *url_for_http(const char *text, char why[WHY_SIZE])
{
	struct url url;

	if (!split(&url, HTTP_SCHEMES, text, why))
		return NULL;
	size_t len = strlen(text);

	while (text[len - 1] == '/')
		len--;
	return memory_copied(text, len);
}

bool url_is_exposed(const char *text)
{
	struct url url;
	char why[WHY_SIZE];
	struct in_addr address;

	if (!split(&url, HTTP_SCHEMES, text, why) || !text_equal(url.scheme, "http"))
		return false;
	if (text_equal(url.host, "localhost") || text_equal(url.host, "::1"))
		return false;
	/* A name such as 127.example.com is not an address of this machine. */
	return inet_pton(AF_INET, url.host, &address) != 1 || !text_starts_with(url.host, "127.");
}

bool url_is_listen_address(const char *text, char why[WHY_SIZE])
{
	struct url url;

	if (text[0] == ':')
		return refuse(why, "no host in front of the port; write 127.0.0.1, or 0.0.0.0 for every address");
	if (!split_authority(&url, text, strlen(text), why))
		return false;
	return url.port != PORT_NONE || refuse(why, "no port; write host:port, such as 127.0.0.1:8080");
}
