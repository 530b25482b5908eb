/* SPDX-License-Identifier: ISC
 *
 * What differs between two readings of a page, and which part of a reading is
 * watched. Pure.
 */
#ifndef LAMPWATCH_DIFF_H
#define LAMPWATCH_DIFF_H

#include <stddef.h>

#include "model/change.h"
#include "model/reading.h"

struct text_list;

/*
 * Adds to changes what differs. Indicators are matched by id, then by group and
 * name (a provider that gives new ids has not changed its indicators). An indicator that
 * is no longer listed is gone, unless one of the readings has the row for
 * everything that is not listed: then it has that row's level. An incident leaves a
 * reading when it is closed; a reading never holds one that was closed before.
 */
void diff(const struct reading *before, const struct reading *after, struct changes *changes);

/* How many indicators of before diff() would call gone; *one is the first of them. */
size_t diff_gone(
	const struct reading *before, const struct reading *after, const struct indicator **one);

/* An indicator of both readings that has another name, group or id in the second. Borrowed. */
struct rename {
	const struct indicator *was, *is;
};

/* All of them, to be freed by the caller; returns how many. */
size_t diff_renamed(
	const struct reading *before, const struct reading *after, struct rename **renames);

/*
 * The watched part of a reading, into out (zeroed by the caller): the overall level,
 * the chosen indicators, the incidents and maintenances that touch one of them, and the incidents
 * that name no indicator and so are the page's, with all that belongs to them. Without patterns it
 * is the whole reading.
 */
void reading_watched(
	const struct reading *reading, const struct text_list *patterns, struct reading *out);

#endif
