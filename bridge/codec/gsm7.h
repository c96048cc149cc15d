/* gsm7 - what an SMS can carry: the GSM 03.38 (3GPP TS 23.038) default alphabet and its
 * extension table.
 *
 * Threads: any; no state. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_CODEC_GSM7_H
#define BRIDGE_CODEC_GSM7_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gsm7_measure {
	size_t characters, septets;
	bool sendable;		  /* every character is in the tables */
	uint32_t offender;	  /* else: the first that is not, as a code point */
	size_t offender_position; /* and where, in characters, from 1 */
};

/* Septets that one character costs: 1, 2 (extension table), or 0: not in the alphabet. ESC itself
 * is not a character. */
int gsm7_septets(uint32_t character);

/* Measures well-formed UTF-8. */
struct gsm7_measure gsm7_measure(const char *utf8, size_t len);

#endif
