/* log - one event, one line: time, level, id, event, then key=value fields. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/base/clock.h"
#include "bridge/base/log_line.h"
#include "bridge/base/text.h"

/* How long one line may wait for a reader of stderr that does not keep up. */
enum { PATIENCE_MS = 50 };

static atomic_int lowest_level = LOG_INFO, line_format = LOG_AS_TEXT;
static atomic_bool bodies_shown, into_journal;
static atomic_uint_fast64_t dropped;

/* Guards stderr and the next three, never held longer than PATIENCE_MS. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static bool stuck;	   /* the last line was dropped: do not wait again until stderr moves */
static bool broken_off;	   /* the last line was written in part */
static uint64_t announced; /* of the dropped lines, how many a line has told */

/* systemd names the device and inode of the stream that it gave us; a stderr that was redirected
 * afterwards is not the journal (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char actual[64];

	if (stream == NULL || fstat(STDERR_FILENO, &status))
		return false;
	return text_format(actual, sizeof(actual), "%llu:%llu", (unsigned long long)status.st_dev,
			   (unsigned long long)status.st_ino) &&
	       text_equal(actual, stream);
}

void log_setup(enum log_level level, enum log_format format, bool show_bodies)
{
	lowest_level = (int)level;
	line_format = (int)format;
	bodies_shown = show_bodies;
	into_journal = stderr_is_journal();
}

static bool wait_writable(int patience_ms)
{
	struct pollfd descriptor = {.fd = STDERR_FILENO, .events = POLLOUT};
	int64_t deadline = clock_mono_ms() + patience_ms;
	int ready;

	do {
		int64_t left = deadline - clock_mono_ms();

		ready = poll(&descriptor, 1, left > 0 ? (int)left : 0);
	} while (ready < 0 && errno == EINTR);
	/* A pipe without a reader polls writable too, and the write would raise SIGPIPE. */
	return ready == 1 && (descriptor.revents & (POLLOUT | POLLERR)) == POLLOUT;
}

/* A pipe that polls writable takes a whole line (at most PIPE_BUF), so write(2) does not block there;
 * O_NONBLOCK would be simpler, but the open file is shared with whoever started us. */
static bool emit(const char *text, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t wrote = -1;

		if (wait_writable(stuck ? 0 : PATIENCE_MS))
			wrote = write(STDERR_FILENO, text + done, len - done);
		else
			errno = EAGAIN;
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			broken_off = broken_off || done > 0;
			stuck = true;
			return false;
		}
		done += (size_t)wrote;
	}
	stuck = false;
	return true;
}

static struct log_style current_style(void)
{
	return (struct log_style){
		.format = (enum log_format)(int)line_format, .show_bodies = bodies_shown, .to_journal = into_journal};
}

static void announce_drops(void)
{
	uint64_t total = dropped;
	struct log_line line;

	if (total == announced)
		return;
	log_line_write(&line, current_style(), clock_wall_ms(), LOG_WARN, "", "log_lines_dropped",
		       &LOG_NUMBER("count", (int64_t)(total - announced)), 1);
	if (emit(line.text, line.len))
		announced = total;
}

static void emit_line(const struct log_line *line)
{
	pthread_mutex_lock(&gate);
	if (broken_off && emit("\n", 1))
		broken_off = false;
	if (!broken_off && emit(line->text, line->len))
		announce_drops();
	else
		dropped++;
	pthread_mutex_unlock(&gate);
}

void log_event(enum log_level level, const char *id, const char *event, const struct log_field *fields, size_t count)
{
	struct log_line line;

	if ((int)level < lowest_level)
		return;
	log_line_write(&line, current_style(), clock_wall_ms(), level, id, event, fields, count);
	emit_line(&line);
}

uint64_t log_dropped(void)
{
	return dropped;
}

_Noreturn void log_fatal(const char *what, const char *why)
{
	/* Not exit(): what runs there may need the very thing that is broken, or wait for other threads. */
	log_error("", "fatal", LOG_TEXT("what", what), LOG_TEXT("why", why));
	_exit(1);
}
