/* SPDX-License-Identifier: ISC
 *
 * Open incidents of red impact beside a lamp that is still green: what providers write before their
 * lamps follow. Confirmed as red is, in successful fetches. Pure.
 */
#ifndef LAMPWATCH_IMPACTS_H
#define LAMPWATCH_IMPACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/impact.h"
#include "model/reading.h"

struct confirm_rules;
struct indicator_states;

/* An incident begins, or is over. */
struct impact_turn {
	char *indicator; /* the impact's; owned */
	bool over;
	enum level level;    /* the worst of its incidents */
	char *title;         /* of that one; owned */
	enum level lamp;     /* as it stands */
	int64_t seen, since; /* when the first fetch that confirms it was; of over: since when it
			      * was open */
	int64_t fetches;     /* that confirm it */
};

struct impact_turns {
	struct impact_turn *list;
	size_t count;
};

void impact_turns_release(struct impact_turns *turns);

/*
 * Takes the watched part of a reading, after confirm() has taken the same into indicators.
 *
 * An incident is about the indicators that it names, and about the page where it names none of
 * those listed. The page's lamp is its overall level; where patterns choose indicators, the worst
 * of these.
 *
 * An incident is no news any more once it was told, or its lamp has been red, yellow or blue while
 * it was open: a lamp that turns green before the incident is closed begins nothing. With first or
 * silent, as confirm() has them, all that is open is no news.
 */
void impacts_confirm(struct impacts *impacts, const struct indicator_states *indicators,
	const struct reading *reading, const struct confirm_rules *rules, bool first, bool silent,
	int64_t now, struct impact_turns *turns);

#endif
