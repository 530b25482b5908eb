/* SPDX-License-Identifier: ISC
 *
 * A list of strings that owns them. Zero-initialised; text_list_release() frees it.
 */
#ifndef LAMPWATCH_LIST_H
#define LAMPWATCH_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct text_list {
	char **list; /* owned */
	size_t count;
};

void text_list_add(struct text_list *texts, const char *text);
bool text_list_has(const struct text_list *texts, const char *text);

/* Sorts it bytewise; and text_list_has() for a sorted list. */
void text_list_sort(struct text_list *texts);
bool text_list_search(const struct text_list *texts, const char *text);

/* Of a sorted list: adds the text in its place; and takes one such text out, where there is one. */
void text_list_insert(struct text_list *texts, const char *text);
void text_list_remove(struct text_list *texts, const char *text);

/* Adds each word of a text, separated by blanks; and the reverse, owned by the caller. */
void text_list_add_words(struct text_list *texts, const char *words);
char *text_list_words(const struct text_list *texts);

void text_list_release(struct text_list *texts);

#endif
