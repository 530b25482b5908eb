/* SPDX-License-Identifier: ISC
 *
 * JSON (RFC 8259) in and out, by jansson (text without anything unusual is read by json_scan.h,
 * which is faster), and the plain tree of values that templates are filled from and --json
 * prints. A value is owned by its container.
 */
#ifndef LAMPWATCH_JSON_H
#define LAMPWATCH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct error;

enum value_type {
	VALUE_NULL,
	VALUE_FALSE,
	VALUE_TRUE,
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_MAP
};

struct value {
	enum value_type type;
	char *text;             /* of a text, and a number as its digits; NULL for the others. Its
				 * own, and mostly in one block with it */
	char **keys;            /* of a map, in order */
	struct value **members; /* of a list or a map */
	size_t count;
};

struct value *value_text(const char *text); /* NULL gives VALUE_NULL */
struct value *value_number(int64_t number);
struct value *value_boolean(bool truth);
struct value *value_list(void);
struct value *value_map(void);

/* Puts member (owned by map from here on) under key, replacing the former member. Returns member.
 */
struct value *value_put(struct value *map, const char *key, struct value *member);

/* Frees the member of that key, where there is one. */
void value_remove(struct value *map, const char *key);

struct value *value_put_text(struct value *map, const char *key, const char *text);
struct value *value_put_number(struct value *map, const char *key, int64_t number);
struct value *value_put_boolean(struct value *map, const char *key, bool truth);
struct value *value_append(struct value *list, struct value *member);

/* NULL where map is not a map or has no such key. */
const struct value *value_get(const struct value *map, const char *key);
/* The text (or digits) under key, "" where there is none. */
const char *value_get_text(const struct value *map, const char *key);
int64_t value_get_number(const struct value *map, const char *key); /* 0 where there is none */

/* Of a text: replaces it. */
void value_set_text(struct value *value, const char *text);

struct value *value_copy(const struct value *value);
void value_free(struct value *value);

/* Adds the value as JSON on one line, keys in order; indent > 0: over several lines. */
void json_write(const struct value *value, int indent, struct buffer *out);

/* Adds text with JSON's escapes, without the quotes. Deceptive characters (text.h) are escaped too.
 */
void json_escape(const char *text, struct buffer *out);

/* The whole text as a value; NULL with REMEDY_PAGE and the place of the mistake. */
struct value *json_parse(const char *text, size_t length, struct error *error);

/*
 * Walks the JSON text without building values: what the tree of a page is made
 * from. key is NULL for members of lists and for the root; text is NULL for
 * containers, true, false and null, and not terminated: length counts its bytes. end() follows each
 * begin() of a container. With prefix, what follows the first value is ignored. Integers keep their
 * digits; those beyond 64 bits are read as reals; reals have the shortest form that reads back the
 * same. Errors: REMEDY_PAGE. Depth is bounded by jansson (2,048).
 */
struct json_visitor {
	void (*begin)(void *context, enum value_type type, const char *key, const char *text,
		size_t length);
	void (*end)(void *context);
	void *context;
};

bool json_visit(const char *text, size_t length, bool prefix, const struct json_visitor *visitor,
	struct error *error);

#endif
