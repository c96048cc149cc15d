// sms-commands-simulator: plays the SMS Commands API of Super SIMs for tests.
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>

#include "tests/simulator/options.h"
#include "tests/simulator/router.h"
#include "tests/simulator/server.h"
#include "tests/simulator/simulator.h"

enum { EXIT_FINE = 0, EXIT_USAGE = 2 };

static int complain(const char *why)
{
	fprintf(stderr, "sms-commands-simulator: %s\n", why);
	return EXIT_USAGE;
}

/* All threads are started with these blocked; main waits for them. */
static void block_signals(sigset_t *stop)
{
	sigemptyset(stop);
	sigaddset(stop, SIGTERM);
	sigaddset(stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, stop, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int run(const struct options *options)
{
	char why[WHY_SIZE];
	char address[URL_SIZE];
	sigset_t stop;
	int number;
	block_signals(&stop);
	struct simulator *simulator = simulator_create(options, why);
	if (simulator == NULL)
		return complain(why);
	struct server_hooks hooks = router_hooks(simulator);
	struct server *server = server_create(options->listen_on, &hooks, address, why);
	if (server != NULL) {
		printf("listening on http://%s\n", address);
		fflush(stdout);
		sigwait(&stop, &number);
	}
	simulator_release(simulator);
	server_destroy(server);
	simulator_destroy(simulator);
	return server != NULL ? EXIT_FINE : complain(why);
}

int main(int argc, char **argv)
{
	struct options options;
	char why[WHY_SIZE];
	if (!options_read(argc, argv, &options, why))
		return complain(why);
	if (options.help) {
		options_print_help();
		return EXIT_FINE;
	}
	return run(&options);
}
