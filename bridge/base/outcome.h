/* outcome - how the world answered: the only way a refusal or a failure crosses a boundary.
 *
 * DONE      it happened
 * RETRY     it surely did not happen; try again, not before retry_after_ms
 * REFUSED   it did not happen and never will
 * UNKNOWN   it may have happened: find out, never guess */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_OUTCOME_H
#define BRIDGE_BASE_OUTCOME_H

#include <stdint.h>

enum outcome_kind { OUTCOME_DONE, OUTCOME_RETRY, OUTCOME_REFUSED, OUTCOME_UNKNOWN };

/* What an outcome says about the account and not about this one command. */
enum outcome_account { ACCOUNT_FINE, ACCOUNT_SLOW_DOWN, ACCOUNT_UNAUTHORIZED, ACCOUNT_UNREACHABLE };

enum { OUTCOME_CODE_SIZE = 32, OUTCOME_REASON_SIZE = 256 };

struct outcome {
	enum outcome_kind kind;
	enum outcome_account account;
	int64_t retry_after_ms;		  /* as the answer asked, clamped; 0: it did not say */
	char code[OUTCOME_CODE_SIZE];	  /* stable, for programs: `api_400`, `timeout` */
	char reason[OUTCOME_REASON_SIZE]; /* for people */
};

#endif
