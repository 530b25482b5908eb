/* SPDX-License-Identifier: ISC
 *
 * The page that a kind is sketched from: what stands where, and what its texts look like.
 */
#ifndef LAMPWATCH_SKETCH_PAGE_H
#define LAMPWATCH_SKETCH_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/list.h"
#include "watch/kind/known_words.h"
#include "watch/kind/xml_p.h"

struct sketch_page {
	const struct known_words *known; /* borrowed */
	struct evaluation *evaluation;   /* owned */
	xmlDocPtr tree;                  /* the evaluation's */
	struct xpath **xpaths;           /* owned: they must outlive the evaluation */
	size_t xpath_count;
	struct error error; /* why some nodes could not be looked at; or empty */
};

/* False with REMEDY_PAGE where it cannot be parsed. known and document are borrowed for as long.
 * Release it in either case. */
bool sketch_page_open(struct sketch_page *page, const struct document *document,
	const struct known_words *known, struct error *error);
void sketch_page_release(struct sketch_page *page);

/* The nodes; NULL where the path is none, there are too many or the page's work is spent. */
xmlXPathObjectPtr sketch_nodes(struct sketch_page *page, const char *path);

/* Adds the text of the path at some of the rows, evenly spread: at most maximum, or all of them. */
void sketch_texts(struct sketch_page *page, const xmlXPathObject *rows, const char *path,
	size_t maximum, struct text_list *texts);

/* Where the title of the feed stands; NULL: the page is none. Each of its entries is a story. */
const char *sketch_feed_title(const struct sketch_page *page);

/* How many different texts there are, and *filled: how many that are not empty. Sorts them. */
size_t sketch_count_different(struct text_list *texts, size_t *filled);

/* Not an address, a time, a number or a sentence. */
bool sketch_is_name(const char *text);

/* Whether it may be a state: a short text that is not an address, a time or a number. */
bool sketch_is_word(const char *text);

#endif
