/* version - the build tells each library's version; see cmake/Libraries.cmake. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/version.h"

static const struct {
	const char *name, *version;
} libraries[] = {
	{"libcurl", LINKED_CURL},   {"cJSON", LINKED_CJSON},	    {"Paho MQTT C", LINKED_PAHO},
	{"SQLite", LINKED_SQLITE},  {"libmicrohttpd", LINKED_MHD},  {"libyaml", LINKED_YAML},
	{"OpenSSL", LINKED_CRYPTO}, {"libsystemd", LINKED_SYSTEMD},
};

void version_print(FILE *to)
{
	fprintf(to, "mqtt-sms-bridge %s\n", BRIDGE_VERSION);
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		fprintf(to, "  %-14s %s\n", libraries[i].name, libraries[i].version);
}
