/* Does an SMS from a device reach its topic once, and does a provider's signature decide who may say so? */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/callback_intake.h"
#include "bridge/flow/callback_url.h"

#include "tests/flow/webhook_caller.h"

static void want_event(struct world *world, const char *topic, const char *payload)
{
	struct store_event event = world_last_event(world);
	want_text("event", "topic", event.topic, topic);
	want_part("event", "payload", event.payload, payload);
	store_event_clear(&event);
}

static void an_sms_is_told_once(void **state)
{
	struct world *world = *state;
	assert_int_equal(CALL(world, .path = SMS, .body = RECEIVED_B), 204);
	assert_int_equal(CALL(world, .path = SMS, .body = RECEIVED_B), 204);
	want_told(world, "devices/meter-1/up");
	want_event(world, "devices/meter-1/up", "\"payload\":\"T=21.5\"");
	assert_int_equal(counters_get(&world->counters, COUNT_MO_STORED), 1);
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_KNOWN), 1);
}

/* Whoever learns the address of one command may speak of that command, and not for every device. */
static void an_sms_on_a_commands_address_is_not_believed(void **state)
{
	struct world *world = *state;
	world_queued(world, "job", SID_A);
	world_told(world);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = RECEIVED_B), 403);
	assert_int_equal(CALL(world, .path = STATUS_1, .body = "CommandSid=" SID_B "&Status=received&Payload=x"), 403);
	assert_int_equal(
		CALL(world, .path = STATUS_1, .body = "CommandSid=" SID_A "&Direction=from_sim&Status=delivered"), 403);
	want_told(world, "");
	want_state(world, "job", STATE_QUEUED);
	assert_int_equal(counters_get(&world->counters, COUNT_CALLBACK_FORGED), 3);
}

static void a_text_mapping_gets_the_bare_text(void **state)
{
	struct world *world = *state;
	assert_int_equal(CALL(world, .path = SMS,
			      .body = "CommandSid=" SID_B "&SimSid=" SIM_GATE
				      "&SimUniqueName=Gate-7&Direction=from_sim&Status=received&Payload=open+%C3%A9"),
			 204);
	struct store_event event = world_last_event(world);
	assert_string_equal(event.topic, "devices/gate/up");
	assert_int_equal(event.payload_len, strlen("open \xc3\xa9"));
	assert_memory_equal(event.payload, "open \xc3\xa9", event.payload_len);
	store_event_clear(&event);
	/* The name was learnt with it, and need not be told again. */
	assert_int_equal(CALL(world, .path = SMS,
			      .body = "CommandSid=" SID_C "&SimSid=" SIM_GATE
				      "&Direction=from_sim&Status=received&Payload=shut"),
			 204);
	want_event(world, "devices/gate/up", "shut");
}

static void an_sms_of_an_unknown_sim_is_unmapped(void **state)
{
	struct world *world = *state;
	assert_int_equal(CALL(world, .path = SMS,
			      .body = "CommandSid=" SID_B "&SimSid=" SIM_OTHER
				      "&SimUniqueName=Pump-9&Direction=from_sim&Status=received&Payload=hello"),
			 204);
	want_event(world, "mqtt-sms-bridge/unmapped", "\"payload\":\"hello\"");
	want_event(world, "mqtt-sms-bridge/unmapped", "\"sim_sid\":\"" SIM_OTHER "\"");
	want_event(world, "mqtt-sms-bridge/unmapped", "\"sim_unique_name\":\"Pump-9\"");
}

/* ---- signatures, computed outside of this project (Python's hashlib and hmac) ------------------------- */

#define KORE	   "1372f5ec3cd9834561bd5a1d6e7ffda3629dab103c32a9be941cd7bf9a87d9cb"
#define KORE_GET   "a34efc7a2370c2e3efd567931145f581c9a8c4de056e0f27b2ac79a58cab1c74"
#define TWILIO	   "kZyz90CbG1GpP8xed4Mrl4Liius="
#define TWILIO_GET "ykjn5O6PvL0/5h/DLwSnkJ9/urg="

static void want_secrets(struct world *world, const char *kore, const char *twilio)
{
	struct settings *settings = world->settings;
	settings->webhook_kore_secret.count = kore[0] != '\0' ? 1 : 0;
	settings->webhook_twilio_auth_token.count = twilio[0] != '\0' ? 1 : 0;
	if (kore[0] != '\0')
		settings->webhook_kore_secret.keys[0] = strdup(kore);
	if (twilio[0] != '\0')
		settings->webhook_twilio_auth_token.keys[0] = strdup(twilio);
	webhook_keys_replace(world->keys, settings);
}

static const struct {
	const char *name, *kore, *twilio, *header, *value;
	int want;
} signatures[] = {
	{"no secret, no signature", "", "", NULL, NULL, 204},
	{"no secret, any signature", "", "", "kore-signature", "x", 204},
	{"kore, signed", "kore-secret", "", "kore-signature", KORE, 204},
	{"kore, not signed", "kore-secret", "", NULL, NULL, 403},
	{"kore, another secret", "other-secret", "", "kore-signature", KORE, 403},
	{"kore, signed as twilio", "kore-secret", "", "X-Twilio-Signature", TWILIO, 403},
	{"twilio, signed", "", "twilio-token", "X-Twilio-Signature", TWILIO, 204},
	{"twilio, not signed", "", "twilio-token", NULL, NULL, 403},
	{"twilio, another token", "", "other-token", "X-Twilio-Signature", TWILIO, 403},
	{"both, kore signs", "kore-secret", "twilio-token", "kore-signature", KORE, 204},
	{"both, twilio signs", "kore-secret", "twilio-token", "X-Twilio-Signature", TWILIO, 204},
	{"both, nobody signs", "kore-secret", "twilio-token", NULL, NULL, 403},
};

static void one_signature(size_t i)
{
	void *state = NULL;
	world_setup(&state);
	struct world *world = state;
	want_secrets(world, signatures[i].kore, signatures[i].twilio);
	int status = CALL(world, .path = SMS, .body = RECEIVED_B, .header = signatures[i].header,
			  .value = signatures[i].value);
	want_number(signatures[i].name, "status", status, signatures[i].want);
	want_text(signatures[i].name, "told", world_told(world), status == 204 ? "devices/meter-1/up" : "");
	world_teardown(&state);
}

static void a_signature_is_required_where_a_secret_is_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(signatures); i++)
		one_signature(i);
}

/* With a secret set, what cannot be read cannot be signed either: no word about why. */
static void unsigned_garbage_is_not_told_apart(void **state)
{
	struct world *world = *state;
	want_secrets(world, "kore-secret", "");
	assert_int_equal(CALL(world, .path = SMS, .body = "%"), 403);
	assert_int_equal(CALL(world, .path = SMS, .body = RECEIVED_B, .type = "text/plain"), 403);
	assert_int_equal(CALL(world, .path = SMS, .body = "Status=sent"), 403);
}

static void a_get_is_signed_over_its_url(void **state)
{
	struct world *world = *state;
	free(world->settings->webhook_method);
	world->settings->webhook_method = strdup("GET");
	want_secrets(world, "kore-secret", "twilio-token");
	const struct call call = {.method = "GET", .path = SMS, .query = RECEIVED_B};
	assert_int_equal(call_webhook(world, call), 403);
	struct call kore = call, twilio = call, changed = call;
	kore.header = "kore-signature";
	kore.value = KORE_GET;
	assert_int_equal(call_webhook(world, kore), 204);
	twilio.header = changed.header = "X-Twilio-Signature";
	twilio.value = changed.value = TWILIO_GET;
	assert_int_equal(call_webhook(world, twilio), 204);
	changed.query = "CommandSid=" SID_C "&Direction=from_sim&Status=received&Payload=x";
	assert_int_equal(call_webhook(world, changed), 403);
}

/* While rotating the newest key makes the addresses, and both are believed. */
static void a_rotated_secret_still_opens_old_addresses(void **state)
{
	struct world *world = *state;
	struct settings_keys *keys = &world->settings->webhook_secret;
	char url[URL_SIZE];
	keys->keys[1] = keys->keys[0];
	keys->keys[0] = strdup("fedcba9876543210fedcba9876543210");
	keys->count = 2;
	webhook_keys_replace(world->keys, world->settings);
	callback_url_sms(url, world->settings, world->keys);
	assert_string_equal(url, PUBLIC_URL "/callback/sms/56fc578decfce6b48676dc8994e949b8");
	assert_int_equal(CALL(world, .path = SMS, .body = RECEIVED_B), 204);
	assert_int_equal(CALL(world, .path = "/callback/sms/56fc578decfce6b48676dc8994e949b8", .body = RECEIVED_B),
			 204);
	/* The old one goes. */
	free(keys->keys[1]);
	keys->count = 1;
	webhook_keys_replace(world->keys, world->settings);
	assert_int_equal(CALL(world, .path = SMS, .body = RECEIVED_B), 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(an_sms_is_told_once),
		WORLD_TEST(an_sms_on_a_commands_address_is_not_believed),
		WORLD_TEST(a_text_mapping_gets_the_bare_text),
		WORLD_TEST(an_sms_of_an_unknown_sim_is_unmapped),
		cmocka_unit_test(a_signature_is_required_where_a_secret_is_set),
		WORLD_TEST(unsigned_garbage_is_not_told_apart),
		WORLD_TEST(a_get_is_signed_over_its_url),
		WORLD_TEST(a_rotated_secret_still_opens_old_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
