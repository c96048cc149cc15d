/* paho - the only file that knows Eclipse Paho's MQTTAsync. Written for 1.3.12 (Debian 12) to 1.3.15. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/edge/paho.h"

#include <MQTTAsync.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/log.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "bridge/edge/mqtt_text.h"

enum {
	CONNECT_TIMEOUT_S = 10,
	BUFFERED_MAX = 1000,	/* above every window: the window is kept by who publishes */
	INCOMING_MAX = 1048576, /* MQTT 5: the broker drops what is larger; else Paho takes 256 MiB */
	RECEIVE_MAX = 100,	/* MQTT 5: messages without our PUBACK */
	RETAINED_IF_NEW = 1,	/* MQTT 5 Retain Handling */
	RECEIVE_MAX_DEFAULT = 65535,
	TLS_TEXT_SIZE = 160
};

/* The context of one request: Paho gives it back, whatever else it says about the request may be wrong. */
struct mark {
	struct paho *paho;
	size_t index;
};

struct paho {
	MQTTAsync handle;
	bool version_5, tls;
	const char *sender;
	const struct paho_events *events;
	void *ctx;
	struct mark *marks;
	char tls_text[TLS_TEXT_SIZE]; /* what OpenSSL said last; under Paho's mutex */
};

/* OpenSSL is used by others in this process: it initialises itself, not through Paho. */
static void init_library(void)
{
	MQTTAsync_init_options options = MQTTAsync_init_options_initializer;
	MQTTAsync_global_init(&options);
}

static void on_connected(void *ctx, MQTTAsync_successData *data)
{
	struct paho *paho = ctx;
	paho->events->connected(paho->ctx, data->alt.connect.sessionPresent != 0, RECEIVE_MAX_DEFAULT);
}

static void on_connected_5(void *ctx, MQTTAsync_successData5 *data)
{
	struct paho *paho = ctx;
	int receive_max = RECEIVE_MAX_DEFAULT;
	if (MQTTProperties_hasProperty(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM))
		receive_max = MQTTProperties_getNumericValue(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM);
	paho->events->connected(paho->ctx, data->alt.connect.sessionPresent != 0, receive_max);
}

static void tell_failed(struct paho *paho, int code, const char *message)
{
	const char *text = paho->tls_text[0] ? paho->tls_text : message;
	paho->events->failed(paho->ctx, code > 0 ? code : 0, text != NULL ? text : "");
}

static void on_connect_failed(void *ctx, MQTTAsync_failureData *data)
{
	tell_failed(ctx, data->code, data->message);
}

/* The CONNACK's code is in `code` up to 1.3.14 and in `reasonCode` since; in other failures the latter is garbage. */
static void on_connect_failed_5(void *ctx, MQTTAsync_failureData5 *data)
{
	int reason = (int)data->reasonCode;
	bool from_broker = data->code == MQTTASYNC_FAILURE && reason >= 0x80 && reason < 0x100;
	tell_failed(ctx, from_broker ? reason : data->code, data->message);
}

static void on_lost(void *ctx, char *cause)
{
	struct paho *paho = ctx;
	(void)cause; /* always NULL */
	paho->events->lost(paho->ctx, 0);
}

/* The broker's MQTT 5 DISCONNECT: on_lost() does not follow. */
static void on_disconnect(void *ctx, MQTTProperties *properties, enum MQTTReasonCodes code)
{
	struct paho *paho = ctx;
	(void)properties;
	paho->events->lost(paho->ctx, (int)code);
}

static void on_closed(void *ctx, MQTTAsync_successData *data)
{
	struct paho *paho = ctx;
	(void)data;
	paho->events->closed(paho->ctx);
}

static void on_closed_5(void *ctx, MQTTAsync_successData5 *data)
{
	struct paho *paho = ctx;
	(void)data;
	paho->events->closed(paho->ctx);
}

static void tell_subscribed(const struct mark *mark, int code)
{
	mark->paho->events->subscribed(mark->paho->ctx, mark->index, code);
}

static void on_subscribed(void *ctx, MQTTAsync_successData *data)
{
	tell_subscribed(ctx, data->alt.qos);
}

static void on_subscribed_5(void *ctx, MQTTAsync_successData5 *data)
{
	tell_subscribed(ctx, (int)data->reasonCode);
}

static void on_subscribe_failed(void *ctx, MQTTAsync_failureData *data)
{
	tell_subscribed(ctx, data->code > 0 ? data->code : -1);
}

static void on_subscribe_failed_5(void *ctx, MQTTAsync_failureData5 *data)
{
	tell_subscribed(ctx, data->code < 0 ? -1 : (int)data->reasonCode);
}

static void tell_answered(const struct mark *mark, enum paho_answer answer, int code)
{
	mark->paho->events->answered(mark->paho->ctx, mark->index, answer, code);
}

static void on_published(void *ctx, MQTTAsync_successData *data)
{
	(void)data;
	tell_answered(ctx, PAHO_ACKED, 0);
}

static void on_published_5(void *ctx, MQTTAsync_successData5 *data)
{
	(void)data;
	tell_answered(ctx, PAHO_ACKED, 0);
}

static void on_publish_failed(void *ctx, MQTTAsync_failureData *data)
{
	(void)data;
	tell_answered(ctx, PAHO_FAILED, 0);
}

/* A PUBACK with a reason has code 0; in every other failure `reasonCode` may be garbage. Paho has read `packet_type`
 * from freed memory: not to be looked at. */
static void on_publish_failed_5(void *ctx, MQTTAsync_failureData5 *data)
{
	bool refused = data->code == 0 && data->reasonCode >= 0x80;
	tell_answered(ctx, refused ? PAHO_REFUSED : PAHO_FAILED, refused ? (int)data->reasonCode : 0);
}

static void read_properties(struct mqtt_message *message, MQTTProperties *properties, char reply[TOPIC_SIZE])
{
	const MQTTProperty *found = MQTTProperties_getProperty(properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
	if (found != NULL && found->value.data.len > 0) {
		size_t len = (size_t)found->value.data.len;
		bool whole = text_copy_bytes(reply, TOPIC_SIZE, found->value.data.data, len);
		if (!whole || !text_is_utf8(reply, len))
			reply[0] = '\0';
	}
	found = MQTTProperties_getProperty(properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
	if (found != NULL && found->value.data.len > 0) {
		message->correlation = found->value.data.data;
		message->correlation_len = (size_t)found->value.data.len;
	}
	found = MQTTProperties_getProperty(properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL);
	if (found != NULL)
		message->expiry_s = found->value.integer4;
}

/* Returns 1, never 0: after a 0 Paho acknowledges all the same, and every later message unseen. */
static int on_message(void *ctx, char *topic, int topic_len, MQTTAsync_message *from)
{
	struct paho *paho = ctx;
	char reply[TOPIC_SIZE] = "";
	struct mqtt_message message = {.topic = topic,
				       .payload = from->payload,
				       .len = (size_t)from->payloadlen,
				       .qos = from->qos,
				       .packet_id = from->msgid,
				       .retained = from->retained != 0,
				       .dup = from->dup != 0,
				       .reply_topic = reply,
				       .expiry_s = -1};
	/* The length is 0 for a topic without NUL that Paho had queued. */
	if (mqtt_topic_is_readable(topic, topic_len > 0 ? (size_t)topic_len : strlen(topic))) {
		read_properties(&message, &from->properties, reply);
		paho->events->message(paho->ctx, &message);
	} else {
		paho->events->bad_topic(paho->ctx);
	}
	MQTTAsync_freeMessage(&from);
	MQTTAsync_free(topic);
	return 1;
}

struct paho *paho_create(const struct paho_settings *settings)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_library);
	struct paho *paho = memory_zeroed(1, sizeof(*paho));
	paho->version_5 = settings->version_5;
	paho->sender = settings->sender;
	paho->events = settings->events;
	paho->ctx = settings->ctx;
	paho->marks = memory_zeroed(settings->marks ? settings->marks : 1, sizeof(struct mark));
	for (size_t i = 0; i < settings->marks; i++)
		paho->marks[i] = (struct mark){.paho = paho, .index = i};
	paho->tls = mqtt_url_has_tls(settings->url);
	MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer;
	options.MQTTVersion = settings->version_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	options.maxBufferedMessages = BUFFERED_MAX;
	int code = MQTTAsync_createWithOptions(&paho->handle, settings->url, settings->client_id,
					       MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
	if (code != MQTTASYNC_SUCCESS)
		log_fatal("cannot create an MQTT client", MQTTAsync_strerror(code));
	MQTTAsync_setCallbacks(paho->handle, paho, on_lost, on_message, NULL);
	MQTTAsync_setDisconnected(paho->handle, paho, on_disconnect);
	return paho;
}

/* A line of OpenSSL's: thread:error:number:library:function:REASON:file:line:more. Keeps the reason. */
static int on_tls_error(const char *line, size_t len, void *ctx)
{
	struct paho *paho = ctx;
	const char *end = line + len, *start = line;
	for (int colons = 0; colons < 5 && start != NULL; colons++) {
		const char *colon = memchr(start, ':', (size_t)(end - start));
		start = colon != NULL ? colon + 1 : NULL;
	}
	const char *stop = start != NULL ? memchr(start, ':', (size_t)(end - start)) : NULL;
	if (start != NULL && stop != NULL)
		text_copy_bytes(paho->tls_text, sizeof(paho->tls_text), start, (size_t)(stop - start));
	return 1;
}

static const char *or_null(const char *text)
{
	return text != NULL && text[0] ? text : NULL;
}

/* Host names are verified: Paho's default is not to. Versions below TLS 1.2 fall to OpenSSL 3 at Paho's security
 * level 1, since Paho itself ignores sslVersion there. */
static MQTTAsync_SSLOptions tls_options(struct paho *paho, const struct paho_connect *connect)
{
	MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
	tls.enableServerCertAuth = tls.verify = 1;
	tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
	tls.trustStore = or_null(connect->ca_file);
	tls.disableDefaultTrustStore = tls.trustStore != NULL;
	tls.keyStore = or_null(connect->cert_file);
	tls.privateKey = or_null(connect->key_file);
	tls.ssl_error_cb = on_tls_error;
	tls.ssl_error_context = paho;
	return tls;
}

static void add_number(MQTTProperties *properties, enum MQTTPropertyCodes code, uint32_t number)
{
	MQTTProperty property = {.identifier = code, .value.integer4 = number};
	if (code == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
		property.value.integer2 = (unsigned short)number;
	MQTTProperties_add(properties, &property);
}

/* `value`: only of a pair of texts. */
static void add_data(MQTTProperties *properties, enum MQTTPropertyCodes code, const void *bytes, size_t len,
		     const char *value)
{
	if (len == 0 || len > UINT16_MAX)
		return;
	char *first = memory_copied(bytes, len), *second = memory_copied_text(value);
	MQTTProperty property = {.identifier = code, .value.data = {(int)len, first}};
	property.value.value = (MQTTLenString){(int)strlen(second), second};
	MQTTProperties_add(properties, &property);
	free(first);
	free(second);
}

static int start_connect(struct paho *paho, MQTTAsync_connectOptions *options, int64_t session_expiry_s)
{
	MQTTProperties properties = MQTTProperties_initializer;
	if (paho->version_5) {
		uint32_t expiry_s = session_expiry_s < UINT32_MAX ? (uint32_t)session_expiry_s : UINT32_MAX;
		add_number(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, expiry_s);
		add_number(&properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, INCOMING_MAX);
		add_number(&properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, RECEIVE_MAX);
		options->connectProperties = &properties;
		options->onSuccess5 = on_connected_5;
		options->onFailure5 = on_connect_failed_5;
	} else {
		options->onSuccess = on_connected;
		options->onFailure = on_connect_failed;
	}
	options->context = paho;
	int code = MQTTAsync_connect(paho->handle, options);
	MQTTProperties_free(&properties);
	return code;
}

bool paho_connect(struct paho *paho, const struct paho_connect *connect)
{
	MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
	MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
	MQTTAsync_SSLOptions tls = tls_options(paho, connect);
	paho->tls_text[0] = '\0';
	options.MQTTVersion = paho->version_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	options.cleansession = options.cleanstart = 0;
	options.keepAliveInterval = connect->keepalive_s < UINT16_MAX ? (int)connect->keepalive_s : UINT16_MAX;
	options.connectTimeout = CONNECT_TIMEOUT_S;
	options.username = or_null(connect->username);
	options.password = options.username || paho->version_5 ? or_null(connect->password) : NULL;
	if (paho->tls)
		options.ssl = &tls;
	if (connect->will_topic[0]) {
		will.topicName = connect->will_topic;
		will.message = connect->will_text;
		will.retained = will.qos = 1;
		options.will = &will;
	}
	return start_connect(paho, &options, connect->session_expiry_s) == MQTTASYNC_SUCCESS;
}

/* One filter a request: Paho does not tell how many answers a SUBACK for several held. */
bool paho_subscribe(struct paho *paho, const char *filter, size_t mark)
{
	MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
	response.context = &paho->marks[mark];
	if (paho->version_5) {
		response.onSuccess5 = on_subscribed_5;
		response.onFailure5 = on_subscribe_failed_5;
		response.subscribeOptions.retainHandling = RETAINED_IF_NEW;
		response.subscribeOptions.retainAsPublished = 1; /* a retained command is none, also while we listen */
	} else {
		response.onSuccess = on_subscribed;
		response.onFailure = on_subscribe_failed;
	}
	return MQTTAsync_subscribe(paho->handle, filter, 1, &response) == MQTTASYNC_SUCCESS;
}

bool paho_publish(struct paho *paho, const struct mqtt_publish *publish, size_t mark)
{
	if (publish->len > INT_MAX)
		return false;
	MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
	response.context = &paho->marks[mark];
	if (paho->version_5) {
		response.onSuccess5 = on_published_5;
		response.onFailure5 = on_publish_failed_5;
		add_data(&response.properties, MQTTPROPERTY_CODE_CORRELATION_DATA, publish->correlation,
			 publish->correlation_len, "");
		add_data(&response.properties, MQTTPROPERTY_CODE_CONTENT_TYPE, publish->content_type,
			 strlen(publish->content_type), "");
		add_data(&response.properties, MQTTPROPERTY_CODE_USER_PROPERTY, "bridge", strlen("bridge"),
			 paho->sender);
	} else {
		response.onSuccess = on_published;
		response.onFailure = on_publish_failed;
	}
	int code = MQTTAsync_send(paho->handle, publish->topic, (int)publish->len, publish->payload, 1, publish->retain,
				  &response);
	MQTTProperties_free(&response.properties);
	return code == MQTTASYNC_SUCCESS;
}

bool paho_disconnect(struct paho *paho, bool with_will)
{
	MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
	options.context = paho;
	if (paho->version_5) {
		options.struct_version = 1;
		options.onSuccess5 = on_closed_5;
		if (with_will)
			options.reasonCode = MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE;
	} else {
		options.onSuccess = on_closed;
	}
	return MQTTAsync_disconnect(paho->handle, &options) == MQTTASYNC_SUCCESS;
}

void paho_settle(struct paho *paho)
{
	(void)MQTTAsync_isConnected(paho->handle);
}
