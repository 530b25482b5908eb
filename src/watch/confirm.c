/* SPDX-License-Identifier: ISC */
#include "watch/confirm.h"

#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/pattern.h"
#include "model/indicator_state.h"
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

static void turn(const struct step *step, const struct lamp *lamp, struct turn turned)
{
	if (step->silent || (step->first && turned.type != TURN_RED))
		return;
	turned.lamp = (size_t)(lamp - step->lamps->list);
	turned.after = lamp->level;
	*(struct turn *)memory_append(&step->turns->list, &step->turns->count, sizeof turned) =
		turned;
}

/* What a baseline shows, or a new way of reading finds in old bytes, is not the page's news. */
static bool ours(const struct step *step)
{
	return step->first || step->silent;
}

static bool is_baseline(const struct step *step)
{
	return step->silent || (step->first && !step->rules->alert_on_first_sight);
}

/* True where an alarm stays as it is, whatever is confirmed. */
static bool held(const struct step *step, const struct lamp *lamp)
{
	return lamp->flapping || (step->rules->muted && !is_baseline(step));
}

static void open_alarm(const struct step *step, struct lamp *lamp)
{
	lamp->alarm = true;
	lamp->alarm_since = lamp->count_since;
	lamp->peak = lamp->level;
	if (!is_baseline(step))
		turn(step, lamp,
			(struct turn){.type = TURN_RED,
				.before = lamp->before,
				.seen = lamp->count_since,
				.fetches = lamp->count});
	lamp->count = 0;
}

static void close_alarm(const struct step *step, struct lamp *lamp)
{
	turn(step, lamp,
		(struct turn){.type = TURN_GREEN,
			.before = lamp->before,
			.seen = lamp->count_since,
			.since = lamp->alarm_since,
			.fetches = lamp->count});
	lamp->alarm = false;
	lamp->count = 0;
}

/*
 * Counts one fetch toward red or green. Red that a baseline shows, or that a
 * new way of reading finds in old bytes, is not asked to be confirmed. Green that a baseline
 * shows, or that we found ourselves, closes nothing: whoever was told red is told green when the
 * page says it.
 */
static void count_fetch(
	const struct step *step, struct lamp *lamp, enum colour colour, enum level before)
{
	enum colour wanted = lamp->alarm ? COLOUR_GREEN : COLOUR_RED;
	int64_t needed = lamp->alarm ? step->rules->better : step->rules->worse;

	if (colour != wanted || (ours(step) && lamp->alarm)) {
		lamp->count = 0;
		return;
	}
	if (lamp->count == 0) {
		lamp->count_since = step->now;
		lamp->before = before;
	}
	lamp->count++;
	if ((lamp->count < needed && !ours(step)) || held(step, lamp))
		return;
	if (lamp->alarm)
		close_alarm(step, lamp);
	else
		open_alarm(step, lamp);
}

/* An alarm that is open may get worse: who asked for the worst only has not heard of it. */
static void count_rise(const struct step *step, struct lamp *lamp)
{
	if (!lamp->alarm || !lamp->red || lamp->level <= lamp->peak) {
		lamp->rising = 0;
		return;
	}
	lamp->rising++;
	if ((lamp->rising < step->rules->worse && !ours(step)) || held(step, lamp))
		return;
	turn(step, lamp,
		(struct turn){.type = TURN_WORSE,
			.before = lamp->peak,
			.seen = step->now,
			.since = lamp->alarm_since,
			.fetches = lamp->rising});
	lamp->peak = lamp->level;
	lamp->rising = 0;
}

/* Below the low mark, and for an hour: changes every half hour are flapping all day, and one. */
static bool has_settled(const struct step *step, const struct lamp *lamp)
{
	int64_t quiet = step->now - lamp->ring.changed;

	return step->rules->high == 0 || (ring_percent(&lamp->ring) < (double)step->rules->low &&
						 (quiet >= RING_SETTLED_SECONDS || quiet < 0));
}

static void begin_or_settle(const struct step *step, struct lamp *lamp, enum level before)
{
	const struct confirm_rules *rules = step->rules;

	if (rules->muted)
		return;
	if (!lamp->flapping && rules->high > 0 &&
		ring_percent(&lamp->ring) >= (double)rules->high) {
		lamp->flapping = true;
		turn(step, lamp,
			(struct turn){.type = TURN_FLAPPING,
				.before = before,
				.seen = step->now,
				.fetches = ring_changes(&lamp->ring)});
	} else if (lamp->flapping && has_settled(step, lamp)) {
		lamp->flapping = false;
		turn(step, lamp,
			(struct turn){.type = TURN_SETTLED,
				.before = before,
				.seen = step->now,
				.since = lamp->ring.changed,
				.fetches = 1});
	}
}

/* Between red and green, the last of the two goes on: only they are ever told. A red that is not
 * confirmed yet is no change: who asks for three fetches does not want to hear of single ones. */
static void take_state(
	const struct step *step, struct lamp *lamp, enum colour colour, enum level before)
{
	struct ring *ring = &lamp->ring;
	size_t known = strlen(ring->states);
	bool was_red = known > 0 && ring->states[known - 1] == '1';
	bool blip = colour == COLOUR_RED && !lamp->alarm && lamp->count + 1 < step->rules->worse;
	bool red = colour == COLOUR_RED ? !blip : colour != COLOUR_GREEN && was_red;
	int64_t calm = step->rules->every > RING_CALM_SECONDS ? step->rules->every
							      : (int64_t)RING_CALM_SECONDS;

	if (ours(step)) {
		ring_correct(ring, red, step->now);
		return;
	}
	ring_hold(ring, calm, step->rules->unchanged_until);
	ring_take(ring, red, lamp->flapping ? (int64_t)RING_FLAPPING_SECONDS : RING_CALM_SECONDS,
		step->now);
	begin_or_settle(step, lamp, before);
}

/* Flapping begins before the change that makes it so is told, and ends before what is left is. */
static void judge(const struct step *step, struct lamp *lamp, enum colour colour, enum level before)
{
	take_state(step, lamp, colour, before);
	count_rise(step, lamp);
	count_fetch(step, lamp, colour, before);
}

/* Takes what the page says of one lamp: returns the level it had before. */
static enum level take_level(
	const struct step *step, struct lamp *lamp, enum level level, const char *word)
{
	enum level unlisted = step->others != NULL ? step->others->level : LEVEL_UNKNOWN;
	enum level before = lamp->since != 0 ? lamp->level : unlisted;

	if (lamp->since == 0 || lamp->level != level || lamp->gone)
		lamp->since = step->now;
	if (lamp->gone)
		lamp->count = 0;
	lamp->level = level;
	lamp->gone = false;
	lamp->red = level_colour(level, step->rules->red) == COLOUR_RED;
	memory_set(&lamp->word, word != NULL ? word : "");
	return before;
}

static void take_indicator(
	const struct step *step, struct lamp *lamp, enum level level, const char *word)
{
	enum level before = take_level(step, lamp, level, word);

	judge(step, lamp, level_colour(level, step->rules->red), before);
}

static void take_absent(const struct step *step, struct lamp *lamp)
{
	if (step->others != NULL) {
		take_indicator(step, lamp, step->others->level, step->others->word);
		return;
	}
	if (!lamp->gone) {
		lamp->since = step->now;
		lamp->count = 1;
	}
	lamp->gone = true;
	lamp->red = false;
	lamp->rising = 0;
	if (lamp->count == 0 || step->rules->muted)
		return;
	turn(step, lamp,
		(struct turn){.type = TURN_GONE,
			.before = lamp->before,
			.seen = lamp->since,
			.fetches = 1});
	lamp->count = 0;
}

/* Which lamp each row of a reading means: its place in lamps, or NO_LAMP. */
struct matching {
	size_t *lamps; /* for each row */
	bool *taken;   /* for each lamp that was known before */
	size_t known;
};

#define NO_LAMP SIZE_MAX

static bool concerns(const struct step *step, const struct indicator *row)
{
	return row != step->others &&
	       patterns_choose(step->rules->patterns, row->id, row->group, row->name);
}

static void match_ids(
	const struct step *step, const struct reading *reading, struct matching *matching)
{
	struct index index =
		index_by_id(step->lamps->list, matching->known, sizeof *step->lamps->list);

	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *row = &reading->indicators[i];
		const struct lamp *lamp = concerns(step, row) ? index_find(&index, row->id) : NULL;
		size_t place = lamp != NULL ? (size_t)(lamp - step->lamps->list) : NO_LAMP;

		if (place != NO_LAMP && matching->taken[place])
			place = NO_LAMP;
		if (place != NO_LAMP)
			matching->taken[place] = true;
		matching->lamps[i] = place;
	}
	index_release(&index);
}

/* A lamp whose id the provider has changed is found by group and name, and follows. */
static void match_names(
	const struct step *step, const struct reading *reading, struct matching *matching)
{
	struct index index =
		index_by_name(step->lamps->list, matching->known, sizeof *step->lamps->list);

	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *row = &reading->indicators[i];
		size_t count, first;

		if (matching->lamps[i] != NO_LAMP || !concerns(step, row))
			continue;
		first = index_range(&index, row, &count);
		for (size_t j = first; j < first + count && matching->lamps[i] == NO_LAMP; j++) {
			const struct lamp *lamp = index.rows[j];
			size_t place = (size_t)(lamp - step->lamps->list);

			if (matching->taken[place] || lamp->id[0] == '\0')
				continue;
			matching->taken[place] = true;
			matching->lamps[i] = place;
		}
	}
	index_release(&index);
}

/* Keys of an index may not change under it: the new id is taken on once all are matched. */
static void take_row(const struct step *step, const struct indicator *row, size_t place)
{
	struct lamp *lamp = place != NO_LAMP
				    ? &step->lamps->list[place]
				    : lamps_add(step->lamps, row->id, row->group, row->name);

	if (strcmp(lamp->id, row->id) != 0) {
		if (lamp->former == NULL)
			lamp->former = memory_string(lamp->id);
		memory_set(&lamp->id, row->id);
	}
	memory_set(&lamp->group, row->group);
	memory_set(&lamp->name, row->name);
	take_indicator(step, lamp, row->level, row->word);
}

static void take_indicators(const struct step *step, const struct reading *reading)
{
	size_t known = step->lamps->count;
	struct matching matching = {memory_zero(reading->indicator_count, sizeof *matching.lamps),
		memory_zero(known, sizeof *matching.taken), known};

	match_ids(step, reading, &matching);
	match_names(step, reading, &matching);
	for (size_t i = 0; i < reading->indicator_count; i++)
		if (concerns(step, &reading->indicators[i]))
			take_row(step, &reading->indicators[i], matching.lamps[i]);
	for (size_t i = 0; i < known; i++)
		if (!matching.taken[i] && step->lamps->list[i].id[0] != '\0')
			take_absent(step, &step->lamps->list[i]);
	free(matching.lamps);
	free(matching.taken);
}

/*
 * Who changes `indicators:` has not changed the page: what is watched no longer leaves without
 * a word. A page that gives new ids all the time does not make us grow without end.
 */
static bool is_kept(const struct step *step, const struct lamp *lamp)
{
	const struct text_list *patterns = step->rules->patterns;
	bool idle = !lamp->alarm && lamp->count == 0 && !lamp->flapping &&
		    (lamp->gone || (step->others != NULL && lamp->level == step->others->level));

	if (lamp->id[0] == '\0')
		return patterns->count == 0;
	return patterns_choose(patterns, lamp->id, lamp->group, lamp->name) &&
	       !(idle && step->lamps->count > LAMPS_MAX);
}

static void forget_lamps(const struct step *step)
{
	struct lamps *lamps = step->lamps;
	size_t kept = 0;

	for (size_t i = 0; i < lamps->count; i++) {
		bool keep = is_kept(step, &lamps->list[i]);

		if (keep)
			lamps->list[kept++] = lamps->list[i];
		else
			lamp_release(&lamps->list[i]);
	}
	lamps->count = kept;
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
		judge(step, lamp, colour, before);
}

void confirm(struct lamps *lamps, const struct reading *reading, const struct confirm_rules *rules,
	bool first, bool silent, int64_t now, struct turns *turns)
{
	const struct indicator *others = reading_indicator(reading, READING_OTHERS);
	struct step step = {lamps, rules, first, silent, now, turns, others};

	forget_lamps(&step);
	take_indicators(&step, reading);
	take_overall(&step, reading);
}
