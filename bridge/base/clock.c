/* clock - the two times: one for people and deadlines on disk, one for intervals. */
// SPDX-License-Identifier: Apache-2.0
#include "bridge/base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "bridge/base/log.h"
#include "bridge/base/text.h"

enum { SECONDS_A_DAY = 86400 };
static const int64_t LAST_MS = 253402300799999; /* 9999-12-31T23:59:59.999Z */

struct date {
	int64_t year, month, day;
};

static int64_t now_us(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		log_fatal("the clock cannot be read", "clock_gettime failed");
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	return now_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
	return now_us(CLOCK_BOOTTIME);
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar; the year is counted from March, so
 * that the leap day is its last. Own arithmetic because time_t may have 32 bits. */
static int64_t days_of(struct date date)
{
	int64_t year = date.month > 2 ? date.year : date.year - 1;
	int64_t era = year / 400, of_era = year % 400;
	int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct date date_of(int64_t days)
{
	int64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	struct date date = {year + era * 400, month < 10 ? month + 3 : month - 9, of_year - (153 * month + 2) / 5 + 1};

	if (date.month <= 2)
		date.year++;
	return date;
}

void clock_to_text(int64_t wall_ms, char text[CLOCK_TEXT_SIZE])
{
	int64_t ms = wall_ms < 0 ? 0 : wall_ms > LAST_MS ? LAST_MS : wall_ms;
	int64_t seconds = ms / 1000, of_day = seconds % SECONDS_A_DAY;
	struct date date = date_of(seconds / SECONDS_A_DAY);

	(void)text_format(text, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)date.year, (int)date.month,
			  (int)date.day, (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60),
			  (int)(ms % 1000));
}

/* Exactly `count` digits at *at, which moves behind them. */
static bool take_digits(const char **at, int count, int64_t *ret)
{
	*ret = 0;
	for (; count > 0; count--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*ret = *ret * 10 + (**at - '0');
	}
	return true;
}

static bool take(const char **at, const char *either)
{
	if (!**at || !strchr(either, **at))
		return false;
	(*at)++;
	return true;
}

static bool take_date(const char **at, struct date *date)
{
	static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (!take_digits(at, 4, &date->year) || !take(at, "-") || !take_digits(at, 2, &date->month) || !take(at, "-") ||
	    !take_digits(at, 2, &date->day))
		return false;
	if (date->year < 1970 || date->month < 1 || date->month > 12 || date->day < 1)
		return false;
	bool leap = (date->year % 4 == 0 && date->year % 100 != 0) || date->year % 400 == 0;

	return date->day <= DAYS[date->month - 1] + (leap && date->month == 2 ? 1 : 0);
}

static bool take_time(const char **at, int64_t *ret_seconds)
{
	int64_t hour, minute, second;

	if (!take_digits(at, 2, &hour) || !take(at, ":") || !take_digits(at, 2, &minute) || !take(at, ":") ||
	    !take_digits(at, 2, &second))
		return false;
	*ret_seconds = hour * 3600 + minute * 60 + second;
	/* 60: a leap second, which counts as the next one. */
	return hour <= 23 && minute <= 59 && second <= 60;
}

/* `.5` to `.123456789`, or nothing; what is below a millisecond is dropped. */
static bool take_fraction(const char **at, int64_t *ret_ms)
{
	int64_t weight = 100;
	int digits = 0;

	*ret_ms = 0;
	if (!take(at, "."))
		return true;
	for (; **at >= '0' && **at <= '9'; (*at)++, digits++, weight /= 10)
		*ret_ms += weight * (**at - '0');
	return digits >= 1 && digits <= 9;
}

static bool take_zone(const char **at, int64_t *ret_seconds)
{
	int64_t hour, minute;
	bool behind = **at == '-';

	*ret_seconds = 0;
	if (take(at, "Zz"))
		return true;
	if (!take(at, "+-") || !take_digits(at, 2, &hour) || !take(at, ":") || !take_digits(at, 2, &minute))
		return false;
	*ret_seconds = (hour * 3600 + minute * 60) * (behind ? -1 : 1);
	return hour <= 23 && minute <= 59;
}

int64_t clock_from_text(const char *text)
{
	struct date date;
	int64_t seconds, ms, offset;

	if (!take_date(&text, &date) || !take(&text, "Tt") || !take_time(&text, &seconds) ||
	    !take_fraction(&text, &ms) || !take_zone(&text, &offset) || *text)
		return -1;
	int64_t wall_ms = (days_of(date) * SECONDS_A_DAY + seconds - offset) * 1000 + ms;

	return wall_ms < 0 || wall_ms > LAST_MS ? -1 : wall_ms;
}

void clock_random(void *bytes, size_t len)
{
	unsigned char *at = bytes;

	while (len) {
		ssize_t got = getrandom(at, len, 0);

		if (got < 0 && errno != EINTR)
			log_fatal("no random bytes", "the kernel's getrandom failed");
		if (got > 0) {
			at += got;
			len -= (size_t)got;
		}
	}
}
