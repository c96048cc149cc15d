// One simulator for a test program.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/limits.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/bridge.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/json_view.h"

enum { PATH_SIZE = 512, REQUEST_SIZE = 4096 };

static char folder[] = "simulator-XXXXXX";
static struct simulator *simulator;

int fixture_start(void **state)
{
	static const char *const args[] = {"--delay-sent", "20ms",    "--delay-delivered", "20ms", "--delay-echo",
					   "20ms",	   "--basic", "AC0:secret",	   NULL};
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	simulator = simulator_start(folder, args);
	return 0;
}

int fixture_stop(void **state)
{
	(void)state;
	simulator_destroy(simulator);
	files_remove(folder);
	return 0;
}

int fixture_reset(void **state)
{
	static const char settings[] =
		"{\"order\":\"newest\",\"list_lag_ms\":0,\"delay_sent_ms\":20,\"delay_delivered_ms\":20,"
		"\"token_lifetime_ms\":3600000,\"echo\":false,\"kore_secret\":\"\",\"twilio_token\":\"\"}";
	(void)state;
	simulator_tell(simulator, "POST", "reset", "{}");
	simulator_tell(simulator, "POST", "settings", settings);
	simulator_set_fleet(simulator, "");
	return 0;
}

struct simulator *fixture_simulator(void)
{
	return simulator;
}

int fixture_port(void)
{
	return simulator_port(simulator);
}

void fixture_ask(const char *method, const char *path, const char *body, struct http_answer *ret)
{
	http_request(fixture_port(), method, path, "Authorization: Bearer " BEARER_TOKEN "\r\n", body, ret);
}

int fixture_pick(const char *method, const char *path, const char *body, const char *what, char *ret, size_t size)
{
	struct http_answer answer;
	fixture_ask(method, path, body, &answer);
	json_pick(answer.body, what, ret, size);
	int status = answer.status;
	http_answer_clear(&answer);
	return status;
}

int fixture_create(const char *form, char *sid)
{
	return fixture_pick("POST", "/v1/SmsCommands", form, "sid", sid, SID_SIZE);
}

const char *fixture_raw_create(const char *form)
{
	static char request[REQUEST_SIZE];
	assert_true(text_format(request, sizeof(request),
				"POST /v1/SmsCommands HTTP/1.1\r\nHost: 127.0.0.1\r\n"
				"Authorization: Bearer " BEARER_TOKEN "\r\n"
				"Content-Type: application/x-www-form-urlencoded\r\n"
				"Content-Length: %zu\r\n\r\n%s",
				strlen(form), form));
	return request;
}

static struct json_view *control_view(const char *what)
{
	char *text = simulator_control(simulator, "GET", what, "");
	struct json_view *view = json_view_open(text);
	if (view == NULL)
		fail_msg("GET %s gave no JSON: %s", what, text);
	free(text);
	return view;
}

int64_t fixture_control_int(const char *what, const char *path)
{
	struct json_view *view = control_view(what);
	int64_t number = json_view_int(view, path);
	json_view_close(view);
	return number;
}

bool fixture_control_bool(const char *what, const char *path)
{
	struct json_view *view = control_view(what);
	assert_true(json_view_has(view, path));
	bool is_true = json_view_bool(view, path);
	json_view_close(view);
	return is_true;
}

size_t fixture_control_count(const char *what, const char *path)
{
	struct json_view *view = control_view(what);
	size_t count = json_view_count(view, path);
	json_view_close(view);
	return count;
}

struct wanted_status {
	const char *sid, *status;
};

static bool has_status(void *context)
{
	const struct wanted_status *wanted = context;
	char path[PATH_SIZE], status[32];
	text_format(path, sizeof(path), "/v1/SmsCommands/%s", wanted->sid);
	fixture_pick("GET", path, "", "status", status, sizeof(status));
	return text_equal(status, wanted->status);
}

void fixture_await_status(const char *sid, const char *status)
{
	struct wanted_status wanted = {sid, status};
	if (!await(has_status, &wanted, STEP_MS))
		fail_msg("%s never became %s", sid, status);
}
