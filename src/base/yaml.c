/* SPDX-License-Identifier: ISC
 *
 * The only file that includes libyaml.
 */
#include "base/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

struct yaml {
	char *name;
	char *text;
	size_t length;
	yaml_document_t document;
};

struct yaml *yaml_load(const char *path, struct problems *problems)
{
	struct buffer text = {.maximum = YAML_FILE_MAX};
	struct error error;
	struct yaml *yaml = NULL;

	if (file_read_named(path, &text, &error))
		yaml = yaml_parse(path, buffer_string(&text), text.length, problems);
	else
		problems_add_error(problems, path, &error);
	buffer_wipe(&text);
	return yaml;
}

struct yaml *yaml_load_again(const char *path, struct yaml *before, struct problems *problems)
{
	struct buffer text = {.maximum = YAML_FILE_MAX};
	bool same = before != NULL && file_read_named(path, &text, NULL) &&
		    text.length == before->length &&
		    memcmp(buffer_string(&text), before->text, text.length) == 0;

	buffer_wipe(&text);
	if (same)
		return before;
	yaml_close(before);
	return yaml_load(path, problems);
}

/* What is commonly meant where libyaml says so, in its own words; the first that fits. */
static const char *advice_on(const char *problem, const char *context, bool tab)
{
	static const char marks[] = "what begins with *, & or ! stands in quotes, such as \"*\"";
	static const char same_column[] = "what belongs together begins in the same column";
	static const char brackets[] = "a comma or a bracket is missing";
	static const struct {
		const char *words, *advice;
	} advices[] = {
		{"UTF-8", "save the file as UTF-8"},
		{"an alias", marks},
		{"undefined alias", marks},
		{"an anchor", marks},
		{"a tag", marks},
		{"start any token", "what begins with @, ` or % stands in quotes"},
		{"mapping values", "what holds \": \" stands in quotes"},
		{"escape character", "in double quotes a backslash is written twice"},
		{"quoted scalar", "a quotation mark is missing"},
		{"simple key", "a key ends with a colon and a blank"},
		{"block mapping", same_column},
		{"block collection", same_column},
		{"flow mapping", brackets},
		{"flow sequence", brackets},
	};

	if (tab)
		return "indent with blanks, not with tabs";
	for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
		if (strstr(problem, advices[i].words) != NULL ||
			strstr(context, advices[i].words) != NULL)
			return advices[i].advice;
	return NULL;
}

/* Whether a tab stands where the line begins; 1 is the first line. */
static bool begins_with_tab(const char *text, size_t length, int line)
{
	const char *at = text, *end = text + length;

	for (int passed = 1; passed < line && at < end; passed++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline != NULL ? newline + 1 : end;
	}
	while (at < end && *at == ' ')
		at++;
	return at < end && *at == '\t';
}

static void parse_problem(const yaml_parser_t *parser, const char *name, const char *text,
	size_t length, struct problems *problems)
{
	const char *context = parser->context != NULL ? parser->context : "", *advice;
	int line = (int)parser->problem_mark.line + 1, begun = (int)parser->context_mark.line + 1;
	struct buffer more = {0};

	/* libyaml names a problem of the text; where an allocation fails, not always the error. */
	if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL)
		error_fatal("out of memory");
	/* libyaml leaves no mark where the bytes themselves are bad, only their offset. */
	if (parser->error == YAML_READER_ERROR) {
		line = 1;
		for (size_t i = 0; i < length && i < parser->problem_offset; i++)
			line += text[i] == '\n';
	}
	if (context[0] != '\0')
		buffer_format(&more, " %s", context);
	if (context[0] != '\0' && begun != line)
		buffer_format(&more, " that begins on line %d", begun);
	advice = advice_on(parser->problem, context, begins_with_tab(text, length, line));
	if (advice != NULL)
		buffer_format(&more, " (%s)", advice);
	problems_add(problems, name, line, "not YAML: %s%s", parser->problem, buffer_string(&more));
	buffer_release(&more);
}

/*
 * libyaml's time grows with the square of the nesting depth of brackets. Brackets
 * in quotes and comments also count, because they usually come in pairs.
 */
static bool too_deep(const char *text, size_t length)
{
	long depth = 0;

	for (size_t i = 0; i < length && depth <= YAML_DEPTH_MAX; i++)
		if (text[i] == '[' || text[i] == '{')
			depth++;
		else if ((text[i] == ']' || text[i] == '}') && depth > 0)
			depth--;
	return depth > YAML_DEPTH_MAX;
}

/* Takes what the node is long, aliases written out, from what is left. False, with a problem, where
 * it is not enough. */
static bool take_length(struct problems *problems, struct node node, int depth, size_t *left)
{
	size_t length = strlen(node_text(node)) + 1;

	if (node_type(node) == NODE_NONE)
		return true;
	if (depth > YAML_DEPTH_MAX)
		return node_problem(problems, node, "more than %d lists and maps in one another",
			YAML_DEPTH_MAX);
	if (length > *left)
		return node_problem(problems, node,
			"with its aliases written out the file is longer than %d bytes",
			YAML_FILE_MAX);
	*left -= length;
	for (size_t i = 0; i < node_count(node); i++)
		if (!take_length(problems, node_member(node, i), depth + 1, left) ||
			!take_length(problems, node_key(node, i), depth + 1, left) ||
			!take_length(problems, node_value(node, i), depth + 1, left))
			return false;
	return true;
}

/* One that says what is so anyway is none. */
static bool has_tag(const yaml_node_t *node)
{
	return !text_equal((const char *)node->tag, YAML_STR_TAG) &&
	       !text_equal((const char *)node->tag, YAML_SEQ_TAG) &&
	       !text_equal((const char *)node->tag, YAML_MAP_TAG);
}

/* What YAML allows and has no meaning here. */
static void check_nodes(const struct yaml *yaml, struct problems *problems)
{
	const yaml_document_t *document = &yaml->document;
	size_t left = YAML_FILE_MAX;

	for (const yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
		int line = (int)node->start_mark.line + 1;

		/* From here on the texts are C strings, which a NUL would cut silently. */
		if (node->type == YAML_SCALAR_NODE &&
			memchr(node->data.scalar.value, '\0', node->data.scalar.length) != NULL)
			problems_add(
				problems, yaml->name, line, "a NUL character stands in this text");
		if (has_tag(node))
			problems_add(problems, yaml->name, line,
				"tags (\"%s\") have no meaning here; leave it out", node->tag);
	}
	take_length(problems, yaml_root(yaml), 0, &left);
}

struct yaml *yaml_parse(
	const char *name, const char *text, size_t length, struct problems *problems)
{
	size_t before = problems->errors;
	yaml_document_t rest;
	yaml_parser_t parser;
	struct yaml *yaml;

	if (length > YAML_FILE_MAX) {
		problems_add(problems, name, 0, "longer than %d bytes", YAML_FILE_MAX);
		return NULL;
	}
	if (too_deep(text, length)) {
		problems_add(problems, name, 0, "more than %d brackets are open at once",
			YAML_DEPTH_MAX);
		return NULL;
	}
	if (!yaml_parser_initialize(&parser))
		error_fatal("out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	yaml = memory_zero(1, sizeof *yaml);
	yaml->name = memory_string(name);
	yaml->text = memory_bytes(text, length);
	yaml->length = length;
	if (!yaml_parser_load(&parser, &yaml->document))
		parse_problem(&parser, name, text, length, problems);
	check_nodes(yaml, problems);
	/* A second document would be ignored silently. */
	if (problems->errors == before && yaml_root(yaml).index != 0) {
		const yaml_node_t *root = NULL;

		if (!yaml_parser_load(&parser, &rest))
			parse_problem(&parser, name, text, length, problems);
		else if ((root = yaml_document_get_root_node(&rest)) != NULL)
			problems_add(problems, name, (int)root->start_mark.line + 1,
				"a second document begins here; one file holds one");
		yaml_document_delete(&rest);
	}
	/* What it has read stays in memory that it frees: secrets may stand in it. */
	explicit_bzero(
		parser.raw_buffer.start, (size_t)(parser.raw_buffer.end - parser.raw_buffer.start));
	explicit_bzero(parser.buffer.start, (size_t)(parser.buffer.end - parser.buffer.start));
	yaml_parser_delete(&parser);
	if (problems->errors == before)
		return yaml;
	yaml_close(yaml);
	return NULL;
}

void yaml_close(struct yaml *yaml)
{
	if (yaml == NULL)
		return;
	for (yaml_node_t *node = yaml->document.nodes.start; node < yaml->document.nodes.top;
		node++)
		if (node->type == YAML_SCALAR_NODE)
			explicit_bzero(node->data.scalar.value, node->data.scalar.length);
	yaml_document_delete(&yaml->document);
	free(yaml->name);
	explicit_bzero(yaml->text, yaml->length);
	free(yaml->text);
	free(yaml);
}

struct node yaml_root(const struct yaml *yaml)
{
	return (struct node){yaml, yaml->document.nodes.top > yaml->document.nodes.start};
}

const char *yaml_text(const struct yaml *yaml, size_t *length)
{
	*length = yaml->length;
	return yaml->text;
}

/* libyaml's own node; for "nothing", one of type YAML_NO_NODE. */
static const yaml_node_t *inner(struct node node)
{
	static const yaml_node_t none = {.type = YAML_NO_NODE};

	return node.document != NULL && node.index > 0
		       ? node.document->document.nodes.start + node.index - 1
		       : &none;
}

enum node_type node_type(struct node node)
{
	static const enum node_type types[] = {
		[YAML_NO_NODE] = NODE_NONE,
		[YAML_SCALAR_NODE] = NODE_SCALAR,
		[YAML_SEQUENCE_NODE] = NODE_LIST,
		[YAML_MAPPING_NODE] = NODE_MAP,
	};

	return types[inner(node)->type];
}

int node_line(struct node node)
{
	return node_type(node) != NODE_NONE ? (int)inner(node)->start_mark.line + 1 : 0;
}

const char *node_file(struct node node)
{
	return node.document != NULL ? node.document->name : "";
}

const char *node_text(struct node node)
{
	return node_type(node) == NODE_SCALAR ? (const char *)inner(node)->data.scalar.value : "";
}

size_t node_count(struct node node)
{
	const yaml_node_t *self = inner(node);

	if (self->type == YAML_SEQUENCE_NODE)
		return (size_t)(self->data.sequence.items.top - self->data.sequence.items.start);
	if (self->type == YAML_MAPPING_NODE)
		return (size_t)(self->data.mapping.pairs.top - self->data.mapping.pairs.start);
	return 0;
}

struct node node_member(struct node node, size_t i)
{
	if (node_type(node) != NODE_LIST || i >= node_count(node))
		return (struct node){0};
	return (struct node){node.document, inner(node)->data.sequence.items.start[i]};
}

struct node node_key(struct node node, size_t i)
{
	if (node_type(node) != NODE_MAP || i >= node_count(node))
		return (struct node){0};
	return (struct node){node.document, inner(node)->data.mapping.pairs.start[i].key};
}

struct node node_value(struct node node, size_t i)
{
	if (node_type(node) != NODE_MAP || i >= node_count(node))
		return (struct node){0};
	return (struct node){node.document, inner(node)->data.mapping.pairs.start[i].value};
}

struct node node_find(struct node map, const char *key)
{
	for (size_t i = 0; i < node_count(map); i++)
		if (node_type(map) == NODE_MAP && strcmp(node_text(node_key(map, i)), key) == 0)
			return node_value(map, i);
	return (struct node){0};
}

bool node_problem(struct problems *problems, struct node node, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	problems_add(problems, node_file(node), node_line(node), "%s", text);
	return false;
}

bool node_is_nothing(struct node node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};
	const yaml_node_t *self = inner(node);
	bool nothing = false;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		nothing = nothing || strcmp(words[i], node_text(node)) == 0;
	return nothing && self->type == YAML_SCALAR_NODE &&
	       self->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* Written without quotes, and of letters that mean nothing else wherever it stands. */
static bool is_plain(struct node node)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567"
				      "89._/-";
	const char *text = node_text(node);

	return inner(node)->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && text[0] != '-' &&
	       strspn(text, letters) == strlen(text);
}

/* In quotes, what is not plain as numbers (YAML 1.1, section 5.7); nothing stays as it is. */
static void write_scalar(struct node node, struct buffer *out)
{
	const char *text = node_text(node);

	if (node_is_nothing(node) || is_plain(node)) {
		buffer_text(out, text_empty(text) ? "~" : text);
		return;
	}
	buffer_byte(out, '"');
	for (size_t left = strlen(text); left > 0;) {
		uint32_t character = 0;
		size_t size = text_character(text, left, &character);

		if (character >= ' ' && character <= '~' && character != '"' && character != '\\')
			buffer_byte(out, (char)character);
		else
			buffer_format(out, "\\U%08x", (unsigned)character);
		text += size > 0 ? size : 1;
		left -= size > 0 ? size : 1;
	}
	buffer_byte(out, '"');
}

void node_write(struct node node, struct buffer *out)
{
	bool map = node_type(node) == NODE_MAP;

	if (node_type(node) == NODE_SCALAR)
		write_scalar(node, out);
	if (node_type(node) != NODE_LIST && !map)
		return;
	buffer_byte(out, map ? '{' : '[');
	for (size_t i = 0; i < node_count(node); i++) {
		buffer_text(out, i > 0 ? ", " : "");
		node_write(map ? node_key(node, i) : node_member(node, i), out);
		buffer_text(out, map ? ": " : "");
		if (map)
			node_write(node_value(node, i), out);
	}
	buffer_byte(out, map ? '}' : ']');
}
