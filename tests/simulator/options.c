// The command line: one table for reading and for --help.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "bridge/base/text.h"

enum kind { KIND_TEXT, KIND_DURATION, KIND_FLAG };

struct option_row {
	const char *name;
	enum kind kind;
	size_t at;
	const char *value, *help;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row rows[] = {
	{"listen", KIND_TEXT, AT(listen_on), "HOST:PORT", "where to listen (127.0.0.1:0; port 0: a free one)"},
	{"client-id", KIND_TEXT, AT(client_id), "ID", "of the OAuth2 client (simulator)"},
	{"client-secret", KIND_TEXT, AT(client_secret), "SECRET", "of the OAuth2 client (simulator)"},
	{"bearer", KIND_TEXT, AT(bearer), "TOKEN", "a static bearer token that is accepted too"},
	{"basic", KIND_TEXT, AT(basic), "USER:PASSWORD", "HTTP Basic credentials that are accepted too"},
	{"token-lifetime", KIND_DURATION, AT(token_lifetime_ms), "TIME", "of issued tokens (3600s)"},
	{"delay-sent", KIND_DURATION, AT(delay_sent_ms), "TIME", "from queued to sent (200ms)"},
	{"delay-delivered", KIND_DURATION, AT(delay_delivered_ms), "TIME", "from sent to delivered (500ms)"},
	{"sims", KIND_TEXT, AT(sims), "FILE", "the only SIMs that exist: `sid unique_name` a line"},
	{"kore-secret", KIND_TEXT, AT(kore_secret), "SECRET", "signs callbacks as kore-signature"},
	{"twilio-token", KIND_TEXT, AT(twilio_token), "TOKEN", "signs callbacks as X-Twilio-Signature"},
	{"mo-url", KIND_TEXT, AT(mo_url), "URL", "the Fleet's sms_commands_url"},
	{"echo", KIND_FLAG, AT(echo), "", "the device answers each delivered command with `ok: <command>`"},
	{"delay-echo", KIND_DURATION, AT(delay_echo_ms), "TIME", "from delivered to that answer (500ms)"},
	{"ca-file", KIND_TEXT, AT(ca_file), "FILE", "CA certificates for callbacks over https"},
	{"help", KIND_FLAG, AT(help), "", "this text"},
};

/* `200ms`, `30s`, `5m`, `24h`, `30d`; a bare number is seconds. */
static bool read_duration(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"", 1000}};
	char digits[16];
	size_t len = strspn(text, "0123456789");
	int64_t number;
	if (!text_copy_bytes(digits, sizeof(digits), text, len) || !text_to_int(digits, 0, 1000000000, &number))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (text_equal(text + len, units[i].unit)) {
			*ret_ms = number * units[i].ms;
			return true;
		}
	return false;
}

static bool put(const struct option_row *row, const char *value, struct options *ret)
{
	char *at = (char *)ret + row->at;
	switch (row->kind) {
	case KIND_TEXT:
		memcpy(at, &value, sizeof(value));
		return true;
	case KIND_FLAG:
		*(bool *)(void *)at = true;
		return true;
	case KIND_DURATION:
		return read_duration(value, (int64_t *)(void *)at);
	}
	return false;
}

/* The row of `--name` or `--name=value`; `value` is what stands behind `=`, or NULL. */
static const struct option_row *find(const char *argument, const char **value)
{
	if (!text_starts_with(argument, "--"))
		return NULL;
	size_t len = strcspn(argument + 2, "=");
	*value = argument[2 + len] == '=' ? argument + 3 + len : NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, argument + 2, len) == 0)
			return &rows[i];
	return NULL;
}

bool options_read(int argc, char **argv, struct options *ret, char why[WHY_SIZE])
{
	*ret = (struct options){.listen_on = "127.0.0.1:0",
				.client_id = "simulator",
				.client_secret = "simulator",
				.bearer = "",
				.basic = "",
				.sims = "",
				.kore_secret = "",
				.twilio_token = "",
				.mo_url = "",
				.ca_file = "",
				.token_lifetime_ms = 3600000,
				.delay_sent_ms = 200,
				.delay_delivered_ms = 500,
				.delay_echo_ms = 500};
	for (int i = 1; i < argc; i++) {
		const char *value = NULL;
		const struct option_row *row = find(argv[i], &value);
		if (row == NULL) {
			text_format(why, WHY_SIZE, "unknown option %s; --help lists them", argv[i]);
			return false;
		}
		if (row->kind != KIND_FLAG && value == NULL)
			value = ++i < argc ? argv[i] : NULL;
		if ((row->kind == KIND_FLAG) != (value == NULL) || !put(row, value, ret)) {
			text_format(why, WHY_SIZE, "--%s: give it %s", row->name,
				    row->kind == KIND_FLAG ? "no value" : row->value);
			return false;
		}
	}
	return true;
}

void options_print_help(void)
{
	puts("sms-commands-simulator: the SMS Commands API of Super SIMs, for tests\n\nOptions:");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char left[64];
		text_format(left, sizeof(left), "--%s %s", rows[i].name, rows[i].value);
		printf("  %-28s %s\n", left, rows[i].help);
	}
	puts("\nTIME is a number with ms, s, m, h or d; a bare number is seconds.\n"
	     "When ready it prints `listening on http://HOST:PORT`. SIGTERM and SIGINT stop it.\n"
	     "Faults, outcomes, MO messages and the ledger are under /_control/.");
}
