/* SPDX-License-Identifier: ISC
 *
 * From bytes to a reading, by a kind. Pure. Work is bounded (XPath steps, rows,
 * fields, parsed text, regular expressions); the processor time is bounded by
 * whoever calls, for XPath's string conversions are not counted.
 */
#ifndef LAMPWATCH_READ_H
#define LAMPWATCH_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "model/reading.h"
#include "watch/kind/kind.h"

struct error;
struct trace;

/* What read -v shows besides the reading; zeroed by the caller. */
struct read_report {
	size_t merged_rows;   /* rows whose id stood there before */
	size_t unknown_words; /* rows whose word is in no table */
	size_t evaluations;   /* of XPaths */
	size_t operations;    /* of XPath, of the limit */
	struct trace *trace;  /* in: of this kind, to be filled; NULL: none */
};

/*
 * Fills reading (zeroed by the caller; released by it also after an error).
 * documents has kind_document_count() members. report may be NULL.
 * Errors: REMEDY_PAGE, naming kind and key: the page does not fit its kind, and
 * nothing about it is known. Never a part of a reading.
 */
bool read_page(const struct kind *kind, const char *url, const struct document *documents,
	struct reading *reading, struct read_report *report, struct error *error);

/* What the document's first characters make it; no more is looked at. */
enum document_form read_form(const struct document *document);

/*
 * Which of the kinds the document is one of, by their `detect` (else `require`)
 * with only this document at hand: fits has count members. An expression that
 * fails does not fit. Errors: REMEDY_PAGE where the document has no tree or is
 * of none of the kinds.
 */
bool read_detect(const struct kind *const *kinds, size_t count, const char *url,
	const struct document *document, bool *fits, struct error *error);

#endif
