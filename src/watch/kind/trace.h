/* SPDX-License-Identifier: ISC
 *
 * What each expression of a kind selected on one page: for authors of kinds.
 */
#ifndef LAMPWATCH_TRACE_H
#define LAMPWATCH_TRACE_H

#include <stdbool.h>

struct buffer;
struct kind;
struct reading;
struct trace;

/* For one reading by this kind, which must outlive it: read_report.trace. */
struct trace *trace_new(const struct kind *kind);
void trace_free(struct trace *trace);

/*
 * Adds what was seen, in the order of the kind's keys, one line each and at most 80 columns
 * wide: the conditions and whether they hold, and how far a plain path that does not finds
 * something; for each key how many of its rows gave a text, with the first few different ones; the
 * ids of rows that became one; for each word its level and where it stands. A key that was not
 * reached has no line. Foreign text is made visible.
 */
void trace_write(const struct trace *trace, struct buffer *out);

/* Adds the rows of what was read that no word explained, by their names; nothing where there are
 * none. */
void trace_write_unexplained(
	const struct trace *trace, const struct reading *reading, struct buffer *out);

#endif
