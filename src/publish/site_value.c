/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "archive/snapshot_page.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "publish/site_p.h"

enum { CLOCK_AT = 11, CLOCK_LENGTH = 5 }; /* in "2014-01-24 20:20 CET" */

struct value *site_time(const struct site *site, int64_t time)
{
	struct value *map = value_map();
	char text[DATE_TEXT_MAX], clock[CLOCK_LENGTH + 1] = "";

	date_write(time, text);
	value_put_text(map, "utc", text);
	date_write_local(time, site->config->timezone, text);
	value_put_text(map, "full", text);
	date_write_short(time, site->config->timezone, text);
	value_put_text(map, "local", text);
	if (strlen(text) >= CLOCK_AT + CLOCK_LENGTH)
		memcpy(clock, text + CLOCK_AT, CLOCK_LENGTH);
	value_put_text(map, "clock", clock);
	return map;
}

void site_put_sight(
	const struct site *site, struct value *map, const struct sight *sight, int64_t end)
{
	const struct {
		const char *key;
		int64_t seconds;
	} durations[] = {
		{"lasted", sight->lasted}, {"unseen", sight->unseen}, {"blind", sight->blind}};
	char words[DATE_TEXT_MAX];

	for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
		if (durations[i].seconds == 0)
			continue;
		date_write_duration(durations[i].seconds, words);
		value_put_text(map, durations[i].key, words);
	}
	if (sight->blind > 0)
		value_put(map, "blind_since", site_time(site, end - sight->blind));
}

struct value *site_style(void)
{
	struct value *map = value_map(), *shapes = value_put(map, "shape", value_map());

	for (int colour = 0; colour < COLOURS; colour++)
		value_put_text(shapes, colour_name((enum colour)colour),
			colour_shape((enum colour)colour));
	return map;
}

struct value *site_lamp(enum colour colour, const char *level)
{
	struct value *map = value_map();

	value_put_text(map, "colour", colour_name(colour));
	value_put_text(map, "level", level != NULL ? level : "");
	return map;
}

void site_put_path(struct value *map, const char *page, const char *folder)
{
	char *path = folder != NULL ? snapshot_page_path(page, folder) : NULL;

	value_put_text(map, "path", path);
	free(path);
}

void site_put_identity(const struct site *site, struct value *map, const char *name)
{
	char *key = store_fact(site->database, "key"),
	     *whole = memory_format("%s\t%s", key, name != NULL ? name : ""), *id;
	char hex[DIGEST_TEXT];

	digest_sha256(whole, strlen(whole), hex);
	id = memory_format(
		"%.8s-%.4s-8%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17, hex + 20);
	value_put_text(map, "uuid", id);
	free(id);
	free(whole);
	free(key);
}

void site_put(struct value *map, const char *key, const char *text)
{
	char *visible = text_visible_copy(text != NULL ? text : "");

	value_put_text(map, key, visible);
	free(visible);
}

void site_put_word(struct value *map, const char *word, const char *level)
{
	char *spaced = memory_string(word != NULL ? word : "");

	for (char *at = spaced; *at != '\0'; at++)
		if (*at == '_')
			*at = ' ';
	site_put(map, "word", strcasecmp(spaced, level) != 0 ? word : "");
	free(spaced);
}

void site_put_lines(struct value *map, const char *key, const char *text)
{
	struct buffer lines = {0};

	buffer_expect(&lines, strlen(text));
	while (*text != '\0') {
		size_t length = strcspn(text, "\t\r\n");

		text_visible_bytes(&lines, text, length);
		text += length;
		if (*text == '\t' || *text == '\n')
			buffer_byte(&lines, *text);
		text += *text != '\0';
	}
	value_put_text(map, key, buffer_string(&lines));
	buffer_release(&lines);
}

int64_t site_day(const struct site *site, int64_t time)
{
	int64_t local = time + date_offset(time, site->config->timezone);

	return local / SITE_DAY_SECONDS - (local % SITE_DAY_SECONDS < 0);
}

int64_t site_day_begin(const struct site *site, int64_t day)
{
	const char *zone = site->config->timezone;
	int64_t begin = day * SITE_DAY_SECONDS;

	begin -= date_offset(begin, zone);
	return day * SITE_DAY_SECONDS - date_offset(begin, zone);
}

void site_day_name(int64_t day, char out[static 16])
{
	char text[DATE_TEXT_MAX];

	date_write(day * SITE_DAY_SECONDS, text);
	snprintf(out, 16, "%.10s", text);
}

int64_t site_month_day(int year, int month)
{
	char text[DATE_TEXT_MAX];
	int64_t time = 0;

	snprintf(text, sizeof text, "%04d-%02d", year + (month - 1) / 12, (month - 1) % 12 + 1);
	date_prefix_begin(text, &time);
	return time / SITE_DAY_SECONDS;
}

int64_t site_month_begin(int64_t day)
{
	char name[16];

	site_day_name(day, name);
	return site_month_day(atoi(name), atoi(name + 5));
}

int64_t site_year_begin(int64_t day)
{
	char name[16];

	site_day_name(day, name);
	return site_month_day(atoi(name), 1);
}
