/* SPDX-License-Identifier: ISC */
#include "watch/kind/kind.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "model/validator.h"
#include "watch/kind/kind_blocks.h"
#include "watch/kind/kind_dependence.h"
#include "watch/kind/kind_p.h"
#include "base/regex.h"

enum {
	DIGEST_DEPTH_MAX = 32, /* of parameters; YAML's aliases can make them endless */
	LETS_MAX = 32,
	NAME_MAX_BYTES = 64,
};

static const char suffix[] = ".yaml";
static const char page_name[] = "page"; /* of the first document */

char *kind_find(const char *templates, const char *user_folder, const char *name)
{
	char *path = NULL;

	if (!text_is_name(name))
		return NULL;
	if (user_folder != NULL)
		path = memory_format("%s/%s%s", user_folder, name, suffix);
	if (path == NULL || file_absent(path)) {
		free(path);
		path = memory_format("%s/pages/%s%s", templates, name, suffix);
	}
	if (!file_absent(path))
		return path;
	free(path);
	return NULL;
}

/* The file's keys, or those of `with`, before anything is compiled. */
struct source {
	char *about, *after, *lacks;
	int seen;
	struct node documents, let, detect, require, page, indicators, incidents, maintenances,
		levels;
};

#define NODE(key)                                                                                  \
	{                                                                                          \
#key, node_read_node, offsetof(struct source, key), false, NULL                    \
	}

static const struct node_word seen_words[] = {
	{"live", KIND_SEEN_LIVE},
	{"quoted", KIND_SEEN_QUOTED},
	{"never", KIND_SEEN_NEVER},
	{NULL, 0},
};

static const struct node_rule file_rules[] = {
	{"about", node_read_text, offsetof(struct source, about), true, NULL},
	{"after", node_read_text, offsetof(struct source, after), false, NULL},
	{"lacks", node_read_text, offsetof(struct source, lacks), false, NULL},
	{"seen", node_read_word, offsetof(struct source, seen), false, seen_words},
	NODE(documents),
	NODE(let),
	NODE(detect),
	NODE(require),
	NODE(page),
	NODE(indicators),
	NODE(incidents),
	NODE(maintenances),
	NODE(levels),
	{0},
};

static const struct node_rule parameter_rules[] = {
	NODE(documents),
	NODE(let),
	NODE(require),
	NODE(page),
	NODE(indicators),
	NODE(incidents),
	NODE(maintenances),
	NODE(levels),
	{0},
};

/* A name that may follow a $; those that are taken already are in variables. */
static bool check_name(
	struct node key, const struct text_list *variables, struct problems *problems)
{
	const char *name = node_text(key);
	size_t length =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	if (length == 0 || length > NAME_MAX_BYTES || name[length] != '\0' ||
		strspn(name, "0123456789-") > 0)
		return node_problem(
			problems, key, "\"%s\" is no name: letters, digits, _ and -", name);
	if (strcmp(name, "item") == 0 || strcmp(name, "this") == 0 ||
		text_list_has(variables, name))
		return node_problem(problems, key, "the name \"%s\" is taken", name);
	return true;
}

/* One name and its expression, as the file or the parameters say. */
struct pair {
	struct node key, value;
};

/* The file's pairs, the parameters' values in place of its own, then what only the parameters have.
 */
static struct pair *merge(struct node file, struct node given, size_t *count)
{
	struct pair *pairs = NULL;

	*count = 0;
	for (size_t i = 0; i < node_count(file); i++) {
		struct node key = node_key(file, i), own = node_find(given, node_text(key));

		*(struct pair *)memory_append(&pairs, count, sizeof *pairs) =
			(struct pair){key, node_type(own) != NODE_NONE ? own : node_value(file, i)};
	}
	for (size_t i = 0; i < node_count(given); i++)
		if (node_type(node_find(file, node_text(node_key(given, i)))) == NODE_NONE)
			*(struct pair *)memory_append(&pairs, count, sizeof *pairs) =
				(struct pair){node_key(given, i), node_value(given, i)};
	return pairs;
}

/* A document may be a block instead of an expression. */
static const struct node_rule document_rules[] = {
	{"address", read_xpath, offsetof(struct named, xpath), true, NULL},
	{"optional", node_read_boolean, offsetof(struct named, optional), false, NULL},
	{0},
};

/* rules: of the block that may stand for the expression; NULL: none may. */
static void add_named(struct named_list *list, const struct pair *pair,
	const struct node_rule *rules, struct loading *loading)
{
	struct named *named = memory_append(&list->list, &list->count, sizeof *named);
	struct node_rule rule = {.key = node_text(pair->key)};
	struct node_walk walk = {loading->problems, &rule, loading};

	named->name = memory_string(node_text(pair->key));
	if (node_type(pair->value) == NODE_MAP && rules != NULL)
		node_walk_map(loading->problems, pair->value, rules, named, loading);
	else
		read_xpath(&walk, pair->value, &named->xpath);
	text_list_add(loading->variables, named->name);
}

/* The page's address, or a list of those that are asked in turn. */
static void add_page(struct kind *kind, const struct pair *pair, struct loading *loading)
{
	struct node first =
		node_type(pair->value) == NODE_LIST ? node_member(pair->value, 0) : pair->value;
	struct node_rule rule = {.key = page_name};
	struct node_walk walk = {loading->problems, &rule, loading};

	for (size_t i = 1; node_type(pair->value) == NODE_LIST && i < node_count(pair->value); i++)
		read_xpath(&walk, node_member(pair->value, i),
			memory_append(&kind->fallbacks.list, &kind->fallbacks.count,
				sizeof *kind->fallbacks.list));
	add_named(&kind->documents, &(struct pair){pair->key, first}, NULL, loading);
}

/* The documents; `page` comes first, wherever it stands: its address can depend on $url alone. */
static void read_documents(
	struct node file, struct node given, struct kind *kind, struct loading *loading)
{
	struct named_list *documents = &kind->documents;
	size_t count;
	struct pair *pairs = merge(file, given, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(node_text(pairs[i].key), page_name) == 0 && documents->count == 0)
			add_page(kind, &pairs[i], loading);
	if (documents->count == 0) {
		*(struct named *)memory_append(&documents->list, &documents->count,
			sizeof(struct named)) = (struct named){.name = memory_string(page_name)};
		text_list_add(loading->variables, page_name);
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(node_text(pairs[i].key), page_name) == 0 ||
			!check_name(pairs[i].key, loading->variables, loading->problems))
			continue;
		if (documents->count == PAGE_DOCUMENTS_MAX)
			node_problem(loading->problems, pairs[i].key,
				"a page has at most %d documents", PAGE_DOCUMENTS_MAX);
		else
			add_named(documents, &pairs[i], document_rules, loading);
	}
	free(pairs);
}

static void read_lets(
	struct node file, struct node given, struct kind *kind, struct loading *loading)
{
	size_t count;
	struct pair *pairs = merge(file, given, &count);

	for (size_t i = 0; i < count; i++) {
		if (!check_name(pairs[i].key, loading->variables, loading->problems))
			continue;
		if (kind->lets.count == LETS_MAX)
			node_problem(loading->problems, pairs[i].key,
				"\"let\" takes at most %d names", LETS_MAX);
		else
			add_named(&kind->lets, &pairs[i], NULL, loading);
	}
	free(pairs);
}

static void read_conditions(
	const char *key, struct node node, struct xpath_list *conditions, struct loading *loading)
{
	struct node_rule rule = {.key = key};
	struct node_walk walk = {loading->problems, &rule, loading};

	if (node_type(node) != NODE_NONE)
		read_xpaths(&walk, node, conditions);
}

/* A text that differs where the parameters do. */
static void serialise(struct node node, int depth, struct buffer *out)
{
	buffer_format(out, "%d:%zu:%zu:%s", (int)node_type(node), node_count(node),
		strlen(node_text(node)), node_text(node));
	for (size_t i = 0; i < node_count(node) && depth < DIGEST_DEPTH_MAX; i++) {
		if (node_type(node) == NODE_MAP)
			serialise(node_key(node, i), depth + 1, out);
		serialise(node_type(node) == NODE_MAP ? node_value(node, i) : node_member(node, i),
			depth + 1, out);
	}
}

static void load(struct kind *kind, struct node root, struct node with, struct problems *problems)
{
	static const struct node_rule page_rules[] = {
		{"title", read_xpaths, offsetof(struct kind, title), false, NULL},
		{"word", read_xpaths, offsetof(struct kind, word), false, NULL},
		{"derive", read_xpath, offsetof(struct kind, derive), false, NULL},
		{0},
	};
	struct text_list variables = {0};
	struct loading loading = {problems, &variables};
	struct source file = {0}, given = {0};
	struct node require;

	node_walk_map(problems, root, file_rules, &file, NULL);
	if (node_type(with) != NODE_NONE)
		node_walk_map(problems, with, parameter_rules, &given, NULL);
	require = node_type(given.require) != NODE_NONE ? given.require : file.require;
	if (node_type(require) == NODE_NONE)
		node_problem(problems, root,
			"\"require\" is missing: what proves that a page is of this kind");
	kind->about = file.about;
	kind->after = file.after;
	kind->lacks = file.lacks;
	if ((kind->after == NULL) != (kind->lacks == NULL))
		node_problem(problems, root,
			"\"after\" and \"lacks\" go together: which kind sees more, and what");
	kind->seen = file.seen;
	text_list_add(&variables, "url");
	read_documents(file.documents, given.documents, kind, &loading);
	read_lets(file.let, given.let, kind, &loading);
	read_conditions("detect", file.detect, &kind->detect, &loading);
	read_conditions("require", require, &kind->require, &loading);
	if (node_type(file.page) != NODE_NONE)
		node_walk_map(problems, file.page, page_rules, kind, &loading);
	if (node_type(given.page) != NODE_NONE)
		node_walk_map(problems, given.page, page_rules, kind, &loading);
	kind->levels_line = node_line(file.levels);
	if (node_type(file.levels) != NODE_NONE)
		level_words_read(file.levels, &kind->levels, problems);
	if (node_type(given.levels) != NODE_NONE)
		level_words_read(given.levels, &kind->given_levels, problems);
	text_list_add(&variables, "item");
	text_list_add(&variables, "this");
	blocks_read(
		BLOCK_INDICATORS, file.indicators, given.indicators, &kind->indicators, &loading);
	blocks_read(BLOCK_INCIDENTS, file.incidents, given.incidents, &kind->incidents, &loading);
	blocks_read(BLOCK_MAINTENANCES, file.maintenances, given.maintenances, &kind->maintenances,
		&loading);
	check_dependence(kind, problems);
	text_list_release(&variables);
}

/* For kind_of_source(). */
static void note_source(
	struct kind *kind, const char *path, struct node with, const char *text, size_t length)
{
	struct buffer *source = &kind->source;

	buffer_text(source, path);
	buffer_byte(source, '\0');
	node_write(with, source);
	buffer_byte(source, '\0');
	buffer_add(source, text, length);
}

static struct kind *kind_parse(const char *path, const char *text, size_t length, struct node with,
	struct problems *problems)
{
	struct yaml *yaml = yaml_parse(path, text, length, problems);
	const char *base = file_name(path);
	struct buffer digested = {0};
	struct kind *kind;

	if (yaml == NULL)
		return NULL;
	kind = memory_zero(1, sizeof *kind);
	kind->name =
		memory_bytes(base, strlen(base) - (text_ends(base, suffix) ? strlen(suffix) : 0));
	kind->path = memory_string(path);
	kind->regexes = regex_cache_new();
	buffer_add(&digested, text, length);
	buffer_byte(&digested, '\0');
	serialise(with, 0, &digested);
	digest_sha256(buffer_string(&digested), digested.length, kind->digest);
	load(kind, yaml_root(yaml), with, problems);
	yaml_close(yaml);
	buffer_release(&digested);
	return kind;
}

struct kind *kind_load(const char *path, struct node with, struct problems *problems)
{
	struct buffer text = {.maximum = YAML_FILE_MAX};
	size_t errors = problems->errors, first = problems->count;
	struct kind *kind = NULL;
	struct error error;

	if (!file_read(path, &text, &error))
		problems_add_error(problems, path, &error);
	else
		kind = kind_parse(path, buffer_string(&text), text.length, with, problems);
	problems_sort(problems, first);
	if (problems->errors > errors) {
		kind_free(kind);
		kind = NULL;
	}
	if (kind != NULL)
		note_source(kind, path, with, buffer_string(&text), text.length);
	buffer_release(&text);
	return kind;
}

const char *kind_source(const struct kind *kind, size_t *length)
{
	*length = kind->source.length;
	return buffer_string(&kind->source);
}

struct kind *kind_of_source(const char *source, size_t length)
{
	const char *with = source + strlen(source) + 1, *text = with + strlen(with) + 1;
	struct problems problems = {0};
	struct yaml *parameters = yaml_parse("with", with, strlen(with), &problems);
	struct kind *kind = parameters == NULL
				    ? NULL
				    : kind_parse(source, text, length - (size_t)(text - source),
					      yaml_root(parameters), &problems);

	if (problems.errors > 0) {
		kind_free(kind);
		kind = NULL;
	}
	yaml_close(parameters);
	problems_release(&problems);
	return kind;
}

static void named_release(struct named_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->list[i].name);
		xpath_free(list->list[i].xpath);
	}
	free(list->list);
}

void kind_free(struct kind *kind)
{
	if (kind == NULL)
		return;
	free(kind->name);
	free(kind->about);
	free(kind->after);
	free(kind->lacks);
	free(kind->path);
	buffer_release(&kind->source);
	regex_cache_free(kind->regexes);
	named_release(&kind->documents);
	named_release(&kind->lets);
	xpath_list_release(&kind->fallbacks);
	xpath_list_release(&kind->detect);
	xpath_list_release(&kind->require);
	xpath_list_release(&kind->title);
	xpath_list_release(&kind->word);
	xpath_free(kind->derive);
	blocks_release(&kind->indicators);
	blocks_release(&kind->incidents);
	blocks_release(&kind->maintenances);
	level_words_release(&kind->levels);
	level_words_release(&kind->given_levels);
	free(kind);
}

const char *kind_name(const struct kind *kind)
{
	return kind->name;
}

const char *kind_about(const struct kind *kind)
{
	return kind->about;
}

const char *kind_after(const struct kind *kind)
{
	return kind->after != NULL ? kind->after : "";
}

const char *kind_lacks(const struct kind *kind)
{
	return kind->lacks != NULL ? kind->lacks : "";
}

enum kind_seen kind_seen(const struct kind *kind)
{
	return kind->seen;
}

const char *kind_digest(const struct kind *kind)
{
	return kind->digest;
}

bool kind_lists_troubles_only(const struct kind *kind)
{
	for (size_t i = 0; i < kind->indicators.count; i++)
		if (kind->indicators.list[i].others >= 0)
			return true;
	return false;
}

bool kind_names_affected(const struct kind *kind)
{
	for (size_t i = 0; i < kind->incidents.count; i++)
		if (kind->incidents.list[i].affected.nodes != NULL)
			return true;
	return false;
}

bool kind_knows_word(const struct kind *kind, const char *word)
{
	const struct blocks *const all[] = {&kind->indicators, &kind->incidents};
	enum level level;
	bool known = level_words_find(&kind->given_levels, word, &level) ||
		     level_words_find(&kind->levels, word, &level);

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		for (size_t j = 0; !known && j < all[i]->count; j++)
			known = level_words_find(&all[i]->list[j].levels, word, &level);
	return known;
}

char *kind_levels_place(const struct kind *kind)
{
	return kind->levels_line > 0 ? memory_format("%s:%d", kind->path, kind->levels_line)
				     : memory_string(kind->path);
}

size_t kind_document_count(const struct kind *kind)
{
	return kind->documents.count;
}

const char *kind_document_name(const struct kind *kind, size_t i)
{
	return kind->documents.list[i].name;
}

bool kind_document_optional(const struct kind *kind, size_t i)
{
	return kind->documents.list[i].optional;
}

/* Parses the documents that an address is computed from. */
static bool add_documents(const struct kind *kind, size_t count, const struct document *documents,
	struct evaluation *evaluation, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		xmlDocPtr tree = NULL;

		if (documents[i].bytes != NULL) {
			tree = tree_parse(documents[i].bytes, documents[i].length, error);
			if (tree == NULL)
				return error_prefix(
					error, "document %s", kind->documents.list[i].name);
		}
		evaluation_add_document(evaluation, kind->documents.list[i].name, tree);
	}
	if (count == 0)
		evaluation_add_document(evaluation, page_name, NULL);
	return true;
}

static bool is_address(const char *text)
{
	return text_starts(text, "http://") || text_starts(text, "https://");
}

/* The address of document i by this expression. */
static bool compute_address(const struct kind *kind, size_t i, const struct xpath *xpath,
	const char *url, const struct document *documents, char **address, struct error *error)
{
	struct evaluation *evaluation = evaluation_new(url, kind->regexes);
	char *text = NULL;

	if (add_documents(kind, i, documents, evaluation, error))
		text = evaluate_text(evaluation, xpath, NULL, NULL, error);
	evaluation_free(evaluation);
	if (text != NULL && text[0] != '\0' && !is_address(text)) {
		error_set(error, REMEDY_PAGE, "\"%.200s\" is no address to fetch", text);
		free(text);
		text = NULL;
	}
	*address = text;
	return text != NULL || error_prefix(error, "kind %s: documents: %s", kind->name,
				       kind->documents.list[i].name);
}

bool kind_document_address(const struct kind *kind, size_t i, const char *url,
	const struct document *documents, char **address, struct error *error)
{
	const struct named *named = &kind->documents.list[i];

	if (named->xpath != NULL)
		return compute_address(kind, i, named->xpath, url, documents, address, error);
	*address = memory_string(url);
	return true;
}

size_t kind_fallback_count(const struct kind *kind)
{
	return kind->fallbacks.count;
}

bool kind_fallback_address(
	const struct kind *kind, size_t i, const char *url, char **address, struct error *error)
{
	return compute_address(kind, 0, kind->fallbacks.list[i], url, NULL, address, error);
}
