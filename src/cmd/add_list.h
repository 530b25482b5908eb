/* SPDX-License-Identifier: ISC
 *
 * The list that `lampwatch add -` reads: on each line the name of a service or an address. Empty
 * lines, and those that begin with "#", are not counted as entries.
 */
#ifndef LAMPWATCH_ADD_LIST_H
#define LAMPWATCH_ADD_LIST_H

#include <stdbool.h>

struct buffer;
struct catalogue;

enum { ADD_LIST_MAX = 1000 /* entries */ };

/* Whether the text is a list, and no saved page: a page has "<" or "{" in its first line, or begins
 * with "[". */
bool add_list_is(const struct buffer *text);

/*
 * What is done with an entry. same is the number of the earlier line that has the same service or
 * address; 0: none. Returns an exit status.
 */
typedef int add_list_entry(void *context, const char *word, int same);

/*
 * Calls add for each entry in turn, whatever became of those before it. Returns the worst status;
 * EXIT_USAGE after a complaint, and nothing is called, where there are no entries or more than
 * ADD_LIST_MAX.
 */
int add_list_each(const struct catalogue *catalogue, const struct buffer *text, add_list_entry *add,
	void *context);

#endif
