/* SPDX-License-Identifier: ISC */
#include "watch/kind/known_words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/kind_p.h"

/* In how many kinds a word has each level. */
struct known {
	size_t kinds[LEVEL_COUNT];
	const struct kind *last; /* that was counted: each counts once */
};

struct known_words {
	xmlHashTablePtr words; /* of struct known, by the word in lower case */
};

/* Words that mean nothing without the key that they stand under. */
static bool is_vague(const char *word)
{
	static const char *const vague[] = {"true", "false", "null", "none", "yes", "no"};

	for (size_t i = 0; i < sizeof vague / sizeof vague[0]; i++)
		if (strcmp(word, vague[i]) == 0)
			return true;
	return strpbrk(word, "abcdefghijklmnopqrstuvwxyz") == NULL;
}

static void add_word(xmlHashTablePtr words, const struct kind *kind, const struct level_word *word)
{
	char *text = text_lower(word->text);
	struct known *known = xmlHashLookup(words, BAD_CAST text);

	if (word->test == TEST_EXACT && !is_vague(text)) {
		if (known == NULL) {
			known = memory_zero(1, sizeof *known);
			xmlHashAddEntry(words, BAD_CAST text, known);
		}
		if (known->last != kind)
			known->kinds[word->level]++;
		known->last = kind;
	}
	free(text);
}

static void add_table(
	xmlHashTablePtr words, const struct kind *kind, const struct level_words *table)
{
	for (size_t i = 0; i < table->count; i++)
		add_word(words, kind, &table->list[i]);
}

struct known_words *known_words_new(const struct kind *const *kinds, size_t count)
{
	struct known_words *known = memory_zero(1, sizeof *known);

	tree_silence();
	known->words = xmlHashCreate(0);
	for (size_t i = 0; i < count; i++) {
		add_table(known->words, kinds[i], &kinds[i]->levels);
		for (size_t j = 0; j < kinds[i]->indicators.count; j++)
			add_table(known->words, kinds[i], &kinds[i]->indicators.list[j].levels);
	}
	return known;
}

static void free_known(void *known, const xmlChar *name)
{
	(void)name;
	free(known);
}

void known_words_free(struct known_words *known)
{
	if (known == NULL)
		return;
	xmlHashFree(known->words, free_known);
	free(known);
}

enum word_trust known_words_find(
	const struct known_words *known, const char *word, enum level *level)
{
	char *text = text_lower(word);
	const struct known *found = xmlHashLookup(known->words, BAD_CAST text);
	size_t all = 0, best = 0;

	free(text);
	if (found == NULL)
		return WORD_NEW;
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		all += found->kinds[i];
		best = found->kinds[i] > found->kinds[best] ? i : best;
	}
	if (level != NULL)
		*level = (enum level)best;
	return all > 1 && found->kinds[best] == all ? WORD_SURE : WORD_UNSURE;
}

bool known_words_within(const struct known_words *known, const char *name)
{
	bool within = known_words_find(known, name, NULL) != WORD_NEW;
	char *copy = memory_string(name), *rest = copy;

	for (char *piece; !within && (piece = strsep(&rest, "-_")) != NULL;)
		within = known_words_find(known, piece, NULL) != WORD_NEW;
	free(copy);
	return within;
}
