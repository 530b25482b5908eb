/* SPDX-License-Identifier: ISC
 *
 * A template is cut into tokens first, so that its mistakes are found whatever
 * the data is; then the tokens are walked with a stack of contexts.
 */
#include "base/template.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum { DELIMITER_MAX = 16 }; /* bytes of what opens or closes a tag */

/* A piece of the template's own text: borrowed. */
struct piece {
	const char *at;
	size_t length;
};

enum token_type {
	TOKEN_TEXT,
	TOKEN_VARIABLE,
	TOKEN_RAW,
	TOKEN_SECTION,
	TOKEN_INVERTED,
	TOKEN_END,
	TOKEN_PARTIAL,
};

struct token {
	enum token_type type;
	struct piece piece;   /* literal text or a name */
	struct piece indent;  /* of a partial that stands alone */
	size_t end;           /* of a section: the index of its TOKEN_END */
	size_t cut;           /* {{%cut}} and … */
	struct piece escapes; /* … {{%escape}} in force here */
};

/* A template taken apart. */
struct program {
	const char *text;     /* borrowed */
	struct token *tokens; /* owned */
	size_t count;
};

struct parser {
	struct program *program;
	const char *at;
	struct piece open, close;
	size_t cut;
	struct piece escapes;
	size_t sections[TEMPLATE_DEPTH_MAX]; /* indexes of those that are open */
	size_t depth;
	struct error *error;
};

/* A tag as it stands in the template. */
struct tag {
	char sigil;          /* '\0' for a plain variable */
	struct piece inside; /* without sigil and surrounding blanks */
	const char *begin, *end;
	bool alone;          /* nothing else is on its lines: they vanish with it */
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

/* Takes the next word off the front of rest; its length is 0 where there is none. */
static struct piece piece_word(struct piece *rest)
{
	struct piece left = piece_trimmed(rest->at, rest->at + rest->length), word = left;

	word.length = 0;
	while (word.length < left.length && !is_space(word.at[word.length]))
		word.length++;
	*rest = (struct piece){word.at + word.length, left.length - word.length};
	return word;
}

static const char *find(const char *text, struct piece what)
{
	return memmem(text, strlen(text), what.at, what.length);
}

static struct token *add_token(struct parser *parser, enum token_type type, struct piece piece)
{
	struct token *token = memory_append(&parser->program->tokens, &parser->program->count, sizeof *token);

	token->type = type;
	token->piece = piece;
	token->cut = parser->cut;
	token->escapes = parser->escapes;
	return token;
}

static int line_of(const struct program *program, const char *at)
{
	int line = 1;

	for (const char *byte = program->text; byte < at; byte++)
		if (*byte == '\n')
			line++;
	return line;
}

static bool fail(const struct program *program, const char *at, struct error *error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* REMEDY_CONFIGURATION with the line of at. */
static bool fail(const struct program *program, const char *at, struct error *error, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return error_set(error, REMEDY_CONFIGURATION, "line %d: %s", line_of(program, at), text);
}

/* The beginning of the tag's line where only blanks stand before it, else NULL. */
static const char *blank_before(const struct parser *parser, const char *tag)
{
	while (tag > parser->program->text && (tag[-1] == ' ' || tag[-1] == '\t'))
		tag--;
	return tag == parser->program->text || tag[-1] == '\n' ? tag : NULL;
}

/* What follows the tag's line where only blanks stand behind it, else NULL. */
static const char *blank_after(const char *end)
{
	end += strspn(end, " \t");
	if (end[0] == '\r' && end[1] == '\n')
		end++;
	if (*end == '\0')
		return end;
	return *end == '\n' ? end + 1 : NULL;
}

/* {{{name}}} and {{=<% %>=}} end in a character of their own before the delimiter. */
static const char *find_close(const struct parser *parser, const char *inside, char extra)
{
	char close[DELIMITER_MAX + 2] = {extra};
	size_t length = extra != '\0' ? 1 : 0;

	memcpy(close + length, parser->close.at, parser->close.length);
	return find(inside, (struct piece){close, length + parser->close.length});
}

/* What the tag at begin is and where it ends. */
static bool read_tag(struct parser *parser, const char *begin, struct tag *tag)
{
	const char *inside = begin + parser->open.length, *end;
	char extra;

	inside += strspn(inside, " \t\r\n");
	*tag = (struct tag){.begin = begin};
	if (*inside != '\0' && strchr("#^/>!&{=%", *inside) != NULL)
		tag->sigil = *inside++;
	extra = tag->sigil == '{' ? '}' : tag->sigil == '=' ? '=' : '\0';
	end = find_close(parser, inside, extra);
	if (end == NULL)
		return fail(parser->program, begin, parser->error, "tag is not closed");
	tag->inside = piece_trimmed(inside, end);
	tag->end = end + parser->close.length + (extra != '\0' ? 1 : 0);
	tag->alone = tag->sigil != '\0' && strchr("#^/>!=%", tag->sigil) != NULL &&
		     blank_before(parser, begin) != NULL && blank_after(tag->end) != NULL;
	return true;
}

typedef bool tag_parser(struct parser *parser, const struct tag *tag);

static bool parse_comment(struct parser *parser, const struct tag *tag)
{
	(void)parser;
	(void)tag;
	return true;
}

static bool parse_variable(struct parser *parser, const struct tag *tag)
{
	add_token(parser, tag->sigil == '\0' ? TOKEN_VARIABLE : TOKEN_RAW, tag->inside);
	return true;
}

static bool parse_partial(struct parser *parser, const struct tag *tag)
{
	struct token *token = add_token(parser, TOKEN_PARTIAL, tag->inside);

	if (tag->alone) {
		token->indent.at = blank_before(parser, tag->begin);
		token->indent.length = (size_t)(tag->begin - token->indent.at);
	}
	return true;
}

static bool parse_section(struct parser *parser, const struct tag *tag)
{
	if (parser->depth == TEMPLATE_DEPTH_MAX)
		return fail(parser->program, tag->begin, parser->error, "more than %d sections inside one another",
			TEMPLATE_DEPTH_MAX);
	parser->sections[parser->depth++] = parser->program->count;
	add_token(parser, tag->sigil == '#' ? TOKEN_SECTION : TOKEN_INVERTED, tag->inside);
	return true;
}

static bool parse_end(struct parser *parser, const struct tag *tag)
{
	struct token *section;

	if (parser->depth == 0)
		return fail(parser->program, tag->begin, parser->error, "{{/%.*s}} closes nothing",
			(int)tag->inside.length, tag->inside.at);
	section = &parser->program->tokens[parser->sections[--parser->depth]];
	if (!piece_equal(section->piece, tag->inside))
		return fail(parser->program, tag->begin, parser->error, "{{/%.*s}} where {{/%.*s}} should be, of line %d",
			(int)tag->inside.length, tag->inside.at, (int)section->piece.length, section->piece.at,
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
		return fail(parser->program, tag->begin, parser->error,
			"delimiters are two words without '=', of at most %d bytes", DELIMITER_MAX);
	parser->open = open;
	parser->close = close;
	return true;
}

static bool parse_cut(struct parser *parser, struct piece value)
{
	size_t cut = 0;

	if (value.length < 1 || value.length > 6)
		return false;
	for (size_t i = 0; i < value.length; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
		cut = cut * 10 + (size_t)(value.at[i] - '0');
	}
	parser->cut = cut;
	return true;
}

static bool parse_escapes(struct parser *parser, struct piece pairs)
{
	struct piece rest = pairs;
	size_t words = 0;

	while (piece_word(&rest).length > 0)
		words++;
	parser->escapes = pairs;
	return words % 2 == 0;
}

/* The tags that are ours: see template.h. */
static bool parse_setting(struct parser *parser, const struct tag *tag)
{
	static const struct piece cut = {"cut", 3}, escape = {"escape", 6};
	struct piece rest = tag->inside, name = piece_word(&rest);

	if (piece_equal(name, cut) && parse_cut(parser, piece_trimmed(rest.at, rest.at + rest.length)))
		return true;
	if (piece_equal(name, escape) && parse_escapes(parser, rest))
		return true;
	return fail(parser->program, tag->begin, parser->error, "neither {{%%cut NUMBER}} nor {{%%escape PAIRS}}");
}

static const struct {
	char sigil;
	bool named; /* an empty tag is a mistake */
	tag_parser *parse;
} tag_parsers[] = {
	{'\0', true, parse_variable},
	{'&', true, parse_variable},
	{'{', true, parse_variable},
	{'#', true, parse_section},
	{'^', true, parse_section},
	{'/', true, parse_end},
	{'>', true, parse_partial},
	{'!', false, parse_comment},
	{'=', false, parse_delimiters},
	{'%', false, parse_setting},
};

static bool parse_tag(struct parser *parser, const struct tag *tag)
{
	size_t i = 0;

	while (tag_parsers[i].sigil != tag->sigil)
		i++;
	if (tag_parsers[i].named && tag->inside.length == 0)
		return fail(parser->program, tag->begin, parser->error, "tag without a name");
	return tag_parsers[i].parse(parser, tag);
}

static void add_text(struct parser *parser, const char *end)
{
	if (end > parser->at)
		add_token(parser, TOKEN_TEXT, (struct piece){parser->at, (size_t)(end - parser->at)});
}

/* Fills program, which the caller releases, also after an error. */
static bool parse(struct program *program, const char *text, struct error *error)
{
	struct parser parser = {.program = program, .at = text, .open = {"{{", 2}, .close = {"}}", 2}, .error = error};
	const char *begin;
	struct tag tag;

	program->text = text;
	while ((begin = find(parser.at, parser.open)) != NULL) {
		if (!read_tag(&parser, begin, &tag))
			return false;
		add_text(&parser, tag.alone ? blank_before(&parser, begin) : begin);
		if (!parse_tag(&parser, &tag))
			return false;
		parser.at = tag.alone ? blank_after(tag.end) : tag.end;
	}
	add_text(&parser, parser.at + strlen(parser.at));
	if (parser.depth > 0) {
		struct piece name = program->tokens[parser.sections[parser.depth - 1]].piece;

		return fail(program, name.at, error, "section %.*s is not closed", (int)name.length, name.at);
	}
	return true;
}

/* The contexts in which a name is looked up, innermost first. */
struct frame {
	const struct value *value;
	const struct frame *outer;
};

struct rendering {
	enum template_type type;
	const struct template_partials *partials;
	struct buffer *out;
	size_t begin; /* of what is ours in out */
	size_t steps;
	int depth;
	bool named; /* error says in which partial it happened */
	struct error *error;
};

static const struct value *member(const struct value *map, struct piece key)
{
	for (size_t i = 0; map != NULL && map->type == VALUE_MAP && i < map->count; i++)
		if (strlen(map->keys[i]) == key.length && memcmp(map->keys[i], key.at, key.length) == 0)
			return map->members[i];
	return NULL;
}

/* Takes the part before the first dot off the front of name. */
static struct piece take_part(struct piece *name)
{
	const char *dot = memchr(name->at, '.', name->length);
	struct piece part = {name->at, dot != NULL ? (size_t)(dot - name->at) : name->length};
	size_t taken = part.length + (dot != NULL ? 1 : 0);

	name->at += taken;
	name->length -= taken;
	return part;
}

/* The first part of a name is looked for in all contexts, the others only inside what it named. */
static const struct value *find_value(const struct frame *frame, struct piece name)
{
	const struct value *value = NULL;
	struct piece part;

	if (name.length == 1 && name.at[0] == '.')
		return frame->value;
	for (part = take_part(&name); value == NULL && frame != NULL; frame = frame->outer)
		value = member(frame->value, part);
	while (value != NULL && name.length > 0)
		value = member(value, take_part(&name));
	return value;
}

static bool is_true(const struct value *value)
{
	if (value == NULL || value->type == VALUE_NULL || value->type == VALUE_FALSE)
		return false;
	if (value->type == VALUE_LIST)
		return value->count > 0;
	if (value->type == VALUE_NUMBER)
		return !text_equal(value->text, "0");
	return value->type != VALUE_TEXT || value->text[0] != '\0';
}

static const char *value_words(const struct value *value)
{
	if (value != NULL && value->text != NULL)
		return value->text;
	if (value != NULL && (value->type == VALUE_TRUE || value->type == VALUE_FALSE))
		return value->type == VALUE_TRUE ? "true" : "false";
	return "";
}

/* Adds text, or where it has more than maximum characters (0: no limit) its beginning and "…". */
static void write_cut(const char *text, size_t maximum, struct buffer *out)
{
	size_t length = strlen(text), taken = 0, keep = 0, characters = 0;

	while (taken < length && (maximum == 0 || characters <= maximum)) {
		size_t size = text_character(text + taken, length - taken, NULL);

		taken += size > 0 ? size : 1;
		if (++characters + 1 == maximum)
			keep = taken;
	}
	if (maximum == 0 || characters <= maximum) {
		buffer_text(out, text);
	} else {
		buffer_add(out, text, keep);
		buffer_text(out, "…");
	}
}

/* Adds text with the pairs of {{%escape}} applied. */
static void write_pairs(const char *text, struct piece pairs, struct buffer *out)
{
	while (*text != '\0') {
		struct piece rest = pairs, from = piece_word(&rest), to = piece_word(&rest);

		while (from.length > 0 && strncmp(text, from.at, from.length) != 0) {
			from = piece_word(&rest);
			to = piece_word(&rest);
		}
		if (from.length == 0)
			to = (struct piece){text, 1};
		buffer_add(out, to.at, to.length);
		text += from.length > 0 ? from.length : 1;
	}
}

static void write_html(const char *text, struct buffer *out)
{
	static const char entities[] = "& &amp; < &lt; > &gt; \" &quot; ' &#39;";

	write_pairs(text, (struct piece){entities, sizeof entities - 1}, out);
}

static void write_text(const char *text, struct buffer *out)
{
	buffer_text(out, text);
}

static void (*const type_writers[])(const char *text, struct buffer *out) = {
	[TEMPLATE_TEXT] = write_text,
	[TEMPLATE_HTML] = write_html,
	[TEMPLATE_JSON] = json_escape,
};

static void write_variable(const struct rendering *rendering, const struct token *token, const char *text)
{
	struct buffer cut = {0}, marked = {0};

	write_cut(text, token->cut, &cut);
	write_pairs(buffer_string(&cut), token->escapes, &marked);
	type_writers[rendering->type](buffer_string(&marked), rendering->out);
	buffer_release(&cut);
	buffer_release(&marked);
}

static bool render_program(struct rendering *rendering, const struct program *program, size_t from, size_t to,
	const struct frame *frame);

static bool render_section(struct rendering *rendering, const struct program *program, size_t index,
	const struct frame *frame)
{
	const struct token *token = &program->tokens[index];
	const struct value *value = find_value(frame, token->piece);
	size_t count = value != NULL && value->type == VALUE_LIST ? value->count : 1;

	if (is_true(value) == (token->type == TOKEN_INVERTED))
		return true;
	if (token->type == TOKEN_INVERTED)
		return render_program(rendering, program, index + 1, token->end, frame);
	for (size_t i = 0; i < count; i++) {
		struct frame inner = {value->type == VALUE_LIST ? value->members[i] : value, frame};

		if (!render_program(rendering, program, index + 1, token->end, &inner))
			return false;
	}
	return true;
}

/* The partial's text with the indentation of its tag before each line, as the specification wants it. */
static char *indented(const char *text, struct piece indent)
{
	struct buffer out = {0};

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		length += text[length] == '\n' ? 1 : 0;
		buffer_add(&out, indent.at, indent.length);
		buffer_add(&out, text, length);
		text += length;
	}
	return buffer_take(&out);
}

static bool render_partial(struct rendering *rendering, const struct token *token, const struct frame *frame)
{
	const struct template_partials *partials = rendering->partials;
	char *name = memory_bytes(token->piece.at, token->piece.length), *text = NULL;
	const char *loaded = partials != NULL ? partials->load(partials->context, name) : NULL;
	struct program program = {0};
	bool done = loaded == NULL;

	if (!done) {
		text = indented(loaded, token->indent);
		done = parse(&program, text, rendering->error) &&
		       render_program(rendering, &program, 0, program.count, frame);
		if (!done && !rendering->named)
			error_prefix(rendering->error, "partial %s", name);
		rendering->named = !done;
	}
	free(program.tokens);
	free(text);
	free(name);
	return done;
}

static bool render_token(struct rendering *rendering, const struct program *program, size_t index,
	const struct frame *frame)
{
	const struct token *token = &program->tokens[index];

	switch (token->type) {
	case TOKEN_TEXT:
		buffer_add(rendering->out, token->piece.at, token->piece.length);
		return true;
	case TOKEN_VARIABLE:
		write_variable(rendering, token, value_words(find_value(frame, token->piece)));
		return true;
	case TOKEN_RAW:
		buffer_text(rendering->out, value_words(find_value(frame, token->piece)));
		return true;
	case TOKEN_SECTION:
	case TOKEN_INVERTED:
		return render_section(rendering, program, index, frame);
	case TOKEN_PARTIAL:
		return render_partial(rendering, token, frame);
	case TOKEN_END:
		break;
	}
	return true;
}

/* The tokens from … to, without the last; each level of sections and partials passes here once. */
static bool render_program(struct rendering *rendering, const struct program *program, size_t from, size_t to,
	const struct frame *frame)
{
	bool done = true;

	if (from < to && rendering->depth > TEMPLATE_DEPTH_MAX)
		return fail(program, program->tokens[from].piece.at, rendering->error,
			"sections and partials nested deeper than %d", TEMPLATE_DEPTH_MAX);
	rendering->depth++;
	for (size_t i = from; done && i < to; i++) {
		const struct token *token = &program->tokens[i];

		done = render_token(rendering, program, i, frame);
		if (token->type == TOKEN_SECTION || token->type == TOKEN_INVERTED)
			i = token->end;
		if (done && ++rendering->steps > TEMPLATE_STEPS_MAX)
			done = fail(program, token->piece.at, rendering->error, "more than %d steps", TEMPLATE_STEPS_MAX);
		if (done && (rendering->out->overflowed ||
				rendering->out->length - rendering->begin > TEMPLATE_OUTPUT_MAX))
			done = fail(program, token->piece.at, rendering->error, "the result is too long");
	}
	rendering->depth--;
	return done;
}

bool template_render(const char *text, enum template_type type, const struct value *data,
	const struct template_partials *partials, struct buffer *out, struct error *error)
{
	struct rendering rendering = {
		.type = type, .partials = partials, .out = out, .begin = out->length, .error = error};
	struct frame root = {data, NULL};
	struct program program = {0};
	bool done = parse(&program, text, error) && render_program(&rendering, &program, 0, program.count, &root);

	free(program.tokens);
	return done;
}

/* Partials are read once for each rendering. */
struct folder_partial {
	char *name, *text; /* text NULL: there is none */
};

struct folder {
	const char *path, *ending;
	struct folder_partial *partials;
	size_t count;
};

static const char *folder_load(void *context, const char *name)
{
	struct folder *folder = context;
	struct buffer text = {.maximum = TEMPLATE_FILE_MAX};
	struct folder_partial *partial;
	char *path;

	for (size_t i = 0; i < folder->count; i++)
		if (text_equal(folder->partials[i].name, name))
			return folder->partials[i].text;
	partial = memory_append(&folder->partials, &folder->count, sizeof *partial);
	partial->name = memory_string(name);
	path = memory_format("%s/%s%s", folder->path, name, folder->ending);
	if (text_is_name(name) && file_read(path, &text, NULL))
		partial->text = buffer_take(&text);
	buffer_release(&text);
	free(path);
	return partial->text;
}

static void folder_release(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++) {
		free(folder->partials[i].name);
		free(folder->partials[i].text);
	}
	free(folder->partials);
}

static const struct {
	const char *ending;
	enum template_type type;
} file_types[] = {
	{".txt", TEMPLATE_TEXT},
	{".html", TEMPLATE_HTML},
	{".json", TEMPLATE_JSON},
};

static size_t file_type(const char *name)
{
	size_t i = 0;

	while (i < sizeof file_types / sizeof file_types[0] && !text_ends(name, file_types[i].ending))
		i++;
	return i;
}

bool template_render_file(const char *folder, const char *name, const struct value *data,
	struct buffer *out, struct error *error)
{
	struct buffer text = {.maximum = TEMPLATE_FILE_MAX};
	char *path = file_join(folder, name);
	struct folder context = {.path = folder};
	struct template_partials partials = {folder_load, &context};
	size_t type = file_type(name);
	bool done = false;

	if (type == sizeof file_types / sizeof file_types[0]) {
		error_set(error, REMEDY_CONFIGURATION, "%s: ends in none of .txt, .html, .json", path);
		goto out;
	}
	if (!file_read(path, &text, error)) {
		if (error != NULL)
			error->remedy = REMEDY_CONFIGURATION;
		goto out;
	}
	context.ending = file_types[type].ending;
	done = template_render(buffer_string(&text), file_types[type].type, data, &partials, out, error);
	if (!done)
		error_prefix(error, "%s", path);
out:
	folder_release(&context);
	buffer_release(&text);
	free(path);
	return done;
}
