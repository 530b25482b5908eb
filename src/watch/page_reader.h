/* SPDX-License-Identifier: ISC
 *
 * Pages, read in readers (base/readers.h): bytes and a kind come in, a canonical reading goes out.
 */
#ifndef LAMPWATCH_PAGE_READER_H
#define LAMPWATCH_PAGE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/readers.h"
#include "model/level.h"
#include "watch/kind/kind.h"

struct error;

enum {
	PAGE_SLICE_MILLISECONDS = 500, /* of READER_MILLISECONDS, where others wait: a page's first
					* try */
	PAGE_NOTES_MAX = 8192,         /* bytes */
	PAGE_TRACE_MAX = 4 * 1024 * 1024,
};

/* How much there was to do, and to decide. */
struct page_counts {
	size_t merged_rows, unknown_words; /* as in struct read_report */
	size_t evaluations, operations;
};

/* What was read of a page; borrowed from the answer. */
struct page_answer {
	const char *text; /* the canonical reading, terminated; not yet parsed */
	size_t length;
	const char *notes; /* read_report_notes() */
	struct page_counts counts;
};

/*
 * Queues documents, which are copied; milliseconds: how much processor time reading them may take.
 * page_answer_of() takes the answer that done gets apart.
 */
void page_submit(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, int milliseconds, reader_done *done, void *context);
struct page_answer page_answer_of(const char *answer, size_t length);

/* Reads and waits. False with error; else *bytes, owned by the caller, is what *answer borrows. */
bool page_read(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, int milliseconds, char **bytes,
	struct page_answer *answer, struct error *error);

/* The address of document i, computed in a reader; waits. As kind_document_address(). */
bool page_address(struct readers *readers, const struct kind *kind, size_t i, const char *url,
	const struct document *documents, char **address, struct error *error);

/* As read_detect(), in a reader, with the form of the document; waits. */
bool page_detect(struct readers *readers, const struct kind *const *kinds, size_t count,
	const char *url, const struct document *document, int milliseconds, bool *fits,
	enum document_form *form, struct error *error);

/* What a kind selects on a page, for whoever writes it. */
struct page_trace {
	char *text;    /* trace_write(); owned */
	char *failure; /* why it cannot be read; owned; "" where it can */
	bool fits;     /* its `detect` holds */
	enum level level;
	size_t indicators, incidents, maintenances;
	struct page_counts counts;
};

/* Waits. False with error where not even that can be told; else page_trace_release() is due. */
bool page_trace(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, struct page_trace *trace, struct error *error);
void page_trace_release(struct page_trace *trace);

/* sketch_kind() in a reader, of the kinds that know the words; waits. The YAML, owned by the
 * caller, or NULL with error. */
char *page_sketch(struct readers *readers, const struct kind *const *kinds, size_t count,
	const struct document *document, struct error *error);

#endif
