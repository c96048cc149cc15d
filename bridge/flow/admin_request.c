/* admin_request - one table of actions, one of members. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/flow/admin_request.h"

#include <stddef.h>

#include "bridge/base/text.h"
#include "bridge/codec/json.h"

enum member { SID = 1, ID = 2, DEVICE = 4, STATUS = 8, DIRECTION = 16, LIMIT = 32 };

static const struct {
	const char *name;
	unsigned allowed;
	unsigned one_of; /* at least one of these; 0: none is needed */
	const char *needs;
} actions[ADMIN_ACTIONS] = {
	[ADMIN_GET] = {"get", SID | ID | DEVICE, SID | ID, "get needs a `sid` or an `id`"},
	[ADMIN_LIST] = {"list", DEVICE | STATUS | DIRECTION | LIMIT, 0, ""},
	[ADMIN_PENDING] = {"pending", DEVICE | LIMIT, 0, ""},
	[ADMIN_CANCEL] = {"cancel", ID | DEVICE, ID | DEVICE, "cancel needs an `id` or a `device`"},
	[ADMIN_RETRY] = {"retry", ID | DEVICE, ID, "retry needs an `id`"},
	[ADMIN_RELOAD] = {"reload", 0, 0, ""},
	[ADMIN_HEALTH] = {"health", 0, 0, ""},
};

static const struct {
	const char *name;
	enum member bit;
	size_t offset, size;
} texts[] = {
	{"sid", SID, offsetof(struct admin_request, sid), SID_SIZE},
	{"id", ID, offsetof(struct admin_request, id), COMMAND_ID_SIZE},
	{"device", DEVICE, offsetof(struct admin_request, device), DEVICE_SIZE},
	{"status", STATUS, offsetof(struct admin_request, status), 16},
	{"direction", DIRECTION, offsetof(struct admin_request, direction), 16},
};

/* The API takes a filter that it does not know for none: what comes then is not what was asked for. */
static bool is_filter(enum member bit, const char *text)
{
	static const struct {
		enum member bit;
		const char *word;
	} words[] = {
		{STATUS, "queued"}, {STATUS, "sent"},	   {STATUS, "delivered"},   {STATUS, "received"},
		{STATUS, "failed"}, {DIRECTION, "to_sim"}, {DIRECTION, "from_sim"},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].bit == bit && text_equal(words[i].word, text))
			return true;
	return bit != STATUS && bit != DIRECTION;
}

static bool find_action(const char *name, enum admin_action *ret, char *why, size_t why_size)
{
	for (int i = 0; i < ADMIN_ACTIONS; i++) {
		if (!text_equal(name, actions[i].name))
			continue;
		*ret = (enum admin_action)i;
		return true;
	}
	text_copy(why, why_size, "unknown action; there are get, list, pending, cancel, retry, reload and health");
	return false;
}

/* One that does not fit is an error: who sent it could not tell the answer from others'. */
static bool read_transaction(struct admin_request *ret, const struct json *value, char *why, size_t why_size)
{
	struct buffer text;
	buffer_init(&text, TRANSACTION_MAX);
	json_print(value, &text);
	bool fits = !text.overflow && text_copy(ret->transaction, sizeof(ret->transaction), buffer_text(&text));
	if (!fits)
		text_format(why, why_size, "`transaction` is longer than %d bytes", TRANSACTION_MAX);
	buffer_clear(&text);
	return fits;
}

/* Reads a text member into its place; 0 when it is not one, else its bit. An empty one names nothing, and must not
 * mean the same as none: of an empty `id` beside a `device`, `cancel` would take all of the device. */
static unsigned read_text(struct admin_request *ret, const char *name, const struct json *value, bool *ok)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!text_equal(name, texts[i].name))
			continue;
		*ok = json_type_of(value) == JSON_STRING && json_text(value)[0] != '\0' &&
		      text_copy((char *)ret + texts[i].offset, texts[i].size, json_text(value)) &&
		      is_filter(texts[i].bit, json_text(value));
		return texts[i].bit;
	}
	return 0;
}

static bool read_members(struct admin_request *ret, const struct json *object, char *why, size_t why_size)
{
	unsigned given = 0;
	for (const struct json *member = json_first(object); member != NULL; member = json_next(member)) {
		const char *name = json_name(member);
		bool ok = true;
		if (text_equal(name, "transaction"))
			continue;
		unsigned bit = read_text(ret, name, member, &ok);
		if (text_equal(name, "limit")) {
			bit = LIMIT;
			ok = json_integer(member, 1, ADMIN_LIMIT_MAX, &ret->limit);
		}
		if ((bit & actions[ret->action].allowed) == 0) {
			text_format(why, why_size, "%s takes no member `%.64s`", actions[ret->action].name, name);
			return false;
		}
		if (!ok) {
			text_format(why, why_size, "`%s` has the wrong type or is out of range", name);
			return false;
		}
		given |= bit;
	}
	if (actions[ret->action].one_of == 0 || (given & actions[ret->action].one_of) != 0)
		return true;
	text_copy(why, why_size, actions[ret->action].needs);
	return false;
}

bool admin_request_read(struct admin_request *ret, const char *action, const void *payload, size_t len, char *why,
			size_t why_size)
{
	*ret = (struct admin_request){.limit = ADMIN_LIMIT_MAX};
	struct json *document = json_parse(len == 0 ? "{}" : payload, len == 0 ? 2 : len, why, why_size);
	if (document == NULL)
		return false;
	bool ok = json_type_of(document) == JSON_OBJECT;
	if (!ok)
		text_copy(why, why_size, "a request is a JSON object");
	if (json_member(document, "transaction") != NULL)
		ok = read_transaction(ret, json_member(document, "transaction"), why, why_size) && ok;
	ok = ok && find_action(action, &ret->action, why, why_size);
	ok = ok && read_members(ret, document, why, why_size);
	json_free(document);
	return ok;
}
