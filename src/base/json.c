/* SPDX-License-Identifier: ISC
 *
 * The only file that includes jansson.
 */
#include "base/json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	REAL_DIGITS_LEAST = 15, /* every decimal of so many digits survives a double … */
	REAL_DIGITS_MOST = 17,  /* … and every double survives so many digits */
};

/* A message or a page of the site has thousands, so a text stands behind its value, in one block.
 * text NULL: none. */
static struct value *value_new(enum value_type type, const char *text, size_t length)
{
	struct value *value = memory_new(sizeof *value + (text != NULL ? length + 1 : 0));

	*value = (struct value){.type = type};
	if (text != NULL) {
		value->text = memcpy(value + 1, text, length);
		value->text[length] = '\0';
	}
	return value;
}

/* Where it stands apart. */
static void text_free(struct value *value)
{
	if (value->text != (char *)(value + 1))
		free(value->text);
}

void value_set_text(struct value *value, const char *text)
{
	text_free(value);
	value->text = memory_string(text);
}

struct value *value_text(const char *text)
{
	return value_new(
		text != NULL ? VALUE_TEXT : VALUE_NULL, text, text != NULL ? strlen(text) : 0);
}

struct value *value_number(int64_t number)
{
	char digits[JSON_NUMBER_MAX], *end = digits + sizeof digits, *at = end;
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do /* printf would take ten times as long */
		*--at = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--at = '-';
	return value_new(VALUE_NUMBER, at, (size_t)(end - at));
}

struct value *value_boolean(bool truth)
{
	return value_new(truth ? VALUE_TRUE : VALUE_FALSE, NULL, 0);
}

struct value *value_list(void)
{
	return value_new(VALUE_LIST, NULL, 0);
}

struct value *value_map(void)
{
	return value_new(VALUE_MAP, NULL, 0);
}

enum { LEAST_MEMBERS = 4 };

/* The keys and the members grow in step. Their capacity is not stored: it is the power of two at or
 * above the count, from that least one on. */
static void make_room(struct value *value)
{
	size_t n = value->count, more = n == 0 ? LEAST_MEMBERS : n * 2;

	if (n != 0 && (n < LEAST_MEMBERS || (n & (n - 1)) != 0))
		return;
	value->members = memory_resize(value->members, more, sizeof *value->members);
	if (value->type == VALUE_MAP)
		value->keys = memory_resize(value->keys, more, sizeof *value->keys);
}

static void map_append(struct value *map, const char *key, struct value *member)
{
	make_room(map);
	map->keys[map->count] = memory_string(key);
	map->members[map->count++] = member;
}

/* The number of the key's member; map->count where it has none. */
static size_t find_key(const struct value *map, const char *key)
{
	size_t i = 0;

	while (i < map->count && (map->keys[i][0] != key[0] || strcmp(map->keys[i], key) != 0))
		i++;
	return i;
}

struct value *value_put(struct value *map, const char *key, struct value *member)
{
	size_t i = find_key(map, key);

	if (i == map->count) {
		map_append(map, key, member);
	} else {
		value_free(map->members[i]);
		map->members[i] = member;
	}
	return member;
}

void value_remove(struct value *map, const char *key)
{
	size_t i = find_key(map, key);

	if (i == map->count)
		return;
	free(map->keys[i]);
	value_free(map->members[i]);
	map->count--;
	for (; i < map->count; i++) {
		map->keys[i] = map->keys[i + 1];
		map->members[i] = map->members[i + 1];
	}
}

struct value *value_put_text(struct value *map, const char *key, const char *text)
{
	return value_put(map, key, value_text(text));
}

struct value *value_put_number(struct value *map, const char *key, int64_t number)
{
	return value_put(map, key, value_number(number));
}

struct value *value_put_boolean(struct value *map, const char *key, bool truth)
{
	return value_put(map, key, value_boolean(truth));
}

struct value *value_append(struct value *list, struct value *member)
{
	make_room(list);
	list->members[list->count++] = member;
	return member;
}

const struct value *value_get(const struct value *map, const char *key)
{
	size_t i;

	if (map == NULL || map->type != VALUE_MAP)
		return NULL;
	i = find_key(map, key);
	return i < map->count ? map->members[i] : NULL;
}

const char *value_get_text(const struct value *map, const char *key)
{
	const struct value *value = value_get(map, key);

	return value != NULL && value->text != NULL ? value->text : "";
}

int64_t value_get_number(const struct value *map, const char *key)
{
	return strtoll(value_get_text(map, key), NULL, 10);
}

struct value *value_copy(const struct value *value)
{
	struct value *copy;

	if (value == NULL)
		return NULL;
	copy = value_new(value->type, value->text, value->text != NULL ? strlen(value->text) : 0);
	for (size_t i = 0; i < value->count; i++) {
		if (value->type == VALUE_MAP)
			map_append(copy, value->keys[i], value_copy(value->members[i]));
		else
			value_append(copy, value_copy(value->members[i]));
	}
	return copy;
}

void value_free(struct value *value)
{
	if (value == NULL)
		return;
	for (size_t i = 0; i < value->count; i++) {
		value_free(value->members[i]);
		if (value->keys != NULL)
			free(value->keys[i]);
	}
	if (value->members != NULL) { /* of few: most are texts */
		free(value->members);
		free(value->keys);
	}
	text_free(value);
	free(value);
}

/* What stands for itself, at the beginning. */
static size_t unescaped_span(const char *text, size_t length)
{
	size_t span = 0;

	while (span < length && text[span] >= ' ' && text[span] < 0x7f && text[span] != '"' &&
		text[span] != '\\')
		span++;
	return span;
}

/* Adds one character that is not plain; returns how many bytes it has. */
static size_t escape_character(const char *text, size_t length, struct buffer *out)
{
	static const char short_escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	uint32_t character = 0;
	size_t size = text_character(text, length, &character);
	const char *pair = short_escapes;

	while (*pair != '\0' && *pair != *text)
		pair += 2;
	if (size == 0)
		buffer_text(out, "\xef\xbf\xbd");
	else if (*pair != '\0')
		buffer_add(out, (char[]){'\\', pair[1]}, 2);
	else if (text_deceptive(character)) /* all are below U+10000; JSON is also read on
					       terminals */
		buffer_format(out, "\\u%04x", (unsigned)character);
	else
		buffer_add(out, text, size);
	return size > 0 ? size : 1;
}

void json_escape(const char *text, struct buffer *out)
{
	const char *end = text != NULL ? text + strlen(text) : NULL;

	while (text != end) {
		size_t plain = unescaped_span(text, (size_t)(end - text));

		buffer_add(out, text, plain);
		text += plain;
		if (text != end)
			text += escape_character(text, (size_t)(end - text), out);
	}
}

static void write_line(int indent, int depth, struct buffer *out)
{
	if (indent == 0)
		return;
	buffer_byte(out, '\n');
	for (int i = 0; i < indent * depth; i++)
		buffer_byte(out, ' ');
}

static void write_text(const char *text, struct buffer *out)
{
	buffer_byte(out, '"');
	json_escape(text, out);
	buffer_byte(out, '"');
}

static void write_value(const struct value *value, int indent, int depth, struct buffer *out)
{
	static const char *const constants[] = {
		[VALUE_NULL] = "null",
		[VALUE_FALSE] = "false",
		[VALUE_TRUE] = "true",
	};
	bool map = value->type == VALUE_MAP;

	if (value->type == VALUE_NUMBER) {
		buffer_text(out, value->text);
	} else if (value->type == VALUE_TEXT) {
		write_text(value->text, out);
	} else if (!map && value->type != VALUE_LIST) {
		buffer_text(out, constants[value->type]);
	} else {
		buffer_byte(out, map ? '{' : '[');
		for (size_t i = 0; i < value->count; i++) {
			if (i > 0)
				buffer_byte(out, ',');
			write_line(indent, depth + 1, out);
			if (map) {
				write_text(value->keys[i], out);
				buffer_text(out, indent > 0 ? ": " : ":");
			}
			write_value(value->members[i], indent, depth + 1, out);
		}
		if (value->count > 0)
			write_line(indent, depth, out);
		buffer_byte(out, map ? '}' : ']');
	}
}

void json_write(const struct value *value, int indent, struct buffer *out)
{
	write_value(value, indent, 0, out);
}

/*
 * jansson refuses a document for one integer beyond 64 bits. Only such integers
 * are made reals, by an exponent that changes nothing: read as reals, all of
 * them would lose the digits that ids need.
 */
static char *mark_great_integers(const char *text, size_t length, size_t *marked_length)
{
	char *copy = memory_bytes(text, length);
	const char *at = copy, *end = copy + length;
	struct buffer out = {0};

	while (at < end) {
		const char *from = at++;
		bool great = false;

		if (*from == '"') {
			for (; at < end && *at != '"'; at++)
				if (*at == '\\')
					at++;
			at = at < end ? at + 1 : end;
		} else if (isdigit((unsigned char)*from) || *from == '-') {
			at += strspn(at, "0123456789");
			errno = 0;
			strtoll(from, NULL, 10);
			great = errno == ERANGE && *at != '.' && *at != 'e' && *at != 'E';
		}
		buffer_add(&out, from, (size_t)(at - from));
		buffer_text(&out, great ? "e0" : "");
	}
	free(copy);
	*marked_length = out.length;
	return buffer_take(&out);
}

static json_t *load(const char *text, size_t length, size_t flags, struct error *error)
{
	json_error_t problem;
	json_t *root = json_loadb(text, length, flags | JSON_DECODE_ANY, &problem);

	if (root == NULL && json_error_code(&problem) == json_error_numeric_overflow) {
		char *marked = mark_great_integers(text, length, &length);

		root = json_loadb(marked, length, flags | JSON_DECODE_ANY, &problem);
		free(marked);
	}
	if (root == NULL)
		error_set(error, REMEDY_PAGE, "not JSON: line %d, column %d: %s", problem.line,
			problem.column, problem.text);
	return root;
}

void json_real_text(double real, char out[static JSON_NUMBER_MAX])
{
	for (int digits = REAL_DIGITS_LEAST; digits <= REAL_DIGITS_MOST; digits++) {
		snprintf(out, JSON_NUMBER_MAX, "%.*g", digits, real);
		if (strtod(out, NULL) == real)
			break;
	}
}

/* jansson has bounded the depth, so the recursion is bounded too. */
static void visit(json_t *node, const char *key, const struct json_visitor *visitor)
{
	static const enum value_type types[] = {
		[JSON_OBJECT] = VALUE_MAP,
		[JSON_ARRAY] = VALUE_LIST,
		[JSON_STRING] = VALUE_TEXT,
		[JSON_INTEGER] = VALUE_NUMBER,
		[JSON_REAL] = VALUE_NUMBER,
		[JSON_TRUE] = VALUE_TRUE,
		[JSON_FALSE] = VALUE_FALSE,
		[JSON_NULL] = VALUE_NULL,
	};
	enum value_type type = types[json_typeof(node)];
	char number[JSON_NUMBER_MAX];
	const char *text = json_string_value(node), *name; /* text: NULL where it is no string */
	size_t length = json_string_length(node), i;
	json_t *member;

	if (type == VALUE_NUMBER) {
		if (json_is_integer(node))
			snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT,
				json_integer_value(node));
		else
			json_real_text(json_real_value(node), number);
		text = number;
		length = strlen(number);
	}
	visitor->begin(visitor->context, type, key, text, length);
	if (type == VALUE_LIST) {
		json_array_foreach(node, i, member) visit(member, NULL, visitor);
		visitor->end(visitor->context);
	} else if (type == VALUE_MAP) {
		json_object_foreach(node, name, member) visit(member, name, visitor);
		visitor->end(visitor->context);
	}
}

bool json_visit(const char *text, size_t length, bool prefix, const struct json_visitor *visitor,
	struct error *error)
{
	json_t *root;

	if (json_scan(text, length, prefix, visitor))
		return true;
	root = load(text, length, JSON_ALLOW_NUL | (prefix ? JSON_DISABLE_EOF_CHECK : 0), error);
	if (root == NULL)
		return false;
	visit(root, NULL, visitor);
	json_decref(root);
	return true;
}

/* The containers that are open while a value is built, outermost first. */
struct building {
	struct value *root;
	struct value **open;
	size_t depth;
};

static void build_begin(
	void *context, enum value_type type, const char *key, const char *text, size_t length)
{
	struct building *building = context;
	struct value *value = value_new(type, text, length);

	if (building->depth == 0)
		building->root = value;
	else if (key != NULL)
		map_append(building->open[building->depth - 1], key, value);
	else
		value_append(building->open[building->depth - 1], value);
	if (type == VALUE_LIST || type == VALUE_MAP)
		*(struct value **)memory_append(
			&building->open, &building->depth, sizeof *building->open) = value;
}

static void build_end(void *context)
{
	struct building *building = context;

	building->depth--;
}

struct value *json_parse(const char *text, size_t length, struct error *error)
{
	struct building building = {0};
	struct json_visitor visitor = {build_begin, build_end, &building};
	json_t *root;

	if (!json_scan(text, length, false, &visitor)) {
		root = load(text, length, 0, error);
		if (root == NULL)
			return NULL;
		visit(root, NULL, &visitor);
		json_decref(root);
	}
	free(building.open);
	return building.root;
}
