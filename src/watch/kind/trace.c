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

static void add_named(struct trace *trace, const char *section, const struct named_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		add(trace, (struct traced){.section = section,
				   .key = names->list[i].name,
				   .xpath = names->list[i].xpath});
}

static void add_block(
	struct trace *trace, const char *section, size_t place, const struct block *block)
{
	static const struct {
		const char *key;
		size_t offset; /* of the struct xpath_list in struct block */
	} lists[] = {
		{"id", offsetof(struct block, id)},
		{"group", offsetof(struct block, group)},
		{"name", offsetof(struct block, name)},
		{"title", offsetof(struct block, title)},
		{"word", offsetof(struct block, word)},
		{"state", offsetof(struct block, state)},
		{"started", offsetof(struct block, started)},
		{"updated", offsetof(struct block, updated)},
		{"starts", offsetof(struct block, starts)},
		{"ends", offsetof(struct block, ends)},
		{"url", offsetof(struct block, url)},
		{"time", offsetof(struct block, updates.time)},
		{"state", offsetof(struct block, updates.state)},
		{"text", offsetof(struct block, updates.text)},
	};
	const struct {
		const char *key;
		const struct xpath *xpath;
	} singles[] = {
		{"words", block->words.nodes},
		{"words: take", block->words.take},
		{"affected", block->affected.nodes},
		{"affected: take", block->affected.take},
		{"updates", block->updates.nodes},
	};
	struct traced traced = {
		.section = section, .place = place, .key = "each", .xpath = block->each};

	add(trace, traced);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		traced.key = lists[i].key;
		add_list(trace, traced, (const void *)((const char *)block + lists[i].offset));
	}
	for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
		traced.key = singles[i].key;
		traced.xpath = singles[i].xpath;
		traced.alternative = 0;
		add(trace, traced);
	}
}

static void add_blocks(struct trace *trace, const char *section, const struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++)
		add_block(trace, section, blocks->count > 1 ? i + 1 : 0, &blocks->list[i]);
}

struct trace *trace_new(const struct kind *kind)
{
	struct trace *trace = memory_zero(1, sizeof *trace);

	add_named(trace, "let", &kind->lets);
	add_list(trace, (struct traced){.section = "require", .key = "", .condition = true},
		&kind->require);
	add_list(trace, (struct traced){.section = "page", .key = "title"}, &kind->title);
	add_list(trace, (struct traced){.section = "page", .key = "word"}, &kind->word);
	add(trace, (struct traced){.section = "page",
			   .key = "derive",
			   .condition = true,
			   .xpath = kind->derive});
	add_blocks(trace, "indicators", &kind->indicators);
	add_blocks(trace, "incidents", &kind->incidents);
	add_blocks(trace, "maintenances", &kind->maintenances);
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

/* Nodes that stand for something larger: their text as a whole says nothing. */
static bool is_rows(const struct traced *traced)
{
	return strcmp(traced->key, "each") == 0 || strcmp(traced->key, "updates") == 0 ||
	       (strcmp(traced->section, "let") == 0 && traced->node_set);
}

static bool gives_nodes(const struct traced *traced)
{
	return is_rows(traced) || strcmp(traced->key, "words") == 0 ||
	       strcmp(traced->key, "affected") == 0;
}

static void write_traced(struct buffer *out, const struct traced *traced)
{
	struct buffer line = {0};

	if (traced->condition && traced->key[0] == '\0') {
		buffer_format(&line, "  %-3s ", traced->truth ? "yes" : "no");
		write_cut(&line, traced->xpath->text, CONDITION_MAX);
	} else if (traced->condition) {
		write_label(&line, traced->key, 0);
		buffer_text(&line, traced->truth ? "yes" : "no");
	} else {
		write_label(&line, traced->key, traced->alternative);
		if (gives_nodes(traced))
			buffer_format(
				&line, "%zu node%s", traced->nodes, traced->nodes == 1 ? "" : "s");
		else
			buffer_format(&line, "%zu of %zu", traced->filled, traced->count);
		if (!is_rows(traced))
			write_samples(&line, traced, text_columns(buffer_string(&line)));
	}
	buffer_format(out, "%s\n", buffer_string(&line));
	buffer_release(&line);
}

static void write_words(struct buffer *out, const struct trace *trace)
{
	if (trace->word_count > 0)
		buffer_text(out, "levels\n");
	for (size_t i = 0; i < trace->word_count; i++) {
		const struct traced_word *word = &trace->words[i];
		struct buffer quoted = {0};

		buffer_byte(&quoted, '"');
		write_cut(&quoted, word->text, SAMPLE_MAX);
		buffer_byte(&quoted, '"');
		buffer_format(out, "  %s -> %s, %zu time%s%s\n", buffer_string(&quoted),
			level_name(word->level), word->count, word->count == 1 ? "" : "s",
			word->known ? "" : ": this word is in no table");
		buffer_release(&quoted);
	}
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
	write_words(out, trace);
}
