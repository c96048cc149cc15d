// simulator - starts the program and speaks its control API.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/simulator.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/bridge.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/http.h"
#include "tests/harness/json_view.h"
#include "tests/harness/process.h"

enum { ARGS_MAX = 32, ADDRESS_SIZE = 32, LINE_SIZE = 256, PATH_SIZE = 2048, BODY_SIZE = 2048, FOLDER_SIZE = 256 };

struct simulator {
	int port;
	char folder[FOLDER_SIZE];
	char *args[ARGS_MAX + 1]; /* copied */
	struct process *process;
};

/* --listen, the token, and what the test wants. */
static void launch(struct simulator *simulator)
{
	char address[ADDRESS_SIZE], line[LINE_SIZE];
	text_format(address, sizeof(address), "127.0.0.1:%d", simulator->port);
	const char *argv[ARGS_MAX + 8] = {SIMULATOR_BINARY, "--listen", address, "--bearer", BEARER_TOKEN};
	for (size_t i = 0; simulator->args[i] != NULL; i++)
		argv[5 + i] = simulator->args[i];
	struct process_options options = {.name = "simulator", .folder = simulator->folder, .argv = argv};
	process_destroy(simulator->process);
	simulator->process = process_start(&options);
	if (!process_wait_line(simulator->process, "listening on http://127.0.0.1:", STEP_MS, line, sizeof(line)))
		fail_msg("the simulator did not start");
	simulator->port = (int)strtol(strrchr(line, ':') + 1, NULL, 10);
}

struct simulator *simulator_start(const char *folder, const char *const *args)
{
	struct simulator *simulator = memory_zeroed(1, sizeof(*simulator));
	text_copy(simulator->folder, sizeof(simulator->folder), folder);
	for (size_t i = 0; args != NULL && args[i] != NULL; i++) {
		assert_true(i < ARGS_MAX);
		simulator->args[i] = memory_copied_text(args[i]);
	}
	launch(simulator);
	return simulator;
}

void simulator_destroy(struct simulator *simulator)
{
	if (simulator == NULL)
		return;
	process_destroy(simulator->process);
	for (size_t i = 0; simulator->args[i] != NULL; i++)
		free(simulator->args[i]);
	free(simulator);
}

int simulator_port(const struct simulator *simulator)
{
	return simulator->port;
}

void simulator_kill(struct simulator *simulator)
{
	process_kill(simulator->process);
}

void simulator_restart(struct simulator *simulator)
{
	launch(simulator);
}

char *simulator_control(struct simulator *simulator, const char *method, const char *what, const char *body)
{
	char path[PATH_SIZE];
	struct http_answer answer;
	text_format(path, sizeof(path), "/_control/%s", what);
	http_request(simulator->port, method, path, "Content-Type: application/json\r\n", body, &answer);
	if (answer.status < 200 || answer.status > 299)
		fail_msg("the simulator answered %s %s with %d: %s", method, path, answer.status, answer.body);
	char *text = memory_copied(answer.body, answer.body_len);
	http_answer_clear(&answer);
	return text;
}

void simulator_tell(struct simulator *simulator, const char *method, const char *what, const char *body)
{
	free(simulator_control(simulator, method, what, body));
}

void simulator_fault(struct simulator *simulator, const char *faults)
{
	simulator_tell(simulator, "POST", "faults", faults);
}

void simulator_heal(struct simulator *simulator)
{
	simulator_tell(simulator, "DELETE", "faults", "{}");
}

void simulator_outcome(struct simulator *simulator, const char *outcome)
{
	simulator_tell(simulator, "POST", "outcome", outcome);
}

void simulator_mo(struct simulator *simulator, const char *sim, const char *payload, char *ret_sid, size_t size)
{
	char body[BODY_SIZE];
	text_format(body, sizeof(body), "{\"sim\":\"%s\",\"payload\":\"%s\",\"callback\":true}", sim, payload);
	char *answer = simulator_control(simulator, "POST", "mo", body);
	json_pick(answer, "sid", ret_sid, size);
	free(answer);
}

void simulator_set_fleet(struct simulator *simulator, const char *sms_commands_url)
{
	char body[BODY_SIZE];
	text_format(body, sizeof(body), "{\"sms_commands_url\":\"%s\"}", sms_commands_url);
	simulator_tell(simulator, "POST", "fleet", body);
}
