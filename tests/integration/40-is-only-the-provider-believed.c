// Question: with the provider's secrets set, is only what the provider signed believed, and that once?
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/signing.h"
#include "tests/harness/webhook.h"
#include "tests/harness/world.h"

#define PUBLIC_URL "https://sms.example.com/hooks" /* a proxy stands there in these tests: the test itself */
#define KORE	   "the-secret-that-kore-shares-with-us"
#define KORE_NEW   "the-secret-that-kore-will-use-next"
#define TWILIO	   "the-auth-token-of-the-account"

enum { HEADERS_SIZE = 512, FIRST_SIZE = 256 };

/* A command that the API has and says nothing more about, and how its callback would look. */
struct scene {
	struct world *world;
	const char *id;
	char path[WEBHOOK_PATH_SIZE]; /* as the proxy passes it on: without the public URL's own path */
	char url[WEBHOOK_PATH_SIZE];
	char body[WEBHOOK_BODY_SIZE];
	char sid[SID_SIZE];
};

static void set_scene(struct world *world, struct scene *scene, const char *id)
{
	char envelope[128];
	*scene = (struct scene){.world = world, .id = id};
	simulator_outcome(world->simulator, "{\"stay\":\"queued\"}");
	text_format(envelope, sizeof(envelope), "{\"payload\":\"%s\",\"id\":\"%s\"}", id, id);
	command_send(world->client, "meter-001", envelope);
	status_expect(world->client, "meter-001", id, "queued");
	ledger_pick(world->simulator, id, "sid", scene->sid, sizeof(scene->sid));
	ledger_pick(world->simulator, id, "callback_url", scene->url, sizeof(scene->url));
	webhook_path_of(scene->url, scene->path);
	if (text_starts_with(scene->path, "/hooks/"))
		memmove(scene->path, scene->path + strlen("/hooks"), strlen(scene->path + strlen("/hooks")) + 1);
	webhook_status_body(scene->sid, METER_1_SIM, "delivered", scene->body);
}

static int post(const struct scene *scene, const char *headers, const char *body)
{
	struct http_answer answer;
	http_request(bridge_port(scene->world->bridge), "POST", scene->path, headers, body, &answer);
	int status = answer.status;
	http_answer_clear(&answer);
	return status;
}

/* The callback with this header line or none. */
static int post_signed(const struct scene *scene, const char *name, const char *signature)
{
	char headers[HEADERS_SIZE];
	text_format(headers, sizeof(headers), "%s: %s\r\n", name, signature);
	return post(scene, headers, scene->body);
}

static int post_kore(const struct scene *scene, const char *secret)
{
	char signature[SIGNING_SIZE];
	signing_kore(secret, "POST", scene->url, scene->body, signature);
	return post_signed(scene, "kore-signature", signature);
}

/* Status 403 and the answer of the first refusal, byte for byte apart from the date. */
static void expect_alike(const struct scene *scene, const char *path, const char *headers, const char *body,
			 char first[FIRST_SIZE])
{
	struct http_answer answer;
	char whole[FIRST_SIZE] = "", date[64];
	http_request(bridge_port(scene->world->bridge), "POST", path, headers, body, &answer);
	http_header(&answer, "Date", date, sizeof(date));
	char *at = strstr(answer.head, date);
	if (*date != '\0' && at != NULL)
		memset(at, '#', strlen(date));
	text_format(whole, sizeof(whole), "%s%s", answer.head, answer.body);
	if (answer.status != 403 || (*first != '\0' && !text_equal(first, whole)))
		fail_msg("%s\nwas answered with\n%s\nwhere 403 was due, like\n%s", headers, whole, first);
	text_copy(first, FIRST_SIZE, whole);
	http_answer_clear(&answer);
}

static void every_cause_of_distrust_has_the_same_answer(struct world *world)
{
	static const char *const lines[] = {"webhook.public_url: " PUBLIC_URL, "webhook.kore_secret: " KORE, NULL};
	struct world_options options = {.lines = lines};
	struct scene scene;
	char signature[SIGNING_SIZE], good[HEADERS_SIZE], headers[HEADERS_SIZE], first[FIRST_SIZE] = "";
	char forged_path[WEBHOOK_PATH_SIZE];
	world_start(world, &options);
	set_scene(world, &scene, "causes");
	signing_kore(KORE, "POST", scene.url, scene.body, signature);
	text_format(good, sizeof(good), "kore-signature: %s\r\n", signature);
	expect_alike(&scene, scene.path, "", scene.body, first);
	expect_alike(&scene, scene.path, "kore-signature: \r\n", scene.body, first);
	expect_alike(&scene, scene.path, "kore-signature: 00\r\n", scene.body, first);
	signature[0] = signature[0] == '0' ? '1' : '0';
	text_format(headers, sizeof(headers), "kore-signature: %s\r\n", signature);
	expect_alike(&scene, scene.path, headers, scene.body, first);
	text_format(headers, sizeof(headers), "%s%s", good, good);
	expect_alike(&scene, scene.path, headers, scene.body, first); /* twice: whose is it? */
	signing_kore("not-the-secret", "POST", scene.url, scene.body, signature);
	text_format(headers, sizeof(headers), "kore-signature: %s\r\n", signature);
	expect_alike(&scene, scene.path, headers, scene.body, first);
	signing_kore(KORE, "GET", scene.url, scene.body, signature);
	text_format(headers, sizeof(headers), "kore-signature: %s\r\n", signature);
	expect_alike(&scene, scene.path, headers, scene.body, first);
	expect_alike(&scene, scene.path, good, "CommandSid=HC00000000000000000000000000000001&Status=failed", first);
	expect_alike(&scene, scene.path, good, "no form %", first);
	text_format(headers, sizeof(headers), "%sContent-Type: application/json\r\n", good);
	expect_alike(&scene, scene.path, headers, "{\"Status\":\"delivered\"}", first);
	text_copy(forged_path, sizeof(forged_path), scene.path);
	forged_path[strlen(forged_path) - 1] ^= 1;
	expect_alike(&scene, forged_path, good, scene.body, first); /* signed, but the token is not ours */
	assert_false(status_is(world->client, "meter-001", scene.id, "delivered"));
	assert_int_equal(post(&scene, good, scene.body), 204);
	status_expect(world->client, "meter-001", scene.id, "delivered");
	status_expect_sequence(world->client, "meter-001", scene.id, "accepted queued delivered");
}

static void two_secrets_are_good_while_rotating(struct world *world)
{
	static const char *const lines[] = {"webhook.kore_secret_file: kore.secret", NULL};
	struct world_options options = {.lines = lines};
	struct scene old_only, both, also_old, new_only;
	world_file(world, "kore.secret", KORE "\n");
	world_start(world, &options);
	set_scene(world, &old_only, "old-only");
	set_scene(world, &both, "both");
	set_scene(world, &also_old, "also-old");
	set_scene(world, &new_only, "new-only");
	assert_int_equal(post_kore(&old_only, KORE_NEW), 403);
	assert_int_equal(post_kore(&old_only, KORE), 204);
	world_file(world, "kore.secret", KORE_NEW "\n" KORE "\n");
	bridge_reload(world->bridge);
	assert_int_equal(post_kore(&both, KORE_NEW), 204);
	assert_int_equal(post_kore(&also_old, KORE), 204);
	world_file(world, "kore.secret", KORE_NEW "\n");
	bridge_reload(world->bridge);
	assert_int_equal(post_kore(&new_only, KORE), 403);
	assert_int_equal(post_kore(&new_only, KORE_NEW), 204);
	status_expect(world->client, "meter-001", "new-only", "delivered");
}

/* The key of our own tokens: paths made under the old key live on until it is taken away. */
static void our_own_secret_rotates_too(struct world *world)
{
	struct scene before, late, after;
	char url[URL_SIZE], new_url[URL_SIZE], body[WEBHOOK_BODY_SIZE], path[WEBHOOK_PATH_SIZE];
	world_start(world, NULL);
	set_scene(world, &before, "before");
	set_scene(world, &late, "late");
	bridge_fleet_url(world->bridge, url, sizeof(url));
	world_file(world, "webhook.secret",
		   "the-next-webhook-secret-0123456789\na-webhook-secret-that-is-only-for-tests-0123456789\n");
	bridge_reload(world->bridge);
	set_scene(world, &after, "after");
	bridge_fleet_url(world->bridge, new_url, sizeof(new_url));
	assert_string_not_equal(url, new_url);
	assert_int_equal(post(&before, "", before.body), 204);
	webhook_path_of(url, path);
	text_format(body, sizeof(body),
		    "CommandSid=HC%032d&SimSid=" METER_1_SIM "&Payload=x&Direction=from_sim&Status=%s", 7, "received");
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 204);
	world_file(world, "webhook.secret", "the-next-webhook-secret-0123456789\n");
	bridge_reload(world->bridge);
	assert_int_equal(post(&late, "", late.body), 403);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 403);
	assert_int_equal(post(&after, "", after.body), 204);
	webhook_path_of(new_url, path);
	assert_int_equal(http_status(bridge_port(world->bridge), "POST", path, body), 204);
}

/* The form of webhook_status_body() as Twilio's scheme signs it: names sorted, values decoded. */
static void twilio_subject(const char *sid, char ret[WEBHOOK_BODY_SIZE])
{
	text_format(ret, WEBHOOK_BODY_SIZE,
		    "AccountSidAC00000000000000000000000000000001CommandSid%sDirectionto_simPayloadxPayloadTypetext"
		    "SimSid" METER_1_SIM "SimUniqueNamea meterStatusdelivered",
		    sid);
}

static void twilios_signature_is_verified_as_well(struct world *world)
{
	static const char *const lines[] = {"webhook.public_url: " PUBLIC_URL, "webhook.twilio_auth_token: " TWILIO,
					    NULL};
	struct world_options options = {.lines = lines};
	struct scene scene;
	char signature[SIGNING_SIZE], subject[WEBHOOK_BODY_SIZE];
	world_start(world, &options);
	set_scene(world, &scene, "twilio");
	twilio_subject(scene.sid, subject);
	assert_int_equal(post(&scene, "", scene.body), 403);
	assert_int_equal(post_kore(&scene, KORE), 403);
	signing_twilio("another-token", scene.url, subject, signature);
	assert_int_equal(post_signed(&scene, "X-Twilio-Signature", signature), 403);
	signing_twilio(TWILIO, "https://evil.example.com/hooks", subject, signature);
	assert_int_equal(post_signed(&scene, "X-Twilio-Signature", signature), 403);
	signing_twilio(TWILIO, scene.url, subject, signature);
	assert_int_equal(post_signed(&scene, "X-Twilio-Signature", signature), 204);
	status_expect(world->client, "meter-001", "twilio", "delivered");
}

/* The scheme joins names and values: what it signs reads the same when a letter moves from one to the other. */
static void a_signed_form_is_not_believed_with_other_names(struct world *world)
{
	static const char *const lines[] = {"webhook.public_url: " PUBLIC_URL, "webhook.twilio_auth_token: " TWILIO,
					    NULL};
	struct world_options options = {.lines = lines};
	struct scene scene;
	char signature[SIGNING_SIZE], subject[WEBHOOK_BODY_SIZE], whole[WEBHOOK_BODY_SIZE];
	world_start(world, &options);
	set_scene(world, &scene, "moved");
	twilio_subject(scene.sid, subject);
	signing_twilio(TWILIO, scene.url, subject, signature);
	text_copy(whole, sizeof(whole), scene.body);
	char *at = strstr(scene.body, "&SimUniqueName=a");
	assert_non_null(at);
	memcpy(at, "&SimUniqueNamea=", strlen("&SimUniqueNamea="));
	assert_int_equal(post_signed(&scene, "X-Twilio-Signature", signature), 403);
	text_copy(scene.body, sizeof(scene.body), whole);
	assert_int_equal(post_signed(&scene, "X-Twilio-Signature", signature), 204);
	status_expect(world->client, "meter-001", "moved", "delivered");
}

static void by_get_the_query_is_the_form(struct world *world)
{
	static const char *const lines[] = {"webhook.public_url: " PUBLIC_URL, "webhook.method: GET",
					    "webhook.twilio_auth_token: " TWILIO, NULL};
	struct world_options options = {.lines = lines};
	struct scene scene;
	char target[WEBHOOK_PATH_SIZE + WEBHOOK_BODY_SIZE], url[2 * WEBHOOK_BODY_SIZE], signature[SIGNING_SIZE];
	char headers[HEADERS_SIZE];
	struct http_answer answer;
	world_start(world, &options);
	set_scene(world, &scene, "by-get");
	text_format(target, sizeof(target), "%s?%s", scene.path, scene.body);
	text_format(url, sizeof(url), "%s?%s", scene.url, scene.body);
	assert_int_equal(http_status(bridge_port(world->bridge), "GET", target, ""), 403);
	signing_twilio(TWILIO, scene.url, "", signature); /* the query left out */
	text_format(headers, sizeof(headers), "X-Twilio-Signature: %s\r\n", signature);
	http_request(bridge_port(world->bridge), "GET", target, headers, "", &answer);
	assert_int_equal(answer.status, 403);
	http_answer_clear(&answer);
	signing_twilio(TWILIO, url, "", signature);
	text_format(headers, sizeof(headers), "X-Twilio-Signature: %s\r\n", signature);
	http_request(bridge_port(world->bridge), "GET", target, headers, "", &answer);
	assert_int_equal(answer.status, 204);
	http_answer_clear(&answer);
	status_expect(world->client, "meter-001", "by-get", "delivered");
	assert_int_equal(post(&scene, headers, scene.body), 403); /* POST works too, and this signature is of a GET */
}

static void a_replay_is_answered_and_has_no_effect(struct world *world)
{
	static const char *const lines[] = {"webhook.kore_secret: " KORE, NULL};
	struct world_options options = {.lines = lines};
	struct scene scene;
	char url[URL_SIZE], path[WEBHOOK_PATH_SIZE], body[WEBHOOK_BODY_SIZE], signature[SIGNING_SIZE];
	char headers[HEADERS_SIZE];
	world_start(world, &options);
	set_scene(world, &scene, "again");
	webhook_status_body(scene.sid, METER_1_SIM, "sent", scene.body);
	assert_int_equal(post_kore(&scene, KORE), 204);
	webhook_status_body(scene.sid, METER_1_SIM, "delivered", scene.body);
	assert_int_equal(post_kore(&scene, KORE), 204);
	assert_int_equal(post_kore(&scene, KORE), 204);
	webhook_status_body(scene.sid, METER_1_SIM, "sent", scene.body);
	assert_int_equal(post_kore(&scene, KORE), 204);
	bridge_fleet_url(world->bridge, url, sizeof(url));
	webhook_path_of(url, path);
	text_format(body, sizeof(body),
		    "CommandSid=HC%032d&SimSid=" METER_1_SIM "&Payload=T%%3D21&Direction=from_sim&Status=received", 9);
	signing_kore(KORE, "POST", url, body, signature);
	text_format(headers, sizeof(headers), "kore-signature: %s\r\n", signature);
	for (int i = 0; i < 3; i++) {
		struct http_answer answer;
		http_request(bridge_port(world->bridge), "POST", path, headers, body, &answer);
		assert_int_equal(answer.status, 204);
		http_answer_clear(&answer);
	}
	struct client_match up = {.topic = "devices/meter-001/up"};
	client_expect(world->client, up.topic, "T=21");
	simulator_tell(world->simulator, "DELETE", "outcome", "{}");
	set_scene(world, &scene, "marker"); /* events keep their order: whatever came before is there now */
	assert_int_equal(client_matches(world->client, &up), 1);
	status_expect_sequence(world->client, "meter-001", "again", "accepted queued sent delivered");
}

static void what_the_request_says_of_its_host_counts_for_nothing(struct world *world)
{
	static const char *const lines[] = {"webhook.public_url: " PUBLIC_URL, "webhook.kore_secret: " KORE, NULL};
	struct world_options options = {.lines = lines};
	struct scene scene;
	char url[WEBHOOK_PATH_SIZE], signature[SIGNING_SIZE], headers[HEADERS_SIZE];
	world_start(world, &options);
	set_scene(world, &scene, "hosts");
	text_format(url, sizeof(url), "http://127.0.0.1:%d%s", bridge_port(world->bridge), scene.path);
	signing_kore(KORE, "POST", url, scene.body, signature); /* over the address that Host names */
	assert_int_equal(post_signed(&scene, "kore-signature", signature), 403);
	text_format(url, sizeof(url), "https://evil.example.com/hooks%s", scene.path);
	signing_kore(KORE, "POST", url, scene.body, signature);
	text_format(headers, sizeof(headers),
		    "kore-signature: %s\r\nX-Forwarded-Host: evil.example.com\r\nX-Forwarded-Proto: https\r\n"
		    "X-Forwarded-Port: 443\r\nForwarded: host=evil.example.com;proto=https\r\n",
		    signature);
	assert_int_equal(post(&scene, headers, scene.body), 403);
	signing_kore(KORE, "POST", scene.url, scene.body, signature);
	text_format(headers, sizeof(headers),
		    "kore-signature: %s\r\nX-Forwarded-Host: evil.example.com\r\nX-Forwarded-Proto: gopher\r\n"
		    "Forwarded: host=evil.example.com\r\n",
		    signature);
	assert_int_equal(post(&scene, headers, scene.body), 204);
	status_expect(world->client, "meter-001", "hosts", "delivered");
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(every_cause_of_distrust_has_the_same_answer),
		WORLD_TEST(two_secrets_are_good_while_rotating),
		WORLD_TEST(our_own_secret_rotates_too),
		WORLD_TEST(twilios_signature_is_verified_as_well),
		WORLD_TEST(a_signed_form_is_not_believed_with_other_names),
		WORLD_TEST(by_get_the_query_is_the_form),
		WORLD_TEST(a_replay_is_answered_and_has_no_effect),
		WORLD_TEST(what_the_request_says_of_its_host_counts_for_nothing),
	};
	return WORLD_RUN(tests);
}
