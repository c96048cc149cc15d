/* mqtt_router - two kinds of topics, and a few events of the link. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/mqtt_router.h"

#include <string.h>

#include "bridge/base/log.h"
#include "bridge/base/text.h"

/* The action of `<base>/request/<action>`, or NULL. */
static const char *action_of(const struct mqtt_router *router, const char *topic)
{
	static const char middle[] = "/request/";
	size_t base = strlen(router->settings->topics_bridge);
	if (strncmp(topic, router->settings->topics_bridge, base) != 0 || !text_starts_with(topic + base, middle))
		return NULL;
	return topic + base + sizeof(middle) - 1;
}

/* `<prefix>/status`: `online` when Home Assistant has started and knows nothing of what it was told before. */
static bool is_home_assistants_status(const struct mqtt_router *router, const struct mqtt_message *message)
{
	char topic[TOPIC_SIZE];
	if (router->discovery == NULL)
		return false;
	text_format(topic, sizeof(topic), "%s/status", router->settings->homeassistant_prefix);
	return text_equal(topic, message->topic);
}

static bool says_online(const struct mqtt_message *message)
{
	static const char online[] = "online";
	return message->len == sizeof(online) - 1 && memcmp(message->payload, online, message->len) == 0;
}

static void on_message(void *ctx, const struct mqtt_message *message)
{
	struct mqtt_router *router = ctx;
	const char *action = action_of(router, message->topic);
	if (is_home_assistants_status(router, message)) {
		if (says_online(message))
			discovery_again(router->discovery);
	} else if (action == NULL) {
		command_intake_take(router->intake, message);
	} else if (!message->retained) {
		admin_take(router->admin, action, message);
	}
}

/* Before the first message: one that is stored and then delivered again is known by what is remembered from now on. */
static void on_new_session(void *ctx)
{
	struct mqtt_router *router = ctx;
	store_forget_deliveries(router->store);
}

static void on_connected(void *ctx, bool session_present)
{
	struct mqtt_router *router = ctx;
	log_info("", "connected to the broker", LOG_TEXT("session", session_present ? "kept" : "new"));
	atomic_store(router->greet, true);
}

/* Which is no news when we stop. */
static void on_disconnected(void *ctx, const char *why)
{
	const struct mqtt_router *router = ctx;
	if (!atomic_load(&router->intake->stopping))
		log_warn("", "no connection to the broker", LOG_TEXT("why", why));
}

static void on_published(void *ctx, int64_t tag)
{
	struct mqtt_router *router = ctx;
	event_publisher_on_published(router->publisher, tag);
}

static void on_publish_refused(void *ctx, int64_t tag, const char *why)
{
	struct mqtt_router *router = ctx;
	event_publisher_on_refused(router->publisher, tag, why);
}

static void on_publish_reset(void *ctx)
{
	struct mqtt_router *router = ctx;
	event_publisher_on_reset(router->publisher);
}

static struct mqtt_handlers handlers_of(struct mqtt_router *router)
{
	return (struct mqtt_handlers){
		.ctx = router,
		.on_message = on_message,
		.on_new_session = on_new_session,
		.on_connected = on_connected,
		.on_disconnected = on_disconnected,
		.on_published = on_published,
		.on_publish_refused = on_publish_refused,
		.on_publish_reset = on_publish_reset,
	};
}

struct mqtt *mqtt_router_start(struct mqtt_router *router, char *why, size_t why_size)
{
	static char commands[TOPIC_SIZE + 160], requests[TOPIC_SIZE], state[TOPIC_SIZE], birth[TOPIC_SIZE];
	static const struct mqtt_subscription subscriptions[] = {{commands}, {requests}, {birth}};
	const struct settings *settings = router->settings;
	const struct mqtt_handlers handlers = handlers_of(router);
	bool shared = settings->mqtt_share_group[0] != '\0';
	text_format(commands, sizeof(commands), "%s%s%s%s", shared ? "$share/" : "", settings->mqtt_share_group,
		    shared ? "/" : "", settings->topics_command);
	text_format(requests, sizeof(requests), "%s/request/+", settings->topics_bridge);
	text_format(state, sizeof(state), "%s/state", settings->topics_bridge);
	text_format(birth, sizeof(birth), "%s/status", settings->homeassistant_prefix);
	const struct mqtt_options options = {
		.urls = (const char *const *)settings->mqtt_url.items,
		.url_count = settings->mqtt_url.count,
		.version_5 = settings->mqtt_version == MQTT_5,
		.client_id = settings->mqtt_client_id,
		.username = settings->mqtt_username,
		.password = settings->mqtt_password,
		.ca_file = settings->mqtt_ca_file,
		.cert_file = settings->mqtt_cert_file,
		.key_file = settings->mqtt_key_file,
		.keepalive_s = settings->mqtt_keepalive_ms / 1000,
		.session_expiry_s = settings->mqtt_session_expiry_ms / 1000,
		.subscriptions = subscriptions,
		.subscription_count = router->discovery != NULL ? 3 : 2,
		.will_topic = state,
	};
	router->mqtt = mqtt_start(&options, &handlers, why, why_size);
	return router->mqtt;
}

/* On a full disk a message is kept until there is room, and so is a new session: no hang. */
int64_t mqtt_router_silence_ms(void *ctx)
{
	const struct mqtt_router *router = ctx;
	return store_has_room(router->store) ? mqtt_library_silence_ms(router->mqtt) : 0;
}

int64_t mqtt_router_connector_silence_ms(void *ctx)
{
	const struct mqtt_router *router = ctx;
	return store_has_room(router->store) ? mqtt_silence_ms(router->mqtt) : 0;
}
