/* SPDX-License-Identifier: ISC
 *
 * What Next.js puts into a page: pieces of one payload in scripts, whose rows
 * are `ID:JSON`, `ID:TAG JSON` or `ID:Tlength,text`.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/memory.h"
#include "watch/kind/xml_p.h"

enum {
	ROWS_MAX = 20000,
	PIECE_OF_TEXT = 1, /* the first member of a push() that carries a piece */
	HEXADECIMAL = 16,
};

/* The array of one push(): [1, "piece"]. Anything else in it is ignored. */
struct push {
	size_t depth, index;
	bool text;
	struct buffer *out;
};

static void push_begin(
	void *context, enum value_type type, const char *key, const char *text, size_t length)
{
	struct push *push = context;

	(void)key;
	if (push->depth == 1) {
		if (push->index == 0)
			push->text = type == VALUE_NUMBER && atoi(text) == PIECE_OF_TEXT;
		else if (push->index == 1 && push->text && type == VALUE_TEXT)
			buffer_add(push->out, text, length);
		push->index++;
	}
	if (type == VALUE_LIST || type == VALUE_MAP)
		push->depth++;
}

static void push_end(void *context)
{
	struct push *push = context;

	push->depth--;
}

void nextjs_join(const char *script, struct buffer *out)
{
	static const char call[] = "self.__next_f.push(";

	for (const char *at = strstr(script, call); at != NULL; at = strstr(at, call)) {
		struct push push = {.out = out};
		struct json_visitor visitor = {push_begin, push_end, &push};

		at += strlen(call);
		json_visit(at, strlen(at), true, &visitor, NULL);
	}
}

/* One row: where its value stands and how long it is. */
struct row {
	const char *id, *tag, *value;
	size_t id_length, tag_length, length;
};

static const char hexadecimal_digits[] = "0123456789abcdef";
static const char tag_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* Fills row from the text at `at`; returns where the next one begins. */
static const char *next_row(const char *at, const char *end, struct row *row)
{
	const char *newline;

	*row = (struct row){.id = at};
	row->id_length = strspn(at, hexadecimal_digits);
	at += row->id_length;
	row->tag = at = *at == ':' ? at + 1 : at;
	row->tag_length = strspn(at, tag_letters);
	row->value = at += row->tag_length;
	if (row->tag_length == 1 && row->tag[0] == 'T') {
		char *comma;
		unsigned long length = strtoul(at, &comma, HEXADECIMAL);

		if (*comma == ',' && length <= (size_t)(end - comma - 1)) {
			row->value = comma + 1;
			row->length = length;
			return row->value + length;
		}
	}
	newline = memchr(at, '\n', (size_t)(end - at));
	row->length = (size_t)((newline != NULL ? newline : end) - at);
	return newline != NULL ? newline + 1 : end;
}

static void add_row(xmlNodePtr flight, const struct row *row)
{
	char *id = memory_bytes(row->id, row->id_length),
	     *tag = memory_bytes(row->tag, row->tag_length);
	xmlNodePtr node = tree_add_element(flight, "row");
	bool text = strcmp(tag, "T") == 0;

	tree_add_attribute(node, "id", id);
	if (tag[0] != '\0')
		tree_add_attribute(node, "tag", tag);
	if (text || !tree_fill_json(node, row->value, row->length, false, NULL))
		tree_add_text(node, row->value, row->length);
	free(id);
	free(tag);
}

xmlDocPtr tree_parse_nextjs(const char *payload, size_t length)
{
	xmlDocPtr tree = tree_new("flight");
	const char *at = payload, *end = payload + length;

	for (int rows = 0; at < end && rows < ROWS_MAX; rows++) {
		struct row row;

		at = next_row(at, end, &row);
		if (row.id_length > 0)
			add_row(xmlDocGetRootElement(tree), &row);
	}
	return tree;
}
