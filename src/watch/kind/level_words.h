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

struct level_word {
	char *text; /* owned; with '*' it is a pattern */
	enum level level;
	bool pattern;
};

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
 * a pattern, among patterns the first in the file wins. The empty word is
 * found only where it stands in the table itself. False: not in it.
 */
bool level_words_find(const struct level_words *words, const char *text, enum level *level);

#endif
