/* nats_cluster - three nats-servers with config/nats-cluster.conf, on free ports and in folders of their own.
 *
 * Threads:   the test's main thread only.
 * Promise:   nats_cluster_start() and nats_cluster_restart() return when every server that runs listens, and says that
 *            it has caught up with the others or had time for it.
 * Ownership: a cluster is yours to destroy. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_NATS_CLUSTER_H
#define TESTS_HARNESS_NATS_CLUSTER_H

#include <stddef.h>

enum { NATS_NODES = 3 };

struct nats_cluster;
struct nats_cluster *nats_cluster_start(const char *folder);
void nats_cluster_destroy(struct nats_cluster *cluster);

/* The MQTT port of a server. */
int nats_cluster_port(const struct nats_cluster *cluster, size_t node);

/* kill -9, and starting it again with what it had stored. */
void nats_cluster_kill(struct nats_cluster *cluster, size_t node);
void nats_cluster_restart(struct nats_cluster *cluster, size_t node);

#endif
