/* SPDX-License-Identifier: ISC
 *
 * The only file that includes libyaml.
 */
#include "base/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

enum { KEYS_MAX = 64 };

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

	if (file_read(path, &text, &error))
		yaml = yaml_parse(path, buffer_string(&text), text.length, problems);
	else
		problems_add_error(problems, path, &error);
	buffer_wipe(&text);
	return yaml;
}

struct yaml *yaml_load_again(const char *path, struct yaml *before, struct problems *problems)
{
	struct buffer text = {.maximum = YAML_FILE_MAX};
	bool same = before != NULL && file_read(path, &text, NULL) &&
		    text.length == before->length &&
		    memcmp(buffer_string(&text), before->text, text.length) == 0;

	buffer_wipe(&text);
	if (same)
		return before;
	yaml_close(before);
	return yaml_load(path, problems);
}

/* What is commonly meant by mistakes that libyaml names in its own words; context is libyaml's. */
static const char *advice_on(const char *context, bool tab)
{
	static const char *const marks[] = {"an alias", "an anchor", "a tag"};

	if (tab)
		return " (indent with blanks, not with tabs)";
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (text_ends(context, marks[i]))
			return " (what begins with *, & or ! stands in quotes, such as \"*\")";
	return "";
}

static void parse_problem(const yaml_parser_t *parser, const char *name, const char *text,
	size_t length, struct problems *problems)
{
	const char *context = parser->context != NULL ? parser->context : "";
	const char *at = text, *end = text + length;
	int line = (int)parser->problem_mark.line + 1;

	/* libyaml names a problem of the text; where an allocation fails, not always the error. */
	if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL)
		error_fatal("out of memory");
	/* libyaml leaves no mark where the bytes themselves are bad, only their offset. */
	if (parser->error == YAML_READER_ERROR) {
		line = 1;
		for (size_t i = 0; i < length && i < parser->problem_offset; i++)
			line += text[i] == '\n';
	}
	for (int passed = 1; passed < line && at < end; passed++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline != NULL ? newline + 1 : end;
	}
	while (at < end && *at == ' ')
		at++;
	problems_add(problems, name, line, "not YAML: %s%s%s%s", parser->problem,
		context[0] != '\0' ? " " : "", context,
		advice_on(context, at < end && *at == '\t'));
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
	/* From here on the texts are C strings, which a NUL would cut silently. */
	for (const yaml_node_t *node = yaml->document.nodes.start; node < yaml->document.nodes.top;
		node++)
		if (node->type == YAML_SCALAR_NODE &&
			memchr(node->data.scalar.value, '\0', node->data.scalar.length) != NULL)
			problems_add(problems, name, (int)node->start_mark.line + 1,
				"a NUL character stands in this text");
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

const char *yaml_name(const struct yaml *yaml)
{
	return yaml->name;
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

/* What is meant is taken for seen: it is not missing as well. */
static bool unknown_key(
	struct problems *problems, struct node key, const struct node_rule *rules, bool *seen)
{
	const char *names[KEYS_MAX], *nearest;
	struct buffer advice = {0};
	size_t count = 0;

	while (count < KEYS_MAX && rules[count].key != NULL) {
		names[count] = rules[count].key;
		count++;
	}
	nearest = text_nearest(node_text(key), names, count);
	if (nearest != NULL)
		buffer_format(&advice, "did you mean \"%s\"?", nearest);
	for (size_t i = 0; i < count; i++) {
		if (nearest == NULL)
			buffer_format(
				&advice, "%s%s", i == 0 ? "the keys here are " : ", ", names[i]);
		seen[i] = seen[i] || names[i] == nearest;
	}
	node_problem(
		problems, key, "unknown key \"%s\"; %s", node_text(key), buffer_string(&advice));
	buffer_release(&advice);
	return false;
}

bool node_walk_map(struct problems *problems, struct node map, const struct node_rule *rules,
	void *base, void *context)
{
	bool seen[KEYS_MAX] = {false}, good = true;

	if (node_type(map) != NODE_MAP)
		return node_problem(problems, map,
			"keys and values are expected here, as in \"%s: …\"",
			rules[0].key != NULL ? rules[0].key : "key");
	for (size_t i = 0; i < node_count(map); i++) {
		struct node key = node_key(map, i);
		struct node_walk walk = {problems, rules, context};

		while (walk.rule->key != NULL && strcmp(walk.rule->key, node_text(key)) != 0)
			walk.rule++;
		if (walk.rule->key == NULL) {
			good = unknown_key(problems, key, rules, seen);
		} else if (seen[walk.rule - rules]) {
			good = node_problem(
				problems, key, "\"%s\" stands here a second time", walk.rule->key);
		} else {
			seen[walk.rule - rules] = true;
			good = walk.rule->read(&walk, node_value(map, i),
				       (char *)base + walk.rule->offset) &&
			       good;
		}
	}
	for (size_t i = 0; rules[i].key != NULL; i++)
		if (rules[i].required && !seen[i])
			good = node_problem(problems, map, "\"%s\" is missing", rules[i].key);
	return good;
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

static void write_node(struct node node, int depth, struct buffer *out)
{
	bool map = node_type(node) == NODE_MAP;

	if (node_type(node) == NODE_SCALAR || depth == YAML_DEPTH_MAX) {
		write_scalar(node, out);
		return;
	}
	buffer_byte(out, map ? '{' : '[');
	for (size_t i = 0; i < node_count(node); i++) {
		buffer_text(out, i > 0 ? ", " : "");
		write_node(map ? node_key(node, i) : node_member(node, i), depth + 1, out);
		buffer_text(out, map ? ": " : "");
		if (map)
			write_node(node_value(node, i), depth + 1, out);
	}
	buffer_byte(out, map ? '}' : ']');
}

void node_write(struct node node, struct buffer *out)
{
	if (node_type(node) != NODE_NONE)
		write_node(node, 0, out);
}

static bool scalar(const struct node_walk *walk, struct node node)
{
	if (node_is_nothing(node))
		return node_problem(walk->problems, node, "\"%s\" is empty", walk->rule->key);
	return node_type(node) == NODE_SCALAR ||
	       node_problem(walk->problems, node,
		       "\"%s\" takes a single value, not a list or a map", walk->rule->key);
}

bool node_read_text(const struct node_walk *walk, struct node node, void *target)
{
	if (!scalar(walk, node))
		return false;
	if (text_empty(node_text(node)))
		return node_problem(walk->problems, node, "\"%s\" is empty", walk->rule->key);
	memory_set(target, node_text(node));
	return true;
}

bool node_read_boolean(const struct node_walk *walk, struct node node, void *target)
{
	if (!scalar(walk, node))
		return false;
	*(bool *)target = text_equal(node_text(node), "true");
	if (!*(bool *)target && !text_equal(node_text(node), "false"))
		return node_problem(walk->problems, node, "\"%s\" is true or false, not \"%s\"",
			walk->rule->key, node_text(node));
	return true;
}

struct unit {
	const char *name;
	int64_t factor;
};

static bool number_with_unit(const char *text, const struct unit *units, int64_t *value)
{
	char *end;
	long long number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0)
		return false;
	for (; units->name != NULL; units++)
		if (strcmp(units->name, end) == 0)
			return !__builtin_mul_overflow(number, units->factor, value);
	return false;
}

/* Written in the largest unit that gives a whole number. */
static char *written_with_unit(long long value, const struct unit *units)
{
	const struct unit *best = units;

	for (; units->name != NULL; units++)
		if (value % units->factor == 0 && units->factor > best->factor)
			best = units;
	return memory_format("%lld%s", value / best->factor, value != 0 ? best->name : "");
}

static bool read_with_unit(const struct node_walk *walk, struct node node, int64_t *target,
	const struct unit *units, const char *what)
{
	const struct node_range *range = walk->rule->detail;
	char *minimum, *maximum;
	int64_t value;

	if (!scalar(walk, node))
		return false;
	if (number_with_unit(node_text(node), units, &value) &&
		(range == NULL || (value >= range->minimum && value <= range->maximum))) {
		*target = value;
		return true;
	}
	if (range == NULL)
		return node_problem(walk->problems, node, "\"%s\" is %s, not \"%s\"",
			walk->rule->key, what, node_text(node));
	minimum = written_with_unit(range->minimum, units);
	maximum = written_with_unit(range->maximum, units);
	node_problem(walk->problems, node, "\"%s\" is %s from %s to %s, not \"%s\"",
		walk->rule->key, what, minimum, maximum, node_text(node));
	free(minimum);
	free(maximum);
	return false;
}

static const struct unit durations[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

bool node_read_duration(const struct node_walk *walk, struct node node, void *target)
{
	return read_with_unit(
		walk, node, target, durations, "a time (such as 250ms, 30s, 5m, 2h or 1d)");
}

bool duration_parse(const char *text, int64_t *milliseconds)
{
	return number_with_unit(text, durations, milliseconds);
}

bool node_read_size(const struct node_walk *walk, struct node node, void *target)
{
	static const struct unit units[] = {{"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1048576},
		{"GiB", 1073741824}, {"kB", 1000}, {"MB", 1000000}, {NULL, 0}};

	return read_with_unit(walk, node, target, units, "a size (such as 4096, 64KiB or 8MiB)");
}

bool node_read_number(const struct node_walk *walk, struct node node, void *target)
{
	static const struct unit units[] = {{"", 1}, {NULL, 0}};

	return read_with_unit(walk, node, target, units, "a whole number");
}

bool node_read_word(const struct node_walk *walk, struct node node, void *target)
{
	const struct node_word *words = walk->rule->detail;
	struct buffer choice = {0};

	if (!scalar(walk, node))
		return false;
	for (const struct node_word *word = words; word->name != NULL; word++) {
		if (strcmp(word->name, node_text(node)) == 0) {
			*(int *)target = word->value;
			buffer_release(&choice);
			return true;
		}
		buffer_format(&choice, "%s%s",
			word == words          ? ""
			: word[1].name != NULL ? ", "
					       : " or ",
			word->name);
	}
	node_problem(walk->problems, node, "\"%s\" is %s, not \"%s\"", walk->rule->key,
		buffer_string(&choice), node_text(node));
	buffer_release(&choice);
	return false;
}

bool node_read_texts(const struct node_walk *walk, struct node node, void *target)
{
	bool list = node_type(node) == NODE_LIST, good = true;

	for (size_t i = 0; i < (list ? node_count(node) : 1); i++) {
		struct node member = list ? node_member(node, i) : node;

		if (node_type(member) != NODE_SCALAR || node_is_nothing(member) ||
			text_empty(node_text(member)))
			good = node_problem(walk->problems, member,
				"\"%s\" takes words, such as [one, two]", walk->rule->key);
		else
			text_list_add(target, node_text(member));
	}
	return good;
}

bool node_read_map(const struct node_walk *walk, struct node node, void *target)
{
	return node_walk_map(walk->problems, node, walk->rule->detail, target, walk->context);
}

bool node_read_node(const struct node_walk *walk, struct node node, void *target)
{
	(void)walk;
	*(struct node *)target = node;
	return true;
}
