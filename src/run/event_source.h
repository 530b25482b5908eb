/* SPDX-License-Identifier: ISC
 *
 * From what watching found to what telling needs: transitions of indicators and changes of
 * incidents become events, with what the page says about them. Pure.
 */
#ifndef LAMPWATCH_EVENT_SOURCE_H
#define LAMPWATCH_EVENT_SOURCE_H

#include <stdint.h>

#include "model/event.h"
#include "model/reading.h"
#include "watch/confirm.h"
#include "watch/diff.h"
#include "watch/impacts.h"

struct value;

enum {
	EVENT_INCIDENTS_MAX = 5,  /* told of with one event */
	EVENT_UPDATES_MAX = 3,    /* the newest of each of them */
	EVENT_AFFECTS_MAX = 100,  /* incidents that are looked at for one indicator */
	EVENT_DETAILED_MAX = 200, /* events that come with incidents */
};

struct event_source {
	const struct reading *reading; /* the new one */
	const struct indicator_states *indicators;
	const struct text_list *patterns;
	enum level red;
	int64_t worse, better;
	int64_t now;
	const char *zone;             /* for people; NULL: UTC */
	const struct reading *before; /* of an incident that has left the list; NULL: none */
};

/* One event for each transition. Its alarm is still to be filled in. */
void events_of_transitions(const struct event_source *input, const struct transitions *transitions,
	struct events *events);

/* One event for each turn of the reading's impacts, with the open incidents of red impact. */
void events_of_impacts(
	const struct event_source *input, const struct impact_turns *turns, struct events *events);

/* One event for each watched incident that is new, changed, closed, or was written about. */
void events_of_incidents(
	const struct event_source *input, const struct changes *changes, struct events *events);

/* {label, words} of every indicator that is red and in none of the events; owned by the caller. */
struct value *events_others_red(
	const struct indicator_states *indicators, const struct events *events);

#endif
