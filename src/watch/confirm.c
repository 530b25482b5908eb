/* SPDX-License-Identifier: ISC */
#include "watch/confirm.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "watch/diff.h"

/* What one call works with, so that the small functions below need not pass it on. */
struct step {
	struct lamps *lamps;
	const struct confirm_rules *rules;
	bool first, silent;
	int64_t now;
	struct turns *turns;
	const struct indicator *others; /* the row for whatever is not listed, or NULL */
};

struct lamp *lamps_find(const struct lamps *lamps, const char *id)
{
	for (size_t i = 0; i < lamps->count; i++)
		if (strcmp(lamps->list[i].id, id) == 0)
			return &lamps->list[i];
	return NULL;
}

struct lamp *lamps_add(struct lamps *lamps, const char *id, const char *group, const char *name)
{
	struct lamp *lamp = memory_append(&lamps->list, &lamps->count, sizeof *lamp);

	lamp->id = memory_string(id);
	lamp->group = memory_string(group != NULL ? group : "");
	lamp->name = memory_string(name != NULL ? name : "");
	lamp->word = memory_string("");
	return lamp;
}

void lamps_release(struct lamps *lamps)
{
	for (size_t i = 0; i < lamps->count; i++) {
		free(lamps->list[i].id);
		free(lamps->list[i].group);
		free(lamps->list[i].name);
		free(lamps->list[i].word);
	}
	free(lamps->list);
	*lamps = (struct lamps){0};
}

bool lamps_unconfirmed(const struct lamps *lamps)
{
	for (size_t i = 0; i < lamps->count; i++)
		if (lamps->list[i].count > 0)
			return true;
	return false;
}

bool lamps_red(const struct lamps *lamps)
{
	for (size_t i = 0; i < lamps->count; i++)
		if (lamps->list[i].red || lamps->list[i].alarm)
			return true;
	return false;
}

static void turn(const struct step *step, enum turn_type type, const struct lamp *lamp, int64_t seen,
	int64_t fetches)
{
	struct turn *new;

	if (step->silent)
		return;
	new = memory_append(&step->turns->list, &step->turns->count, sizeof *new);
	*new = (struct turn){type, (size_t)(lamp - step->lamps->list), lamp->before, lamp->level, seen,
		lamp->alarm_since, fetches};
}

static void open_alarm(const struct step *step, struct lamp *lamp)
{
	bool silently = step->first && !step->rules->alert_on_first_sight;

	lamp->alarm = true;
	lamp->alarm_since = lamp->count_since;
	if (!silently)
		turn(step, TURN_RED, lamp, lamp->count_since, lamp->count);
	lamp->count = 0;
}

static void close_alarm(const struct step *step, struct lamp *lamp)
{
	turn(step, TURN_GREEN, lamp, lamp->count_since, lamp->count);
	lamp->alarm = false;
	lamp->count = 0;
}

/*
 * Counts one fetch toward red or green. Red that a baseline shows, or that a
 * new way of reading finds in old bytes, is not asked to be confirmed. Green that we found ourselves
 * closes nothing: whoever was told red is told green when the page says it.
 */
static void count_fetch(const struct step *step, struct lamp *lamp, enum colour colour, enum level before)
{
	enum colour wanted = lamp->alarm ? COLOUR_GREEN : COLOUR_RED;
	int64_t needed = lamp->alarm ? step->rules->better : step->rules->worse;

	if (colour != wanted || (step->silent && lamp->alarm)) {
		lamp->count = 0;
		return;
	}
	if (lamp->count == 0) {
		lamp->count_since = step->now;
		lamp->before = before;
	}
	lamp->count++;
	if (lamp->count < needed && (lamp->alarm || !(step->first || step->silent)))
		return;
	if (lamp->alarm)
		close_alarm(step, lamp);
	else
		open_alarm(step, lamp);
}

/* Takes what the page says of one lamp: returns the level it had before. */
static enum level take_level(const struct step *step, struct lamp *lamp, enum level level, const char *word)
{
	enum level unlisted = step->others != NULL ? step->others->level : LEVEL_UNKNOWN;
	enum level before = lamp->since != 0 ? lamp->level : unlisted;

	if (lamp->since == 0 || lamp->level != level || lamp->gone)
		lamp->since = step->now;
	lamp->level = level;
	lamp->gone = false;
	lamp->red = level_colour(level, step->rules->red) == COLOUR_RED;
	memory_set(&lamp->word, word != NULL ? word : "");
	return before;
}

static void take_indicator(const struct step *step, struct lamp *lamp, enum level level, const char *word)
{
	enum level before = take_level(step, lamp, level, word);

	count_fetch(step, lamp, level_colour(level, step->rules->red), before);
}

static void take_absent(const struct step *step, struct lamp *lamp)
{
	if (step->others != NULL) {
		take_indicator(step, lamp, step->others->level, step->others->word);
		return;
	}
	if (!lamp->gone)
		turn(step, TURN_GONE, lamp, step->now, 1);
	if (!lamp->gone)
		lamp->since = step->now;
	lamp->gone = true;
	lamp->red = false;
	lamp->count = 0;
}

/* A lamp whose id the provider has changed is found by group and name, and follows. */
static struct lamp *lamp_of(const struct step *step, const struct reading *reading, const struct indicator *row,
	const bool *taken, size_t known)
{
	for (size_t i = 0; i < known; i++)
		if (!taken[i] && strcmp(step->lamps->list[i].id, row->id) == 0)
			return &step->lamps->list[i];
	for (size_t i = 0; i < known; i++) {
		struct lamp *lamp = &step->lamps->list[i];

		if (taken[i] || lamp->id[0] == '\0' || !text_equal(lamp->name, row->name) ||
			!text_equal(lamp->group, row->group) || reading_indicator(reading, lamp->id) != NULL)
			continue;
		memory_set(&lamp->id, row->id);
		return lamp;
	}
	return NULL;
}

static void take_indicators(const struct step *step, const struct reading *reading)
{
	size_t known = step->lamps->count;
	bool *taken = memory_zero(known, sizeof *taken);

	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *row = &reading->indicators[i];
		struct lamp *lamp;

		if (row == step->others || !watched(step->rules->patterns, row->id, row->group, row->name))
			continue;
		lamp = lamp_of(step, reading, row, taken, known);
		if (lamp != NULL)
			taken[lamp - step->lamps->list] = true;
		else
			lamp = lamps_add(step->lamps, row->id, row->group, row->name);
		memory_set(&lamp->group, row->group);
		memory_set(&lamp->name, row->name);
		take_indicator(step, lamp, row->level, row->word);
	}
	for (size_t i = 0; i < known; i++)
		if (!taken[i] && step->lamps->list[i].id[0] != '\0')
			take_absent(step, &step->lamps->list[i]);
	free(taken);
}

static bool some_indicator_red(const struct lamps *lamps)
{
	for (size_t i = 0; i < lamps->count; i++)
		if (lamps->list[i].id[0] != '\0' && lamps->list[i].red)
			return true;
	return false;
}

static void take_overall(const struct step *step, const struct reading *reading)
{
	struct lamp *lamp = lamps_find(step->lamps, LAMP_OVERALL);
	enum colour colour = level_colour(reading->level, step->rules->red);
	enum level before;

	if (step->rules->patterns->count > 0)
		return;
	if (lamp == NULL)
		lamp = lamps_add(step->lamps, LAMP_OVERALL, "", reading->title);
	before = take_level(step, lamp, reading->level, reading->word);
	memory_set(&lamp->name, reading->title);
	if (colour == COLOUR_RED && !lamp->alarm && some_indicator_red(step->lamps))
		lamp->count = 0; /* explained: told as the indicator's, not twice */
	else
		count_fetch(step, lamp, colour, before);
}

void confirm(struct lamps *lamps, const struct reading *reading, const struct confirm_rules *rules,
	bool first, bool silent, int64_t now, struct turns *turns)
{
	const struct indicator *others = reading_indicator(reading, READING_OTHERS);
	struct step step = {lamps, rules, first, silent, now, turns, others};

	take_indicators(&step, reading);
	take_overall(&step, reading);
}
