/* SPDX-License-Identifier: ISC
 *
 * One walk over the tokens of an expression (XPath 1.0 section 3.7): only the
 * names are looked at, the grammar is libxml2's.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "watch/kind/xml_p.h"

struct tokens {
	const char *at;
	int open;     /* brackets */
	bool operand; /* the token before ends an operand: a name here is an operator */
	const struct text_list *variables;
	struct error *error;
};

static const char *const node_tests[] = {"comment", "node", "processing-instruction", "text", NULL};
static const char *const axes[] = {"ancestor", "ancestor-or-self", "attribute", "child",
	"descendant", "descendant-or-self", "following", "following-sibling", "parent", "preceding",
	"preceding-sibling", "self", NULL};

static size_t count(const char *const *names)
{
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	return n;
}

static bool among(const char *word, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, word) == 0)
			return true;
	return false;
}

static bool is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || (unsigned char)byte >= 0x80 || byte == '_' ||
	       byte == '-' || byte == '.';
}

/* The name at *at, owned by the caller. */
static char *take_name(const char **at)
{
	const char *from = *at;

	while (is_name_byte(**at))
		(*at)++;
	return memory_bytes(from, (size_t)(*at - from));
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

static bool unknown(struct tokens *tokens, const char *what, const char *name,
	const char *const *names, size_t number)
{
	const char *nearest = text_nearest(name, names, number);

	return error_set(tokens->error, REMEDY_CONFIGURATION, "there is no %s \"%s\" here%s%s%s",
		what, name, nearest != NULL ? "; did you mean \"" : "",
		nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

static bool check_variable(struct tokens *tokens)
{
	const struct text_list *known = tokens->variables;
	char *name;
	bool good;

	tokens->at++;
	name = take_name(&tokens->at);
	good = text_list_has(known, name) ||
	       unknown(tokens, "variable", name, (const char *const *)known->list, known->count);
	free(name);
	tokens->operand = true;
	return good;
}

static bool check_prefix(struct tokens *tokens, const char *name)
{
	tokens->at++;
	tokens->operand = true;
	if (*tokens->at == '*')
		tokens->at++;
	else
		free(take_name(&tokens->at));
	if (*skip_blanks(tokens->at) == '(')
		return error_set(tokens->error, REMEDY_CONFIGURATION,
			"functions have no prefix; \"%s:\" is one", name);
	return prefix_known(name) ||
	       error_set(tokens->error, REMEDY_CONFIGURATION,
		       "the prefix \"%s\" is not bound; atom, content, dc and media are", name);
}

static bool check_name(struct tokens *tokens)
{
	const char *const *functions = function_names();
	char *name = take_name(&tokens->at);
	const char *next = skip_blanks(tokens->at);
	bool good = true;

	if (tokens->operand) {
		tokens->operand = false;
	} else if (*next == '(') {
		/* A function or a test of a node: its bracket comes next. */
		good = among(name, node_tests) || among(name, functions) ||
		       unknown(tokens, "function", name, functions, count(functions));
	} else if (next[0] == ':' && next[1] == ':') {
		good = among(name, axes) || unknown(tokens, "axis", name, axes, count(axes));
		tokens->at = next + 2;
	} else if (*tokens->at == ':') {
		good = check_prefix(tokens, name);
	} else {
		tokens->operand = true;
	}
	free(name);
	return good;
}

static bool check_token(struct tokens *tokens)
{
	const char *end;

	if (*tokens->at == '"' || *tokens->at == '\'') {
		end = strchr(tokens->at + 1, *tokens->at);
		tokens->at = end != NULL ? end + 1 : tokens->at + strlen(tokens->at);
		tokens->operand = true;
		return true;
	}
	if (*tokens->at == '$')
		return check_variable(tokens);
	if (isdigit((unsigned char)*tokens->at)) {
		tokens->at += strspn(tokens->at, "0123456789.");
		tokens->operand = true;
		return true;
	}
	if (*tokens->at != '.' && *tokens->at != '-' && is_name_byte(*tokens->at))
		return check_name(tokens);
	tokens->open += strchr("([", *tokens->at) != NULL   ? 1
			: strchr(")]", *tokens->at) != NULL ? -1
							    : 0;
	tokens->operand =
		strchr(").]", *tokens->at) != NULL || (*tokens->at == '*' && !tokens->operand);
	tokens->at++;
	return true;
}

bool xpath_check(const char *text, const struct text_list *variables, struct error *error)
{
	struct tokens tokens = {.at = skip_blanks(text), .variables = variables, .error = error};

	while (*tokens.at != '\0') {
		if (!check_token(&tokens))
			return false;
		tokens.at = skip_blanks(tokens.at);
	}
	/* libxml2 takes a call without its last bracket. */
	return tokens.open == 0 || error_set(error, REMEDY_CONFIGURATION,
					   "not XPath 1.0: a bracket is not closed: %.200s", text);
}
