/* webhook_keys - three short lists of keys behind a read-write lock. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/webhook_keys.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/buffer.h"
#include "bridge/base/limits.h"
#include "bridge/base/memory.h"
#include "bridge/edge/signature.h"

struct webhook_keys {
	pthread_rwlock_t lock;
	struct settings_keys own, kore, twilio;
};

static void copy_keys(struct settings_keys *to, const struct settings_keys *from)
{
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		to->keys[i] = memory_copied_text(from->keys[i]);
}

static void wipe_keys(struct settings_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		explicit_bzero(keys->keys[i], strlen(keys->keys[i]));
		free(keys->keys[i]);
	}
	keys->count = 0;
}

static void fill(struct webhook_keys *keys, const struct settings *settings)
{
	copy_keys(&keys->own, &settings->webhook_secret);
	copy_keys(&keys->kore, &settings->webhook_kore_secret);
	copy_keys(&keys->twilio, &settings->webhook_twilio_auth_token);
}

static void wipe(struct webhook_keys *keys)
{
	wipe_keys(&keys->own);
	wipe_keys(&keys->kore);
	wipe_keys(&keys->twilio);
}

struct webhook_keys *webhook_keys_create(const struct settings *settings)
{
	struct webhook_keys *keys = memory_zeroed(1, sizeof(*keys));
	pthread_rwlock_init(&keys->lock, NULL);
	fill(keys, settings);
	return keys;
}

void webhook_keys_destroy(struct webhook_keys *keys)
{
	if (keys == NULL)
		return;
	wipe(keys);
	pthread_rwlock_destroy(&keys->lock);
	free(keys);
}

void webhook_keys_replace(struct webhook_keys *keys, const struct settings *settings)
{
	pthread_rwlock_wrlock(&keys->lock);
	wipe(keys);
	fill(keys, settings);
	pthread_rwlock_unlock(&keys->lock);
}

void webhook_keys_mac(struct webhook_keys *keys, char to[MAC_TEXT_SIZE], const char *subject)
{
	to[0] = '\0';
	pthread_rwlock_rdlock(&keys->lock);
	if (keys->own.count > 0)
		signature_mac(to, keys->own.keys[0], subject);
	pthread_rwlock_unlock(&keys->lock);
}

bool webhook_keys_fit(struct webhook_keys *keys, const char *mac, const char *subject)
{
	pthread_rwlock_rdlock(&keys->lock);
	bool fits = signature_mac_fits(mac, subject, keys->own.keys, keys->own.count);
	pthread_rwlock_unlock(&keys->lock);
	return fits;
}

static bool twilio_fits(const struct settings_keys *keys, const struct webhook_signed *what)
{
	struct buffer url;
	if (what->form != NULL && !callback_names_are_known(what->form))
		return false;
	buffer_init(&url, URL_SIZE + FORM_BODY_MAX);
	buffer_append_text(&url, what->url);
	if (what->query[0] != '\0')
		buffer_append_format(&url, "?%s", what->query);
	bool fits = !url.overflow && signature_twilio_fits(what->twilio_signature, buffer_text(&url), what->form,
							   keys->keys, keys->count);
	buffer_clear(&url);
	return fits;
}

bool webhook_keys_provider_fits(struct webhook_keys *keys, const struct webhook_signed *what)
{
	pthread_rwlock_rdlock(&keys->lock);
	bool none = keys->kore.count == 0 && keys->twilio.count == 0;
	bool kore =
		keys->kore.count > 0 && signature_kore_fits(what->kore_signature, what->method, what->url, what->body,
							    what->body_len, keys->kore.keys, keys->kore.count);
	bool twilio = keys->twilio.count > 0 && twilio_fits(&keys->twilio, what);
	pthread_rwlock_unlock(&keys->lock);
	return none || kore || twilio;
}

bool webhook_keys_has_provider(struct webhook_keys *keys)
{
	pthread_rwlock_rdlock(&keys->lock);
	bool some = keys->kore.count > 0 || keys->twilio.count > 0;
	pthread_rwlock_unlock(&keys->lock);
	return some;
}
