/* SPDX-License-Identifier: ISC */
#include "base/date.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

enum {
	EARLIEST = 631152000, /* 1990-01-01: older dates on status pages are placeholders */
	EPOCH_SECONDS_DIGITS = 10,
	EPOCH_MILLISECONDS_DIGITS = 13,
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	ZONE_NAME_MAX = 16,
};

#define YEAR_0 (-INT64_C(62167219200)) /* its first second */
#define YEAR_10000 INT64_C(253402300800)

static const char decimal[] = "0123456789";
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char day_names[] = "SunMonTueWedThuFriSat";

/* RFC 5322 section 4.3, in hours from UTC, and the names of UTC itself. */
static const struct {
	const char *name;
	int hours;
} zones[] = {
	{"Z", 0},
	{"UTC", 0},
	{"UT", 0},
	{"GMT", 0},
	{"EST", -5},
	{"EDT", -4},
	{"CST", -6},
	{"CDT", -5},
	{"MST", -7},
	{"MDT", -6},
	{"PST", -8},
	{"PDT", -7},
};

/* A date as written, not yet validated. */
struct fields {
	int year, month, day, hour, minute, second;
	int offset; /* seconds east of UTC */
};

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool take(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* A number of least to most digits. */
static bool take_number(const char **at, int least, int most, int *number)
{
	int digits = 0;

	*number = 0;
	while (digits < most && is_digit((*at)[digits]))
		*number = *number * 10 + ((*at)[digits++] - '0');
	if (digits < least || is_digit((*at)[digits]))
		return false;
	*at += digits;
	return true;
}

/* The letters at *at, at most size - 1 of them. */
static size_t take_word(const char **at, char *word, size_t size)
{
	size_t length = 0;

	while (length + 1 < size && isalpha((unsigned char)(*at)[length])) {
		word[length] = (*at)[length];
		length++;
	}
	word[length] = '\0';
	*at += length;
	return length;
}

static bool take_offset(const char **at, int *offset)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes = 0;
	const char *from = ++*at;

	if (!is_digit(from[0]) || !is_digit(from[1]))
		return false;
	hours = (from[0] - '0') * 10 + (from[1] - '0');
	*at += 2;
	if (is_digit(**at) ? !take_number(at, 2, 2, &minutes)
			   : take(at, ':') && !take_number(at, 2, 2, &minutes))
		return false;
	*offset = sign * (hours * HOUR + minutes * MINUTE);
	return hours < 24 && minutes < 60;
}

/* Go writes the offset, then the zone's name or the offset again; the first one counts. */
static bool take_zone(const char **at, int *offset)
{
	char word[8];
	int again;

	*offset = 0;
	skip_blanks(at);
	if (**at == '\0')
		return true;
	if (**at == '+' || **at == '-') {
		if (!take_offset(at, offset))
			return false;
		skip_blanks(at);
		if (**at == '+' || **at == '-')
			return take_offset(at, &again);
		take_word(at, word, sizeof word);
		return true;
	}
	take_word(at, word, sizeof word);
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
		if (strcasecmp(word, zones[i].name) == 0) {
			*offset = zones[i].hours * HOUR;
			return true;
		}
	return false;
}

/* The time and the zone, up to the end of the text. */
static bool take_time(const char *at, struct fields *fields)
{
	skip_blanks(&at);
	if (!take_number(&at, 1, 2, &fields->hour) || !take(&at, ':') ||
		!take_number(&at, 2, 2, &fields->minute))
		return false;
	if (take(&at, ':') && !take_number(&at, 2, 2, &fields->second))
		return false;
	if (take(&at, '.') || take(&at, ','))
		at += strspn(at, decimal);
	if (!take_zone(&at, &fields->offset))
		return false;
	skip_blanks(&at);
	return *at == '\0';
}

static bool parse_rfc3339(const char *at, struct fields *fields)
{
	return take_number(&at, 4, 4, &fields->year) && take(&at, '-') &&
	       take_number(&at, 2, 2, &fields->month) && take(&at, '-') &&
	       take_number(&at, 2, 2, &fields->day) &&
	       (take(&at, 'T') || take(&at, 't') || *at == ' ') && take_time(at, fields);
}

static bool parse_rfc822(const char *at, struct fields *fields)
{
	char word[16];
	const char *year;

	if (take_word(&at, word, sizeof word) > 0)
		take(&at, ',');
	skip_blanks(&at);
	if (!take_number(&at, 1, 2, &fields->day))
		return false;
	skip_blanks(&at);
	if (take_word(&at, word, sizeof word) < 3)
		return false;
	for (int i = 0; i < 12; i++)
		if (strncasecmp(word, month_names + 3 * i, 3) == 0)
			fields->month = i + 1;
	skip_blanks(&at);
	year = at;
	if (!take_number(&at, 2, 4, &fields->year))
		return false;
	if (at - year == 2) /* RFC 5322 section 4.3: from 1950 to 2049 */
		fields->year += fields->year < 50 ? 2000 : 1900;
	return take_time(at, fields);
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* False if there is no such date; a leap second counts as the next second. */
static bool fields_time(const struct fields *fields, int64_t *time)
{
	struct tm tm = {.tm_year = fields->year - 1900,
		.tm_mon = fields->month - 1,
		.tm_mday = fields->day,
		.tm_hour = fields->hour,
		.tm_min = fields->minute,
		.tm_sec = fields->second};

	if (fields->month < 1 || fields->month > 12 || fields->day < 1 ||
		fields->day > days_in_month(fields->year, fields->month) || fields->hour > 23 ||
		fields->minute > 59 || fields->second > 60)
		return false;
	*time = (int64_t)timegm(&tm) - fields->offset;
	return true;
}

static bool parse_epoch(const char *text, int64_t *time)
{
	size_t count = strspn(text, decimal), blanks = strspn(text + count, " \t\r\n");

	if (text[count + blanks] != '\0')
		return false;
	*time = strtoll(text, NULL, 10);
	if (count == EPOCH_MILLISECONDS_DIGITS)
		*time /= 1000;
	return count == EPOCH_SECONDS_DIGITS || count == EPOCH_MILLISECONDS_DIGITS;
}

bool date_parse(const char *text, int64_t *time)
{
	struct fields fields = {0}, mail = {0};
	int64_t parsed;

	if (text == NULL)
		return false;
	skip_blanks(&text);
	if (!(parse_rfc3339(text, &fields) && fields_time(&fields, &parsed)) &&
		!(parse_rfc822(text, &mail) && fields_time(&mail, &parsed)) &&
		!parse_epoch(text, &parsed))
		return false;
	if (parsed < EARLIEST)
		return false;
	*time = parsed;
	return true;
}

/* False for years of more than four digits. */
static bool writable(int64_t seconds)
{
	return seconds >= YEAR_0 && seconds < YEAR_10000;
}

static bool broken_down(int64_t seconds, struct tm *tm)
{
	time_t time = (time_t)seconds;

	return writable(seconds) && gmtime_r(&time, tm) != NULL;
}

static char *put_digits(char *at, int digits, int number)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + digits;
}

/*
 * Writes the parts that the form names, Y of four digits and M D h m s of two, d and b the names of
 * the day and the month, z the zone; the rest of it as it is. Many dates are written, and printf
 * would take ten times as long; strftime() would take the names from the locale.
 */
static void write_form(
	const char *form, const struct tm *tm, const char *zone, char out[static DATE_TEXT_MAX])
{
	char *at = out;

	for (; *form != '\0'; form++) {
		switch (*form) {
		case 'Y':
			at = put_digits(at, 4, tm->tm_year + 1900);
			break;
		case 'M':
			at = put_digits(at, 2, tm->tm_mon + 1);
			break;
		case 'D':
			at = put_digits(at, 2, tm->tm_mday);
			break;
		case 'h':
			at = put_digits(at, 2, tm->tm_hour);
			break;
		case 'm':
			at = put_digits(at, 2, tm->tm_min);
			break;
		case 's':
			at = put_digits(at, 2, tm->tm_sec);
			break;
		case 'd':
			at = mempcpy(at, day_names + 3 * tm->tm_wday, 3);
			break;
		case 'b':
			at = mempcpy(at, month_names + 3 * tm->tm_mon, 3);
			break;
		case 'z':
			at = mempcpy(at, zone, strnlen(zone, ZONE_NAME_MAX));
			break;
		default:
			*at++ = *form;
		}
	}
	*at = '\0';
}

static void write_utc(int64_t time, const char *form, char out[static DATE_TEXT_MAX])
{
	struct tm tm;

	out[0] = '\0';
	if (broken_down(time, &tm))
		write_form(form, &tm, "", out);
}

void date_write(int64_t time, char out[static DATE_TEXT_MAX])
{
	write_utc(time, "Y-M-DTh:m:sZ", out);
}

void date_write_compact(int64_t time, char out[static DATE_TEXT_MAX])
{
	write_utc(time, "Y-M-DThmsZ", out);
}

bool date_stamp(const char *text, int64_t *time)
{
	enum { DIGITS = sizeof "20140124192000" - 1 };
	struct tm parts = {0};
	char again[DIGITS + 1] = "";

	if (strlen(text) != DIGITS || strspn(text, "0123456789") != DIGITS ||
		strptime(text, "%Y%m%d%H%M%S", &parts) == NULL)
		return false;
	*time = timegm(&parts);
	/* February 30 is another day than it says. */
	return gmtime_r(&(time_t){*time}, &parts) != NULL &&
	       strftime(again, sizeof again, "%Y%m%d%H%M%S", &parts) > 0 &&
	       strcmp(text, again) == 0;
}

void date_normalise(const char *text, char out[static DATE_TEXT_MAX])
{
	int64_t time;

	out[0] = '\0';
	if (date_parse(text, &time))
		date_write(time, out);
}

void date_write_mail(int64_t time, char out[static DATE_TEXT_MAX])
{
	write_utc(time, "d, D b Y h:m:s +0000", out);
}

/* The parts of a time in the zone (NULL: UTC), and the zone's abbreviation then. False if out of
 * range. */
static bool local_parts(int64_t seconds, const char *zone, struct tm *tm, const char **zone_name)
{
	time_t time = (time_t)seconds;

	*zone_name = "UTC";
	if (zone == NULL || text_equal(zone, "UTC") || !writable(seconds))
		return broken_down(seconds, tm);
	if (!text_equal(getenv("TZ"), zone)) {
		setenv("TZ", zone, 1);
		tzset();
	}
	if (localtime_r(&time, tm) == NULL)
		return false;
	*zone_name = tm->tm_zone;
	return true;
}

void date_write_local(int64_t time, const char *zone, char out[static DATE_TEXT_MAX])
{
	const char *name;
	struct tm tm;

	out[0] = '\0';
	if (local_parts(time, zone, &tm, &name))
		write_form("d D b Y h:m:s z", &tm, name, out);
}

void date_write_short(int64_t time, const char *zone, char out[static DATE_TEXT_MAX])
{
	const char *name;
	struct tm tm;

	out[0] = '\0';
	if (local_parts(time, zone, &tm, &name))
		write_form("Y-M-D h:m z", &tm, name, out);
}

int date_offset(int64_t time, const char *zone)
{
	const char *name;
	struct tm tm;

	return local_parts(time, zone, &tm, &name) ? (int)tm.tm_gmtoff : 0;
}

bool date_zone_known(const char *zone)
{
	const char *folder = getenv("TZDIR");
	int reason;
	char magic[5] = "", *path;
	FILE *file;

	errno = 0;
	if (zone == NULL || strcmp(zone, "UTC") == 0)
		return zone != NULL;
	if (zone[0] == '\0' || zone[0] == '/' || zone[0] == '.' || strstr(zone, "..") != NULL)
		return false;
	path = memory_format("%s/%s", text_empty(folder) ? "/usr/share/zoneinfo" : folder, zone);
	file = fopen(path, "re");
	reason = errno;
	free(path);
	if (file != NULL && fread(magic, 1, 4, file) != 4)
		magic[0] = '\0';
	if (file != NULL)
		fclose(file);
	errno = file == NULL ? reason : 0;
	return strcmp(magic, "TZif") == 0; /* RFC 8536 section 3.1; a folder has none */
}

void date_write_duration(int64_t seconds, char out[static DATE_TEXT_MAX])
{
	long long time = seconds > 0 ? (long long)seconds : 0;

	if (time < MINUTE)
		snprintf(out, DATE_TEXT_MAX, "%lld s", time);
	else if (time < HOUR)
		snprintf(out, DATE_TEXT_MAX, "%lld min", time / MINUTE);
	else if (time < DAY)
		snprintf(
			out, DATE_TEXT_MAX, "%lld h %02lld min", time / HOUR, time % HOUR / MINUTE);
	else
		snprintf(out, DATE_TEXT_MAX, "%lld d %lld h", time / DAY, time % DAY / HOUR);
}

/* The first or last second of the period that prefix names. */
static bool parse_prefix(const char *prefix, bool last, int64_t *time)
{
	static const struct {
		int digits, first, last;
		char separator; /* before it */
	} parts[] = {
		{4, 0, 0, '\0'}, /* year */
		{2, 1, 12, '-'},
		{2, 1, 31, '-'},
		{2, 0, 23, 'T'},
		{2, 0, 59, ':'},
		{2, 0, 59, ':'},
	};
	enum { PARTS = sizeof parts / sizeof parts[0] };
	struct fields fields = {0};
	int *const values[PARTS] = {&fields.year, &fields.month, &fields.day, &fields.hour,
		&fields.minute, &fields.second};
	const char *at = prefix;
	int count = 0;

	while (count < PARTS && (count == 0 || take(&at, parts[count].separator)) &&
		take_number(&at, parts[count].digits, parts[count].digits, values[count]))
		count++;
	if (count == 0 || *at != '\0' || !is_digit(at[-1]))
		return date_parse(prefix, time);
	for (int i = count; i < PARTS; i++)
		*values[i] = last ? parts[i].last : parts[i].first;
	if (last && count < 3 && fields.month >= 1 && fields.month <= 12)
		fields.day = days_in_month(fields.year, fields.month);
	return fields_time(&fields, time);
}

bool date_prefix_begin(const char *prefix, int64_t *first)
{
	return parse_prefix(prefix, false, first);
}

bool date_prefix_end(const char *prefix, int64_t *last)
{
	return parse_prefix(prefix, true, last);
}
