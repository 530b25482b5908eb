/* SPDX-License-Identifier: ISC */
#include "watch/kind/sketch_judge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/sketch_paths.h"

enum {
	SAMPLE = 40,          /* rows of a claim that are looked at when it is judged */
	NAMES_REPEAT_MAX = 4, /* rows of one name, on an average, as in several regions */
};

/* A page lists more incidents that are over than services. */
#define STORY_WEIGHT 0.05

/* Words that none of the kinds knows, under a key for states, are better than no rows. */
#define NEW_WEIGHT 0.02

/* Of these, one that says nothing: the same in every row, or a truth value. */
#define FLAT_WEIGHT 0.1

/* Of each step to the row, and from there to the word: further away there may be a history, or the
 * details of one incident. */
#define STEP_WEIGHT 0.95

static size_t count_known(const struct sketch_page *page, const struct text_list *texts)
{
	size_t known = 0;

	for (size_t i = 0; i < texts->count; i++)
		known += known_words_find(page->known, texts->list[i], NULL) != WORD_NEW;
	return known;
}

static size_t count_words(const struct text_list *texts)
{
	size_t words = 0;

	for (size_t i = 0; i < texts->count; i++)
		words += sketch_is_word(texts->list[i]);
	return words;
}

/* 0: what is under such a key is about looks, and never a name. */
static double key_weight(const char *path)
{
	static const struct {
		const char *key;
		double weight;
	} keys[] = {{SKETCH_KEY, 0.9}, {"*name*", 1.3}, {"title", 1.25}, {"label*", 1.25},
		{"displayName", 1.3}, {"*id", 0.7}, {"slug", 0.7}, {"*key", 0.7}, {"class*", 0},
		{"style*", 0}, {"*align", 0}, {"width", 0}, {"href", 0.5}, {"*url", 0.5},
		{"*description*", 0.6}};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (text_matches(sketch_last_step(path), keys[i].key, true))
			return keys[i].weight;
	return 1;
}

/* Lines and platforms have numbers for names, where the key says that it is one. */
static bool is_number_of_name(const char *path, const char *text)
{
	return key_weight(path) > 1 && text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* How much the texts look like the names of the rows: 0, not at all, as where hardly any differ. A
 * text with the word in it changes with the word. Sorts them. */
static double name_worth(const struct sketch_page *page, const char *path,
	const struct text_list *words, struct text_list *texts)
{
	size_t filled, different, names = 0;

	if (texts->count == 0 || texts->count != words->count)
		return 0;
	for (size_t i = 0; i < texts->count; i++)
		names += (sketch_is_name(texts->list[i]) ||
				 is_number_of_name(path, texts->list[i])) &&
			 (words->list[i][0] == '\0' ||
				 strcasestr(texts->list[i], words->list[i]) == NULL);
	if (names * 2 < texts->count || count_known(page, texts) * 4 > texts->count)
		return 0;
	different = sketch_count_different(texts, &filled);
	if (different * NAMES_REPEAT_MAX < texts->count)
		return 0;
	return key_weight(path) * (double)different / (double)texts->count * (double)names /
	       (double)filled;
}

/* The place of the name of these rows; NULL: none has one. Owned by the caller. words: of the same
 * rows; *worth as above. */
static char *find_name(struct sketch_page *page, const xmlXPathObject *rows,
	const struct text_list *words, double *worth)
{
	size_t count = node_set_count(rows), first = 0;
	struct text_list places = {0};
	char *name = NULL;

	*worth = 0;
	/* the first may be the head of a table, and has no word */
	while (first + 1 < words->count && words->list[first][0] == '\0')
		first++;
	row_places(node_set_member(rows, count / 2), page->known, &places);
	row_places(node_set_member(rows, first * count / words->count), page->known, &places);
	for (size_t i = 0; i < places.count; i++) {
		struct text_list texts = {0};
		double here;

		sketch_texts(page, rows, places.list[i], SAMPLE, &texts);
		here = name_worth(page, places.list[i], words, &texts);
		if (here > *worth) {
			*worth = here;
			memory_set(&name, places.list[i]);
		}
		text_list_release(&texts);
	}
	text_list_release(&places);
	return name;
}

static bool is_within(const xmlNode *node, const xmlNode *top)
{
	while (node != NULL && node != top)
		node = node->parent;
	return node != NULL;
}

/* Whether they are the same rows, or what stands in them or around them, one in each. */
static bool are_alike(const struct judged *a, const struct judged *b)
{
	return a->rows == b->rows &&
	       (is_within(a->first, b->first) || is_within(b->first, a->first));
}

static void put(struct ranking *ranking, struct judged judged)
{
	struct judged *list = ranking->list;
	size_t place = 0, end;

	while (place < RANKED_MAX && list[place].score >= judged.score &&
		!are_alike(&list[place], &judged))
		place++;
	if (place == RANKED_MAX || list[place].score >= judged.score) {
		free(judged.name);
		return;
	}
	end = place;
	while (end < RANKED_MAX - 1 && !are_alike(&list[end], &judged))
		end++;
	free(list[end].name);
	memmove(&list[place + 1], &list[place], (end - place) * sizeof *list);
	list[place] = judged;
}

/* Whether most of the words are states of an incident. */
static bool is_story(const struct text_list *words)
{
	static const char *const states[] = {"investigating", "identified", "monitoring",
		"resolved", "postmortem", "scheduled", "in progress", "in_progress", "verifying",
		"completed", "update"};
	size_t found = 0;

	for (size_t i = 0; i < words->count; i++)
		for (size_t j = 0; j < sizeof states / sizeof states[0]; j++)
			found += strcasecmp(words->list[i], states[j]) == 0;
	return found * 2 > words->count;
}

/* Where the title of the feed stands; NULL: the page is none. Each of its entries is a story. */

/* Of a feed, an entry is a row, and nothing in it. */
static bool is_entry(const char *rows)
{
	return text_ends(rows, "/item") || text_ends(rows, "/entry");
}

/* Whether all that are not empty are the same. */
static bool is_same(const struct text_list *texts)
{
	const char *first = "";

	for (size_t i = 0; i < texts->count; i++) {
		first = first[0] == '\0' ? texts->list[i] : first;
		if (texts->list[i][0] != '\0' && strcmp(texts->list[i], first) != 0)
			return false;
	}
	return true;
}

static bool is_truth(const struct text_list *texts)
{
	static const char *const values[] = {"", "true", "false"};
	size_t found = 0;

	for (size_t i = 0; i < texts->count; i++)
		for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
			found += strcasecmp(texts->list[i], values[j]) == 0;
	return found == texts->count;
}

/* How much the words of a claim speak for it: 0, too few of them are any. Their share counts twice:
 * a few rows that are all understood before many of which half are. */
static double word_worth(const struct sketch_page *page, const struct claim *claim,
	const struct text_list *words, size_t rows)
{
	size_t known = count_known(page, words), new = claim->keyed ? count_words(words) : 0;
	size_t found = known * 2 < words->count ? new : known;
	double share = (double)found / (double)words->count, weight = 1;

	if (share < 0.5 || found < 2)
		return 0;
	if (found != known)
		weight = NEW_WEIGHT * (is_same(words) ? FLAT_WEIGHT : 1) *
			 (is_truth(words) ? FLAT_WEIGHT : 1);
	return share * share * (double)rows * weight;
}

static double steps_weight(const char *path)
{
	double weight = 1;

	for (; *path != '\0'; path++)
		weight *= *path == '/' ? STEP_WEIGHT : 1;
	return weight;
}

void ranking_add(struct ranking *ranking, struct sketch_page *page, const struct claim *claim)
{
	xmlXPathObjectPtr rows = sketch_nodes(page, claim->each);
	size_t count = rows != NULL ? node_set_count(rows) : 0;
	struct text_list texts = {0};
	struct judged judged = {.claim = claim, .rows = count};
	bool feed = sketch_feed_title(page) != NULL;
	double worth = 0;

	evaluation_rewind(page->evaluation, page->evaluation->variable_count);
	if (count > 1 && (!feed || is_entry(claim->each))) {
		sketch_texts(page, rows, claim->word, SAMPLE, &texts);
		judged.first = node_set_member(rows, 0);
		judged.story = feed || is_story(&texts);
		judged.score = texts.count > 0 ? word_worth(page, claim, &texts, count) : 0;
		judged.score *= judged.story && !feed ? STORY_WEIGHT : 1;
		judged.score *= steps_weight(claim->each) * steps_weight(claim->word);
	}
	if (judged.score > ranking->list[RANKED_MAX - 1].score) {
		judged.name = find_name(page, rows, &texts, &worth);
		judged.score *= worth < 1 ? worth : 1;
		if (judged.name == NULL && ranking->nameless == NULL)
			ranking->nameless = claim;
	}
	if (judged.name != NULL)
		put(ranking, judged);
	text_list_release(&texts);
	xmlXPathFreeObject(rows);
}

void ranking_release(struct ranking *ranking)
{
	for (size_t i = 0; i < RANKED_MAX; i++)
		free(ranking->list[i].name);
}
