/* SPDX-License-Identifier: ISC
 *
 * Which of the configuration's pages are meant, as a text that a link has room for where there is
 * none for their names: eight digits of the digest of all their names, and a digit for each four of
 * the pages, in their order, a bit for each page, the highest first; all in lower-case hexadecimal.
 * 200 pages are 58 characters.
 */
#ifndef LAMPWATCH_PAGE_SET_H
#define LAMPWATCH_PAGE_SET_H

#include <stdbool.h>

struct buffer;
struct config;
struct text_list;

/* Adds the text for the pages with these names; a name that is none of the configuration's is left
 * out. */
void page_set_write(const struct config *config, const struct text_list *names, struct buffer *out);

/* Adds the names of the set's pages. False, and nothing is added, where the text is none, or
 * is about other pages than the configuration has by now. */
bool page_set_read(const struct config *config, const char *text, struct text_list *names);

#endif
