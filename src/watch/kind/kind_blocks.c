/* SPDX-License-Identifier: ISC */
#include "watch/kind/kind_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "model/reading.h"

static struct xpath *compile(const struct node_walk *walk, struct node node)
{
	struct loading *loading = walk->context;
	struct error error;
	struct xpath *xpath;

	if (node_type(node) != NODE_SCALAR || text_empty(node_text(node))) {
		node_problem(walk->problems, node, "\"%s\" takes an XPath", walk->rule->key);
		return NULL;
	}
	xpath = xpath_compile(node_text(node), loading->variables, &error);
	if (xpath == NULL)
		node_problem(walk->problems, node, "\"%s\": %s", walk->rule->key, error.text);
	return xpath;
}

bool read_xpath(const struct node_walk *walk, struct node node, void *target)
{
	struct xpath **slot = target;

	xpath_free(*slot);
	*slot = compile(walk, node);
	return *slot != NULL;
}

/* A condition: true and false are not names of elements. */
static bool read_condition(const struct node_walk *walk, struct node node, void *target)
{
	struct loading *loading = walk->context;
	const char *text = node_text(node);
	bool constant = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	struct xpath **slot = target;

	if (!constant)
		return read_xpath(walk, node, target);
	xpath_free(*slot);
	*slot = xpath_compile(text[0] == 't' ? "true()" : "false()", loading->variables, NULL);
	return true;
}

void xpath_list_release(struct xpath_list *xpaths)
{
	for (size_t i = 0; i < xpaths->count; i++)
		xpath_free(xpaths->list[i]);
	free(xpaths->list);
	*xpaths = (struct xpath_list){0};
}

bool read_xpaths(const struct node_walk *walk, struct node node, void *target)
{
	struct xpath_list *xpaths = target;
	bool list = node_type(node) == NODE_LIST, good = true;

	xpath_list_release(xpaths);
	for (size_t i = 0; i < (list ? node_count(node) : 1); i++) {
		struct xpath *xpath = compile(walk, list ? node_member(node, i) : node);

		if (xpath != NULL)
			*(struct xpath **)memory_append(
				&xpaths->list, &xpaths->count, sizeof *xpaths->list) = xpath;
		good = good && xpath != NULL;
	}
	return good;
}

static void each_release(struct each *each)
{
	xpath_free(each->nodes);
	xpath_free(each->take);
	*each = (struct each){0};
}

/* An XPath, or a block {each, take}. */
static bool read_each(const struct node_walk *walk, struct node node, void *target)
{
	static const struct node_rule rules[] = {
		{"each", read_xpath, offsetof(struct each, nodes), true, NULL},
		{"take", read_xpath, offsetof(struct each, take), false, NULL},
		{0},
	};
	struct each *each = target;

	each_release(each);
	if (node_type(node) != NODE_MAP)
		return read_xpath(walk, node, &each->nodes);
	return node_walk_map(walk->problems, node, rules, each, walk->context);
}

static void updates_release(struct updates *updates)
{
	xpath_free(updates->nodes);
	xpath_list_release(&updates->time);
	xpath_list_release(&updates->state);
	xpath_list_release(&updates->text);
	*updates = (struct updates){0};
}

static bool read_updates(const struct node_walk *walk, struct node node, void *target)
{
	static const struct node_rule rules[] = {
		{"each", read_xpath, offsetof(struct updates, nodes), true, NULL},
		{"time", read_xpaths, offsetof(struct updates, time), false, NULL},
		{"state", read_xpaths, offsetof(struct updates, state), false, NULL},
		{"text", read_xpaths, offsetof(struct updates, text), true, NULL},
		{0},
	};

	updates_release(target);
	return node_walk_map(walk->problems, node, rules, target, walk->context);
}

/* An expression, or names as the children of an element, so that a row is a node here too. */
static bool read_rows(const struct node_walk *walk, struct node node, void *target)
{
	struct block *block = target;
	xmlNodePtr root;

	xpath_free(block->each);
	block->each = NULL;
	tree_free(block->names);
	block->names = NULL;
	if (node_type(node) != NODE_LIST)
		return read_xpath(walk, node, &block->each);
	block->names = tree_new("names");
	root = xmlDocGetRootElement(block->names);
	for (size_t i = 0; i < node_count(node); i++) {
		const char *name = node_text(node_member(node, i));

		if (text_empty(name))
			node_problem(walk->problems, node_member(node, i),
				"\"each\" takes a list of names");
		tree_add_text(tree_add_element(root, "name"), name, strlen(name));
	}
	return true;
}

static bool read_levels(const struct node_walk *walk, struct node node, void *target)
{
	level_words_release(target);
	return level_words_read(node, target, walk->problems);
}

static bool read_level(const struct node_walk *walk, struct node node, void *target)
{
	enum level level;

	if (!level_parse(node_text(node), &level))
		return node_problem(walk->problems, node,
			"\"%s\" is a level such as operational, not \"%s\"", walk->rule->key,
			node_text(node));
	*(int *)target = (int)level;
	return true;
}

static const struct node_range most_range = {1, READING_ROWS_MAX};

static const struct node_word same_words[] = {
	{"worst", SAME_WORST},
	{"first", SAME_FIRST},
	{"last", SAME_LAST},
	{"error", SAME_ERROR},
	{NULL, 0},
};

/* Of rows that have times. */
static const struct node_word same_incident_words[] = {
	{"worst", SAME_WORST},
	{"first", SAME_FIRST},
	{"last", SAME_LAST},
	{"latest", SAME_LATEST},
	{"error", SAME_ERROR},
	{NULL, 0},
};

#define TEXTS(key)                                                                                 \
	{                                                                                          \
#key, read_xpaths, offsetof(struct block, key), false, NULL                        \
	}

static const struct node_rule indicator_rules[] = {
	{"each", read_rows, 0, false, NULL},
	TEXTS(id),
	TEXTS(group),
	TEXTS(name),
	TEXTS(word),
	{"words", read_each, offsetof(struct block, words), false, NULL},
	{"levels", read_levels, offsetof(struct block, levels), false, NULL},
	{"counts", read_condition, offsetof(struct block, counts), false, NULL},
	{"most", node_read_number, offsetof(struct block, most), false, &most_range},
	{"same", node_read_word, offsetof(struct block, same), false, same_words},
	{"others", read_level, offsetof(struct block, others), false, NULL},
	{0},
};

static const struct node_rule incident_rules[] = {
	{"each", read_rows, 0, false, NULL},
	TEXTS(id),
	TEXTS(title),
	TEXTS(word),
	TEXTS(state),
	TEXTS(started),
	TEXTS(updated),
	TEXTS(url),
	{"words", read_each, offsetof(struct block, words), false, NULL},
	{"affected", read_each, offsetof(struct block, affected), false, NULL},
	{"updates", read_updates, offsetof(struct block, updates), false, NULL},
	{"levels", read_levels, offsetof(struct block, levels), false, NULL},
	{"most", node_read_number, offsetof(struct block, most), false, &most_range},
	{"same", node_read_word, offsetof(struct block, same), false, same_incident_words},
	{0},
};

static const struct node_rule maintenance_rules[] = {
	{"each", read_rows, 0, false, NULL},
	TEXTS(id),
	TEXTS(title),
	TEXTS(state),
	TEXTS(starts),
	TEXTS(ends),
	TEXTS(updated),
	TEXTS(url),
	{"affected", read_each, offsetof(struct block, affected), false, NULL},
	{"updates", read_updates, offsetof(struct block, updates), false, NULL},
	{0},
};

/* What a block must have in the end, wherever its keys come from. */
static const struct block_rules {
	const char *key;
	const struct node_rule *rules;
	const char *label; /* the key that names a row */
	bool word;         /* rows have a level */
} block_rules[] = {
	[BLOCK_INDICATORS] = {"indicators", indicator_rules, "name", true},
	[BLOCK_INCIDENTS] = {"incidents", incident_rules, "title", true},
	[BLOCK_MAINTENANCES] = {"maintenances", maintenance_rules, "title", false},
};

static bool check_block(
	const struct block_rules *rules, const struct block *block, struct problems *problems)
{
	bool word = block->word.count > 0, words = block->words.nodes != NULL, good = true;

	if (block->each == NULL && block->names == NULL)
		good = node_problem(problems, block->node, "%s: \"each\" is missing", rules->key);
	if (block->name.count == 0 && block->title.count == 0)
		good = node_problem(
			problems, block->node, "%s: \"%s\" is missing", rules->key, rules->label);
	if (rules->word && !word && !words)
		good = node_problem(problems, block->node, "%s: \"word\" is missing (or \"words\")",
			rules->key);
	if (word && words)
		good = node_problem(problems, block->node,
			"%s: \"word\" and \"words\" exclude each other", rules->key);
	return good;
}

static bool read_block(const struct block_rules *rules, struct node file, struct node given,
	struct blocks *blocks, struct loading *loading)
{
	struct block *block = memory_append(&blocks->list, &blocks->count, sizeof *block);
	bool good = true;

	block->node = node_type(given) != NODE_NONE ? given : file;
	block->others = -1;
	if (node_type(file) != NODE_NONE)
		good = node_walk_map(loading->problems, file, rules->rules, block, loading);
	if (node_type(given) != NODE_NONE) {
		/* Its `word` takes the place of the file's `words`, and the other way round. */
		if (node_type(node_find(given, "word")) != NODE_NONE ||
			node_type(node_find(given, "words")) != NODE_NONE) {
			xpath_list_release(&block->word);
			each_release(&block->words);
		}
		good = node_walk_map(loading->problems, given, rules->rules, block, loading) &&
		       good;
	}
	/* A key with an error is not reported as missing too. */
	return good && check_block(rules, block, loading->problems);
}

bool blocks_read(enum block_type type, struct node file, struct node given, struct blocks *blocks,
	struct loading *loading)
{
	const struct block_rules *rules = &block_rules[type];
	struct node list = node_type(given) == NODE_LIST ? given : file;
	bool good = true;

	if (node_type(given) != NODE_LIST && node_type(given) != NODE_NONE &&
		node_type(file) == NODE_LIST)
		return node_problem(loading->problems, given,
			"the kind has several blocks of %s: give a list, which stands for all of "
			"them",
			rules->key);
	if (node_type(list) != NODE_LIST)
		return node_type(file) == NODE_NONE && node_type(given) == NODE_NONE
			       ? true
			       : read_block(rules, file, given, blocks, loading);
	for (size_t i = 0; i < node_count(list); i++)
		good = read_block(rules, node_member(list, i), (struct node){0}, blocks, loading) &&
		       good;
	return good;
}

void blocks_release(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++) {
		struct block *block = &blocks->list[i];
		struct xpath_list *const lists[] = {&block->id, &block->group, &block->name,
			&block->title, &block->word, &block->state, &block->started,
			&block->updated, &block->starts, &block->ends, &block->url};

		for (size_t j = 0; j < sizeof lists / sizeof lists[0]; j++)
			xpath_list_release(lists[j]);
		xpath_free(block->each);
		xpath_free(block->counts);
		tree_free(block->names);
		each_release(&block->words);
		each_release(&block->affected);
		updates_release(&block->updates);
		level_words_release(&block->levels);
	}
	free(blocks->list);
	*blocks = (struct blocks){0};
}
