/* SPDX-License-Identifier: ISC
 *
 * What turns red because something that it depends on did (`depends_on:`, model/cause.h): a red and
 * an early like any other, in the thread of its cause for those who were told of that one. An alarm
 * of kind "follows" is open from there until the end of both, or until the cause explains no longer
 * and those who read of it are told so.
 */
#ifndef LAMPWATCH_CAUSES_H
#define LAMPWATCH_CAUSES_H

#include <stdint.h>

struct config;
struct known_states;
struct observer;
struct owed_list;
struct work;

/* Within an observation's transaction, after its alarms are numbered: what its events follow from,
 * and who was told of that. */
void causes_note(struct work *work, struct owed_list *owed);

/* "google/Gmail": what the page's indicator of that id follows from now, which may be another than
 * it was told to follow from; NULL: nothing. Owned by the caller. */
char *cause_followed(struct known_states *known, const struct config *config, const char *page,
	const char *indicator);

/* All pages: whose cause is over for as long as `join:` says, and which is red still, is told to be
 * explained no longer, all of a page in one message; what ended, or is watched no more on either
 * side, ends untold. */
void causes_settle(struct observer *observer, int64_t now);

#endif
