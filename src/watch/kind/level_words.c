/* SPDX-License-Identifier: ISC */
#include "watch/kind/level_words.h"

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

static bool add_word(
	struct node node, enum level level, struct level_words *words, struct problems *problems)
{
	const char *text = node_text(node);

	if (node_type(node) != NODE_SCALAR)
		return node_problem(problems, node, "a level takes a word or a list of words");
	for (size_t i = 0; i < words->count; i++)
		if (strcasecmp(words->list[i].text, text) == 0)
			return words->list[i].level == level ||
			       node_problem(problems, node,
				       "\"%s\" is also listed under %s: one word means one level",
				       text, level_name(words->list[i].level));
	*(struct level_word *)memory_append(&words->list, &words->count, sizeof *words->list) =
		(struct level_word){memory_string(text), level, strchr(text, '*') != NULL};
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
	const struct level_word *found = NULL;

	for (size_t i = 0; i < words->count; i++) {
		const struct level_word *word = &words->list[i];

		if (!word->pattern && strcasecmp(word->text, text) == 0) {
			*level = word->level;
			return true;
		}
		if (found == NULL && word->pattern && text[0] != '\0' &&
			text_matches(text, word->text, true))
			found = word;
	}
	if (found != NULL)
		*level = found->level;
	return found != NULL;
}
