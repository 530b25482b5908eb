/* SPDX-License-Identifier: ISC
 *
 * How an indicator stands, and the colour that people see. The order of the
 * enum is the order of "worst".
 */
#ifndef LAMPWATCH_LEVEL_H
#define LAMPWATCH_LEVEL_H

#include <stdbool.h>

enum level {
	LEVEL_OPERATIONAL,
	LEVEL_NOTICE,
	LEVEL_MAINTENANCE,
	LEVEL_UNKNOWN,
	LEVEL_DEGRADED,
	LEVEL_PARTIAL_OUTAGE,
	LEVEL_MAJOR_OUTAGE,
	LEVEL_COUNT,
};

enum colour { COLOUR_GREEN, COLOUR_BLUE, COLOUR_YELLOW, COLOUR_RED, COLOUR_GREY };

enum { COLOURS = COLOUR_GREY + 1 };

/* "operational", "partial_outage" …: the words of the canonical reading; NULL ends them. */
extern const char *const level_names[LEVEL_COUNT + 1];
const char *level_name(enum level level);

/* The reverse of level_name(); false where the word is none of them. */
bool level_parse(const char *word, enum level *level);

/* "partial outage": as people read it, in mails and on a terminal. */
const char *level_label(enum level level);

/*
 * What people see. Levels at or above red_floor (LEVEL_PARTIAL_OUTAGE unless
 * the page says otherwise, LEVEL_DEGRADED or above) are red.
 */
enum colour level_colour(enum level level, enum level red_floor);

const char *colour_name(enum colour colour); /* "green" … */

/* "●" …: what tells colours apart where people cannot, or where there are none; the same in mails,
 * on the site and on a terminal. */
const char *colour_shape(enum colour colour);

/* The reverse of colour_name(); false where the word is none of them. */
bool colour_parse(const char *word, enum colour *colour);

#endif
