// Question: is everything told, in order, when the bridge is killed at any point of a report's way back?
// SPDX-License-Identifier: Apache-2.0
#include "tests/harness/kill.h"

#define PLAY(world, points) kill_at_each((world), (points), sizeof(points) / sizeof((points)[0]))

static void killed_while_callbacks_come_in(struct world *world)
{
	static const struct kill_point points[] = {
		{"report-before-commit", false},  {"report-after-commit", false}, /* stored, no 204: it may be called
										     back again */
		{"report-after-commit:3", false}, {"callback-before-answer", false}, {"mo-before-commit", false},
		{"mo-after-commit", false},	  {"publish-before-commit", false}, /* another program's status */
		{"publish-after-commit", false},
	};
	PLAY(world, points);
}

static void killed_while_the_api_is_asked(struct world *world)
{
	static const struct kill_point points[] = {
		{"reconciler-after-mo", false}, /* stored, and listed again */
		{"reconciler-before-report", false},
	};
	PLAY(world, points);
}

static void killed_while_news_are_published(struct world *world)
{
	static const struct kill_point points[] = {
		{"publisher-before-publish", false}, {"publisher-before-publish:9", false},
		{"publisher-before-done", false}, /* the broker has it, we have not written down that it has */
		{"publisher-before-done:3", false},  {"events-done-before-commit", false},
		{"events-done-after-commit", false}, {"events-done-after-commit:4", false},
	};
	PLAY(world, points);
}

int main(void)
{
	static const struct world_test tests[] = {
		WORLD_TEST(killed_while_callbacks_come_in),
		WORLD_TEST(killed_while_the_api_is_asked),
		WORLD_TEST(killed_while_news_are_published),
	};
	return WORLD_RUN(tests);
}
