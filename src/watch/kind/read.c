/* SPDX-License-Identifier: ISC */
#include "watch/kind/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "net/http.h"
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
	work->there = false;
	for (size_t i = 0; i < xpaths->count; i++) {
		char *text = evaluate_text(
			work->evaluation, xpaths->list[i], node, &work->there, work->error);

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
		trace_word(work->report->trace, block, word, known, level);
	return level;
}

bool read_each(struct work *work, const struct each *each, xmlNodePtr node, struct text_list *texts)
{
	xmlXPathObjectPtr nodes = evaluate_nodes(work->evaluation, each->nodes, node, work->error);
	bool good = nodes != NULL;

	for (size_t i = 0; good && i < node_set_count(nodes); i++) {
		xmlNodePtr member = node_set_member(nodes, i);
		char *taken = each->take != NULL ? evaluate_text(work->evaluation, each->take,
							   member, NULL, work->error)
						 : node_field(member);

		taken = count_bytes(work, taken);
		good = taken != NULL;
		if (good)
			text_list_add(texts, taken);
		free(taken);
	}
	xmlXPathFreeObject(nodes);
	return good;
}

/* What is there and says nothing is not what is not there. */
static const char *word_of(const char *text, bool there)
{
	return text[0] == '\0' && there ? LEVEL_WORD_BLANK : text;
}

/* Of several words the worst counts, the first among equals. */
bool read_level(struct work *work, const struct block *block, const struct xpath_list *word,
	xmlNodePtr node, char **text, enum level *level)
{
	struct text_list words = {0};
	bool good, there;

	if (block == NULL || block->words.nodes == NULL) {
		char *read = read_text(work, word, node);

		if (read == NULL)
			return error_prefix(work->error, "word");
		memory_set(text, word_of(read, work->there));
		free(read);
		*level = level_of(work, block, *text);
		return true;
	}
	good = read_each(work, &block->words, node, &words);
	there = words.count > 0;
	if (good && !there)
		text_list_add(&words, "");
	for (size_t i = 0; good && i < words.count; i++) {
		const char *next_text = word_of(words.list[i], there);
		enum level next = level_of(work, block, next_text);

		if (*text != NULL && next <= *level)
			continue;
		memory_set(text, next_text);
		*level = next;
	}
	text_list_release(&words);
	return good || error_prefix(work->error, "words");
}

bool read_block_rows(struct work *work, const struct block *block,
	bool (*row)(struct work *work, const struct block *block, xmlNodePtr node, void *context),
	void *context)
{
	xmlXPathObjectPtr nodes;
	bool good = true;

	if (block->each != NULL)
		nodes = evaluate_nodes(work->evaluation, block->each, NULL, work->error);
	else
		nodes = node_children(xmlDocGetRootElement(block->names));
	if (nodes == NULL)
		return error_prefix(work->error, "each");
	/* A list that its server cuts says nothing about the rows that are not in it. */
	if (block->most > 0 && node_set_count(nodes) >= (size_t)block->most)
		good = error_set(work->error, REMEDY_PAGE,
			"each: %zu rows are as many as its server gives: there may be more of them",
			node_set_count(nodes));
	for (size_t i = 0; good && i < node_set_count(nodes); i++) {
		work->evaluation->item = node_set_member(nodes, i);
		good = row(work, block, work->evaluation->item, context);
	}
	work->evaluation->item = NULL;
	xmlXPathFreeObject(nodes);
	return good;
}

bool id_again(struct work *work, const char *id)
{
	return error_set(work->error, REMEDY_PAGE,
		"id: \"%.200s\" occurs again, and the kind says that it does not", id);
}

bool same_replaces(int same, enum level old, enum level fresh)
{
	return same == SAME_LAST || (same != SAME_FIRST && fresh > old);
}

uintptr_t id_place(xmlHashTablePtr ids, const char *id)
{
	return (uintptr_t)xmlHashLookup(ids, BAD_CAST id);
}

void id_give_up(xmlHashTablePtr ids, char **id, const char *name, uintptr_t place)
{
	xmlHashUpdateEntry(ids, BAD_CAST * id, (void *)ID_SHARED, NULL);
	if (id_place(ids, name) == 0)
		xmlHashAddEntry(ids, BAD_CAST name, (void *)place);
	memory_set(id, name);
}

void count_merged(struct work *work, const char *id)
{
	work->report->merged_rows++;
	if (work->report->trace != NULL)
		trace_merged(work->report->trace, id);
}

void repeat_note(
	struct repeat *repeat, bool apart, const char *id, const char *first, const char *second)
{
	if (repeat->id == NULL || (apart && repeat->apart == 0)) {
		memory_set(&repeat->id, id);
		memory_set(&repeat->names[0], first);
		memory_set(&repeat->names[1], second);
	}
	repeat->apart += apart;
	repeat->merged += !apart;
}

static void repeat_write(const char *type, const struct repeat *repeat, struct buffer *out)
{
	size_t count = repeat->apart + repeat->merged, more;

	if (count == 0)
		return;
	/* Two that are called the same are quoted once. */
	more = count;
	buffer_format(out, "%s\tthe id \"%.100s\" is that of several %s (\"%.100s\"", type,
		repeat->id, type, repeat->names[0]);
	if (!text_equal(repeat->names[0], repeat->names[1])) {
		buffer_format(out, ", \"%.100s\"", repeat->names[1]);
		more--;
	}
	if (more > 0)
		buffer_format(out, ", and %zu more", more);
	buffer_text(out, repeat->apart > 0
				 ? "): they are kept apart by their names; an \"id\" of the kind "
				   "that is unique would tell them apart for good\n"
				 : "): they count as one, the worst of them; \"same\" of the kind "
				   "says which counts\n");
}

void read_report_notes(const struct read_report *report, struct buffer *out)
{
	repeat_write("indicators", &report->indicators, out);
	repeat_write("incidents", &report->incidents, out);
}

static void repeat_release(struct repeat *repeat)
{
	free(repeat->id);
	free(repeat->names[0]);
	free(repeat->names[1]);
	*repeat = (struct repeat){0};
}

void read_report_release(struct read_report *report)
{
	repeat_release(&report->indicators);
	repeat_release(&report->incidents);
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

static bool check_requirements(struct work *work)
{
	const struct xpath_list *require = &work->kind->require;

	for (size_t i = 0; i < require->count; i++) {
		char *is;
		bool truth;

		if (!evaluate_truth(work->evaluation, require->list[i], NULL, &truth, work->error))
			return error_prefix(work->error, "require");
		if (truth)
			continue;
		if (work->report->trace != NULL)
			trace_failed(work->report->trace, work->evaluation, require->list[i]);
		/* Somebody has to look at the page: the error says what was expected and what is
		 * there. */
		is = tree_describe(work->evaluation->page);
		error_set(work->error, REMEDY_PAGE,
			"require: the page is not as expected (%s): %.300s", is,
			require->list[i]->text);
		free(is);
		return false;
	}
	return true;
}

static bool read_page_line(struct work *work)
{
	const struct kind *kind = work->kind;
	struct reading *reading = work->reading;
	bool derived = kind->word.count == 0;

	reading->title = read_text(work, &kind->title, NULL);
	if (reading->title == NULL)
		return error_prefix(work->error, "page: title");
	/* A kind without `word` derives the level always, one with `derive` where that is true. */
	if (!derived && kind->derive != NULL &&
		!evaluate_truth(work->evaluation, kind->derive, NULL, &derived, work->error))
		return error_prefix(work->error, "page: derive");
	if (!derived)
		return read_level(work, NULL, &kind->word, NULL, &reading->word, &reading->level) ||
		       error_prefix(work->error, "page");
	/* The level is that of the worst row. Where only troubles are listed, there is a row for
	 * what is not; a kind without it that finds no row looks in the wrong place, unless
	 * `derive` has shown that this shape of the page has none. */
	if (kind->indicators.count > 0 && reading->indicator_count == 0 && kind->word.count == 0)
		return error_set(work->error, REMEDY_PAGE,
			"indicators: no row is there, and nothing else says how the page is");
	reading->word = memory_string("");
	reading->level = LEVEL_OPERATIONAL;
	for (size_t i = 0; i < reading->indicator_count; i++)
		if (reading->indicators[i].level > reading->level &&
			!(i < work->apart_count && work->apart[i]))
			reading->level = reading->indicators[i].level;
	for (size_t i = 0; i < reading->incident_count; i++)
		if (reading->incidents[i].level > reading->level)
			reading->level = reading->incidents[i].level;
	return true;
}

/* A reading is kept and published: addresses that are resolved against the page's own get none of
 * its secrets. */
static struct evaluation *evaluation_of(const char *url, struct regex_cache *regexes)
{
	char *public = text_empty(url) ? memory_string("") : http_url_public(url);
	struct evaluation *evaluation = evaluation_new(public, regexes);

	free(public);
	return evaluation;
}

bool read_page(const struct kind *kind, const char *url, const struct document *documents,
	struct reading *reading, struct read_report *report, struct error *error)
{
	struct evaluation *evaluation = evaluation_of(url, kind->regexes);
	struct read_report unwanted = {0};
	struct error own;
	struct work work = {.kind = kind,
		.evaluation = evaluation,
		.reading = reading,
		.report = report != NULL ? report : &unwanted,
		.error = error != NULL ? error : &own,
		.ids = xmlHashCreate(TABLE_FIRST),
		.names = xmlHashCreate(TABLE_FIRST)};
	bool good;

	if (work.report->trace != NULL) {
		evaluation->seen = trace_value;
		evaluation->seen_context = work.report->trace;
	}
	good = add_documents(&work, documents) && define_lets(kind, evaluation, work.error) &&
	       check_requirements(&work) && read_indicators(&work) && read_incidents(&work) &&
	       read_maintenances(&work) && read_page_line(&work);
	work.report->evaluations += evaluation->count;
	work.report->operations += evaluation->context->opCount;
	xmlHashFree(work.ids, NULL);
	xmlHashFree(work.names, NULL);
	free(work.apart);
	evaluation_free(evaluation);
	read_report_release(&unwanted);
	return good || error_prefix(error, "kind %s", kind->name);
}

enum document_form read_form(const struct document *document)
{
	return tree_form(document->bytes, document->length);
}

/* The kind's further documents count as not fetched. */
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

bool read_detect(const struct kind *const *kinds, size_t count, const char *url,
	const struct document *document, bool *fits, struct error *error)
{
	enum { URL_AND_PAGE = 2 };
	xmlDocPtr tree = tree_parse(document->bytes, document->length, error);
	struct evaluation *evaluation;
	bool any = false;

	if (tree == NULL)
		return false;
	evaluation = evaluation_of(url, NULL);
	evaluation_add_document(evaluation, "page", tree);
	for (size_t i = 0; i < count; i++) {
		evaluation->regexes = kinds[i]->regexes;
		fits[i] = fits_kind(kinds[i], evaluation);
		any = any || fits[i];
		evaluation_rewind(evaluation, URL_AND_PAGE);
	}
	if (!any) {
		char *is = tree_describe(tree);

		error_set(
			error, REMEDY_PAGE, "none of the %zu kinds fits this page (%s)", count, is);
		free(is);
	}
	evaluation_free(evaluation);
	return any;
}
