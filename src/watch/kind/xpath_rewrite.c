/* SPDX-License-Identifier: ISC
 *
 * //name[…] as /descendant::name[…]. Both give the same nodes unless a predicate
 * asks for places, but for the first libxml2 makes a set of all nodes of the
 * page, and looks below each of them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "watch/kind/xml_p.h"

static const char deep[] = "//", descendant[] = "/descendant::";

bool xpath_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '-' || byte == '.';
}

const char *xpath_skip_quoted(const char *at)
{
	const char *end = strchr(at + 1, *at);

	return end != NULL ? end + 1 : at + strlen(at);
}

const char *xpath_skip_brackets(const char *at)
{
	int open = 0;

	while (*at != '\0') {
		if (*at == '"' || *at == '\'') {
			at = xpath_skip_quoted(at);
			continue;
		}
		open += *at == '[' || *at == '(' ? 1 : *at == ']' || *at == ')' ? -1 : 0;
		at++;
		if (open == 0)
			return at;
	}
	return NULL;
}

bool xpath_path_byte(const char *text, const char *at)
{
	if (*at == '*')
		return at == text || strchr("/@:", at[-1]) != NULL;
	return *at != '\0' && (xpath_name_byte(*at) || strchr("/@:", *at) != NULL);
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " ");
}

/* Behind the path of nodes at `at`; NULL where there is none. */
static const char *skip_nodes(const char *at)
{
	const char *from = at;

	if (isdigit((unsigned char)*at) || *at == '-' || (*at == '.' && at[1] != '/'))
		return NULL;
	while (at != NULL && xpath_path_byte(from, at)) {
		at++;
		while (at != NULL && *at == '[')
			at = xpath_skip_brackets(at);
	}
	return at != NULL && at > from && *skip_blanks(at) != '(' ? at : NULL;
}

/* Behind the call of a function that is true or false; NULL where there is none. */
static const char *skip_test(const char *at)
{
	static const char *const tests[] = {
		"contains(", "contains-token(", "matches(", "not(", "starts-with("};

	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		if (text_starts(at, tests[i]))
			return xpath_skip_brackets(at + strlen(tests[i]) - 1);
	return NULL;
}

/* A comparison with a string, behind what is compared. */
static const char *skip_equals(const char *at)
{
	const char *sign = skip_blanks(at);

	if (*sign != '=')
		return at;
	sign = skip_blanks(sign + 1);
	return *sign == '"' || *sign == '\'' ? xpath_skip_quoted(sign) : at;
}

static bool asks_for_places(const char *from, const char *end)
{
	static const char *const functions[] = {"position", "last"};

	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		const char *found = strstr(from, functions[i]);

		if (found != NULL && found < end)
			return true;
	}
	return false;
}

/* Whether the predicate at the bracket open is true or false of a node, wherever that stands. */
static bool is_condition(const char *open)
{
	const char *at = skip_blanks(open + 1), *end = skip_test(at);

	if (end == NULL)
		end = skip_nodes(at);
	if (end == NULL)
		return false;
	end = skip_blanks(skip_equals(end));
	return *end == ']' && !asks_for_places(open, end);
}

/* Whether the slashes at `at` stand before a name with nothing but conditions. */
static bool can_descend(const char *at)
{
	const char *from = at += strlen(deep);

	if (*at == '*')
		at++;
	else
		while (xpath_name_byte(*at))
			at++;
	if (at == from || *from == '.' || *at != '[')
		return false;
	while (at != NULL && *at == '[') {
		if (!is_condition(at))
			return false;
		at = xpath_skip_brackets(at);
	}
	return at != NULL && *skip_blanks(at) != '[';
}

char *xpath_descend(const char *text)
{
	struct buffer out = {0};
	const char *at = text;
	bool changed = false;

	while (*at != '\0') {
		const char *end = at + 1;

		if (*at == '"' || *at == '\'') {
			end = xpath_skip_quoted(at);
		} else if (text_starts(at, deep) && can_descend(at)) {
			buffer_text(&out, descendant);
			at += strlen(deep);
			changed = true;
			continue;
		}
		buffer_add(&out, at, (size_t)(end - at));
		at = end;
	}
	if (changed)
		return buffer_take(&out);
	buffer_release(&out);
	return NULL;
}
