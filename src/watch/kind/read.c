/* SPDX-License-Identifier: ISC */
#include "watch/kind/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "watch/kind/read_p.h"

bool read_room(struct work *work, size_t count)
{
	return count < READING_ROWS_MAX ||
	       error_set(work->error, REMEDY_PAGE, "the page has more than %d rows",
		       READING_ROWS_MAX);
}

/* NULL where the fields of the reading are too long together; text is owned. */
static char *count_bytes(struct work *work, char *text)
{
	work->bytes += text != NULL ? strlen(text) : 0;
	if (work->bytes <= READING_TEXT_MAX)
		return text;
	error_set(
		work->error, REMEDY_PAGE, "the reading is longer than %d bytes", READING_TEXT_MAX);
	free(text);
	return NULL;
}

char *read_text(struct work *work, const struct xpath_list *xpaths, xmlNodePtr node)
{
	for (size_t i = 0; i < xpaths->count; i++) {
		char *text = evaluate_text(work->evaluation, xpaths->list[i], node, work->error);

		if (text == NULL || text[0] != '\0')
			return count_bytes(work, text);
		free(text);
	}
	return memory_string("");
}

char *read_date(struct work *work, const struct xpath_list *xpaths, xmlNodePtr node)
{
	char *text = read_text(work, xpaths, node), date[DATE_TEXT_MAX];

	if (text == NULL)
		return NULL;
	date_normalise(text, date);
	free(text);
	return memory_string(date);
}

bool read_fields(struct work *work, const struct field *fields, const struct block *block,
	xmlNodePtr node, void *row)
{
	for (; fields->key != NULL; fields++) {
		const void *xpaths = (const char *)block + fields->xpaths;
		char *text = fields->date ? read_date(work, xpaths, node)
					  : read_text(work, xpaths, node);

		if (text == NULL)
			return error_prefix(work->error, "%s", fields->key);
		*(char **)((char *)row + fields->slot) = text;
	}
	return true;
}

static enum level level_of(struct work *work, const struct block *block, const char *word)
{
	const struct level_words *const tables[] = {block != NULL ? &block->levels : NULL,
		&work->kind->given_levels, &work->kind->levels};
	enum level level = LEVEL_UNKNOWN;
	bool known = false;

	for (size_t i = 0; !known && i < sizeof tables / sizeof tables[0]; i++)
		known = tables[i] != NULL && level_words_find(tables[i], word, &level);
	work->report->unknown_words += !known;
	if (work->report->trace != NULL)
		trace_word(work->report->trace, word, known, level);
	return level;
}

bool read_each(struct work *work, const struct each *each, xmlNodePtr node,
	bool (*text)(struct work *work, char *text, void *context), void *context)
{
	xmlXPathObjectPtr nodes = evaluate_nodes(work->evaluation, each->nodes, node, work->error);
	bool good = nodes != NULL;

	for (size_t i = 0; good && i < node_set_count(nodes); i++) {
		xmlNodePtr member = node_set_member(nodes, i);
		char *taken = each->take != NULL ? evaluate_text(work->evaluation, each->take,
							   member, work->error)
						 : node_field(member);

		taken = count_bytes(work, taken);
		good = taken != NULL && text(work, taken, context);
	}
	xmlXPathFreeObject(nodes);
	return good;
}

/* The worst of several words, the first among equals. */
struct worst {
	const struct block *block;
	char *word;
	enum level level;
};

static bool compare_word(struct work *work, char *word, void *context)
{
	struct worst *worst = context;
	enum level level = level_of(work, worst->block, word);

	if (worst->word != NULL && level <= worst->level) {
		free(word);
		return true;
	}
	free(worst->word);
	worst->word = word;
	worst->level = level;
	return true;
}

static bool read_words(struct work *work, const struct block *block, xmlNodePtr node, char **text,
	enum level *level)
{
	struct worst worst = {.block = block};
	bool good = read_each(work, &block->words, node, compare_word, &worst);

	if (good && worst.word == NULL)
		compare_word(work, memory_string(""), &worst);
	*text = worst.word;
	*level = worst.level;
	return good || error_prefix(work->error, "words");
}

bool read_level(struct work *work, const struct block *block, const struct xpath_list *word,
	xmlNodePtr node, char **text, enum level *level)
{
	if (block != NULL && block->words.nodes != NULL)
		return read_words(work, block, node, text, level);
	*text = read_text(work, word, node);
	if (*text == NULL)
		return error_prefix(work->error, "word");
	*level = level_of(work, block, *text);
	return true;
}

static bool read_names(struct work *work, const struct block *block,
	bool (*row)(struct work *work, const struct block *block, xmlNodePtr node, void *context),
	void *context)
{
	bool good = true;

	for (xmlNodePtr node = xmlDocGetRootElement(block->names)->children; good && node != NULL;
		node = node->next) {
		evaluation_set_item(work->evaluation, node);
		good = row(work, block, node, context);
	}
	evaluation_set_item(work->evaluation, NULL);
	return good;
}

bool read_block_rows(struct work *work, const struct block *block,
	bool (*row)(struct work *work, const struct block *block, xmlNodePtr node, void *context),
	void *context)
{
	xmlXPathObjectPtr nodes;
	bool good = true;

	if (block->each == NULL)
		return read_names(work, block, row, context);
	nodes = evaluate_nodes(work->evaluation, block->each, NULL, work->error);
	if (nodes == NULL)
		return error_prefix(work->error, "each");
	for (size_t i = 0; good && i < node_set_count(nodes); i++) {
		evaluation_set_item(work->evaluation, node_set_member(nodes, i));
		good = row(work, block, node_set_member(nodes, i), context);
	}
	evaluation_set_item(work->evaluation, NULL);
	xmlXPathFreeObject(nodes);
	return good;
}

bool same_replaces(int same, enum level old, enum level fresh)
{
	return same == SAME_LAST || (same == SAME_WORST && fresh > old);
}

static bool add_documents(struct work *work, const struct document *documents)
{
	const struct named_list *names = &work->kind->documents;

	for (size_t i = 0; i < names->count; i++) {
		xmlDocPtr tree = NULL;

		if (documents[i].bytes != NULL)
			tree = tree_parse(documents[i].bytes, documents[i].length, work->error);
		else if (i == 0)
			error_set(work->error, REMEDY_PAGE, "there is no document");
		if (tree == NULL && (documents[i].bytes != NULL || i == 0))
			return i == 0 ? false
				      : error_prefix(work->error, "%s", names->list[i].name);
		evaluation_add_document(work->evaluation, names->list[i].name, tree);
	}
	return true;
}

static bool define_lets(const struct kind *kind, struct evaluation *evaluation, struct error *error)
{
	for (size_t i = 0; i < kind->lets.count; i++) {
		const struct named *let = &kind->lets.list[i];
		xmlXPathObjectPtr value = evaluate(evaluation, let->xpath, NULL, error);

		if (value == NULL)
			return error_prefix(error, "let: %s", let->name);
		evaluation_define(evaluation, let->name, value);
	}
	return true;
}

/* What was expected and what is there instead: somebody has to look at the page. */
static bool not_this_kind(struct work *work, const struct xpath *condition)
{
	char *is = tree_describe(evaluation_page(work->evaluation));

	error_set(work->error, REMEDY_PAGE, "require: the page is not as expected (%s): %.300s", is,
		condition->text);
	free(is);
	return false;
}

static bool check_requirements(struct work *work)
{
	const struct xpath_list *require = &work->kind->require;

	for (size_t i = 0; i < require->count; i++) {
		bool truth;

		if (!evaluate_truth(work->evaluation, require->list[i], NULL, &truth, work->error))
			return error_prefix(work->error, "require");
		if (!truth)
			return not_this_kind(work, require->list[i]);
	}
	return true;
}

/* For a page without a word of its own; `require` has vouched for what lists nothing. */
static enum level worst_row(const struct reading *reading)
{
	enum level worst = LEVEL_OPERATIONAL;

	for (size_t i = 0; i < reading->indicator_count; i++)
		if (reading->indicators[i].level > worst)
			worst = reading->indicators[i].level;
	for (size_t i = 0; i < reading->incident_count; i++)
		if (reading->incidents[i].level > worst)
			worst = reading->incidents[i].level;
	return worst;
}

/* A kind without `word` derives the level always, one with `derive` where that is true. */
static bool is_derived(struct work *work, bool *derived)
{
	*derived = work->kind->word.count == 0;
	if (*derived || work->kind->derive == NULL)
		return true;
	return evaluate_truth(work->evaluation, work->kind->derive, NULL, derived, work->error);
}

static bool read_page_line(struct work *work)
{
	struct reading *reading = work->reading;
	bool derived;

	reading->title = read_text(work, &work->kind->title, NULL);
	if (reading->title == NULL)
		return error_prefix(work->error, "page: title");
	if (!is_derived(work, &derived))
		return error_prefix(work->error, "page: derive");
	if (!derived)
		return read_level(work, NULL, &work->kind->word, NULL, &reading->word,
			       &reading->level) ||
		       error_prefix(work->error, "page");
	reading->word = memory_string("");
	reading->level = worst_row(reading);
	return true;
}

static bool read_all(struct work *work, const struct document *documents)
{
	return add_documents(work, documents) &&
	       define_lets(work->kind, work->evaluation, work->error) && check_requirements(work) &&
	       read_indicators(work) && read_incidents(work) && read_maintenances(work) &&
	       read_page_line(work);
}

bool read_page(const struct kind *kind, const char *url, const struct document *documents,
	struct reading *reading, struct read_report *report, struct error *error)
{
	struct read_report unwanted = {0};
	struct error own;
	struct work work = {.kind = kind,
		.reading = reading,
		.report = report != NULL ? report : &unwanted,
		.error = error != NULL ? error : &own};
	bool good;

	work.evaluation = evaluation_new(url != NULL ? url : "");
	evaluation_share(work.evaluation, kind->regexes);
	if (work.report->trace != NULL)
		evaluation_observe(work.evaluation, trace_value, work.report->trace);
	work.ids = xmlHashCreate(0);
	good = read_all(&work, documents);
	work.report->evaluations += evaluation_count(work.evaluation);
	work.report->operations += evaluation_operations(work.evaluation);
	xmlHashFree(work.ids, NULL);
	evaluation_free(work.evaluation);
	return good || error_prefix(error, "kind %s", kind->name);
}

enum document_form read_form(const struct document *document)
{
	return tree_form(document->bytes, document->length);
}

/* The further documents of a kind are not at hand. */
static bool fits_kind(const struct kind *kind, struct evaluation *evaluation)
{
	const struct xpath_list *conditions =
		kind->detect.count > 0 ? &kind->detect : &kind->require;
	bool truth = true;

	for (size_t i = 1; i < kind->documents.count; i++)
		evaluation_add_document(evaluation, kind->documents.list[i].name, NULL);
	if (!define_lets(kind, evaluation, NULL))
		return false;
	for (size_t i = 0; truth && i < conditions->count; i++)
		if (!evaluate_truth(evaluation, conditions->list[i], NULL, &truth, NULL))
			return false;
	return truth;
}

static bool none_fits(xmlDocPtr tree, size_t count, struct error *error)
{
	char *is = tree_describe(tree);

	error_set(error, REMEDY_PAGE, "none of the %zu kinds fits this page (%s)", count, is);
	free(is);
	return false;
}

bool read_detect(const struct kind *const *kinds, size_t count, const char *url,
	const struct document *document, bool *fits, struct error *error)
{
	enum { URL_AND_PAGE = 2 };
	xmlDocPtr tree = tree_parse(document->bytes, document->length, error);
	struct evaluation *evaluation;
	bool any = false;

	if (tree == NULL)
		return false;
	evaluation = evaluation_new(url != NULL ? url : "");
	evaluation_add_document(evaluation, "page", tree);
	for (size_t i = 0; i < count; i++) {
		evaluation_share(evaluation, kinds[i]->regexes);
		fits[i] = fits_kind(kinds[i], evaluation);
		any = any || fits[i];
		evaluation_rewind(evaluation, URL_AND_PAGE);
	}
	any = any || none_fits(tree, count, error);
	evaluation_free(evaluation);
	return any;
}
