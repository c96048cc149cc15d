/* What becomes of variables in a value? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/expand.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/text.h"
#include "tests/harness/cmocka.h"

struct row {
	const char *text;
	const char *want; /* NULL: refused */
	bool want_replaced;
	const char *want_why;
};

/* BRIDGE_T_HOST=broker, BRIDGE_T_EMPTY is empty, BRIDGE_T_ODD holds what must not be looked at, BRIDGE_T_NONE is unset.
 */
static const struct row ROWS[] = {
	{"plain", "plain", false, ""},
	{"", "", false, ""},
	{"mqtt://${BRIDGE_T_HOST}:1883", "mqtt://broker:1883", true, ""},
	{"${BRIDGE_T_HOST}${BRIDGE_T_HOST}", "brokerbroker", true, ""},
	{"${BRIDGE_T_HOST:-other}", "broker", true, ""},
	{"${BRIDGE_T_NONE:-other}", "other", false, ""},
	{"${BRIDGE_T_NONE:-}", "", false, ""},
	{"${BRIDGE_T_EMPTY:-other}", "other", false, ""},
	{"a${BRIDGE_T_EMPTY}b", "ab", true, ""},
	{"${BRIDGE_T_HOST}:${BRIDGE_T_NONE:-1}", "broker:1", true, ""},
	{"${BRIDGE_T_NONE:-a:-b c}", "a:-b c", false, ""},
	{"${BRIDGE_T_ODD}", "${BRIDGE_T_HOST} $$ # {a: b}", true, ""},
	{"$$", "$", false, ""},
	{"$${BRIDGE_T_HOST}", "${BRIDGE_T_HOST}", false, ""},
	{"pa$word$", "pa$word$", false, ""},
	{"$share/x", "$share/x", false, ""},
	{"${BRIDGE_T_NONE}", NULL, false, "BRIDGE_T_NONE is not set"},
	{"${BRIDGE_T_HOST", NULL, false, "not ${NAME}"},
	{"${}", NULL, false, "not ${NAME}"},
	{"${1A}", NULL, false, "not ${NAME}"},
	{"${BRIDGE_T_NONE:-${BRIDGE_T_HOST:-x}}", NULL, false, "inside the default"},
	{"${BRIDGE_T_HOST:-${BRIDGE_T_NONE}}", NULL, false, "inside the default"},
	{"${BRIDGE_T_NONE:-a$b}", "a$b", false, ""},
	{"${BRIDGE_T_HOST-x}", NULL, false, "not ${NAME}"},
	{"${BRIDGE T}", NULL, false, "not ${NAME}"},
};

static void variables_are_replaced_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		char why[WHY_SIZE] = "";
		bool replaced = false;
		char *got = expand_text(ROWS[i].text, &replaced, why);

		if ((got == NULL) != (ROWS[i].want == NULL) || (got != NULL && !text_equal(got, ROWS[i].want)) ||
		    replaced != ROWS[i].want_replaced || !strstr(why, ROWS[i].want_why))
			fail_msg("`%s`: got `%s`, %d, why: %s", ROWS[i].text, got != NULL ? got : "(none)", replaced,
				 why);
		free(got);
	}
}

static int set_variables(void **state)
{
	(void)state;
	return setenv("BRIDGE_T_HOST", "broker", 1) || setenv("BRIDGE_T_EMPTY", "", 1) ||
	       setenv("BRIDGE_T_ODD", "${BRIDGE_T_HOST} $$ # {a: b}", 1) || unsetenv("BRIDGE_T_NONE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_are_replaced_once),
	};

	return cmocka_run_group_tests(tests, set_variables, NULL);
}
