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

/* True where standard output is a terminal and NO_COLOR is not set. */
bool terminal_coloured(void);

enum { TERMINAL_LAMP_COLUMNS = 8 };

/* Prints a lamp: shape and word, in colour where there is any; always the same width. */
void terminal_lamp(enum colour colour);

/* Prints text made visible, cut with "…" and padded to columns; columns 0: as it is. */
void terminal_text(const char *text, size_t columns);

/* The same without padding, for what ends a line. Returns the columns that it took. */
size_t terminal_cut(const char *text, size_t columns);

/* Prints "2014-01-24 20:20 CET", in the zone. */
void terminal_time(int64_t time, const char *zone);

/* Prints one line, made visible; on a terminal cut to its width with "…", in a pipe whole. */
void terminal_line(const char *text);

/* Prints first and second as one line; on a terminal that is too narrow for it, second on a line of
 * its own behind so many blanks, so that it can be read. Each is cut as by terminal_line(). */
void terminal_line_in_two(const char *first, const char *second, size_t indent);

/* Prints text made visible, behind so many blanks; on a terminal over as many lines as it needs. */
void terminal_wrap(const char *text, size_t indent);

/* The same for the rest of a line of which so many columns are printed already. */
void terminal_wrap_rest(const char *text, size_t printed, size_t indent);

/* Columns of the terminal; 80 in a pipe. */
size_t terminal_columns(void);

struct value;

/* Prints the value as JSON over several lines. */
void terminal_json(const struct value *value);

#endif
