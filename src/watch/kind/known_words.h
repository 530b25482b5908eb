/* SPDX-License-Identifier: ISC
 *
 * What the tables of all kinds say about a word: what a page of no kind probably means by it.
 */
#ifndef LAMPWATCH_KNOWN_WORDS_H
#define LAMPWATCH_KNOWN_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/level.h"

struct kind;
struct known_words;

/* How far they can be believed. */
enum word_trust {
	WORD_NEW,    /* in no table */
	WORD_UNSURE, /* in one table alone, or the tables disagree */
	WORD_SURE,   /* in several tables, which agree */
};

/* Of their `levels`, and those of their indicators. Numbers, truth values and patterns mean
 * something on their own page alone, and are left out. Owned by the caller. */
struct known_words *known_words_new(const struct kind *const *kinds, size_t count);
void known_words_free(struct known_words *known);

/* *level (may be NULL) is what most tables say, unless the word is new. ASCII case is ignored. */
enum word_trust known_words_find(
	const struct known_words *known, const char *word, enum level *level);

/* Whether a name such as "status-green" holds a known word, alone or between "-" and "_". */
bool known_words_within(const struct known_words *known, const char *name);

#endif
