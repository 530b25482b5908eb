/* SPDX-License-Identifier: ISC */
#include "watch/impacts.h"

#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/memory.h"
#include "model/indicator_state.h"
#include "watch/confirm.h"

/* The arguments of one call of impacts_confirm(). */
struct step {
	const struct indicator_states *indicators;
	const struct confirm_rules *rules;
	bool first, silent;
	int64_t now;
	struct impact_turns *turns;
	struct index ids;  /* of indicators */
	struct index open; /* struct touch, by indicator */
};

/* An open incident of red impact, and one indicator that it is about. Borrowed. */
struct touch {
	const char *indicator; /* first, for the index */
	const struct incident *incident;
};

struct touches {
	struct touch *list;
	size_t count;
};

/* ---- which incident is about which indicator ---- */

static void touch(struct touches *touches, const char *indicator, const struct incident *incident)
{
	*(struct touch *)memory_append(&touches->list, &touches->count, sizeof *touches->list) =
		(struct touch){indicator, incident};
}

/* A name as a key. Borrowed. */
struct indicator_name {
	const char *name; /* first, for the index */
	const struct indicator_state *indicator;
};

static struct indicator_name *by_name(const struct indicator_states *indicators)
{
	struct indicator_name *names = memory_zero(indicators->count, sizeof *names);

	for (size_t i = 0; i < indicators->count; i++)
		names[i] = (struct indicator_name){indicators->list[i].id[0] != '\0'
							   ? indicators->list[i].name
							   : INDICATOR_OVERALL,
			&indicators->list[i]};
	return names;
}

/* What is named stands there by its id, or as the page calls it. */
static void touch_all(const struct step *step, const struct reading *reading, enum level red,
	struct touches *touches)
{
	const struct indicator_states *indicators = step->indicators;
	struct index affects =
		index_by_id(reading->affects, reading->affects_count, sizeof *reading->affects);
	struct indicator_name *named = by_name(indicators);
	struct index names = index_by_id(named, indicators->count, sizeof *named);

	for (size_t i = 0; i < reading->incident_count; i++) {
		const struct incident *incident = &reading->incidents[i];
		const char *const like[] = {incident->id};
		size_t count, first = index_range(&affects, like, &count), before = touches->count;

		if (level_colour(incident->level, red) != COLOUR_RED)
			continue;
		for (size_t j = first; j < first + count; j++) {
			const char *indicator =
				((const struct affects *)affects.rows[j])->indicator;
			const struct indicator_state *state = index_find(&step->ids, indicator);
			const struct indicator_name *called = index_find(&names, indicator);

			if (state == NULL && called != NULL)
				state = called->indicator;
			if (state != NULL && state->id[0] != '\0')
				touch(touches, state->id, incident);
		}
		if (touches->count == before)
			touch(touches, INDICATOR_OVERALL, incident);
	}
	index_release(&affects);
	index_release(&names);
	free(named);
}

/* ---- the lamp ---- */

/* As it stands for an impact: an indicator's own, or the page's. */
struct lamp {
	enum level level;
	enum colour colour;
	bool alarm, flapping;
};

static struct lamp lamp_of(const struct step *step, const char *id)
{
	const struct indicator_states *indicators = step->indicators;
	const struct indicator_state *own = index_find(&step->ids, id);
	struct lamp lamp = {.level = LEVEL_OPERATIONAL};

	if (own != NULL)
		lamp = (struct lamp){own->level, COLOUR_GREY, own->alarm, own->flapping};
	for (size_t i = 0; id[0] == '\0' && i < indicators->count; i++) {
		const struct indicator_state *indicator = &indicators->list[i];

		lamp.alarm = lamp.alarm || indicator->alarm;
		if (own == NULL && !indicator->gone && indicator->level > lamp.level)
			lamp.level = indicator->level;
	}
	if (own == NULL || !own->gone)
		lamp.colour = level_colour(lamp.level, step->rules->red);
	return lamp;
}

/* ---- one indicator ---- */

static bool ours(const struct step *step)
{
	return step->first || step->silent;
}

static void turn(const struct step *step, struct impact *impact, const struct lamp *lamp)
{
	*(struct impact_turn *)memory_append(
		&step->turns->list, &step->turns->count, sizeof *step->turns->list) =
		(struct impact_turn){.indicator = memory_string(impact->indicator),
			.over = impact->alarm,
			.level = impact->level,
			.title = memory_string(impact->title),
			.lamp = lamp->level,
			.seen = impact->count_since,
			.since = impact->alarm ? impact->alarm_since : 0,
			.fetches = impact->count};
	if (!impact->alarm)
		impact->alarm_since = impact->count_since;
	impact->alarm = !impact->alarm;
}

/* What is open now: its worst level, and how many of them are news. With learn none is any more;
 * what was closed is forgotten. */
static size_t take_open(
	const struct step *step, struct impact *impact, bool learn, size_t *open_count)
{
	const char *const like[] = {impact->indicator};
	size_t first = index_range(&step->open, like, open_count), news = 0;
	struct text_list known = {0};
	enum level worst = LEVEL_OPERATIONAL;

	for (size_t i = first; i < first + *open_count; i++) {
		const struct incident *incident =
			((const struct touch *)step->open.rows[i])->incident;
		bool old = learn || text_list_search(&impact->known, incident->id);

		news += !old;
		if (old)
			text_list_add(&known, incident->id);
		if (incident->level > worst) {
			worst = incident->level;
			memory_set(&impact->title, incident->title);
		}
	}
	if (*open_count > 0) /* else the level and title are what was open last */
		impact->level = worst;
	text_list_sort(&known);
	text_list_release(&impact->known);
	impact->known = known;
	return news;
}

static void judge(const struct step *step, struct impact *impact)
{
	struct lamp lamp = lamp_of(step, impact->indicator);
	bool shown = lamp.alarm || lamp.colour == COLOUR_YELLOW || lamp.colour == COLOUR_BLUE;
	size_t open, news = take_open(step, impact, impact->alarm || shown || ours(step), &open);
	int64_t needed = impact->alarm ? step->rules->better : step->rules->worse;

	if (impact->alarm ? open > 0 || ours(step) : news == 0 || lamp.colour != COLOUR_GREEN) {
		impact->count = 0;
		return;
	}
	if (impact->count++ == 0)
		impact->count_since = step->now;
	if (impact->count < needed || lamp.flapping || step->rules->suppressed)
		return;
	turn(step, impact, &lamp);
	take_open(step, impact, true, &open);
	impact->count = 0;
}

/* ---- all of them ---- */

static bool is_watched(const struct step *step, const char *id)
{
	return id[0] == '\0' || index_find(&step->ids, id) != NULL;
}

/* What is no longer watched goes without a turn; so does what there is nothing to remember of. */
static void forget(const struct step *step, struct impacts *impacts)
{
	size_t kept = 0;

	for (size_t i = 0; i < impacts->count; i++) {
		struct impact *impact = &impacts->list[i];

		if (is_watched(step, impact->indicator) &&
			(impact->alarm || impact->count > 0 || impact->known.count > 0))
			impacts->list[kept++] = *impact;
		else
			impact_release(impact);
	}
	impacts->count = kept;
}

/* A former id and the one that the provider has changed it to. Borrowed. */
struct renamed {
	const char *former; /* first, for the index */
	const char *id;
};

static void follow_ids(const struct step *step, struct impacts *impacts)
{
	const struct indicator_states *indicators = step->indicators;
	struct renamed *renamed = NULL;
	struct index by_former;
	size_t count = 0;

	for (size_t i = 0; i < indicators->count; i++)
		if (indicators->list[i].former != NULL)
			*(struct renamed *)memory_append(&renamed, &count, sizeof *renamed) =
				(struct renamed){
					indicators->list[i].former, indicators->list[i].id};
	by_former = index_by_id(renamed, count, sizeof *renamed);
	for (size_t i = 0; i < impacts->count && count > 0; i++) {
		const struct renamed *row = index_find(&by_former, impacts->list[i].indicator);

		if (row != NULL)
			memory_set(&impacts->list[i].indicator, row->id);
	}
	index_release(&by_former);
	free(renamed);
}

/* What is touched for the first time has an impact of its own from here on. */
static void add_touched(const struct step *step, struct impacts *impacts)
{
	struct index known = index_by_id(impacts->list, impacts->count, sizeof *impacts->list);
	struct text_list fresh = {0};
	const char *last = NULL;

	for (size_t i = 0; i < step->open.count; i++) {
		const char *indicator = ((const struct touch *)step->open.rows[i])->indicator;

		if ((last == NULL || strcmp(last, indicator) != 0) &&
			index_find(&known, indicator) == NULL)
			text_list_add(&fresh, indicator);
		last = indicator;
	}
	index_release(&known); /* its rows move now */
	for (size_t i = 0; i < fresh.count; i++)
		impacts_add(impacts, fresh.list[i]);
	text_list_release(&fresh);
}

void impacts_confirm(struct impacts *impacts, const struct indicator_states *indicators,
	const struct reading *reading, const struct confirm_rules *rules, bool first, bool silent,
	int64_t now, struct impact_turns *turns)
{
	struct step step = {indicators, rules, first, silent, now, turns,
		index_by_id(indicators->list, indicators->count, sizeof *indicators->list), {0}};
	struct touches touches = {0};

	touch_all(&step, reading, rules->red, &touches);
	step.open = index_by_id(touches.list, touches.count, sizeof *touches.list);
	follow_ids(&step, impacts);
	add_touched(&step, impacts);
	for (size_t i = 0; i < impacts->count; i++)
		judge(&step, &impacts->list[i]);
	forget(&step, impacts);
	index_release(&step.open);
	index_release(&step.ids);
	free(touches.list);
}

void impact_turns_release(struct impact_turns *turns)
{
	for (size_t i = 0; i < turns->count; i++) {
		free(turns->list[i].indicator);
		free(turns->list[i].title);
	}
	free(turns->list);
	*turns = (struct impact_turns){0};
}
