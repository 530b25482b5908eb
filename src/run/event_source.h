/* SPDX-License-Identifier: ISC
 *
 * From what watching found to what telling needs: turns of lamps and changes
 * of incidents become events, with what the page says about them. Pure.
 */
#ifndef LAMPWATCH_EVENT_SOURCE_H
#define LAMPWATCH_EVENT_SOURCE_H

#include <stdint.h>

#include "model/event.h"
#include "model/reading.h"
#include "watch/confirm.h"
#include "watch/diff.h"

struct value;

enum {
	NEWS_INCIDENTS_MAX = 5,  /* told of with one event */
	NEWS_UPDATES_MAX = 3,    /* the newest of each of them */
	NEWS_AFFECTS_MAX = 100,  /* incidents that are looked at for one indicator */
	NEWS_DETAILED_MAX = 200, /* events that come with incidents */
};

struct news_input {
	const struct reading *reading; /* the new one */
	const struct lamps *lamps;
	const struct text_list *patterns;
	enum level red;
	int64_t worse, better;
	int64_t now;
	const char *zone;             /* for people; NULL: UTC */
	const struct reading *before; /* of an incident that has left the list; NULL: none */
};

/* One event for each turn. Its alarm is still to be filled in. */
void news_of_turns(
	const struct news_input *input, const struct turns *turns, struct events *events);

/* One event for each watched incident that is new, changed, closed, or was written about. */
void news_of_incidents(
	const struct news_input *input, const struct changes *changes, struct events *events);

/* {label, words} of every lamp that is red and in none of the events; owned by the caller. */
struct value *news_others_red(const struct lamps *lamps, const struct events *events);

#endif
