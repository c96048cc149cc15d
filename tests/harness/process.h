/* process - a child program of a test: started, watched, signalled, waited for.
 *
 * Threads:   the test's main thread only.
 * Promise:   a child dies with the test (PR_SET_PDEATHSIG); only processes started here are signalled.
 *            What it prints goes to files in the test's folder: NAME.log (both streams), or NAME.out
 *            and NAME.err after process_run().
 * Ownership: options are borrowed until the call returns; a process is yours to destroy. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_PROCESS_H
#define TESTS_HARNESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process;

struct process_options {
	const char *name;	 /* names its log files */
	const char *folder;	 /* where they lie */
	const char *const *argv; /* the program's path first, NULL at the end */
	const char *const *env;	 /* "NAME=value" on top of our own, NULL at the end; NULL: none */
	bool wrapped;		 /* put the words of BRIDGE_TEST_WRAPPER before it (valgrind -q …) */
};

/* What process_wait() answers: an exit status 0..255, minus the signal that killed it, or this. */
enum { PROCESS_STILL_RUNNING = 1000 };

/* Starts it; fails the test when that is not possible. The log is appended to, so a restart keeps history. */
struct process *process_start(const struct process_options *options);

/* Kills it when it still runs, and frees. NULL is fine. */
void process_destroy(struct process *process);

/* Waits for a line of this run that holds `text`; copies it. False at the deadline or when it ended. */
bool process_wait_line(struct process *process, const char *text, int64_t timeout_ms, char *ret_line, size_t size);

int process_id(const struct process *process);
bool process_is_running(struct process *process);
void process_signal(struct process *process, int number);

/* kill -9 and reap. */
void process_kill(struct process *process);

/* Waits for its end; see PROCESS_STILL_RUNNING. */
int process_wait(struct process *process, int64_t timeout_ms);

/* Runs it to its end, at most STEP_MS. The texts are yours to free. Returns as process_wait(). */
struct process_output {
	char *out, *err;
};
int process_run(const struct process_options *options, struct process_output *ret);
void process_output_clear(struct process_output *output);

#endif
