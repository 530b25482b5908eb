/* SPDX-License-Identifier: ISC
 *
 * What people read on standard output: lamps in colour on a terminal, plain in
 * a pipe; foreign text made harmless; columns that line up.
 */
#ifndef LAMPWATCH_TERMINAL_H
#define LAMPWATCH_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/level.h"

enum { TERMINAL_LAMP_COLUMNS = 8 };

/* Prints a lamp: shape and word, in colour where there is any; always the same width. */
void terminal_lamp(enum colour colour);

/* Prints text made visible, cut with "…" and padded to columns; columns 0: as it is. */
void terminal_text(const char *text, size_t columns);

/* The same, but in a pipe nothing is cut. */
void terminal_label(const char *text, size_t columns);

/* As terminal_text() without padding, for what ends a line. Returns the columns that it took. */
size_t terminal_cut(const char *text, size_t columns);

/* Prints "2014-01-24 20:20 CET", in the zone. */
void terminal_time(int64_t time, const char *zone);

/* Prints text made visible, behind so many blanks; on a terminal over as many lines as it needs. A
 * word is never divided between lines: one that is longer than a line is cut, unless it is a
 * digest. */
void terminal_wrap(const char *text, size_t indent);

/* The same for the rest of a line of which so many columns are printed already, after a blank if
 * that is more than none. */
void terminal_wrap_rest(const char *text, size_t printed, size_t indent);

/* The same for fields that tabs divide: each is made visible, and in a pipe the tabs stay. */
void terminal_fields(const char *line, size_t indent);

/* A part of a line. */
enum terminal_part_type {
	TERMINAL_WORDS, /* states, times, numbers: never cut */
	TERMINAL_NAME,  /* what has a name, gives way: cut with "…" so that the line fits, if that
			   does it */
	TERMINAL_LINE,  /* words that begin a line of their own if all of it does not fit on one */
};

struct terminal_part {
	const char *text;
	enum terminal_part_type type;
};

/* Prints the parts as a line of which so many columns are printed already; on a terminal over as
 * many lines as their words need, each further one behind indent blanks. */
void terminal_parts(const struct terminal_part *parts, size_t count, size_t printed, size_t indent);

/* Columns of the terminal; 80 in a pipe. */
size_t terminal_columns(void);

struct value;

/* Prints the value as JSON over several lines. */
void terminal_json(const struct value *value);

#endif
