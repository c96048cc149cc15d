// nats_cluster - each server has the shipped file with its own name, ports and folder.
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/nats_cluster.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/harness/await.h"
#include "tests/harness/broker_inside.h"
#include "tests/harness/cmocka.h"
#include "tests/harness/files.h"
#include "tests/harness/http.h"
#include "tests/harness/ports.h"

enum { ADDRESS_SIZE = 32, NAME_SIZE = 16, HEALTHY_MS = 10000 };

struct node {
	char name[NAME_SIZE], folder[BROKER_FOLDER_SIZE], file[BROKER_PATH_SIZE];
	int mqtt, own, http, route;
	struct process *process; /* NULL or ended: it is dead */
};

struct nats_cluster {
	struct node nodes[NATS_NODES];
};

static void address(char ret[ADDRESS_SIZE], const char *before, int port)
{
	text_format(ret, ADDRESS_SIZE, "%s127.0.0.1:%d", before, port);
}

static void write_config(const struct nats_cluster *cluster, const struct node *node)
{
	char own[ADDRESS_SIZE], http[ADDRESS_SIZE], listen[ADDRESS_SIZE], mqtt[ADDRESS_SIZE];
	char routes[NATS_NODES][ADDRESS_SIZE], listen_line[2 * ADDRESS_SIZE];
	address(own, "", node->own);
	address(http, "", node->http);
	address(listen, "", node->route);
	address(mqtt, "", node->mqtt);
	for (size_t i = 0; i < NATS_NODES; i++)
		address(routes[i], "nats://", cluster->nodes[i].route);
	text_format(listen_line, sizeof(listen_line), "listen: \"%s\"", listen);
	const struct broker_change changes[] = {{"mqtt-1", node->name},
						{"127.0.0.1:4222", own},
						{"127.0.0.1:8222", http},
						{"/var/lib/nats", node->folder},
						{"listen: \"127.0.0.1:6222\"", listen_line},
						{"nats://127.0.0.1:6222", routes[0]},
						{"nats://127.0.0.1:6223", routes[1]},
						{"nats://127.0.0.1:6224", routes[2]},
						{"127.0.0.1:1883", mqtt},
						{NULL, NULL}};
	char *text = broker_shipped("nats-cluster.conf", changes);
	file_write(node->file, text);
	free(text);
}

static void launch(struct node *node)
{
	const char *argv[] = {"nats-server", "-c", node->file, NULL};
	struct process_options options = {.name = "nats", .folder = node->folder, .argv = argv};
	process_destroy(node->process);
	node->process = process_start(&options);
}

static bool all_listen(void *ctx)
{
	struct nats_cluster *cluster = ctx;
	for (size_t i = 0; i < NATS_NODES; i++)
		if (process_is_running(cluster->nodes[i].process) && !port_answers(cluster->nodes[i].mqtt))
			return false;
	return true;
}

static bool all_are_healthy(void *ctx)
{
	struct nats_cluster *cluster = ctx;
	for (size_t i = 0; i < NATS_NODES; i++)
		if (process_is_running(cluster->nodes[i].process) &&
		    http_status(cluster->nodes[i].http, "GET", "/healthz", "") != 200)
			return false;
	return true;
}

/* nats-server 2.9 calls a consumer that has nothing to do "not current" for ever: so health is waited for, but not
 * insisted on. */
static void expect_service(struct nats_cluster *cluster)
{
	if (await(all_listen, cluster, STEP_MS)) {
		await(all_are_healthy, cluster, HEALTHY_MS);
		return;
	}
	for (size_t i = 0; i < NATS_NODES; i++)
		files_print_logs(cluster->nodes[i].folder);
	fail_msg("not every server of the cluster listens");
}

struct nats_cluster *nats_cluster_start(const char *folder)
{
	struct nats_cluster *cluster = memory_zeroed(1, sizeof(*cluster));
	for (size_t i = 0; i < NATS_NODES; i++) {
		struct node *node = &cluster->nodes[i];
		text_format(node->name, sizeof(node->name), "mqtt-%zu", i + 1);
		text_format(node->folder, sizeof(node->folder), "%s/%s", folder, node->name);
		text_format(node->file, sizeof(node->file), "%s/nats.conf", node->folder);
		assert_int_equal(mkdir(node->folder, 0700), 0);
		node->mqtt = port_free();
		node->own = port_free();
		node->http = port_free();
		node->route = port_free();
	}
	for (size_t i = 0; i < NATS_NODES; i++) {
		write_config(cluster, &cluster->nodes[i]);
		launch(&cluster->nodes[i]);
	}
	expect_service(cluster);
	return cluster;
}

void nats_cluster_destroy(struct nats_cluster *cluster)
{
	if (cluster == NULL)
		return;
	for (size_t i = 0; i < NATS_NODES; i++)
		process_destroy(cluster->nodes[i].process);
	free(cluster);
}

int nats_cluster_port(const struct nats_cluster *cluster, size_t node)
{
	return cluster->nodes[node].mqtt;
}

void nats_cluster_kill(struct nats_cluster *cluster, size_t node)
{
	process_kill(cluster->nodes[node].process);
}

void nats_cluster_restart(struct nats_cluster *cluster, size_t node)
{
	launch(&cluster->nodes[node]);
	expect_service(cluster);
}
