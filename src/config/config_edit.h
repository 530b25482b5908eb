/* SPDX-License-Identifier: ISC
 *
 * Adds a page to the text of a configuration and leaves everything else as it
 * is: comments, order, indentation, line ends. Pure.
 */
#ifndef LAMPWATCH_CONFIG_EDIT_H
#define LAMPWATCH_CONFIG_EDIT_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;

/* The keys of the new page; borrowed. A value that is NULL or empty gives no line. */
struct page_entry {
	const char *name, *url, *kind, *provider;
};

/* Adds the lines of the page as under `pages:` in a new configuration, each ended by "\n". */
void page_entry_write(const struct page_entry *page, struct buffer *out);

/*
 * Adds the whole text (length bytes of YAML, of the file that errors call name) to out, with the
 * new page after the last one and indented like it; where there are no pages yet, after `pages:`
 * or at the end. *line is set to its first line, counted from 1. Only whole lines are added, except
 * that `pages: []` loses its brackets and that a last line without a line end gets one.
 *
 * Check the result with config_parse(). Errors: REMEDY_CONFIGURATION where the text
 * is not YAML or is written in such a way that the page cannot be added like that, in brackets for
 * one; out is then as it was.
 */
bool config_edit_add_page(const char *name, const char *text, size_t length,
	const struct page_entry *page, struct buffer *out, int *line, struct error *error);

#endif
