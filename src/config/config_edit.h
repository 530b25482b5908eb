/* SPDX-License-Identifier: ISC
 *
 * A page more in the text of a configuration, everything else in it left as it
 * is: comments, order, indentation, the ends of lines. Pure.
 */
#ifndef LAMPWATCH_CONFIG_EDIT_H
#define LAMPWATCH_CONFIG_EDIT_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;

/* What is written of a page; borrowed. A text that is NULL or empty gives no line. */
struct page_entry {
	const char *name, *url, *kind, *provider;
};

/* Adds the lines as they stand under `pages:` in a new configuration, each ended by "\n". */
void page_entry_write(const struct page_entry *page, struct buffer *out);

/*
 * Adds the whole text (length bytes of YAML, of the file that errors call name) with the page
 * behind the last one, indented as that one is; where there are none yet, behind `pages:` or at
 * the end. *line becomes the first line of it, counted from 1. Nothing but whole lines are added,
 * save that `pages: []` loses its brackets, and that a last line without an end gets one.
 *
 * The result is to be checked with config_parse(). Errors: REMEDY_CONFIGURATION, where the text
 * is not YAML or the pages stand in brackets.
 */
bool config_edit_add_page(const char *name, const char *text, size_t length,
	const struct page_entry *page, struct buffer *out, int *line, struct error *error);

#endif
