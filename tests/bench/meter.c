/* meter - two arrays of times and a condition. */
// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/meter.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int64_t sent_us[METER_MAX], seen_us[METER_MAX], api_us[METER_MAX];
static int64_t sent, seen, duplicates, wanted = -1;

int64_t meter_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t meter_send(void)
{
	pthread_mutex_lock(&lock);
	int64_t number = sent < METER_MAX ? sent++ : -1;
	if (number >= 0)
		sent_us[number] = meter_now_us();
	pthread_mutex_unlock(&lock);
	return number;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int64_t number_at(const char *text, const char *end)
{
	int64_t number = 0;
	for (; text < end && is_digit(*text) && number < METER_MAX; text++)
		number = number * 10 + (*text - '0');
	return number < METER_MAX ? number : -1;
}

static int64_t find_number(const char *text, size_t len)
{
	const char *end = text + len;
	for (const char *at = text; at + 1 < end; at++) {
		bool starts = at == text || at[-1] == '"' || at[-1] == '=';
		if (*at == 'm' && starts && is_digit(at[1]))
			return number_at(at + 1, end);
	}
	return -1;
}

bool meter_see(const char *text, size_t len)
{
	int64_t number = find_number(text, len);
	if (number < 0)
		return false;
	int64_t now = meter_now_us();
	pthread_mutex_lock(&lock);
	if (number >= sent) {
		/* Somebody else's, from before our time. */
	} else if (seen_us[number] == 0) {
		seen_us[number] = now;
		seen++;
	} else {
		duplicates++;
	}
	if (sent - seen <= wanted)
		pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	return true;
}

bool meter_see_at_api(const char *text, size_t len)
{
	int64_t number = find_number(text, len);
	if (number < 0)
		return false;
	pthread_mutex_lock(&lock);
	if (number < sent && api_us[number] == 0)
		api_us[number] = meter_now_us();
	else if (number < sent)
		duplicates++;
	pthread_mutex_unlock(&lock);
	return true;
}

static int64_t locked(const int64_t *value)
{
	pthread_mutex_lock(&lock);
	int64_t copy = *value;
	pthread_mutex_unlock(&lock);
	return copy;
}

int64_t meter_sent(void)
{
	return locked(&sent);
}

int64_t meter_seen(void)
{
	return locked(&seen);
}

int64_t meter_duplicates(void)
{
	return locked(&duplicates);
}

bool meter_wait(int64_t count, int64_t deadline_us)
{
	pthread_mutex_lock(&lock);
	wanted = count;
	while (sent - seen > count && meter_now_us() < deadline_us) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 50000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&changed, &lock, &until);
	}
	bool reached = sent - seen <= count;
	wanted = -1;
	pthread_mutex_unlock(&lock);
	return reached;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

void meter_print(const char *name, bool at_api)
{
	const int64_t *end_us = at_api ? api_us : seen_us;
	int64_t *took = calloc((size_t)sent + 1, sizeof(*took));
	size_t count = 0;
	if (took == NULL)
		abort();
	for (int64_t i = 0; i < sent; i++)
		if (end_us[i] != 0)
			took[count++] = end_us[i] - sent_us[i];
	qsort(took, count, sizeof(*took), by_size);
	printf(",\"%s_p50_us\":%lld,\"%s_p99_us\":%lld,\"%s_max_us\":%lld", name, (long long)took[count / 2], name,
	       (long long)took[count * 99 / 100], name, (long long)took[count > 0 ? count - 1 : 0]);
	free(took);
}
