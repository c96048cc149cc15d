/* options - the command line. */
// SPDX-License-Identifier: Apache-2.0
#ifndef SIMULATOR_OPTIONS_H
#define SIMULATOR_OPTIONS_H

#include "bridge/base/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* Texts are borrowed from argv; "" for none. */
struct options {
	const char *listen_on;
	const char *client_id, *client_secret, *bearer, *basic;
	const char *sims, *kore_secret, *twilio_token, *mo_url, *ca_file;
	int64_t token_lifetime_ms, delay_sent_ms, delay_delivered_ms, delay_echo_ms;
	bool echo, help;
};

/* False with the reason in `why`. */
bool options_read(int argc, char **argv, struct options *ret, char why[WHY_SIZE]);

void options_print_help(void);

#endif
