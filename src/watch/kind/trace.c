/* SPDX-License-Identifier: ISC */
#include "watch/kind/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "watch/kind/read_p.h"

enum {
	SAMPLES_MAX = 3,    /* different texts that are shown of one expression */
	SAMPLE_MAX = 32,    /* bytes of one of them */
	WORDS_MAX = 200,    /* different words that are shown */
	ROWS_MAX = 50,      /* that no word explained */
	CONDITION_MAX = 70, /* bytes of a condition */
	STEPS_MAX = 16,     /* of a path that are tried one after the other */
	STEPS_TEXT = 48,    /* bytes of them that are shown */
	LABEL_COLUMNS = 14,
	LINE_COLUMNS = 80,
};

/* One expression and what it has given so far. */
struct traced {
	const char *section, *key; /* section: of the file, borrowed */
	size_t place;              /* of its block, where there are several; 0: there is one */
	size_t alternative;        /* in a list of expressions, from 1; 0: there is one */
	bool condition;
	bool detail;               /* of an incident: only of rows that are kept */
	const struct xpath *xpath; /* of the kind */
	size_t count, filled, nodes;
	char *there; /* owned; of a path that finds nothing, how far it is there. NULL: unknown */
	bool truth, node_set;
	char *samples[SAMPLES_MAX]; /* owned */
	size_t sample_count;
};

/* Where words stand, and the sections of the file that read them there. */
enum place { PLACE_PAGE, PLACE_INDICATORS, PLACE_INCIDENTS, PLACE_COUNT };

static const char *const place_names[] = {"page", "indicators", "incidents"};

struct traced_word {
	char *text; /* owned */
	enum level level;
	bool known;
	size_t counts[PLACE_COUNT];
};

struct trace {
	const struct kind *kind; /* borrowed */
	struct traced *list;
	size_t count;
	struct traced merged; /* the ids of rows that became one with an earlier one */
	struct traced_word *words;
	size_t word_count;
};

static void add(struct trace *trace, struct traced traced)
{
	if (traced.xpath != NULL)
		*(struct traced *)memory_append(&trace->list, &trace->count, sizeof *trace->list) =
			traced;
}

static void add_list(struct trace *trace, struct traced traced, const struct xpath_list *xpaths)
{
	for (size_t i = 0; i < xpaths->count; i++) {
		traced.xpath = xpaths->list[i];
		traced.alternative = xpaths->count > 1 ? i + 1 : 0;
		add(trace, traced);
	}
}

/* place: where there are several blocks, of this one, from 1; else 0. */
static void add_block(
	struct trace *trace, const char *section, size_t place, const struct block *block)
{
	static const struct {
		const char *key;
		size_t offset; /* in struct block: of a struct xpath_list, or of a struct xpath * */
		bool single, detail;
	} keys[] = {
		{"each", offsetof(struct block, each), true, false},
		{"id", offsetof(struct block, id), false, false},
		{"group", offsetof(struct block, group), false, false},
		{"name", offsetof(struct block, name), false, false},
		{"title", offsetof(struct block, title), false, false},
		{"word", offsetof(struct block, word), false, false},
		{"state", offsetof(struct block, state), false, true},
		{"started", offsetof(struct block, started), false, true},
		{"updated", offsetof(struct block, updated), false, true},
		{"starts", offsetof(struct block, starts), false, false},
		{"ends", offsetof(struct block, ends), false, false},
		{"url", offsetof(struct block, url), false, true},
		{"time", offsetof(struct block, updates.time), false, false},
		{"state", offsetof(struct block, updates.state), false, false},
		{"text", offsetof(struct block, updates.text), false, false},
		{"words", offsetof(struct block, words.nodes), true, false},
		{"words: take", offsetof(struct block, words.take), true, false},
		{"affected", offsetof(struct block, affected.nodes), true, false},
		{"affected: take", offsetof(struct block, affected.take), true, false},
		{"updates", offsetof(struct block, updates.nodes), true, false},
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const void *key = (const char *)block + keys[i].offset;
		struct traced traced = {.section = section,
			.place = place,
			.key = keys[i].key,
			.detail = keys[i].detail};

		if (!keys[i].single) {
			add_list(trace, traced, key);
			continue;
		}
		traced.xpath = *(struct xpath *const *)key;
		add(trace, traced);
	}
}

struct trace *trace_new(const struct kind *kind)
{
	const struct {
		const char *section;
		const struct blocks *blocks;
	} types[] = {{"indicators", &kind->indicators}, {"incidents", &kind->incidents},
		{"maintenances", &kind->maintenances}};
	struct trace *trace = memory_zero(1, sizeof *trace);

	trace->kind = kind;
	for (size_t i = 0; i < kind->lets.count; i++)
		add(trace, (struct traced){.section = "let",
				   .key = kind->lets.list[i].name,
				   .xpath = kind->lets.list[i].xpath});
	add_list(trace, (struct traced){.section = "require", .key = "", .condition = true},
		&kind->require);
	add_list(trace, (struct traced){.section = "page", .key = "title"}, &kind->title);
	add_list(trace, (struct traced){.section = "page", .key = "word"}, &kind->word);
	add(trace, (struct traced){.section = "page",
			   .key = "derive",
			   .condition = true,
			   .xpath = kind->derive});
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		for (size_t j = 0; j < types[i].blocks->count; j++)
			add_block(trace, types[i].section, types[i].blocks->count > 1 ? j + 1 : 0,
				&types[i].blocks->list[j]);
	return trace;
}

static void traced_release(struct traced *traced)
{
	for (size_t i = 0; i < traced->sample_count; i++)
		free(traced->samples[i]);
	free(traced->there);
}

void trace_free(struct trace *trace)
{
	if (trace == NULL)
		return;
	for (size_t i = 0; i < trace->count; i++)
		traced_release(&trace->list[i]);
	traced_release(&trace->merged);
	for (size_t i = 0; i < trace->word_count; i++)
		free(trace->words[i].text);
	free(trace->list);
	free(trace->words);
	free(trace);
}

/* Keeps the text where it is not empty and one of the first different ones. Owns it. */
static void add_sample(struct traced *traced, char *text)
{
	bool shown = text[0] == '\0' || traced->sample_count == SAMPLES_MAX;

	traced->filled += text[0] != '\0';
	for (size_t i = 0; !shown && i < traced->sample_count; i++)
		shown = strcmp(traced->samples[i], text) == 0;
	if (shown)
		free(text);
	else
		traced->samples[traced->sample_count++] = text;
}

static struct traced *find_traced(struct trace *trace, const struct xpath *xpath)
{
	for (size_t i = 0; i < trace->count; i++)
		if (trace->list[i].xpath == xpath)
			return &trace->list[i];
	return NULL;
}

void trace_value(void *context, const struct xpath *xpath, xmlXPathObjectPtr value)
{
	struct traced *traced = find_traced(context, xpath);
	xmlChar *text;

	if (traced == NULL)
		return;
	traced->count++;
	traced->truth = xmlXPathCastToBoolean(value);
	traced->node_set = value->type == XPATH_NODESET;
	traced->nodes += traced->node_set ? node_set_count(value) : 0;
	text = xmlXPathCastToString(value);
	add_sample(traced,
		text_collapse((const char *)text, strlen((const char *)text), READING_FIELD_MAX));
	xmlFree(text);
}

/* The text made visible, and cut so that it stays in its line. */
static void write_cut(struct buffer *out, const char *text, size_t maximum)
{
	char *cut = text_collapse(text, strlen(text), maximum);

	text_visible(out, cut);
	buffer_text(out, strlen(cut) < strlen(text) ? "…" : "");
	free(cut);
}

/* Where the steps and predicates of a path end, all but the last; 0: the text is more than a path.
 */
static size_t path_steps(const char *path, size_t ends[static STEPS_MAX])
{
	size_t count = 0, depth = 0;
	char quote = '\0';

	if (path[0] != '/' && path[0] != '$')
		return 0;
	for (size_t i = 1; path[i] != '\0'; i++) {
		char c = path[i];
		bool ends_here = c == '[' || (c == '/' && path[i - 1] != '/');

		if (quote != '\0') {
			quote = c == quote ? '\0' : quote;
			continue;
		}
		if (depth == 0 && strchr("(|=<>!+, ", c) != NULL)
			return 0;
		if (depth == 0 && ends_here && count < STEPS_MAX)
			ends[count++] = i;
		quote = c == '"' || c == '\'' ? c : '\0';
		depth += c == '[' || c == '(';
		depth -= c == ']' || c == ')';
	}
	return count;
}

void trace_failed(struct trace *trace, struct evaluation *evaluation, const struct xpath *xpath)
{
	struct traced *traced = find_traced(trace, xpath);
	size_t ends[STEPS_MAX], count = traced != NULL ? path_steps(xpath->text, ends) : 0;

	while (count > 0 && traced->there == NULL) {
		char *steps = memory_bytes(xpath->text, ends[--count]);
		xmlXPathObjectPtr value =
			xmlXPathEvalExpression(BAD_CAST steps, evaluation->context);
		size_t nodes =
			value != NULL && value->type == XPATH_NODESET ? node_set_count(value) : 0;
		struct buffer there = {0};

		if (nodes > 0) {
			buffer_text(&there, "as far as ");
			write_cut(&there, steps, STEPS_TEXT);
			buffer_format(&there, ": %zu node%s", nodes, nodes == 1 ? "" : "s");
			traced->there = memory_string(buffer_string(&there));
		}
		buffer_release(&there);
		xmlXPathFreeObject(value);
		free(steps);
	}
}

void trace_merged(struct trace *trace, const char *id)
{
	trace->merged.count++;
	add_sample(&trace->merged, memory_string(id));
}

static enum place place_of(const struct kind *kind, const struct block *block)
{
	for (size_t i = 0; i < kind->indicators.count; i++)
		if (&kind->indicators.list[i] == block)
			return PLACE_INDICATORS;
	return block == NULL ? PLACE_PAGE : PLACE_INCIDENTS;
}

void trace_word(struct trace *trace, const struct block *block, const char *text, bool known,
	enum level level)
{
	enum place place = place_of(trace->kind, block);
	struct traced_word *word;

	for (size_t i = 0; i < trace->word_count; i++) {
		word = &trace->words[i];
		if (word->level == level && word->known == known && strcmp(word->text, text) == 0) {
			word->counts[place]++;
			return;
		}
	}
	if (trace->word_count == WORDS_MAX)
		return;
	word = memory_append(&trace->words, &trace->word_count, sizeof *trace->words);
	*word = (struct traced_word){.text = memory_string(text), .level = level, .known = known};
	word->counts[place] = 1;
}

static void write_label(struct buffer *out, const char *key, size_t alternative)
{
	struct buffer label = {0};
	size_t columns;

	text_visible(&label, key);
	if (alternative > 0)
		buffer_format(&label, " %zu", alternative);
	columns = text_columns(buffer_string(&label));
	buffer_format(out, "  %s%*s ", buffer_string(&label),
		columns < LABEL_COLUMNS ? (int)(LABEL_COLUMNS - columns) : 0, "");
	buffer_release(&label);
}

static void write_samples(struct buffer *out, const struct traced *traced, size_t columns)
{
	for (size_t i = 0; i < traced->sample_count; i++) {
		struct buffer sample = {0};

		buffer_text(&sample, i == 0 ? ": \"" : ", \"");
		write_cut(&sample, traced->samples[i], SAMPLE_MAX);
		buffer_byte(&sample, '"');
		columns += text_columns(buffer_string(&sample));
		if (columns <= LINE_COLUMNS)
			buffer_text(out, buffer_string(&sample));
		buffer_release(&sample);
	}
}

/* rows: that the block has, before some of them became one or were found to be over. */
static void write_counts(struct buffer *out, const struct traced *traced, size_t rows)
{
	size_t left_out = traced->detail && traced->alternative <= 1 && traced->count < rows
				  ? rows - traced->count
				  : 0;

	buffer_format(out, "%zu of %zu", traced->filled, traced->count + left_out);
	if (left_out > 0)
		buffer_format(out, " (%zu merged or over)", left_out);
}

static void write_traced(struct buffer *out, const struct traced *traced, size_t block_rows)
{
	const char *key = traced->key;
	/* Nodes that stand for something larger: their text as a whole says nothing. */
	bool rows = strcmp(key, "each") == 0 || strcmp(key, "updates") == 0 ||
		    (strcmp(traced->section, "let") == 0 && traced->node_set);
	bool nodes = rows || strcmp(key, "words") == 0 || strcmp(key, "affected") == 0;
	struct buffer line = {0};

	if (traced->condition && key[0] == '\0') {
		buffer_format(&line, "  %-3s ", traced->truth ? "yes" : "no");
		write_cut(&line, traced->xpath->text, CONDITION_MAX);
		if (traced->there != NULL)
			buffer_format(&line, "\n      %s", traced->there);
	} else if (traced->condition) {
		write_label(&line, key, 0);
		buffer_text(&line, traced->truth ? "yes" : "no");
	} else {
		write_label(&line, key, traced->alternative);
		if (nodes)
			buffer_format(
				&line, "%zu node%s", traced->nodes, traced->nodes == 1 ? "" : "s");
		else
			write_counts(&line, traced, block_rows);
		if (!rows)
			write_samples(&line, traced, text_columns(buffer_string(&line)));
	}
	buffer_format(out, "%s\n", buffer_string(&line));
	buffer_release(&line);
}

static void write_word(struct buffer *out, const struct traced_word *word)
{
	buffer_text(out, "  \"");
	write_cut(out, word->text, SAMPLE_MAX);
	buffer_format(out, "\" -> %s", level_name(word->level));
	for (size_t i = 0; i < PLACE_COUNT; i++)
		if (word->counts[i] > 0)
			buffer_format(out, ", %zu in %s", word->counts[i], place_names[i]);
	buffer_text(out, word->known ? "\n" : ": this word is in no table\n");
}

static void write_merged(struct buffer *out, const struct traced *merged)
{
	struct buffer line = {0};

	write_label(&line, "id", 0);
	buffer_format(&line, "%zu", merged->count);
	write_samples(&line, merged, text_columns(buffer_string(&line)));
	buffer_format(out, "merged rows\n%s\n", buffer_string(&line));
	buffer_release(&line);
}

void trace_write(const struct trace *trace, struct buffer *out)
{
	const char *section = "";
	size_t place = 0, rows = 0;

	for (size_t i = 0; i < trace->count; i++) {
		const struct traced *traced = &trace->list[i];

		if (traced->count == 0)
			continue;
		if (strcmp(section, traced->section) != 0 || place != traced->place) {
			section = traced->section;
			place = traced->place;
			rows = 0;
			buffer_text(out, section);
			if (place > 0)
				buffer_format(out, " %zu", place);
			buffer_byte(out, '\n');
		}
		rows = strcmp(traced->key, "each") == 0 ? traced->nodes : rows;
		write_traced(out, traced, rows);
	}
	if (trace->merged.count > 0)
		write_merged(out, &trace->merged);
	buffer_text(out, trace->word_count > 0 ? "levels\n" : "");
	for (size_t i = 0; i < trace->word_count; i++)
		write_word(out, &trace->words[i]);
}

static bool is_explained(const struct trace *trace, enum level level, const char *text)
{
	if (level != LEVEL_UNKNOWN)
		return true;
	for (size_t i = 0; i < trace->word_count; i++)
		if (trace->words[i].known && strcmp(trace->words[i].text, text) == 0)
			return true;
	return false;
}

/* One row of the reading; count: of those so far that no word explained. */
static void write_unexplained(const struct trace *trace, enum level level, const char *name,
	const char *word, size_t *count, struct buffer *out)
{
	if (is_explained(trace, level, word) || ++*count > ROWS_MAX)
		return;
	buffer_text(out, *count == 1 ? "rows that no word explains\n  " : "  ");
	write_cut(out, name, SAMPLE_MAX);
	buffer_text(out, ": \"");
	write_cut(out, word, SAMPLE_MAX);
	buffer_text(out, "\"\n");
}

void trace_write_unexplained(
	const struct trace *trace, const struct reading *reading, struct buffer *out)
{
	size_t count = 0;

	for (size_t i = 0; i < reading->indicator_count; i++) {
		const struct indicator *row = &reading->indicators[i];

		write_unexplained(trace, row->level, row->name, row->word, &count, out);
	}
	for (size_t i = 0; i < reading->incident_count; i++) {
		const struct incident *row = &reading->incidents[i];

		write_unexplained(trace, row->level, row->title, row->word, &count, out);
	}
	if (count > ROWS_MAX)
		buffer_format(out, "  … and %zu more\n", count - ROWS_MAX);
}
