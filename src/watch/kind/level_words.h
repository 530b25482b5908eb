/* SPDX-License-Identifier: ISC
 *
 * What a provider's words mean: tables from word to level.
 */
#ifndef LAMPWATCH_LEVEL_WORDS_H
#define LAMPWATCH_LEVEL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/yaml.h"
#include "model/level.h"

/* How a word is compared with that of a page. */
enum level_test { TEST_EXACT, TEST_PATTERN, TEST_LESS, TEST_AT_MOST, TEST_MORE, TEST_AT_LEAST };

struct level_word {
	char *text; /* owned; with '*' it is a pattern, and "> 90" a threshold */
	enum level level;
	enum level_test test;
	double number; /* of a threshold */
};

/* The word of what is there and has nothing in it; that of what is not there at all is "". */
#define LEVEL_WORD_BLANK "\"\""

/* In the order of the file. Zero-initialised; level_words_release() frees. */
struct level_words {
	struct level_word *list;
	size_t count;
};

/*
 * Reads `level: word or list of words` pairs. False with complaints where a
 * level is unknown or one word stands under two levels.
 */
bool level_words_read(struct node map, struct level_words *words, struct problems *problems);
void level_words_release(struct level_words *words);

/*
 * The level of a word by one table: ASCII case is ignored, an exact word beats
 * patterns and thresholds, of which the first in the file wins. A threshold is met by numbers
 * alone. The empty word and the blank one are found only where they stand in the table
 * themselves. False: not in it.
 */
bool level_words_find(const struct level_words *words, const char *text, enum level *level);

#endif
