/* SPDX-License-Identifier: ISC
 *
 * The only file that includes libyaml.
 */
#include "base/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum { KEYS_MAX = 64 };

struct yaml {
	char *name;
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
		problems_add(problems, path, 0, "%s",
			text_starts(error.text, path) ? error.text + strlen(path) + 2 : error.text);
	buffer_release(&text);
	return yaml;
}

struct yaml *yaml_parse(const char *name, const char *text, size_t length, struct problems *problems)
{
	struct yaml *yaml = memory_zero(1, sizeof *yaml);
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	if (!yaml_parser_load(&parser, &yaml->document)) {
		problems_add(problems, name, (int)parser.problem_mark.line + 1, "not YAML: %s%s%s",
			parser.problem != NULL ? parser.problem : "cannot be parsed",
			parser.context != NULL ? " " : "", parser.context != NULL ? parser.context : "");
		yaml_parser_delete(&parser);
		free(yaml);
		return NULL;
	}
	yaml_parser_delete(&parser);
	yaml->name = memory_string(name);
	return yaml;
}

void yaml_free(struct yaml *yaml)
{
	if (yaml == NULL)
		return;
	yaml_document_delete(&yaml->document);
	free(yaml->name);
	free(yaml);
}

struct node yaml_root(const struct yaml *yaml)
{
	yaml_document_t *document = (yaml_document_t *)&yaml->document;

	return (struct node){yaml, yaml_document_get_root_node(document) != NULL ? 1 : 0};
}

const char *yaml_name(const struct yaml *yaml)
{
	return yaml->name;
}

static yaml_node_t *inner(struct node node)
{
	if (node.document == NULL || node.index == 0)
		return NULL;
	return yaml_document_get_node((yaml_document_t *)&node.document->document, node.index);
}

enum node_type node_type(struct node node)
{
	yaml_node_t *self = inner(node);

	if (self == NULL)
		return NODE_NONE;
	switch (self->type) {
	case YAML_SCALAR_NODE:
		return NODE_SCALAR;
	case YAML_SEQUENCE_NODE:
		return NODE_LIST;
	case YAML_MAPPING_NODE:
		return NODE_MAP;
	default:
		return NODE_NONE;
	}
}

int node_line(struct node node)
{
	yaml_node_t *self = inner(node);

	return self != NULL ? (int)self->start_mark.line + 1 : 0;
}

const char *node_file(struct node node)
{
	return node.document != NULL ? node.document->name : "";
}

const char *node_text(struct node node)
{
	yaml_node_t *self = inner(node);

	return self != NULL && self->type == YAML_SCALAR_NODE ? (const char *)self->data.scalar.value : "";
}

size_t node_count(struct node node)
{
	yaml_node_t *self = inner(node);

	if (self != NULL && self->type == YAML_SEQUENCE_NODE)
		return (size_t)(self->data.sequence.items.top - self->data.sequence.items.start);
	if (self != NULL && self->type == YAML_MAPPING_NODE)
		return (size_t)(self->data.mapping.pairs.top - self->data.mapping.pairs.start);
	return 0;
}

struct node node_member(struct node node, size_t i)
{
	yaml_node_t *self = inner(node);

	if (self == NULL || self->type != YAML_SEQUENCE_NODE || i >= node_count(node))
		return (struct node){0};
	return (struct node){node.document, self->data.sequence.items.start[i]};
}

struct node node_key(struct node node, size_t i)
{
	yaml_node_t *self = inner(node);

	if (self == NULL || self->type != YAML_MAPPING_NODE || i >= node_count(node))
		return (struct node){0};
	return (struct node){node.document, self->data.mapping.pairs.start[i].key};
}

struct node node_value(struct node node, size_t i)
{
	yaml_node_t *self = inner(node);

	if (self == NULL || self->type != YAML_MAPPING_NODE || i >= node_count(node))
		return (struct node){0};
	return (struct node){node.document, self->data.mapping.pairs.start[i].value};
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

static bool unknown_key(struct problems *problems, struct node key, const struct node_rule *rules)
{
	const char *names[KEYS_MAX], *nearest;
	size_t count = 0;

	while (rules[count].key != NULL && count < KEYS_MAX) {
		names[count] = rules[count].key;
		count++;
	}
	nearest = text_nearest(node_text(key), names, count);
	return node_problem(problems, key, "unknown key \"%s\"%s%s%s", node_text(key),
		nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "\"?" : "");
}

bool node_walk_map(struct problems *problems, struct node map, const struct node_rule *rules, void *base,
	void *context)
{
	bool seen[KEYS_MAX] = {false}, good = true;

	if (node_type(map) != NODE_MAP)
		return node_problem(problems, map, "a map of keys and values is expected here");
	for (size_t i = 0; i < node_count(map); i++) {
		struct node key = node_key(map, i);
		struct node_walk walk = {problems, rules, context};

		while (walk.rule->key != NULL && strcmp(walk.rule->key, node_text(key)) != 0)
			walk.rule++;
		if (walk.rule->key == NULL) {
			good = unknown_key(problems, key, rules);
		} else if (seen[walk.rule - rules]) {
			good = node_problem(problems, key, "\"%s\" stands here a second time", walk.rule->key);
		} else {
			seen[walk.rule - rules] = true;
			good = walk.rule->read(&walk, node_value(map, i), (char *)base + walk.rule->offset) && good;
		}
	}
	for (size_t i = 0; rules[i].key != NULL; i++)
		if (rules[i].required && !seen[i])
			good = node_problem(problems, map, "\"%s\" is missing", rules[i].key);
	return good;
}

static bool scalar(const struct node_walk *walk, struct node node)
{
	return node_type(node) == NODE_SCALAR ||
	       node_problem(walk->problems, node, "\"%s\" takes a single value, not a list or a map",
		       walk->rule->key);
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
		return node_problem(walk->problems, node, "\"%s\" is true or false, not \"%s\"", walk->rule->key,
			node_text(node));
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

bool node_read_duration(const struct node_walk *walk, struct node node, void *target)
{
	static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000},
		{"d", 86400000}, {NULL, 0}};
	int64_t value;

	if (!scalar(walk, node))
		return false;
	if (!number_with_unit(node_text(node), units, &value))
		return node_problem(walk->problems, node,
			"\"%s\" is a time such as 250ms, 30s, 5m, 2h or 1d, not \"%s\"", walk->rule->key,
			node_text(node));
	*(int64_t *)target = value;
	return true;
}

bool node_read_size(const struct node_walk *walk, struct node node, void *target)
{
	static const struct unit units[] = {{"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1048576},
		{"GiB", 1073741824}, {"kB", 1000}, {"MB", 1000000}, {NULL, 0}};
	int64_t value;

	if (!scalar(walk, node))
		return false;
	if (!number_with_unit(node_text(node), units, &value))
		return node_problem(walk->problems, node,
			"\"%s\" is a size such as 4096, 64KiB or 8MiB, not \"%s\"", walk->rule->key,
			node_text(node));
	*(int64_t *)target = value;
	return true;
}

bool node_read_number(const struct node_walk *walk, struct node node, void *target)
{
	static const struct unit units[] = {{"", 1}, {NULL, 0}};
	const struct node_range *range = walk->rule->detail;
	int64_t value;

	if (!scalar(walk, node))
		return false;
	if (!number_with_unit(node_text(node), units, &value))
		return node_problem(walk->problems, node, "\"%s\" is a whole number, not \"%s\"", walk->rule->key,
			node_text(node));
	if (range != NULL && (value < range->minimum || value > range->maximum))
		return node_problem(walk->problems, node, "\"%s\" is between %lld and %lld, not %" PRId64,
			walk->rule->key, range->minimum, range->maximum, value);
	*(int64_t *)target = value;
	return true;
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
		buffer_format(&choice, "%s%s", word == words ? "" : word[1].name != NULL ? ", " : " or ",
			word->name);
	}
	node_problem(walk->problems, node, "\"%s\" is %s, not \"%s\"", walk->rule->key, buffer_string(&choice),
		node_text(node));
	buffer_release(&choice);
	return false;
}

bool node_read_texts(const struct node_walk *walk, struct node node, void *target)
{
	bool good = true;

	if (node_type(node) == NODE_SCALAR) {
		text_list_add(target, node_text(node));
		return true;
	}
	if (node_type(node) != NODE_LIST)
		return node_problem(walk->problems, node, "\"%s\" takes a list such as [one, two]", walk->rule->key);
	for (size_t i = 0; i < node_count(node); i++) {
		struct node member = node_member(node, i);

		if (node_type(member) != NODE_SCALAR || text_empty(node_text(member)))
			good = node_problem(walk->problems, member, "\"%s\" takes a list of words", walk->rule->key);
		else
			text_list_add(target, node_text(member));
	}
	return good;
}

bool node_read_node(const struct node_walk *walk, struct node node, void *target)
{
	(void)walk;
	*(struct node *)target = node;
	return true;
}

void text_list_add(struct text_list *texts, const char *text)
{
	*(char **)memory_append(&texts->list, &texts->count, sizeof *texts->list) = memory_string(text);
}

bool text_list_has(const struct text_list *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->list[i], text) == 0)
			return true;
	return false;
}

void text_list_release(struct text_list *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->list[i]);
	free(texts->list);
	*texts = (struct text_list){0};
}
