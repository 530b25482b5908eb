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
	LABEL_COLUMNS = 14,
	LINE_COLUMNS = 80,
};

/* One expression and what it has given so far. */
struct traced {
	const char *section, *key; /* section: of the file, borrowed */
	size_t place;              /* of its block, where there are several; 0: there is one */
	size_t alternative;        /* in a list of expressions, from 1; 0: there is one */
	bool condition;
	const struct xpath *xpath; /* of the kind */
	size_t count, filled, nodes;
	bool truth, node_set;
	char *samples[SAMPLES_MAX]; /* owned */
	size_t sample_count;
};

struct traced_word {
	char *text; /* owned */
	enum level level;
	bool known;
	size_t count;
};

struct trace {
	struct traced *list;
	size_t count;
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
		bool single;
	} keys[] = {
		{"each", offsetof(struct block, each), true},
		{"id", offsetof(struct block, id), false},
		{"group", offsetof(struct block, group), false},
		{"name", offsetof(struct block, name), false},
		{"title", offsetof(struct block, title), false},
		{"word", offsetof(struct block, word), false},
		{"state", offsetof(struct block, state), false},
		{"started", offsetof(struct block, started), false},
		{"updated", offsetof(struct block, updated), false},
		{"starts", offsetof(struct block, starts), false},
		{"ends", offsetof(struct block, ends), false},
		{"url", offsetof(struct block, url), false},
		{"time", offsetof(struct block, updates.time), false},
		{"state", offsetof(struct block, updates.state), false},
		{"text", offsetof(struct block, updates.text), false},
		{"words", offsetof(struct block, words.nodes), true},
		{"words: take", offsetof(struct block, words.take), true},
		{"affected", offsetof(struct block, affected.nodes), true},
		{"affected: take", offsetof(struct block, affected.take), true},
		{"updates", offsetof(struct block, updates.nodes), true},
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const void *key = (const char *)block + keys[i].offset;
		struct traced traced = {.section = section, .place = place, .key = keys[i].key};

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

void trace_free(struct trace *trace)
{
	if (trace == NULL)
		return;
	for (size_t i = 0; i < trace->count; i++)
		for (size_t j = 0; j < trace->list[i].sample_count; j++)
			free(trace->list[i].samples[j]);
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

void trace_value(void *context, const struct xpath *xpath, xmlXPathObjectPtr value)
{
	struct trace *trace = context;
	struct traced *traced = NULL;
	xmlChar *text;

	for (size_t i = 0; traced == NULL && i < trace->count; i++)
		if (trace->list[i].xpath == xpath)
			traced = &trace->list[i];
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

void trace_word(struct trace *trace, const char *text, bool known, enum level level)
{
	struct traced_word *word;

	for (size_t i = 0; i < trace->word_count; i++) {
		word = &trace->words[i];
		if (word->level == level && word->known == known && strcmp(word->text, text) == 0) {
			word->count++;
			return;
		}
	}
	if (trace->word_count == WORDS_MAX)
		return;
	word = memory_append(&trace->words, &trace->word_count, sizeof *trace->words);
	*word = (struct traced_word){memory_string(text), level, known, 1};
}

/* The text made visible, and cut so that it stays in its line. */
static void write_cut(struct buffer *out, const char *text, size_t maximum)
{
	char *cut = text_collapse(text, strlen(text), maximum);

	text_visible(out, cut);
	buffer_text(out, strlen(cut) < strlen(text) ? "…" : "");
	free(cut);
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

static void write_traced(struct buffer *out, const struct traced *traced)
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
	} else if (traced->condition) {
		write_label(&line, key, 0);
		buffer_text(&line, traced->truth ? "yes" : "no");
	} else {
		write_label(&line, key, traced->alternative);
		if (nodes)
			buffer_format(
				&line, "%zu node%s", traced->nodes, traced->nodes == 1 ? "" : "s");
		else
			buffer_format(&line, "%zu of %zu", traced->filled, traced->count);
		if (!rows)
			write_samples(&line, traced, text_columns(buffer_string(&line)));
	}
	buffer_format(out, "%s\n", buffer_string(&line));
	buffer_release(&line);
}

void trace_write(const struct trace *trace, struct buffer *out)
{
	const char *section = "";
	size_t place = 0;

	for (size_t i = 0; i < trace->count; i++) {
		const struct traced *traced = &trace->list[i];

		if (traced->count == 0)
			continue;
		if (strcmp(section, traced->section) != 0 || place != traced->place) {
			section = traced->section;
			place = traced->place;
			buffer_text(out, section);
			if (place > 0)
				buffer_format(out, " %zu", place);
			buffer_byte(out, '\n');
		}
		write_traced(out, traced);
	}
	buffer_text(out, trace->word_count > 0 ? "levels\n" : "");
	for (size_t i = 0; i < trace->word_count; i++) {
		const struct traced_word *word = &trace->words[i];

		buffer_text(out, "  \"");
		write_cut(out, word->text, SAMPLE_MAX);
		buffer_format(out, "\" -> %s, %zu time%s%s\n", level_name(word->level), word->count,
			word->count == 1 ? "" : "s",
			word->known ? "" : ": this word is in no table");
	}
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
