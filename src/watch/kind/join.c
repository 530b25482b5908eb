/* SPDX-License-Identifier: ISC
 *
 * Joins: $groups[id = $item/group_id]. What stands before the bracket is the
 * same for every row, so its nodes are looked up by an index instead of being
 * compared with each row again. A join is found in the text of an expression,
 * and there it becomes a call of JOIN_FUNCTION; its value is the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/xml_p.h"

static const char row_variable[] = "$item", own_key[] = "key()";

/* What stands between brackets: by = value. */
struct equality {
	const char *by, *value;
	size_t by_length, value_length;
};

static const char *trim(const char *from, const char *end, size_t *length)
{
	while (from < end && *from == ' ')
		from++;
	while (end > from && end[-1] == ' ')
		end--;
	*length = (size_t)(end - from);
	return from;
}

static bool is_path(const char *text, size_t length)
{
	char *copy = memory_bytes(text, length);
	struct path *path = path_parse(copy);

	free(copy);
	path_free(path);
	return path != NULL;
}

static bool is_row_path(const char *text, size_t length)
{
	size_t variable = strlen(row_variable);

	if (length < variable || memcmp(text, row_variable, variable) != 0)
		return false;
	return length == variable ||
	       (text[variable] == '/' && is_path(text + variable + 1, length - variable - 1));
}

/* Whether what stands from open to close, both being brackets, compares with the row. */
static bool parse_equality(const char *open, const char *close, struct equality *equality)
{
	const char *sign = memchr(open, '=', (size_t)(close - open));

	if (sign == NULL)
		return false;
	equality->by = trim(open + 1, sign, &equality->by_length);
	equality->value = trim(sign + 1, close, &equality->value_length);
	return is_row_path(equality->value, equality->value_length) &&
	       (is_path(equality->by, equality->by_length) ||
		       (equality->by_length == strlen(own_key) &&
			       memcmp(equality->by, own_key, equality->by_length) == 0));
}

static bool mentions_row(const char *from, const char *end)
{
	const char *found = strstr(from, row_variable);

	return found != NULL && found < end;
}

/*
 * The bracket of a join in the path at `at`, which begins with $name or /; NULL
 * where the path has none. *end gets where the path, or its part before a
 * function, ends. A predicate behind the join may count places within one parent, so then it is
 * none.
 */
static const char *find_bracket(const char *at, struct equality *equality, const char **end)
{
	const char *text = at;

	at += *at == '$';
	while (xpath_path_byte(text, at)) {
		at++;
		while (*at == '[') {
			const char *behind = xpath_skip_brackets(at);

			*end = behind != NULL ? behind : at + strlen(at);
			if (behind == NULL)
				return NULL;
			if (parse_equality(at, behind - 1, equality))
				return behind[strspn(behind, " ")] != '[' ? at : NULL;
			if (mentions_row(at, behind))
				return NULL;
			at = behind;
		}
	}
	*end = at;
	return NULL;
}

/* A slash begins a path only behind what cannot be a path itself. */
static bool begins_path(const char *text, const char *at)
{
	if (*at == '$')
		return !text_starts(at, row_variable) || xpath_name_byte(at[strlen(row_variable)]);
	if (*at != '/')
		return false;
	while (at > text && at[-1] == ' ')
		at--;
	return at == text || strchr("(,|=", at[-1]) != NULL;
}

static void add_join(struct joins *joins, const char *from, const char *open,
	const struct equality *equality, struct buffer *out)
{
	struct join *join = memory_append(&joins->list, &joins->count, sizeof *join);

	join->nodes_text = memory_bytes(from, (size_t)(open - from));
	join->by_text = memory_bytes(equality->by, equality->by_length);
	join->by = path_parse(join->by_text);
	buffer_format(out, "%s(%zu, %.*s)", JOIN_FUNCTION, joins->count - 1,
		(int)equality->value_length, equality->value);
}

char *joins_find(const char *text, struct joins *joins)
{
	struct buffer out = {0};
	const char *at = text;

	while (*at != '\0') {
		const char *from = at, *end = at + 1, *open;
		struct equality equality;

		if (*at == '"' || *at == '\'') {
			end = xpath_skip_quoted(at);
		} else if (*at == '[') { /* in a predicate / may be another document's root */
			end = xpath_skip_brackets(at);
			end = end != NULL ? end : at + strlen(at);
		} else if (begins_path(text, at)) {
			open = find_bracket(at, &equality, &end);
			end = end > at ? end : at + 1;
			if (open != NULL) {
				add_join(joins, from, open, &equality, &out);
				from = end;
			}
		}
		buffer_add(&out, from, (size_t)(end - from));
		at = end;
	}
	if (joins->count > 0)
		return buffer_take(&out);
	buffer_release(&out);
	return NULL;
}

void joins_release(struct joins *joins)
{
	for (size_t i = 0; i < joins->count; i++) {
		free(joins->list[i].nodes_text);
		free(joins->list[i].by_text);
		path_free(joins->list[i].by);
		xpath_free(joins->list[i].nodes);
	}
	free(joins->list);
	*joins = (struct joins){0};
}
