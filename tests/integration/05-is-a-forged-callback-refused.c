// Question: is a forged callback refused, without a hint why, and without any effect?
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/files.h"
#include "tests/harness/webhook.h"
#include "tests/harness/world.h"

enum { FLOOD = 400 };

/* Two commands that the API has and says nothing more about: `mine` and `other`. */
struct scene {
	struct world *world;
	char path[WEBHOOK_PATH_SIZE], sid[SID_SIZE];
	char other_path[WEBHOOK_PATH_SIZE], other_sid[SID_SIZE];
};

static void set_scene(struct world *world, struct scene *scene)
{
	scene->world = world;
	world_start(world, NULL);
	simulator_outcome(world->simulator, "[{\"payload\":\"mine\",\"stay\":\"queued\"},"
					    "{\"payload\":\"other\",\"stay\":\"queued\"}]");
	command_send(world->client, "meter-001", "{\"payload\":\"mine\",\"id\":\"mine\"}");
	command_send(world->client, "meter-002", "{\"payload\":\"other\",\"id\":\"other\"}");
	status_expect(world->client, "meter-001", "mine", "queued");
	status_expect(world->client, "meter-002", "other", "queued");
	webhook_path(world->simulator, "mine", scene->path);
	webhook_path(world->simulator, "other", scene->other_path);
	ledger_pick(world->simulator, "mine", "sid", scene->sid, sizeof(scene->sid));
	ledger_pick(world->simulator, "other", "sid", scene->other_sid, sizeof(scene->other_sid));
}

static void post(const struct scene *scene, const char *path, const char *sid, struct http_answer *answer)
{
	char body[WEBHOOK_BODY_SIZE];
	webhook_status_body(sid, METER_1_SIM, "delivered", body);
	http_request(bridge_port(scene->world->bridge), "POST", path, "", body, answer);
}

static void the_right_token_is_believed(struct world *world)
{
	struct scene scene;
	struct http_answer answer;
	set_scene(world, &scene);
	post(&scene, scene.path, scene.sid, &answer);
	assert_int_equal(answer.status, 204);
	http_answer_clear(&answer);
	status_expect(world->client, "meter-001", "mine", "delivered");
	status_expect_sequence(world->client, "meter-001", "mine", "accepted queued delivered");
}

/* Every way to be wrong gets the answer of the first, byte for byte apart from the date. */
static void expect_refusal(const struct scene *scene, const char *path, const char *sid, char *first_body, size_t size)
{
	struct http_answer answer;
	post(scene, path, sid, &answer);
	if (answer.status != 403)
		fail_msg("%s was answered with %d", path, answer.status);
	if (*first_body == '\0')
		text_format(first_body, size, "|%s", answer.body);
	assert_string_equal(first_body + 1, answer.body);
	http_answer_clear(&answer);
}

static void flip(char *path, size_t back)
{
	char *at = path + strlen(path) - 1 - back;
	*at = *at == '0' ? '1' : '0';
}

static void each_wrong_token_is_refused_alike(struct world *world)
{
	struct scene scene;
	char body[256] = "", path[WEBHOOK_PATH_SIZE];
	set_scene(world, &scene);
	text_copy(path, sizeof(path), scene.path);
	flip(path, 0);
	expect_refusal(&scene, path, scene.sid, body, sizeof(body)); /* the last digit of the mac */
	text_copy(path, sizeof(path), scene.path);
	flip(path, 33);
	expect_refusal(&scene, path, scene.sid, body, sizeof(body)); /* the number of the command */
	text_copy(path, sizeof(path), scene.path);
	path[strlen(path) - 1] = '\0';
	expect_refusal(&scene, path, scene.sid, body, sizeof(body)); /* one digit short */
	text_format(path, sizeof(path), "%s0", scene.path);
	expect_refusal(&scene, path, scene.sid, body, sizeof(body)); /* one digit long */
	expect_refusal(&scene, "/callback/status/x", scene.sid, body, sizeof(body));
	expect_refusal(&scene, "/callback/sms/00000000000000000000000000000000", scene.sid, body, sizeof(body));
	expect_refusal(&scene, scene.path, scene.other_sid, body, sizeof(body)); /* a sid of another command */
	expect_refusal(&scene, scene.other_path, scene.sid, body, sizeof(body)); /* a token of another command */
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", "/callback/status/", "x=y"), 404);
}

static void nothing_forged_has_an_effect(struct world *world)
{
	struct scene scene;
	struct http_answer answer;
	char path[WEBHOOK_PATH_SIZE];
	set_scene(world, &scene);
	text_copy(path, sizeof(path), scene.path);
	flip(path, 0);
	post(&scene, path, scene.sid, &answer);
	http_answer_clear(&answer);
	post(&scene, scene.other_path, scene.sid, &answer);
	http_answer_clear(&answer);
	status_settle(world->client, "meter-003");
	status_expect_sequence(world->client, "meter-001", "mine", "accepted queued");
	status_expect_sequence(world->client, "meter-002", "other", "accepted queued");
}

static void the_status_token_cannot_bring_an_mo_sms_of_another(struct world *world)
{
	struct scene scene;
	char body[WEBHOOK_BODY_SIZE];
	set_scene(world, &scene);
	text_format(body, sizeof(body),
		    "CommandSid=HC%032d&SimSid=%s&Payload=planted&Direction=from_sim&Status=received", 7, METER_1_SIM);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", "/callback/sms/x", body), 403);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", scene.path, body), 403);
	status_settle(world->client, "meter-003");
	struct client_match planted = {.pieces = {"planted"}};
	assert_int_equal(client_matches(world->client, &planted), 0);
}

static void with_a_provider_secret_an_unsigned_callback_is_refused(struct world *world)
{
	static const char *const lines[] = {"webhook.kore_secret: signing-secret-of-the-provider", NULL};
	static const char *const args[] = {"--kore-secret", "signing-secret-of-the-provider", NULL};
	struct world_options options = {.lines = lines, .simulator_args = args};
	char path[WEBHOOK_PATH_SIZE], sid[SID_SIZE], body[WEBHOOK_BODY_SIZE];
	world_start(world, &options);
	command_send(world->client, "meter-001", "{\"payload\":\"signed\",\"id\":\"s\"}");
	status_expect(world->client, "meter-001", "s", "delivered");
	simulator_outcome(world->simulator, "{\"stay\":\"queued\"}");
	command_send(world->client, "meter-001", "{\"payload\":\"waits\",\"id\":\"w\"}");
	status_expect(world->client, "meter-001", "w", "queued");
	webhook_path(world->simulator, "waits", path);
	ledger_pick(world->simulator, "waits", "sid", sid, sizeof(sid));
	webhook_status_body(sid, METER_1_SIM, "delivered", body);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 403);
	assert_false(status_is(world->client, "meter-001", "w", "delivered"));
}

/* Anybody can knock, as often as they like: the log must not grow with it. */
static void a_flood_of_forgeries_does_not_fill_the_log(struct world *world)
{
	char path[WORLD_FOLDER_SIZE + 32];
	int lines = 0;
	world_start(world, NULL);
	int64_t began_ms = clock_mono_ms();
	for (int i = 0; i < FLOOD; i++)
		assert_int_equal(http_status(bridge_port(world->bridge), "POST", "/callback/status/x", "a=b"), 403);
	int64_t seconds = (clock_mono_ms() - began_ms) / 1000 + 2;
	assert_int_equal(bridge_metric(world->bridge, "mqtt_sms_bridge_callbacks_total{result=\"forged\"}"), FLOOD);
	text_format(path, sizeof(path), "%s/bridge.log", world->folder);
	char *log = file_text(path);
	for (const char *at = log; (at = strstr(at, "callback refused")) != NULL; at++)
		lines++;
	free(log);
	assert_in_range(lines, 1, 10 * seconds);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(the_right_token_is_believed),
		WORLD_TEST(each_wrong_token_is_refused_alike),
		WORLD_TEST(nothing_forged_has_an_effect),
		WORLD_TEST(the_status_token_cannot_bring_an_mo_sms_of_another),
		WORLD_TEST(with_a_provider_secret_an_unsigned_callback_is_refused),
		WORLD_TEST(a_flood_of_forgeries_does_not_fill_the_log),
	};
	return WORLD_RUN(tests);
}
