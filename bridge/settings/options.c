/* options - getopt_long and one help text. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/options.h"

#include <getopt.h>

enum { DRY_RUN = 256, PRINT_CONFIG, PRINT_URLS, RECOVER };

void options_print_help(FILE *to)
{
	fputs("usage: mqtt-sms-bridge [options]\n"
	      "\n"
	      "Bridges MQTT and the SMS Commands API of Super SIMs. Runs in the foreground, logs to stderr.\n"
	      "\n"
	      "  -c, --config FILE   configuration (default " OPTIONS_DEFAULT_CONFIG ")\n"
	      "  -t, --test-config   check configuration, secrets and mappings, report every fault, exit 0 or 2\n"
	      "      --print-config  the effective settings with their source, secrets masked\n"
	      "      --print-urls    the sms_commands_url to configure at the provider's Fleet\n"
	      "      --dry-run       everything but the POST; every status says \"dry_run\": true\n"
	      "      --recover       after an old copy of the spool was restored: have all that waits in it looked up\n"
	      "                      before it is sent; then start as usual\n"
	      "  -V, --version       version, and the libraries linked\n"
	      "  -h, --help          this text\n"
	      "\n"
	      "Signals: SIGTERM and SIGINT stop cleanly, SIGHUP reloads mappings and secrets.\n"
	      "Exit status: 0 clean stop, 1 the machine failed (disk, memory), 2 usage, configuration or mapping.\n",
	      to);
}

struct options options_read(int argc, char **argv)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"test-config", no_argument, NULL, 't'},
		{"print-config", no_argument, NULL, PRINT_CONFIG},
		{"print-urls", no_argument, NULL, PRINT_URLS},
		{"recover", no_argument, NULL, RECOVER},
		{"dry-run", no_argument, NULL, DRY_RUN},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct options options = {.task = TASK_RUN, .config = OPTIONS_DEFAULT_CONFIG};
	for (int option = 0; option != -1;) {
		option = getopt_long(argc, argv, "c:tVh", table, NULL);
		switch (option) {
		case 'c':
			options.config = optarg;
			break;
		case 't':
			options.task = TASK_TEST_CONFIG;
			break;
		case PRINT_CONFIG:
			options.task = TASK_PRINT_CONFIG;
			break;
		case PRINT_URLS:
			options.task = TASK_PRINT_URLS;
			break;
		case RECOVER:
			options.task = TASK_RECOVER;
			break;
		case DRY_RUN:
			options.dry_run = true;
			break;
		case 'V':
			options.task = TASK_VERSION;
			return options;
		case 'h':
			options.task = TASK_HELP;
			return options;
		case -1:
			break;
		default:
			options.task = TASK_USAGE;
			return options;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument: %s\n", argv[0], argv[optind]);
		options.task = TASK_USAGE;
	}
	return options;
}
