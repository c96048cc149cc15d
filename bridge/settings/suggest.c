/* suggest - edit distance over three rows. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/settings/suggest.h"

#include <string.h>

#include "bridge/base/text.h"

struct suggestion suggestion_for(const char *word)
{
	/* One letter in three may be wrong, one in any case. */
	return (struct suggestion){.word = word, .distance = strlen(word) / 3 + 2};
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many letters were added, left out, taken for others, or swapped with the next one, which happens most. */
static size_t distance(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b), rows[3][SUGGEST_SIZE + 1];

	if (len_a > SUGGEST_SIZE || len_b > SUGGEST_SIZE)
		return SIZE_MAX;
	for (size_t j = 0; j <= len_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smallest(row[j], two_above[j - 2] + 1, SIZE_MAX);
		}
	}
	return rows[len_a % 3][len_b];
}

void suggestion_offer(struct suggestion *suggestion, const char *known)
{
	size_t now = distance(suggestion->word, known);

	if (now >= suggestion->distance)
		return;
	suggestion->distance = now;
	text_copy(suggestion->best, sizeof(suggestion->best), known);
}
