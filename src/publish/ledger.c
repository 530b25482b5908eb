/* SPDX-License-Identifier: ISC */
#include "publish/ledger.h"

#include <stdlib.h>

#include "base/memory.h"
#include "model/agreement.h"

/* ---- phases ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void phases_add(struct stretches *phases, int64_t begin, int64_t end, enum level level)
{
	if (phases->count > 0 && begin < end)
		stretches_add(phases, phases->list[phases->count - 1].end, begin, LEVEL_UNKNOWN);
	stretches_add(phases, begin, end, level);
}

void phases_of_episodes(const struct stretches *stretches, enum level red,
	const struct episode *episodes, size_t count, struct stretches *phases)
{
	size_t next = 0; /* the first episode that is not over */

	for (size_t i = 0; i < stretches->count; i++) {
		const struct stretch *stretch = &stretches->list[i];
		enum colour colour = level_colour(stretch->level, red);
		enum level outside = colour == COLOUR_RED || colour == COLOUR_GREY
					     ? LEVEL_UNKNOWN
					     : LEVEL_OPERATIONAL;
		enum level inside = colour == COLOUR_GREY ? LEVEL_UNKNOWN : LEVEL_MAJOR_OUTAGE;

		for (int64_t at = stretch->begin, end; at < stretch->end; at = end) {
			while (next < count && episodes[next].closed <= at)
				next++;
			if (next < count && episodes[next].opened <= at) {
				end = earlier(stretch->end, episodes[next].closed);
				phases_add(phases, at, end, inside);
			} else {
				end = next < count ? earlier(stretch->end, episodes[next].opened)
						   : stretch->end;
				phases_add(phases, at, end, outside);
			}
		}
	}
}

/* How it is at a time, to be asked for one time after the other; *edge becomes the next one at
 * which that may change, if it is earlier. */
static enum level level_at(const struct stretches *phases, size_t *next, int64_t at, int64_t *edge)
{
	const struct stretch *phase;

	while (*next < phases->count && phases->list[*next].end <= at)
		(*next)++;
	if (*next == phases->count)
		return LEVEL_UNKNOWN;
	phase = &phases->list[*next];
	*edge = earlier(*edge, phase->begin > at ? phase->begin : phase->end);
	return phase->begin > at ? LEVEL_UNKNOWN : phase->level;
}

void phases_of_checks(const struct stretches *checks, const bool *silent, size_t count, size_t need,
	struct stretches *phases)
{
	size_t *next = memory_zero(count, sizeof *next);
	int64_t begin = INT64_MAX, end = INT64_MIN;

	for (size_t i = 0; i < count; i++) {
		if (checks[i].count == 0)
			continue;
		begin = earlier(begin, checks[i].list[0].begin);
		end = later(end, checks[i].list[checks[i].count - 1].end);
	}
	for (int64_t at = begin, edge; at < end; at = edge) {
		size_t bad = 0, unknown = 0, left_out = 0;

		edge = end;
		for (size_t i = 0; i < count; i++) {
			enum level level = level_at(&checks[i], &next[i], at, &edge);

			bad += level == LEVEL_MAJOR_OUTAGE;
			if (level == LEVEL_UNKNOWN)
				*(silent[i] ? &left_out : &unknown) += 1;
		}
		phases_add(phases, at, edge,
			bad >= need                                ? LEVEL_MAJOR_OUTAGE
			: left_out < count && bad + unknown < need ? LEVEL_OPERATIONAL
								   : LEVEL_UNKNOWN);
	}
	free(next);
}

/* ---- one beside the other ---- */

void comparisons_take(const struct stretches *lamp, const struct stretches *fact, int64_t begin,
	int64_t end, struct comparisons *comparisons)
{
	size_t next_lamp = 0, next_fact = 0;

	for (int64_t at = begin, edge; at < end; at = edge) {
		struct comparison one = {.begin = at};

		edge = end;
		one.lamp = level_at(lamp, &next_lamp, at, &edge);
		one.fact = level_at(fact, &next_fact, at, &edge);
		one.end = edge;
		*(struct comparison *)memory_append(
			&comparisons->list, &comparisons->count, sizeof one) = one;
	}
}

void comparisons_release(struct comparisons *comparisons)
{
	free(comparisons->list);
	*comparisons = (struct comparisons){0};
}

bool comparison_early(const struct comparison *comparison)
{
	return comparison->fact == LEVEL_MAJOR_OUTAGE && comparison->lamp == LEVEL_OPERATIONAL;
}

bool comparison_late(const struct comparison *comparison, bool heard)
{
	const struct fact fact = {
		.state = comparison->fact == LEVEL_OPERATIONAL ? FACT_GOOD : FACT_UNKNOWN,
		.heard = heard};

	return fact_is_late(&fact, comparison->lamp == LEVEL_MAJOR_OUTAGE);
}

/* ---- incidents ---- */

struct sides {
	struct ledger_side *list;
	size_t count;
};

static void find_sides(const struct stretches *phases, struct sides *sides)
{
	struct ledger_side *open = NULL;

	for (size_t i = 0; i < phases->count; i++) {
		const struct stretch *phase = &phases->list[i];
		enum level before = i > 0 ? phase[-1].level : LEVEL_UNKNOWN;

		if (phase->level == LEVEL_MAJOR_OUTAGE) {
			if (open == NULL) {
				open = memory_append(&sides->list, &sides->count, sizeof *open);
				*open = (struct ledger_side){.there = true,
					.begin = phase->begin,
					.begun = before == LEVEL_OPERATIONAL};
			}
			open->end = phase->end;
			open->open = i + 1 == phases->count;
		} else if (phase->level == LEVEL_OPERATIONAL && open != NULL) {
			open->ended = before == LEVEL_MAJOR_OUTAGE;
			open = NULL;
		}
	}
}

static bool belongs(const struct ledger_side *lamp, const struct ledger_side *fact)
{
	return lamp->end > fact->begin &&
	       (fact->open || lamp->begin <= fact->end + LEDGER_AFTER_SECONDS);
}

/* Several of one side in order become one that reaches from the first to the last. */
static void add_side(struct ledger_side *whole, const struct ledger_side *part)
{
	struct ledger_side first = whole->there ? *whole : *part;

	*whole = *part;
	whole->begin = first.begin;
	whole->begun = first.begun;
}

static struct ledger_incident *add_incident(struct ledger_incidents *incidents)
{
	struct ledger_incident *incident =
		memory_append(&incidents->list, &incidents->count, sizeof *incident);

	*incident = (struct ledger_incident){0};
	return incident;
}

/* Both in order, each interval once. */
static void pair(
	const struct sides *lamps, const struct sides *facts, struct ledger_incidents *incidents)
{
	size_t next = 0; /* the first fact that is in no incident */

	for (size_t i = 0; i < lamps->count; i++) {
		const struct ledger_side *lamp = &lamps->list[i];
		struct ledger_incident *incident;

		while (next < facts->count && !belongs(lamp, &facts->list[next]) &&
			facts->list[next].begin < lamp->begin)
			add_side(&add_incident(incidents)->fact, &facts->list[next++]);
		incident = next > 0 && belongs(lamp, &facts->list[next - 1])
				   ? &incidents->list[incidents->count - 1]
				   : add_incident(incidents);
		add_side(&incident->lamp, lamp);
		while (next < facts->count && belongs(lamp, &facts->list[next]))
			add_side(&incident->fact, &facts->list[next++]);
	}
	while (next < facts->count)
		add_side(&add_incident(incidents)->fact, &facts->list[next++]);
}

/* Whether all of that time was seen. */
static bool was_seen(const struct stretches *phases, int64_t begin, int64_t end)
{
	int64_t seen = begin;

	for (size_t i = 0; i < phases->count && seen < end; i++) {
		const struct stretch *phase = &phases->list[i];

		if (phase->end <= seen)
			continue;
		if (phase->begin > seen || phase->level == LEVEL_UNKNOWN)
			return false;
		seen = phase->end;
	}
	return seen >= end;
}

static struct lag between(const struct ledger_side *lamp, const struct ledger_side *fact, bool end)
{
	bool known = end ? lamp->ended && fact->ended : lamp->begun && fact->begun;

	return (struct lag){known ? LAG_KNOWN : LAG_UNKNOWN, !known ? 0
							     : end  ? lamp->end - fact->end
								    : lamp->begin - fact->begin};
}

static struct lag lag_of_begin(
	const struct ledger_incident *incident, const struct stretches *lamp, int64_t now)
{
	const struct ledger_side *fact = &incident->fact;
	int64_t in_time = fact->end + LEDGER_AFTER_SECONDS;

	if (incident->lamp.there)
		return between(&incident->lamp, fact, false);
	if (!was_seen(lamp, fact->begin, earlier(in_time, now)))
		return (struct lag){LAG_UNKNOWN, 0};
	return (struct lag){fact->open || in_time > now ? LAG_NOT_YET : LAG_NEVER, 0};
}

static struct lag lag_of_end(const struct ledger_incident *incident)
{
	const struct ledger_side *lamp = &incident->lamp, *fact = &incident->fact;

	if (!lamp->there)
		return (struct lag){LAG_NONE, 0};
	if (fact->open)
		return (struct lag){LAG_OPEN, 0};
	return lamp->open && fact->ended ? (struct lag){LAG_NOT_YET, 0} : between(lamp, fact, true);
}

/* The lamp alone: that nothing failed here is known only where somebody looked. */
static struct lag lag_without_fact(
	const struct ledger_incident *incident, const struct stretches *fact)
{
	bool seen = was_seen(fact, incident->lamp.begin, incident->lamp.end);

	return (struct lag){seen ? LAG_NONE : LAG_UNKNOWN, 0};
}

void ledger_incidents_take(const struct stretches *lamp, const struct stretches *fact, int64_t now,
	struct ledger_incidents *incidents)
{
	struct sides lamps = {0}, facts = {0};
	size_t first = incidents->count;

	find_sides(lamp, &lamps);
	find_sides(fact, &facts);
	pair(&lamps, &facts, incidents);
	for (size_t i = first; i < incidents->count; i++) {
		struct ledger_incident *incident = &incidents->list[i];

		if (incident->fact.there) {
			incident->began = lag_of_begin(incident, lamp, now);
			incident->ended = lag_of_end(incident);
		} else {
			incident->began = incident->ended = lag_without_fact(incident, fact);
		}
	}
	free(lamps.list);
	free(facts.list);
}

void ledger_incidents_release(struct ledger_incidents *incidents)
{
	free(incidents->list);
	*incidents = (struct ledger_incidents){0};
}

int64_t ledger_incident_begin(const struct ledger_incident *incident)
{
	return !incident->fact.there   ? incident->lamp.begin
	       : !incident->lamp.there ? incident->fact.begin
				       : earlier(incident->lamp.begin, incident->fact.begin);
}

int64_t ledger_incident_end(const struct ledger_incident *incident)
{
	return later(incident->lamp.end, incident->fact.end);
}

/* ---- figures ---- */

static void add_lag(struct lag_figures *figures, const struct lag *lag)
{
	if (lag->state == LAG_KNOWN)
		*(int64_t *)memory_append(&figures->list, &figures->count, sizeof *figures->list) =
			lag->seconds;
	figures->never += lag->state == LAG_NEVER;
	figures->not_yet += lag->state == LAG_NOT_YET;
	figures->unknown += lag->state == LAG_UNKNOWN;
}

void ledger_figures_add(struct ledger_figures *figures, const struct ledger_incidents *incidents)
{
	for (size_t i = 0; i < incidents->count; i++) {
		const struct ledger_incident *incident = &incidents->list[i];

		figures->count += incident->fact.there;
		figures->alone += !incident->fact.there;
		add_lag(&figures->began, &incident->began);
		add_lag(&figures->ended, &incident->ended);
	}
}

void ledger_figures_release(struct ledger_figures *figures)
{
	free(figures->began.list);
	free(figures->ended.list);
	*figures = (struct ledger_figures){0};
}

static int by_length(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

bool lag_median(const struct lag_figures *figures, int64_t *seconds)
{
	size_t middle = figures->count / 2;

	if (figures->count == 0)
		return false;
	qsort(figures->list, figures->count, sizeof *figures->list, by_length);
	*seconds = figures->count % 2 == 1
			   ? figures->list[middle]
			   : (figures->list[middle - 1] + figures->list[middle]) / 2;
	return true;
}

bool lag_worst(const struct lag_figures *figures, int64_t *seconds)
{
	for (size_t i = 0; i < figures->count; i++)
		*seconds = i == 0 ? figures->list[i] : later(*seconds, figures->list[i]);
	return figures->count > 0;
}
