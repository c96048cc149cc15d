/* suggest - edit distance over two rows. */
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

static size_t distance(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b), row[SUGGEST_SIZE + 1];

	if (len_a > SUGGEST_SIZE || len_b > SUGGEST_SIZE)
		return SIZE_MAX;
	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len_b];
}

void suggestion_offer(struct suggestion *suggestion, const char *known)
{
	size_t now = distance(suggestion->word, known);

	if (now >= suggestion->distance)
		return;
	suggestion->distance = now;
	text_copy(suggestion->best, sizeof(suggestion->best), known);
}
