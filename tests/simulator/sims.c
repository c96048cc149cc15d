// The SIMs of the account: by sid and by unique name.
// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/sims.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/base/clock.h"
#include "bridge/base/memory.h"
#include "bridge/base/text.h"
#include "tests/simulator/sign.h"

void index_list_add(struct index_list *list, uint32_t index)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 4 : list->capacity * 2;
		list->at = memory_resized(list->at, list->capacity * sizeof(*list->at));
	}
	list->at[list->count++] = index;
}

void index_list_clear(struct index_list *list)
{
	free(list->at);
	*list = (struct index_list){0};
}

bool sims_is_sid(const char *text)
{
	return strlen(text) == SID_SIZE - 1 && text_starts_with(text, "HS") &&
	       strspn(text + 2, "0123456789abcdefABCDEF") == SID_SIZE - 3;
}

static struct sim *add(struct sims *sims, const char *sid)
{
	if (sims->count == sims->capacity) {
		sims->capacity = sims->capacity == 0 ? 64 : sims->capacity * 2;
		sims->all = memory_resized(sims->all, sims->capacity * sizeof(*sims->all));
	}
	struct sim *sim = memory_zeroed(1, sizeof(*sim));
	text_copy(sim->sid, sizeof(sim->sid), sid);
	text_copy(sim->status, sizeof(sim->status), "active");
	sim->unique_name = memory_copied_text("");
	sim->created_ms = clock_wall_ms();
	sims->all[sims->count++] = sim;
	table_put(&sims->by_sid, sim->sid, sim);
	return sim;
}

static void give_name(struct sims *sims, struct sim *sim, const char *name)
{
	free(sim->unique_name);
	sim->unique_name = memory_copied_text(name);
	table_put(&sims->by_name, sim->unique_name, sim);
}

/* A SIM of this unique name, whose sid follows from it. */
static struct sim *add_named(struct sims *sims, const char *name)
{
	char sid[SID_SIZE];
	sign_sim_sid(name, sid);
	struct sim *sim = table_get(&sims->by_sid, sid);
	if (sim == NULL)
		sim = add(sims, sid);
	if (sim->unique_name[0] == '\0')
		give_name(sims, sim, name);
	return sim;
}

struct sim *sims_find(struct sims *sims, const char *sid_or_name)
{
	bool is_sid = sims_is_sid(sid_or_name);
	struct sim *sim = table_get(is_sid ? &sims->by_sid : &sims->by_name, sid_or_name);
	if (sim != NULL || sims->is_closed || sid_or_name[0] == '\0')
		return sim;
	return is_sid ? add(sims, sid_or_name) : add_named(sims, sid_or_name);
}

/* The next word of a line, cut off in place; "" at its end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t\r\n");
	char *end = word + strcspn(word, " \t\r\n#");
	*rest = *end == '\0' || *end == '#' ? end : end + 1;
	if (*end == '#')
		*rest = end + strlen(end);
	*end = '\0';
	return word;
}

/* "" or what is wrong with the line. */
static const char *load_line(struct sims *sims, char *line)
{
	char *first = next_word(&line);
	if (first[0] == '\0')
		return "";
	char *name = sims_is_sid(first) ? next_word(&line) : first;
	char *status = next_word(&line);
	if (table_get(&sims->by_sid, first) != NULL || table_get(&sims->by_name, name) != NULL)
		return "this SIM is listed twice";
	struct sim *sim = sims_is_sid(first) ? add(sims, first) : add_named(sims, name);
	if (name != first && name[0] != '\0')
		give_name(sims, sim, name);
	if (status[0] != '\0' && !text_copy(sim->status, sizeof(sim->status), status))
		return "this status is too long";
	return "";
}

bool sims_load(struct sims *sims, const char *path, char why[WHY_SIZE])
{
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		text_format(why, WHY_SIZE, "%s: cannot be read: %s", path, strerror(errno));
		return false;
	}
	char *line = NULL;
	size_t size = 0;
	const char *wrong = "";
	for (unsigned number = 1; wrong[0] == '\0' && getline(&line, &size, file) > 0; number++) {
		wrong = load_line(sims, line);
		if (wrong[0] != '\0')
			text_format(why, WHY_SIZE, "%s:%u: %s", path, number, wrong);
	}
	free(line);
	fclose(file);
	sims->is_closed = true;
	return wrong[0] == '\0';
}

void sims_clear(struct sims *sims)
{
	for (size_t i = 0; i < sims->count; i++) {
		index_list_clear(&sims->all[i]->commands);
		free(sims->all[i]->unique_name);
		free(sims->all[i]);
	}
	free(sims->all);
	table_clear(&sims->by_sid);
	table_clear(&sims->by_name);
	*sims = (struct sims){0};
}
