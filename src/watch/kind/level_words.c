/* SPDX-License-Identifier: ISC */
#include "watch/kind/level_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

static bool level_problem(struct node key, struct problems *problems)
{
	const char *names[LEVEL_COUNT], *nearest;

	for (int i = 0; i < LEVEL_COUNT; i++)
		names[i] = level_name((enum level)i);
	nearest = text_nearest(node_text(key), names, LEVEL_COUNT);
	return node_problem(problems, key, "\"%s\" is no level%s%s%s", node_text(key),
		nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "\"?" : "");
}

/* The whole text as a finite number. */
static bool number_parse(const char *text, double *number)
{
	char *end;

	*number = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*number);
}

static enum level_test test_of(const char *text, double *number)
{
	static const struct {
		const char *sign; /* the longer ones first */
		enum level_test test;
	} signs[] = {
		{"<=", TEST_AT_MOST}, {">=", TEST_AT_LEAST}, {"<", TEST_LESS}, {">", TEST_MORE}};

	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (text_starts(text, signs[i].sign) &&
			number_parse(text + strlen(signs[i].sign), number))
			return signs[i].test;
	return strchr(text, '*') != NULL ? TEST_PATTERN : TEST_EXACT;
}

static bool holds(const struct level_word *word, const char *text)
{
	double number = 0;
	bool is_number = word->test > TEST_PATTERN && number_parse(text, &number);

	switch (word->test) {
	case TEST_EXACT:
		return false;
	case TEST_PATTERN:
		return text_matches(text, word->text, true);
	case TEST_LESS:
		return is_number && number < word->number;
	case TEST_AT_MOST:
		return is_number && number <= word->number;
	case TEST_MORE:
		return is_number && number > word->number;
	case TEST_AT_LEAST:
		return is_number && number >= word->number;
	}
	return false;
}

static bool add_word(
	struct node node, enum level level, struct level_words *words, struct problems *problems)
{
	const char *text = node_text(node);
	struct level_word *added;

	if (node_type(node) != NODE_SCALAR)
		return node_problem(problems, node, "a level takes a word or a list of words");
	if (node_is_nothing(node))
		return node_problem(problems, node,
			"a word is missing; '' in quotes is the empty word: nothing was found");
	if (level <= LEVEL_NOTICE && text[0] != '\0' && text[strspn(text, "*")] == '\0')
		return node_problem(problems, node,
			"'%s' under %s would make green what nobody knows; an unknown word is grey",
			text, level_name(level));
	for (size_t i = 0; i < words->count; i++)
		if (strcasecmp(words->list[i].text, text) == 0)
			return words->list[i].level == level ||
			       node_problem(problems, node,
				       "\"%s\" is also listed under %s: one word means one level",
				       text, level_name(words->list[i].level));
	added = memory_append(&words->list, &words->count, sizeof *words->list);
	*added = (struct level_word){.text = memory_string(text), .level = level};
	added->test = test_of(text, &added->number);
	return true;
}

bool level_words_read(struct node map, struct level_words *words, struct problems *problems)
{
	bool good = true;

	if (node_type(map) != NODE_MAP)
		return node_problem(
			problems, map, "\"levels\" takes a map such as {operational: [ok]}");
	for (size_t i = 0; i < node_count(map); i++) {
		struct node value = node_value(map, i);
		enum level level;

		if (!level_parse(node_text(node_key(map, i)), &level)) {
			good = level_problem(node_key(map, i), problems);
			continue;
		}
		if (node_type(value) != NODE_LIST)
			good = add_word(value, level, words, problems) && good;
		for (size_t j = 0; node_type(value) == NODE_LIST && j < node_count(value); j++)
			good = add_word(node_member(value, j), level, words, problems) && good;
	}
	return good;
}

void level_words_release(struct level_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->list[i].text);
	free(words->list);
	*words = (struct level_words){0};
}

bool level_words_find(const struct level_words *words, const char *text, enum level *level)
{
	bool blank = text[0] == '\0' || strcmp(text, LEVEL_WORD_BLANK) == 0;
	const struct level_word *found = NULL;

	for (size_t i = 0; i < words->count; i++) {
		const struct level_word *word = &words->list[i];

		if (word->test == TEST_EXACT && strcasecmp(word->text, text) == 0) {
			*level = word->level;
			return true;
		}
		if (found == NULL && !blank && holds(word, text))
			found = word;
	}
	if (found != NULL)
		*level = found->level;
	return found != NULL;
}
