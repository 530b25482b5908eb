/* SPDX-License-Identifier: ISC
 *
 * From bytes to a reading, by a kind. Pure. Work is bounded (XPath steps, rows,
 * fields, parsed text, regular expressions); the caller bounds the processor time, because
 * XPath's string conversions are not counted.
 */
#ifndef LAMPWATCH_READ_H
#define LAMPWATCH_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "model/reading.h"
#include "watch/kind/kind.h"

struct buffer;
struct error;
struct trace;

/* Rows that share an id, of one type. */
struct repeat {
	size_t merged; /* became one with an earlier row of the same name, and no `same` says that
			* they do */
	size_t apart;  /* stay apart, and their names are their ids: that id is not unique */
	char *id, *names[2]; /* of the first two of them, those that stay apart before others; owned
			      */
};

/* What there is to say besides the reading; zeroed by the caller. read_report_release() frees. */
struct read_report {
	struct repeat indicators, incidents;
	size_t merged_rows;   /* rows that became one with an earlier one */
	size_t unknown_words; /* rows whose word is in no table */
	size_t evaluations;   /* of XPaths */
	size_t operations;    /* of XPath, of the limit */
	struct trace *trace;  /* in: of this kind, to be filled; NULL: none */
};

/*
 * Fills reading (zeroed by the caller, who releases it, also after an error).
 * documents has kind_document_count() members. report may be NULL.
 * Errors: REMEDY_PAGE, naming kind and key: the page does not fit its kind. A reading is
 * complete or not used at all.
 */
bool read_page(const struct kind *kind, const char *url, const struct document *documents,
	struct reading *reading, struct read_report *report, struct error *error);

void read_report_release(struct read_report *report);

/* Adds what its repeats mean, as lines: "indicators" or "incidents", a tab, the words for people.
 */
void read_report_notes(const struct read_report *report, struct buffer *out);

/* The form of the document, judged by its first characters alone. */
enum document_form read_form(const struct document *document);

/*
 * Sets fits[i] for each kind whose `detect` (or else `require`) holds for this document, without
 * any further documents. A kind whose expression fails does not fit. Errors: REMEDY_PAGE where
 * the document cannot be parsed or none of the kinds fits.
 */
bool read_detect(const struct kind *const *kinds, size_t count, const char *url,
	const struct document *document, bool *fits, struct error *error);

#endif
