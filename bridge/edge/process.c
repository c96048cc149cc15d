/* process - prctl, setrlimit, sigtimedwait. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bridge/base/memory.h"

extern char **environ;

/* LeakSanitizer reads its own memory through ptrace, which a process that cannot be dumped forbids. */
#if defined(__SANITIZE_ADDRESS__) || defined(BRIDGE_TEST_HOOKS)
enum { KEEP_DUMPABLE = 1 };
#else
enum { KEEP_DUMPABLE = 0 };
#endif

static const char *const obeyed_by_libraries[] = {
	"http_proxy",
	"https_proxy",
	"HTTP_PROXY",
	"HTTPS_PROXY",
	"ALL_PROXY",
	"all_proxy",
	"NO_PROXY",
	"no_proxy",
	"SSLKEYLOGFILE",
	"CURL_SSL_BACKEND",
	"CURL_HOME",
	"OPENSSL_CONF",
	"OPENSSL_CONF_INCLUDE",
	"OPENSSL_ENGINES",
	"OPENSSL_MODULES",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"MQTT_C_CLIENT_TRACE",
	"MQTT_C_CLIENT_TRACE_LEVEL",
	"MQTT_C_CLIENT_TRACE_MAX_LINES",
	"PAHO_C_CLIENT_USE_HTTP_PROXY",
	"GNUTLS_DEBUG_LEVEL",
	"GNUTLS_KEYLOGFILE",
	"HOSTALIASES",
	"SQLITE_TMPDIR",
};

static void open_standard_descriptors(void)
{
	int fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* The kernel shows what stood on the stack at the start: /proc/PID/environ, `ps e`. A ${VAR} can be a secret, and a
 * reload reads it again: so the variables live on, elsewhere. */
static void hide_environment(void)
{
	for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
		char *shown = *entry;
		*entry = memory_copied_text(shown);
		explicit_bzero(shown, strlen(shown));
	}
}

static void ignore(int number)
{
	struct sigaction action = {.sa_handler = SIG_IGN};
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

void process_prepare(void)
{
	open_standard_descriptors();
	ignore(SIGPIPE);
	ignore(SIGXFSZ);
	ignore(SIGUSR1);
	ignore(SIGUSR2);
	for (size_t i = 0; i < sizeof(obeyed_by_libraries) / sizeof(obeyed_by_libraries[0]); i++)
		unsetenv(obeyed_by_libraries[i]);
	hide_environment();
	prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	if (!KEEP_DUMPABLE)
		prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

static sigset_t waited_for(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

void process_block_signals(void)
{
	sigset_t set = waited_for();
	sigprocmask(SIG_BLOCK, &set, NULL);
}

enum process_signal process_wait(int64_t timeout_ms)
{
	sigset_t set = waited_for();
	struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
				   .tv_nsec = (long)(timeout_ms % 1000) * 1000000L};
	int number = sigtimedwait(&set, NULL, &timeout);
	if (number == SIGHUP)
		return SIGNAL_RELOAD;
	return number == SIGTERM || number == SIGINT ? SIGNAL_STOP : SIGNAL_NONE;
}

static void end_at_once(int number)
{
	_exit(number == SIGALRM ? 1 : 0);
}

void process_stop_at_once_on_signal(unsigned most_s)
{
	struct sigaction action = {.sa_handler = end_at_once};
	sigset_t set;
	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGALRM);
	alarm(most_s);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void process_end(int status)
{
	fflush(stdout);
	_exit(status);
}
