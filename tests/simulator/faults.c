// What shall go wrong: matching and counting down.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/faults.h"

#include <stdlib.h>

#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/faults_read.h"

static void match_clear(struct match *match)
{
	free(match->sim);
	free(match->payload);
	free(match->status);
}

void fault_clear(struct fault *fault)
{
	match_clear(&fault->match);
	free(fault->body);
	*fault = (struct fault){0};
}

void faults_clear(struct faults *faults)
{
	for (size_t i = 0; i < faults->rule_count; i++)
		fault_clear(&faults->rules[i]);
	free(faults->rules);
	faults->rules = NULL;
	faults->rule_count = 0;
	faults->is_stopped = false;
	faults->generation++;
}

void faults_clear_outcomes(struct faults *faults)
{
	for (size_t i = 0; i < faults->outcome_count; i++)
		match_clear(&faults->outcomes[i].match);
	free(faults->outcomes);
	faults->outcomes = NULL;
	faults->outcome_count = 0;
}

static bool matches(const struct match *match, const struct subject *subject)
{
	if (match->payload[0] != '\0' && !text_equal(match->payload, subject->payload))
		return false;
	if (match->status[0] != '\0' && !text_equal(match->status, subject->status))
		return false;
	return match->sim[0] == '\0' || text_equal(match->sim, subject->sim) ||
	       text_equal(match->sim, subject->sim_sid);
}

void faults_clear_uses(struct faults *faults)
{
	faults->use_count = 0;
}

static void count_use(struct faults *faults, const char *name)
{
	size_t i = 0;
	while (i < faults->use_count && !text_equal(faults->uses[i].name, name))
		i++;
	if (name[0] == '\0' || i == FAULT_NAMES_MAX)
		return;
	if (i == faults->use_count) {
		faults->uses[i].count = 0;
		text_copy(faults->uses[i].name, FAULT_NAME_SIZE, name);
		faults->use_count++;
	}
	faults->uses[i].count++;
}

bool faults_take(struct faults *faults, enum fault_place on, const struct subject *subject, struct fault *ret)
{
	for (size_t i = 0; i < faults->rule_count; i++) {
		struct fault *rule = &faults->rules[i];
		if (rule->on != on || rule->times == 0 || !matches(&rule->match, subject))
			continue;
		if (rule->times > 0)
			rule->times--;
		count_use(faults, rule->name);
		*ret = *rule;
		ret->match = (struct match){0};
		ret->body = memory_copied_text(rule->body);
		return true;
	}
	*ret = (struct fault){0};
	return false;
}

const struct sms_outcome *faults_outcome(const struct faults *faults, const struct subject *subject)
{
	for (size_t i = 0; i < faults->outcome_count; i++) {
		const struct sms_outcome *outcome = &faults->outcomes[i];
		if (outcome->times != 0 && matches(&outcome->match, subject))
			return outcome;
	}
	return NULL;
}

void faults_use_outcome(struct faults *faults, const struct sms_outcome *outcome)
{
	struct sms_outcome *used = &faults->outcomes[outcome - faults->outcomes];
	if (used->times > 0)
		used->times--;
}

bool faults_set(struct faults *faults, const struct json *body, char why[WHY_SIZE])
{
	const struct json *list = json_read_member(body, "rules");
	bool is_whole = json_read_is_object(body) && json_read_member(body, "on") == NULL;
	if (!is_whole)
		list = body;
	size_t count = json_read_is_array(list) ? json_read_count(list) : is_whole ? 0 : 1;
	struct fault *rules = memory_zeroed(count + 1, sizeof(*rules));
	for (size_t i = 0; i < count; i++) {
		const struct json *rule = json_read_is_array(list) ? json_read_item(list, i) : list;
		if (faults_read_rule(rule, &rules[i], why))
			continue;
		for (size_t k = 0; k <= i; k++)
			fault_clear(&rules[k]);
		free(rules);
		return false;
	}
	faults_clear(faults);
	faults->rules = rules;
	faults->rule_count = count;
	faults->is_stopped = is_whole && json_read_bool(body, "stop", false);
	return true;
}

bool faults_add_outcomes(struct faults *faults, const struct json *body, char why[WHY_SIZE])
{
	bool is_list = json_read_is_array(body);
	size_t count = is_list ? json_read_count(body) : 1;
	for (size_t i = 0; i < count; i++) {
		struct sms_outcome outcome;
		if (!faults_read_outcome(is_list ? json_read_item(body, i) : body, &outcome, why))
			return false;
		faults->outcomes =
			memory_resized(faults->outcomes, (faults->outcome_count + 1) * sizeof(*faults->outcomes));
		faults->outcomes[faults->outcome_count++] = outcome;
	}
	return true;
}
