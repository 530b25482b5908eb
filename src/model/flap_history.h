/* SPDX-License-Identifier: ISC
 *
 * The last 20 states of an indicator, and how much it changes: for flapping.
 * Pure.
 *
 * A slot is a change between red and not red, or a stretch of time without one:
 * FLAP_SLOT_CALM_SECONDS, or FLAP_SLOT_FLAPPING_SECONDS while it flaps, so that fetches in quick
 * succession do not push out what happened an hour ago, and three outages in a year are not three
 * in a row: time between two fetches has as many slots as it lasts, the last of which is the second
 * fetch's own. Each of the 19 pairs of neighbours that differ counts, the newest with 1.2, the
 * oldest with 0.8, evenly in between; the percentage is their sum of 19. So one outage is at most
 * 13 %, two are at most 25 %; 30 % are five changes in a row, which is a third outage, or six over
 * the whole history.
 */
#ifndef LAMPWATCH_FLAP_HISTORY_H
#define LAMPWATCH_FLAP_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FLAP_HISTORY_SLOTS = 20,
	FLAP_SLOT_CALM_SECONDS = 15 * 60,
	FLAP_SLOT_FLAPPING_SECONDS = 5 * 60,
	FLAP_SETTLED_SECONDS =
		60 * 60, /* without a change, at least, before it is called settled */
};

struct flap_history {
	char states[FLAP_HISTORY_SLOTS + 1]; /* '1' red, '0' not, the newest last; "": none yet */
	int64_t time;                        /* of the newest slot, seconds since 1970 */
	int64_t changed;                     /* when the newest state began */
};

/* Takes one fetch at now. slot: seconds that a slot without a change lasts at least. */
void flap_history_take(struct flap_history *flaps, bool red, int64_t slot, int64_t now);

/* The difference is of our own making: the newest state was this one all along. */
void flap_history_correct(struct flap_history *flaps, bool red, int64_t now);

/* How much it changes, in percent: 0 to 100. */
double flap_history_percent(const struct flap_history *flaps);

/* How often it changed. */
int64_t flap_history_changes(const struct flap_history *flaps);

/* Parses stored states; other characters are ignored. */
void flap_history_parse(struct flap_history *flaps, const char *states);

#endif
