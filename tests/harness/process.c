// process - fork and exec with the child's output in files.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"

extern char **environ;

enum { WORDS_MAX = 64, ENVIRONMENT_MAX = 512, PATH_SIZE = 512 };

struct process {
	pid_t pid;
	int status; /* of waitpid(), once ended */
	bool ended;
	long log_start; /* where this run's output begins */
	char log[PATH_SIZE];
};

struct streams {
	char out[PATH_SIZE], err[PATH_SIZE];
};

struct words {
	const char *items[ENVIRONMENT_MAX + 1];
	size_t count;
};

static void add_word(struct words *words, size_t max, const char *word)
{
	assert_true(words->count < max);
	words->items[words->count++] = word;
	words->items[words->count] = NULL;
}

/* The wrapper's words (from `wrapper`, which is cut up and must live on) and then the program's own. */
static void fill_argv(struct words *argv, const struct process_options *options, char *wrapper)
{
	for (char *rest = NULL, *word = strtok_r(wrapper, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		add_word(argv, WORDS_MAX, word);
	for (const char *const *word = options->argv; *word != NULL; word++)
		add_word(argv, WORDS_MAX, *word);
}

static void fill_environment(struct words *env, const char *const *more)
{
	for (char **entry = environ; *entry != NULL; entry++)
		add_word(env, ENVIRONMENT_MAX, *entry);
	for (; more != NULL && *more != NULL; more++)
		add_word(env, ENVIRONMENT_MAX, *more);
}

static void open_as(int target, const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	if (fd < 0 || dup2(fd, target) < 0)
		_exit(126);
	close(fd);
}

_Noreturn static void become(pid_t parent, struct words *argv, struct words *env, const struct streams *streams)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	open_as(STDIN_FILENO, "/dev/null", O_RDONLY);
	open_as(STDOUT_FILENO, streams->out, O_WRONLY | O_CREAT | O_APPEND);
	open_as(STDERR_FILENO, streams->err, O_WRONLY | O_CREAT | O_APPEND);
	union {
		const char **from;
		char **to; /* exec never writes, but its prototype is older than const */
	} words = {.from = argv->items}, variables = {.from = env->items};
	environ = variables.to;
	execvp(words.to[0], words.to);
	_exit(127);
}

static pid_t launch(const struct process_options *options, const struct streams *streams)
{
	const char *wrapper = options->wrapped ? getenv("BRIDGE_TEST_WRAPPER") : NULL;
	char *wrapper_words = memory_copied_text(wrapper);
	struct words argv = {.count = 0}, env = {.count = 0};
	fill_argv(&argv, options, wrapper_words);
	fill_environment(&env, options->env);
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		become(parent, &argv, &env, streams);
	free(wrapper_words);
	if (pid < 0)
		fail_msg("cannot start %s: %s", options->name, strerror(errno));
	return pid;
}

static long file_size(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 ? (long)info.st_size : 0;
}

struct process *process_start(const struct process_options *options)
{
	struct process *process = memory_zeroed(1, sizeof(*process));
	struct streams streams;
	text_format(process->log, sizeof(process->log), "%s/%s.log", options->folder, options->name);
	text_copy(streams.out, sizeof(streams.out), process->log);
	text_copy(streams.err, sizeof(streams.err), process->log);
	process->log_start = file_size(process->log);
	process->pid = launch(options, &streams);
	return process;
}

/* Learns whether the child has ended, without waiting. */
static bool look(void *ctx)
{
	struct process *process = ctx;
	if (!process->ended && waitpid(process->pid, &process->status, WNOHANG) == process->pid)
		process->ended = true;
	return process->ended;
}

bool process_is_running(struct process *process)
{
	return !look(process);
}

int process_id(const struct process *process)
{
	return (int)process->pid;
}

void process_signal(struct process *process, int number)
{
	if (process_is_running(process))
		kill(process->pid, number);
}

int process_wait(struct process *process, int64_t timeout_ms)
{
	if (!await(look, process, timeout_ms))
		return PROCESS_STILL_RUNNING;
	return WIFEXITED(process->status) ? WEXITSTATUS(process->status) : -WTERMSIG(process->status);
}

void process_kill(struct process *process)
{
	process_signal(process, SIGKILL);
	process_wait(process, STEP_MS);
}

void process_destroy(struct process *process)
{
	if (process == NULL)
		return;
	process_kill(process);
	free(process);
}

struct line_search {
	struct process *process;
	const char *text;
	char *ret_line;
	size_t size;
	bool found;
};

/* True when there is nothing to wait for any more: the line is there, or never will be. */
static bool search_line(void *ctx)
{
	struct line_search *search = ctx;
	bool ended = look(search->process);
	char *all = file_text(search->process->log);
	long length = (long)strlen(all), start = search->process->log_start;
	char *text = start < length ? all + start : all + length;
	for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line != NULL && !search->found;
	     line = strtok_r(NULL, "\n", &rest)) {
		search->found = strstr(line, search->text) != NULL;
		if (search->found && search->size > 0)
			text_copy(search->ret_line, search->size, line);
	}
	free(all);
	return search->found || ended;
}

bool process_wait_line(struct process *process, const char *text, int64_t timeout_ms, char *ret_line, size_t size)
{
	struct line_search search = {.process = process, .text = text, .ret_line = ret_line, .size = size};
	await(search_line, &search, timeout_ms);
	return search.found;
}

int process_run(const struct process_options *options, struct process_output *ret)
{
	struct streams streams;
	text_format(streams.out, sizeof(streams.out), "%s/%s.out", options->folder, options->name);
	text_format(streams.err, sizeof(streams.err), "%s/%s.err", options->folder, options->name);
	unlink(streams.out);
	unlink(streams.err);
	struct process process = {.pid = launch(options, &streams)};
	int code = process_wait(&process, STEP_MS);
	if (code == PROCESS_STILL_RUNNING)
		process_kill(&process);
	ret->out = file_text(streams.out);
	ret->err = file_text(streams.err);
	return code;
}

void process_output_clear(struct process_output *output)
{
	free(output->out);
	free(output->err);
	*output = (struct process_output){.out = NULL};
}
