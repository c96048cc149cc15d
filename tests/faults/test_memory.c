/* Does memory that runs out at any moment take anything that was promised, or make anything wrong? */
// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/fault_memory.h"

#include "bridge/codec/api_message.h"
#include "bridge/codec/callback.h"
#include "bridge/codec/event.h"
#include "bridge/codec/form.h"
#include "tests/faults/life.h"

enum { NTH_MAX = 100000, FOR_EVER = 1 << 30, WRONG = 4 };

struct shortage {
	enum life_step step;
	int64_t nth, times;
	bool after_crash;
	void (*decode)(void);
};

/* Well, or with one line and status 1: never by a signal, never with a wrong result. */
static void want_decent_end(const struct life *life, int status, const char *what)
{
	size_t lines = 0;
	for (const char *at = life->said; *at != '\0'; at++)
		lines += *at == '\n';
	if (status == 0)
		return;
	if (status != 1 || lines != 1 || strstr(life->said, "fatal") == NULL || strstr(life->said, "memory") == NULL)
		fail_msg("%s: ended with %d and said `%s`", what, status, life->said);
}

/* ---- the spool ------------------------------------------------------------------------------------------- */

static void live(struct life *life, const void *arg)
{
	const struct shortage *shortage = arg;
	fault_memory_install(&life->promises->struck);
	if (!shortage->after_crash)
		life_do_range(life, LIFE_OPEN, shortage->step);
	fault_memory_plan(shortage->nth, shortage->times);
	life_do(life, shortage->step);
	fault_memory_plan(0, 0);
	life_must_go_on(life);
	life_do(life, LIFE_CLOSE);
}

static bool survives(const struct shortage *shortage, const char *what)
{
	struct life life;
	life_begin(&life);
	if (shortage->after_crash)
		life_cut_short(&life, LIFE_SETTLE);
	int status = life_in_child(&life, live, shortage);
	bool struck = life.promises->struck > 0;
	want_decent_end(&life, status, what);
	life_judge(&life, what);
	life_end(&life);
	return struck;
}

/* A step makes up to thousands of allocations, much alike; every stride-th of them fails. */
static int64_t survives_all(struct shortage shortage, int64_t stride)
{
	char what[128];
	int64_t faults = 0;
	for (shortage.nth = 1; shortage.nth < NTH_MAX; shortage.nth += stride, faults++) {
		text_format(what, sizeof(what), "allocation %d of `%s`%s", (int)shortage.nth,
			    life_step_name(shortage.step), shortage.after_crash ? " after a crash" : "");
		if (!survives(&shortage, what))
			break;
	}
	assert_true(shortage.nth < NTH_MAX);
	return faults;
}

static void survives_everywhere(int64_t times, int64_t stride, int64_t opening_stride)
{
	int64_t faults =
		survives_all((struct shortage){LIFE_OPEN, .times = times, .after_crash = true}, opening_stride);
	for (enum life_step step = LIFE_OPEN; step < LIFE_STEPS; step++) {
		bool opens = step == LIFE_OPEN || step == LIFE_REOPEN;
		faults += survives_all((struct shortage){step, .times = times}, opens ? opening_stride : stride);
	}
	print_message("%d allocations failed\n", (int)faults);
}

static void an_allocation_that_fails_once_loses_nothing(void **state)
{
	(void)state;
	survives_everywhere(1, 3, 211);
}

static void memory_that_stays_away_loses_nothing(void **state)
{
	(void)state;
	survives_everywhere(FOR_EVER, 7, 401);
}

/* ---- the codecs: in the child, so that wrong is an exit status -------------------------------------------- */

static void must(bool right)
{
	if (!right)
		_exit(WRONG);
}

static void decode_command(void)
{
	static const char envelope[] = "{\"payload\":{\"a\":[1,2.50],\"b\":\"x\"},\"id\":\"j\",\"ttl\":60}";
	struct command command = {0};
	struct command_fault fault = {0};
	must(command_decode(&command, envelope, strlen(envelope), COMMAND_ANY, false, &fault));
	must(text_equal(command.payload, "{\"a\":[1,2.50],\"b\":\"x\"}") && text_equal(command.id, "j"));
	must(!command_decode(&command, "{\"payload\":5}", 13, COMMAND_ANY, false, &fault));
	must(text_equal(fault.code, "bad_envelope"));
}

static void decode_resource(void)
{
	static const char text[] = "{\"sid\":\"" SID_A "\",\"sim_sid\":\"" SIM_A "\",\"status\":\"delivered\","
				   "\"payload\":\"on\",\"direction\":\"to_sim\"}";
	struct api_resource resource = {0};
	char why[WHY_SIZE];
	must(api_resource_decode(&resource, text, strlen(text), why, sizeof(why)));
	must(text_equal(resource.sid, SID_A) && resource.status == API_DELIVERED && text_equal(resource.payload, "on"));
}

static void decode_callback(void)
{
	static const char text[] = "CommandSid=" SID_A "&CommandStatus=sent&SimSid=" SIM_A "&Command=a+b%21";
	struct form form = {0};
	char why[WHY_SIZE];
	must(form_parse(&form, text, strlen(text), why, sizeof(why)));
	must(text_equal(form_value(&form, "Command"), "a b!"));
	form_clear(&form);
}

static void encode_status(void)
{
	static const char want[] = "{\"event_type\":\"sent\",\"status\":\"sent\",\"device\":\"m\",\"id\":\"j\"";
	struct buffer buffer;
	const struct status_event event = {.status = "sent",
					   .device = "m",
					   .id = "j",
					   .sid = SID_A,
					   .sim_sid = SIM_A,
					   .payload = "a text that makes the buffer grow more than once",
					   .error_code = "1",
					   .error_message = "x",
					   .time_ms = NOW};
	buffer_init(&buffer, 16384);
	event_status_encode(&buffer, &event);
	must(text_starts_with(buffer_text(&buffer), want) && !buffer.overflow);
	must(buffer_text(&buffer)[buffer.len - 1] == '}');
	buffer_clear(&buffer);
}

static void decode(struct life *life, const void *arg)
{
	const struct shortage *shortage = arg;
	fault_memory_install(&life->promises->struck);
	fault_memory_plan(shortage->nth, shortage->times);
	shortage->decode();
}

static void without_memory_a_decoder_ends_the_process_and_is_never_wrong(void **state)
{
	static void (*const decoders[])(void) = {decode_command, decode_resource, decode_callback, encode_status};
	(void)state;
	for (size_t i = 0; i < ROWS(decoders); i++) {
		struct shortage shortage = {.times = 1, .decode = decoders[i]};
		bool struck = true;
		for (shortage.nth = 1; struck; shortage.nth++) {
			struct life life;
			char what[64];
			text_format(what, sizeof(what), "decoder %d, allocation %d", (int)i, (int)shortage.nth);
			life_begin(&life);
			int status = life_in_child(&life, decode, &shortage);
			struck = life.promises->struck > 0;
			want_decent_end(&life, status, what);
			if (struck && status == 0)
				fail_msg("%s: went on without it", what);
			life_end(&life);
		}
		assert_true(shortage.nth > 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allocation_that_fails_once_loses_nothing),
		cmocka_unit_test(memory_that_stays_away_loses_nothing),
		cmocka_unit_test(without_memory_a_decoder_ends_the_process_and_is_never_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
