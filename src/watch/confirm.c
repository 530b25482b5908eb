/* SPDX-License-Identifier: ISC */
#include "watch/confirm.h"

#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/list.h"
#include "base/memory.h"
#include "config/pattern.h"
#include "model/indicator_state.h"

/* The arguments of one call of confirm(). */
struct step {
	struct indicator_states *indicators;
	const struct confirm_rules *rules;
	bool first, silent;
	int64_t now;
	struct transitions *transitions;
	const struct indicator *others; /* the row for everything that is not listed, or NULL */
};

static void transition(
	const struct step *step, const struct indicator_state *indicator, struct transition turned)
{
	if (step->silent || (step->first && turned.type != TRANSITION_RED))
		return;
	turned.indicator = (size_t)(indicator - step->indicators->list);
	turned.after = indicator->level;
	*(struct transition *)memory_append(
		&step->transitions->list, &step->transitions->count, sizeof turned) = turned;
}

/* A baseline, or old bytes read in a new way: what differs is no change of the page. */
static bool ours(const struct step *step)
{
	return step->first || step->silent;
}

static bool is_baseline(const struct step *step)
{
	return step->silent || (step->first && !step->rules->alert_on_first_sight);
}

/* True while no alarm opens or closes, even where that is confirmed. */
static bool held(const struct step *step, const struct indicator_state *indicator)
{
	return indicator->flapping || (step->rules->suppressed && !is_baseline(step));
}

/*
 * Counts one fetch toward red or green. Red in a baseline, or
 * found in old bytes by a new way of reading, needs no confirmation. Green found in one of these
 * ways closes nothing: those who were told red are told green when the page says so.
 */
static void count_fetch(const struct step *step, struct indicator_state *indicator,
	enum colour colour, enum level before)
{
	bool alarm = indicator->alarm;
	int64_t needed = alarm ? step->rules->better : step->rules->worse;

	if (colour != (alarm ? COLOUR_GREEN : COLOUR_RED) || (ours(step) && alarm)) {
		indicator->count = 0;
		return;
	}
	if (indicator->count == 0) {
		indicator->count_since = step->now;
		indicator->before = before;
	}
	indicator->count++;
	if ((indicator->count < needed && !ours(step)) || held(step, indicator))
		return;
	if (!alarm) {
		indicator->alarm_since = indicator->count_since;
		indicator->peak = indicator->level;
	}
	if (alarm || !is_baseline(step))
		transition(step, indicator,
			(struct transition){.type = alarm ? TRANSITION_GREEN : TRANSITION_RED,
				.before = indicator->before,
				.seen = indicator->count_since,
				.since = alarm ? indicator->alarm_since : 0,
				.fetches = indicator->count});
	indicator->alarm = !alarm;
	indicator->count = 0;
}

/* An open alarm may get worse: subscribers to the worst levels only have not heard of it yet. */
static void count_rise(const struct step *step, struct indicator_state *indicator)
{
	if (!indicator->alarm || !indicator->red || indicator->level <= indicator->peak) {
		indicator->rising = 0;
		return;
	}
	indicator->rising++;
	if ((indicator->rising < step->rules->worse && !ours(step)) || held(step, indicator))
		return;
	transition(step, indicator,
		(struct transition){.type = TRANSITION_WORSE,
			.before = indicator->peak,
			.seen = step->now,
			.since = indicator->alarm_since,
			.fetches = indicator->rising});
	indicator->peak = indicator->level;
	indicator->rising = 0;
}

/* Begins or ends flapping. It ends below the low mark and after a quiet hour: changes every half
 * hour all day are one episode. */
static void begin_or_settle(
	const struct step *step, struct indicator_state *indicator, enum level before)
{
	const struct confirm_rules *rules = step->rules;
	double percent = flap_history_percent(&indicator->flaps);
	int64_t quiet = step->now - indicator->flaps.changed;

	if (rules->suppressed)
		return;
	if (!indicator->flapping && rules->high > 0 && percent >= (double)rules->high) {
		indicator->flapping = true;
		transition(step, indicator,
			(struct transition){.type = TRANSITION_FLAPPING,
				.before = before,
				.seen = step->now,
				.fetches = flap_history_changes(&indicator->flaps)});
	} else if (indicator->flapping &&
		   (rules->high == 0 || (percent < (double)rules->low &&
						(quiet >= FLAP_SETTLED_SECONDS || quiet < 0)))) {
		indicator->flapping = false;
		transition(step, indicator,
			(struct transition){.type = TRANSITION_SETTLED,
				.before = before,
				.seen = step->now,
				.since = indicator->flaps.changed,
				.fetches = 1});
	}
}

/* Flapping begins before the change that causes it is reported, and ends before the state that
 * remains is. */
static void judge(const struct step *step, struct indicator_state *indicator, enum colour colour,
	enum level before)
{
	struct flap_history *flaps = &indicator->flaps;
	size_t known = strlen(flaps->states);
	bool was_red = known > 0 && flaps->states[known - 1] == '1';
	/* Red that is not confirmed yet is no change: a page that wants three fetches does not
	 * flap by single ones. */
	bool blip = colour == COLOUR_RED && !indicator->alarm &&
		    indicator->count + 1 < step->rules->worse;
	/* Between red and green the last of the two continues: only these two are reported. */
	bool red = colour == COLOUR_RED ? !blip : colour != COLOUR_GREEN && was_red;

	if (ours(step)) {
		flap_history_correct(flaps, red, step->now);
	} else {
		flap_history_take(flaps, red,
			indicator->flapping ? (int64_t)FLAP_SLOT_FLAPPING_SECONDS
					    : FLAP_SLOT_CALM_SECONDS,
			step->now);
		begin_or_settle(step, indicator, before);
	}
	count_rise(step, indicator);
	count_fetch(step, indicator, colour, before);
}

/* Takes what the page says about one indicator; returns the level it had before. */
static enum level take_level(const struct step *step, struct indicator_state *indicator,
	enum level level, const char *word)
{
	enum level unlisted = step->others != NULL ? step->others->level : LEVEL_UNKNOWN;
	enum level before = indicator->since != 0 ? indicator->level : unlisted;

	if (indicator->since == 0 || indicator->level != level || indicator->gone)
		indicator->since = step->now;
	if (indicator->gone)
		indicator->count = 0;
	indicator->level = level;
	indicator->gone = false;
	indicator->red = level_colour(level, step->rules->red) == COLOUR_RED;
	memory_set(&indicator->word, word != NULL ? word : "");
	return before;
}

static void take_indicator(const struct step *step, struct indicator_state *indicator,
	enum level level, const char *word)
{
	enum level before = take_level(step, indicator, level, word);

	judge(step, indicator, level_colour(level, step->rules->red), before);
}

static void take_absent(const struct step *step, struct indicator_state *indicator)
{
	if (step->others != NULL) {
		take_indicator(step, indicator, step->others->level, step->others->word);
		return;
	}
	if (!indicator->gone) {
		indicator->since = step->now;
		indicator->count = 1;
	}
	indicator->gone = true;
	indicator->red = false;
	indicator->rising = 0;
	if (indicator->count == 0 || step->rules->suppressed)
		return;
	transition(step, indicator,
		(struct transition){.type = TRANSITION_GONE,
			.before = indicator->before,
			.seen = indicator->since,
			.fetches = 1});
	indicator->count = 0;
}

#define NOT_FOUND SIZE_MAX

static bool concerns(const struct step *step, const struct indicator *row)
{
	return row != step->others &&
	       patterns_choose(step->rules->patterns, row->id, row->group, row->name);
}

/* An indicator whose id the provider has changed is found by group and name. */
static size_t find_by_name(const struct step *step, const struct index *by_name,
	const struct indicator *row, const bool *taken)
{
	size_t count, first = index_range(by_name, row, &count);

	for (size_t i = first; i < first + count; i++) {
		const struct indicator_state *indicator = by_name->rows[i];
		size_t place = (size_t)(indicator - step->indicators->list);

		if (!taken[place] && indicator->id[0] != '\0')
			return place;
	}
	return NOT_FOUND;
}

/*
 * For each row the place of its indicator: by its id, else by its name; NOT_FOUND where it is new
 * or of no concern. taken says which indicators have a row.
 */
static void match_rows(
	const struct step *step, const struct reading *reading, size_t *places, bool *taken)
{
	const struct indicator_states *known = step->indicators;
	struct index by_id = index_by_id(known->list, known->count, sizeof *known->list);
	struct index by_name = index_by_name(known->list, known->count, sizeof *known->list);

	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *row = &reading->indicators[i];
		const struct indicator_state *indicator =
			concerns(step, row) ? index_find(&by_id, row->id) : NULL;

		places[i] = indicator != NULL ? (size_t)(indicator - known->list) : NOT_FOUND;
		if (places[i] != NOT_FOUND && taken[places[i]])
			places[i] = NOT_FOUND;
		if (places[i] != NOT_FOUND)
			taken[places[i]] = true;
	}
	for (size_t i = 0; i < reading->indicator_count; i++) {
		if (places[i] != NOT_FOUND || !concerns(step, &reading->indicators[i]))
			continue;
		places[i] = find_by_name(step, &by_name, &reading->indicators[i], taken);
		if (places[i] != NOT_FOUND)
			taken[places[i]] = true;
	}
	index_release(&by_id);
	index_release(&by_name);
}

static void take_indicators(const struct step *step, const struct reading *reading)
{
	struct indicator_states *indicators = step->indicators;
	size_t known = indicators->count;
	size_t *places = memory_zero(reading->indicator_count, sizeof *places);
	bool *taken = memory_zero(known, sizeof *taken);

	/* The keys of an index must not change while it is used, so ids are set after matching. */
	match_rows(step, reading, places, taken);
	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *row = &reading->indicators[i];
		struct indicator_state *indicator;

		if (!concerns(step, row))
			continue;
		indicator = places[i] != NOT_FOUND ? &indicators->list[places[i]]
						   : indicator_states_add(indicators, row->id,
							     row->group, row->name);
		if (strcmp(indicator->id, row->id) != 0) {
			if (indicator->former == NULL)
				indicator->former = memory_string(indicator->id);
			memory_set(&indicator->id, row->id);
		}
		memory_set(&indicator->group, row->group);
		memory_set(&indicator->name, row->name);
		take_indicator(step, indicator, row->level, row->word);
	}
	for (size_t i = 0; i < known; i++)
		if (!taken[i] && indicators->list[i].id[0] != '\0')
			take_absent(step, &indicators->list[i]);
	free(places);
	free(taken);
}

/*
 * A change of `indicators:` is no change of the page: what is no longer watched goes without a
 * transition. A page that gives new ids all the time must not make the list grow without limit.
 */
static void forget_indicators(const struct step *step)
{
	const struct text_list *patterns = step->rules->patterns;
	struct indicator_states *indicators = step->indicators;
	bool many = indicators->count > INDICATOR_STATES_MAX;
	size_t kept = 0;

	for (size_t i = 0; i < indicators->count; i++) {
		struct indicator_state *indicator = &indicators->list[i];
		bool idle = !indicator->alarm && indicator->count == 0 && !indicator->flapping &&
			    (indicator->gone || (step->others != NULL &&
							indicator->level == step->others->level));

		if (indicator->id[0] == '\0' ? patterns->count == 0
					     : patterns_choose(patterns, indicator->id,
						       indicator->group, indicator->name) &&
						       !(idle && many))
			indicators->list[kept++] = *indicator;
		else
			indicator_state_release(indicator);
	}
	indicators->count = kept;
}

static void take_overall(const struct step *step, const struct reading *reading)
{
	struct indicator_states *indicators = step->indicators;
	struct indicator_state *overall = indicator_states_find(indicators, INDICATOR_OVERALL);
	enum colour colour = level_colour(reading->level, step->rules->red);
	bool explained = false;
	enum level before;

	if (step->rules->patterns->count > 0)
		return;
	if (overall == NULL)
		overall = indicator_states_add(indicators, INDICATOR_OVERALL, "", reading->title);
	before = take_level(step, overall, reading->level, reading->word);
	memory_set(&overall->name, reading->title);
	for (size_t i = 0; i < indicators->count; i++)
		explained =
			explained || (&indicators->list[i] != overall && indicators->list[i].red);
	if (colour == COLOUR_RED && !overall->alarm && explained)
		overall->count = 0; /* reported as the indicator's, not twice */
	else
		judge(step, overall, colour, before);
}

void confirm(struct indicator_states *indicators, const struct reading *reading,
	const struct confirm_rules *rules, bool first, bool silent, int64_t now,
	struct transitions *transitions)
{
	const struct indicator *others = reading_indicator(reading, READING_OTHERS);
	struct step step = {indicators, rules, first, silent, now, transitions, others};

	forget_indicators(&step);
	take_indicators(&step, reading);
	take_overall(&step, reading);
}
