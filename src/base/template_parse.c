/* SPDX-License-Identifier: ISC
 *
 * A template is cut into tokens before anything is rendered, so that its
 * mistakes are found with any data.
 */
#include "base/template_p.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/template.h"

enum {
	DELIMITER_MAX = 16, /* bytes that open or close a tag */
	CUT_DIGITS_MAX = 6, /* of the number in {{%cut}} */
};

struct parser {
	struct template_program *program;
	const char *at, *end;
	struct piece open, close;
	size_t cut;
	struct piece escapes;
	size_t sections[TEMPLATE_DEPTH_MAX]; /* indexes of the open ones */
	size_t depth;
	struct error *error;
};

/* A tag as written in the template. */
struct tag {
	char sigil;          /* '\0' for a plain variable */
	struct piece inside; /* without sigil and surrounding blanks */
	const char *begin, *end;
	bool alone; /* nothing else is on its lines, which are removed with it */
};

static bool is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool piece_equal(struct piece a, struct piece b)
{
	return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

static struct piece piece_trimmed(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	while (end > at && is_space(end[-1]))
		end--;
	return (struct piece){at, (size_t)(end - at)};
}

struct piece piece_word(struct piece *rest)
{
	struct piece left = piece_trimmed(rest->at, rest->at + rest->length), word = left;

	word.length = 0;
	while (word.length < left.length && !is_space(word.at[word.length]))
		word.length++;
	*rest = (struct piece){word.at + word.length, left.length - word.length};
	return word;
}

static const char *find(const struct parser *parser, const char *from, struct piece what)
{
	return memmem(from, (size_t)(parser->end - from), what.at, what.length);
}

static struct token *add_token(struct parser *parser, enum token_type type, struct piece piece)
{
	struct token *token =
		memory_append(&parser->program->tokens, &parser->program->count, sizeof *token);

	token->type = type;
	token->piece = piece;
	token->cut = parser->cut;
	token->escapes = parser->escapes;
	return token;
}

static int line_of(const struct template_program *program, const char *at)
{
	int line = 1;

	for (const char *byte = program->text; byte < at; byte++)
		if (*byte == '\n')
			line++;
	return line;
}

bool template_fail(const struct template_program *program, const char *at, struct error *error,
	const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return error_set(error, REMEDY_CONFIGURATION, "line %d: %s", line_of(program, at), text);
}

/* The beginning of the tag's line if only blanks precede the tag, else NULL. */
static const char *blank_before(const struct parser *parser, const char *tag)
{
	while (tag > parser->program->text && (tag[-1] == ' ' || tag[-1] == '\t'))
		tag--;
	return tag == parser->program->text || tag[-1] == '\n' ? tag : NULL;
}

/* The end of the tag's line, past the newline, if only blanks follow the tag, else NULL. */
static const char *blank_after(const char *end)
{
	end += strspn(end, " \t");
	if (end[0] == '\r' && end[1] == '\n')
		end++;
	if (*end == '\0')
		return end;
	return *end == '\n' ? end + 1 : NULL;
}

/* Reads the tag at begin; tag->end is where it ends. */
static bool read_tag(struct parser *parser, const char *begin, struct tag *tag)
{
	const char *inside = begin + parser->open.length, *end;
	char close[DELIMITER_MAX + 1];
	size_t length = 0;

	inside += strspn(inside, " \t\r\n");
	*tag = (struct tag){.begin = begin};
	if (*inside != '\0' && strchr("#^/>!&{=%", *inside) != NULL)
		tag->sigil = *inside++;
	/* {{{name}}} and {{=<% %>=}} have an extra character before the closing delimiter. */
	if (tag->sigil == '{' || tag->sigil == '=')
		close[length++] = tag->sigil == '{' ? '}' : '=';
	memcpy(close + length, parser->close.at, parser->close.length);
	length += parser->close.length;
	end = find(parser, inside, (struct piece){close, length});
	if (end == NULL)
		return template_fail(parser->program, begin, parser->error, "tag is not closed");
	tag->inside = piece_trimmed(inside, end);
	tag->end = end + length;
	tag->alone = tag->sigil != '\0' && strchr("#^/>!=%", tag->sigil) != NULL &&
		     blank_before(parser, begin) != NULL && blank_after(tag->end) != NULL;
	return true;
}

static bool parse_end(struct parser *parser, const struct tag *tag)
{
	struct token *section;

	if (parser->depth == 0)
		return template_fail(parser->program, tag->begin, parser->error,
			"{{/%.*s}} closes nothing", (int)tag->inside.length, tag->inside.at);
	section = &parser->program->tokens[parser->sections[--parser->depth]];
	if (!piece_equal(section->piece, tag->inside))
		return template_fail(parser->program, tag->begin, parser->error,
			"{{/%.*s}} where {{/%.*s}} should be, of line %d", (int)tag->inside.length,
			tag->inside.at, (int)section->piece.length, section->piece.at,
			line_of(parser->program, section->piece.at));
	section->end = parser->program->count;
	add_token(parser, TOKEN_END, tag->inside);
	return true;
}

static bool parse_delimiters(struct parser *parser, const struct tag *tag)
{
	struct piece rest = tag->inside;
	struct piece open = piece_word(&rest), close = piece_word(&rest);

	if (close.length == 0 || piece_word(&rest).length > 0 || open.length > DELIMITER_MAX ||
		close.length > DELIMITER_MAX || memchr(open.at, '=', open.length) != NULL ||
		memchr(close.at, '=', close.length) != NULL)
		return template_fail(parser->program, tag->begin, parser->error,
			"delimiters are two words without '=', of at most %d bytes", DELIMITER_MAX);
	parser->open = open;
	parser->close = close;
	return true;
}

/* {{%cut}} and {{%escape}}: see template.h. */
static bool parse_setting(struct parser *parser, const struct tag *tag)
{
	static const struct piece cut = {"cut", 3}, escape = {"escape", 6};
	struct piece rest = tag->inside, name = piece_word(&rest), value;
	size_t words = 0;

	value = piece_trimmed(rest.at, rest.at + rest.length);
	if (piece_equal(name, cut) && value.length >= 1 && value.length <= CUT_DIGITS_MAX &&
		strspn(value.at, "0123456789") >= value.length) {
		parser->cut = strtoul(value.at, NULL, 10);
		return true;
	}
	if (piece_equal(name, escape)) {
		parser->escapes = rest;
		while (piece_word(&rest).length > 0)
			words++;
		if (words % 2 == 0)
			return true;
	}
	return template_fail(parser->program, tag->begin, parser->error,
		"neither {{%%cut NUMBER}} nor {{%%escape PAIRS}}");
}

static bool parse_tag(struct parser *parser, const struct tag *tag)
{
	struct token *token;

	if (tag->inside.length == 0 && memchr("!=%", tag->sigil, 3) == NULL)
		return template_fail(
			parser->program, tag->begin, parser->error, "tag without a name");
	switch (tag->sigil) {
	case '#':
	case '^':
		if (parser->depth == TEMPLATE_DEPTH_MAX)
			return template_fail(parser->program, tag->begin, parser->error,
				"more than %d sections inside one another", TEMPLATE_DEPTH_MAX);
		parser->sections[parser->depth++] = parser->program->count;
		add_token(parser, tag->sigil == '#' ? TOKEN_SECTION : TOKEN_INVERTED, tag->inside);
		return true;
	case '/':
		return parse_end(parser, tag);
	case '>':
		token = add_token(parser, TOKEN_PARTIAL, tag->inside);
		if (tag->alone) {
			token->indent.at = blank_before(parser, tag->begin);
			token->indent.length = (size_t)(tag->begin - token->indent.at);
		}
		return true;
	case '=':
		return parse_delimiters(parser, tag);
	case '%':
		return parse_setting(parser, tag);
	case '!':
		return true;
	default: /* a plain variable, {{&name}} or {{{name}}} */
		add_token(parser, tag->sigil == '\0' ? TOKEN_VARIABLE : TOKEN_RAW, tag->inside);
		return true;
	}
}

static void add_text(struct parser *parser, const char *end)
{
	if (end > parser->at)
		add_token(
			parser, TOKEN_TEXT, (struct piece){parser->at, (size_t)(end - parser->at)});
}

bool template_parse(struct template_program *program, const char *text, struct error *error)
{
	struct parser parser = {.program = program,
		.at = text,
		.end = text + strlen(text),
		.open = {"{{", 2},
		.close = {"}}", 2},
		.error = error};
	const char *begin;
	struct tag tag;

	program->text = text;
	while ((begin = find(&parser, parser.at, parser.open)) != NULL) {
		if (!read_tag(&parser, begin, &tag))
			return false;
		add_text(&parser, tag.alone ? blank_before(&parser, begin) : begin);
		if (!parse_tag(&parser, &tag))
			return false;
		parser.at = tag.alone ? blank_after(tag.end) : tag.end;
	}
	add_text(&parser, parser.end);
	if (parser.depth > 0) {
		struct piece name = program->tokens[parser.sections[parser.depth - 1]].piece;

		return template_fail(program, name.at, error, "section %.*s is not closed",
			(int)name.length, name.at);
	}
	return true;
}
