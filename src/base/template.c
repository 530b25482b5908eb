/* SPDX-License-Identifier: ISC
 *
 * Walks the tokens of a template with a stack of contexts.
 */
#include "base/template.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/template_p.h"
#include "base/text.h"

/* The contexts in which a name is looked up, innermost first. */
struct frame {
	const struct value *value;
	const struct frame *outer;
};

/* Of {{%escape}}: what is replaced, by what, and the words after both. */
struct pair {
	struct piece from, to, rest;
};

/* Of each byte that something begins with that is replaced: the first such pair, and its number
 * from 1 on. */
struct pairs {
	unsigned char numbers[UCHAR_MAX + 1];
	struct pair list[UCHAR_MAX];
};

/* A partial with the indentation of one tag that names it. */
struct partial {
	const char *source; /* borrowed: what was loaded; NULL: could not be parsed */
	size_t rendering;   /* the last one that loaded it */
	struct buffer text;
	struct template_program program;
};

/* Parsed once, however many rounds and renderings there are. Owned. */
struct partials {
	struct partial *list;
	size_t count;
	size_t rendering; /* the number of the one that goes on */
};

struct rendering {
	enum template_type type;
	const struct template_partials *partials;
	struct partials *parsed; /* borrowed */
	struct buffer *out;
	size_t begin; /* of this rendering in out */
	size_t steps;
	int depth;
	bool named; /* error already names the partial */
	struct error *error;
};

/* Mostly the first byte tells: a call of strncmp for each would take longer. */
static bool begins_with(const char *text, struct piece piece)
{
	size_t same = 0;

	while (same < piece.length && text[same] == piece.at[same])
		same++;
	return same == piece.length;
}

static const struct value *member(const struct value *map, struct piece key)
{
	for (size_t i = 0; map != NULL && map->type == VALUE_MAP && i < map->count; i++)
		if (begins_with(map->keys[i], key) && map->keys[i][key.length] == '\0')
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

/* The first part of a name is looked up in all contexts, the others only inside its value. */
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

/* Adds text, or its beginning and "…" if it has more than maximum characters. */
static void write_cut(const char *text, size_t maximum, struct buffer *out)
{
	size_t length = strlen(text), taken = 0, keep = 0, characters = 0;

	while (taken < length && characters <= maximum) {
		size_t size = text_character(text + taken, length - taken, NULL);

		taken += size > 0 ? size : 1;
		if (++characters + 1 == maximum)
			keep = taken;
	}
	if (characters <= maximum) {
		buffer_text(out, text);
	} else {
		buffer_add(out, text, text_whole(text, keep));
		buffer_text(out, "…");
	}
}

static struct pair pair_take(struct piece words)
{
	struct pair pair;

	pair.from = piece_word(&words);
	pair.to = piece_word(&words);
	pair.rest = words;
	return pair;
}

static void pairs_set(struct pairs *pairs, struct piece words)
{
	unsigned char count = 0;

	memset(pairs->numbers, 0, sizeof pairs->numbers);
	for (struct pair pair = pair_take(words); pair.from.length > 0;
		pair = pair_take(pair.rest)) {
		unsigned char *number = &pairs->numbers[(unsigned char)pair.from.at[0]];

		if (*number != 0)
			continue;
		pairs->list[count] = pair;
		*number = ++count;
	}
}

/* Adds text with the pairs applied. */
static void write_pairs(const char *text, const struct pairs *pairs, struct buffer *out)
{
	while (*text != '\0') {
		const char *plain = text;
		struct pair pair;

		while (*text != '\0' && pairs->numbers[(unsigned char)*text] == 0)
			text++;
		buffer_add(out, plain, (size_t)(text - plain));
		if (*text == '\0')
			return;
		pair = pairs->list[pairs->numbers[(unsigned char)*text] - 1];
		while (pair.from.length > 0 && !begins_with(text, pair.from))
			pair = pair_take(pair.rest);
		if (pair.from.length == 0)
			buffer_byte(out, *text);
		else
			buffer_add(out, pair.to.at, pair.to.length);
		text += pair.from.length > 0 ? pair.from.length : 1;
	}
}

/* Adds text as HTML has it. Whole documents come this way. */
static void write_html(const char *text, struct buffer *out)
{
	static const struct piece entities[UCHAR_MAX + 1] = {['&'] = {"&amp;", 5},
		['<'] = {"&lt;", 4},
		['>'] = {"&gt;", 4},
		['"'] = {"&quot;", 6},
		['\''] = {"&#39;", 5}};
	static const bool ends[UCHAR_MAX + 1] = {['\0'] = true,
		['&'] = true,
		['<'] = true,
		['>'] = true,
		['"'] = true,
		['\''] = true};

	for (;;) {
		const char *plain = text;
		struct piece entity;

		while (!ends[(unsigned char)*text])
			text++;
		buffer_add(out, plain, (size_t)(text - plain));
		if (*text == '\0')
			return;
		entity = entities[(unsigned char)*text++];
		buffer_add(out, entity.at, entity.length);
	}
}

/* Adds text, escaped as the template's type requires. */
static void write_escaped(const struct rendering *rendering, const char *text)
{
	if (rendering->type == TEMPLATE_HTML)
		write_html(text, rendering->out);
	else if (rendering->type == TEMPLATE_JSON)
		json_escape(text, rendering->out);
	else
		buffer_text(rendering->out, text);
}

/* The same, cut and with pairs applied before, as the tag requires. */
static void write_set(
	const struct rendering *rendering, const struct token *token, const char *text)
{
	struct buffer cut = {0}, escaped = {0};

	if (token->cut > 0) {
		write_cut(text, token->cut, &cut);
		text = buffer_string(&cut);
	}
	if (token->escapes.length > 0) {
		struct pairs pairs;

		pairs_set(&pairs, token->escapes);
		write_pairs(text, &pairs, &escaped);
		text = buffer_string(&escaped);
	}
	write_escaped(rendering, text);
	buffer_release(&cut);
	buffer_release(&escaped);
}

static void write_variable(
	const struct rendering *rendering, const struct token *token, const char *text)
{
	if (token->cut > 0 || token->escapes.length > 0)
		write_set(rendering, token, text);
	else
		write_escaped(rendering, text);
}

static bool render_program(struct rendering *rendering, const struct template_program *program,
	size_t from, size_t to, const struct frame *frame);

static bool render_section(struct rendering *rendering, const struct template_program *program,
	size_t index, const struct frame *frame)
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

static void partials_release(struct partials *partials)
{
	for (size_t i = 0; i < partials->count; i++) {
		free(partials->list[i].program.tokens);
		buffer_release(&partials->list[i].text);
	}
	free(partials->list);
	*partials = (struct partials){0};
}

/* Each line of source gets the indentation of the tag. */
static bool parse_partial(
	const char *source, struct piece indent, struct partial *partial, struct error *error)
{
	for (const char *line = source; *line != '\0';) {
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n' ? 1 : 0;
		buffer_add(&partial->text, indent.at, indent.length);
		buffer_add(&partial->text, line, length);
		line += length;
	}
	if (!template_parse(&partial->program, buffer_string(&partial->text), error))
		return false;
	partial->source = source;
	return true;
}

/* Loaded once in a rendering, and parsed where that gives another text than before. program stays
 * empty where there is no such partial, and is valid until the rendering ends. */
static bool partial_program(
	struct rendering *rendering, struct token *tag, struct template_program *program)
{
	const struct template_partials *partials = rendering->partials;
	struct partials *parsed = rendering->parsed;
	struct partial *partial = tag->partial > 0 ? &parsed->list[tag->partial - 1] : NULL;

	if (partial == NULL || partial->rendering != parsed->rendering) {
		char *name = memory_bytes(tag->piece.at, tag->piece.length);
		const char *source =
			partials != NULL ? partials->load(partials->context, name) : NULL;

		free(name);
		if (source == NULL)
			return true;
		if (partial == NULL || partial->source != source) {
			partial = memory_append(&parsed->list, &parsed->count, sizeof *partial);
			tag->partial = parsed->count;
			if (!parse_partial(source, tag->indent, partial, rendering->error))
				return false;
		}
		partial->rendering = parsed->rendering;
	}
	*program = partial->program;
	return true;
}

static bool render_partial(
	struct rendering *rendering, struct token *token, const struct frame *frame)
{
	struct template_program program = {0};
	bool done = partial_program(rendering, token, &program) &&
		    render_program(rendering, &program, 0, program.count, frame);

	if (!done && !rendering->named)
		error_prefix(rendering->error, "partial %.*s", (int)token->piece.length,
			token->piece.at);
	rendering->named = !done;
	return done;
}

/* Renders the tokens [from, to); called once for each level of sections and partials. */
static bool render_program(struct rendering *rendering, const struct template_program *program,
	size_t from, size_t to, const struct frame *frame)
{
	struct buffer *out = rendering->out;
	bool done = true;

	if (from < to && rendering->depth > TEMPLATE_DEPTH_MAX)
		return template_fail(program, program->tokens[from].piece.at, rendering->error,
			"sections and partials nested deeper than %d", TEMPLATE_DEPTH_MAX);
	rendering->depth++;
	rendering->steps++; /* so that empty sections also count */
	for (size_t i = from; done && i < to; i++) {
		struct token *token = &program->tokens[i];

		switch (token->type) {
		case TOKEN_TEXT:
			buffer_add(out, token->piece.at, token->piece.length);
			break;
		case TOKEN_VARIABLE:
			write_variable(
				rendering, token, value_words(find_value(frame, token->piece)));
			break;
		case TOKEN_RAW:
			buffer_text(out, value_words(find_value(frame, token->piece)));
			break;
		case TOKEN_SECTION:
		case TOKEN_INVERTED:
			done = render_section(rendering, program, i, frame);
			i = token->end;
			break;
		case TOKEN_PARTIAL:
			done = render_partial(rendering, token, frame);
			break;
		case TOKEN_END:
			break;
		}
		if (done && ++rendering->steps > TEMPLATE_STEPS_MAX)
			done = template_fail(program, token->piece.at, rendering->error,
				"more than %d steps", TEMPLATE_STEPS_MAX);
		if (done &&
			(out->overflowed || out->length - rendering->begin > TEMPLATE_OUTPUT_MAX))
			done = template_fail(program, token->piece.at, rendering->error,
				"the result is too long");
	}
	rendering->depth--;
	return done;
}

static bool render_parsed(const struct template_program *program, enum template_type type,
	const struct value *data, const struct template_partials *partials, struct partials *parsed,
	struct buffer *out, struct error *error)
{
	struct rendering rendering = {.type = type,
		.partials = partials,
		.parsed = parsed,
		.out = out,
		.begin = out->length,
		.error = error};
	struct frame root = {data, NULL};

	parsed->rendering++;
	return render_program(&rendering, program, 0, program->count, &root);
}

bool template_render(const char *text, enum template_type type, const struct value *data,
	const struct template_partials *partials, struct buffer *out, struct error *error)
{
	struct template_program program = {0};
	struct partials parsed = {0};
	bool done = template_parse(&program, text, error) &&
		    render_parsed(&program, type, data, partials, &parsed, out, error);

	partials_release(&parsed);
	free(program.tokens);
	return done;
}

/*
 * Files are read and parsed once per thread: ten thousand mails use the same few templates.
 * When there are too many, all are dropped, but only between renderings, which hold pointers to
 * them.
 */
struct kept_file {
	char *path, *text; /* text is NULL if the file cannot be read */
	struct template_program program;
	bool parsed;
};

static _Thread_local struct kept_file *kept_files;
static _Thread_local size_t kept_count;
static _Thread_local struct partials kept_partials; /* that their tags name */

static char *read_template(const char *path, struct error *error)
{
	struct buffer text = {.maximum = TEMPLATE_FILE_MAX};
	char *read = file_read(path, &text, error) ? buffer_take(&text) : NULL;

	buffer_release(&text);
	return read;
}

static struct kept_file *kept_file(const char *path)
{
	struct kept_file *file;

	for (size_t i = 0; i < kept_count; i++)
		if (text_equal(kept_files[i].path, path))
			return &kept_files[i];
	file = memory_append(&kept_files, &kept_count, sizeof *file);
	file->path = memory_string(path);
	return file;
}

void template_forget(void)
{
	for (size_t i = 0; i < kept_count; i++) {
		free(kept_files[i].path);
		free(kept_files[i].text);
		free(kept_files[i].program.tokens);
	}
	free(kept_files);
	kept_files = NULL;
	kept_count = 0;
	partials_release(&kept_partials);
}

struct partials_folder {
	const char *own, *path, *ending;
	struct error error; /* of a partial that is there and cannot be read; its remedy is 0 where
			     * there is none */
};

/* Owned by the caller. */
static char *file_of(const char *own, const char *folder, const char *name)
{
	char *path = own != NULL ? file_join(own, name) : NULL;

	if (path != NULL && !file_absent(path))
		return path;
	free(path);
	return file_join(folder, name);
}

static const char *folder_load(void *context, const char *name)
{
	struct partials_folder *folder = context;
	struct kept_file *file;
	struct error error;
	char *whole, *path;

	if (!text_is_name(name))
		return NULL;
	whole = memory_format("%s%s", name, folder->ending);
	path = file_of(folder->own, folder->path, whole);
	file = kept_file(path);
	free(whole);
	if (file->text == NULL && (file->text = read_template(path, &error)) == NULL &&
		system_error_local(error.number))
		folder->error = error;
	free(path);
	return file->text;
}

struct file_type {
	const char *ending;
	enum template_type type;
};

/*
 * Gives the parsed file and the type that its ending stands for; NULL after an error. The tokens
 * belong to kept_files and are valid until the rendering ends.
 */
static const struct file_type *kept_program(
	const char *path, struct template_program *program, struct error *error)
{
	static const struct file_type types[] = {
		{".txt", TEMPLATE_TEXT},
		{".html", TEMPLATE_HTML},
		{".xml", TEMPLATE_HTML},
		{".svg", TEMPLATE_HTML},
		{".json", TEMPLATE_JSON},
		{NULL, TEMPLATE_TEXT},
	};
	const struct file_type *type = types;
	struct kept_file *file;

	while (type->ending != NULL && !text_ends(path, type->ending))
		type++;
	if (type->ending == NULL) {
		error_set(error, REMEDY_CONFIGURATION,
			"%s: ends in none of .txt, .html, .xml, .svg, .json", path);
		return NULL;
	}
	if (kept_count > TEMPLATE_FILES_MAX || kept_partials.count > TEMPLATE_PARTIALS_MAX)
		template_forget();
	file = kept_file(path);
	if (file->text == NULL && (file->text = read_template(path, error)) == NULL) {
		if (error != NULL && !system_error_local(error->number))
			error->remedy = REMEDY_CONFIGURATION;
		return NULL;
	}
	if (!file->parsed) {
		free(file->program.tokens);
		file->program = (struct template_program){0};
		file->parsed = template_parse(&file->program, file->text, error);
		if (!file->parsed) {
			error_prefix(error, "%s", path);
			return NULL;
		}
	}
	*program = file->program;
	return type;
}

bool template_render_file(const char *folder, const char *name, const struct value *data,
	struct buffer *out, struct error *error)
{
	return template_render_own(NULL, folder, name, data, out, error);
}

bool template_render_own(const char *own, const char *folder, const char *name,
	const struct value *data, struct buffer *out, struct error *error)
{
	char *path = file_of(own, folder, name);
	struct template_program program;
	const struct file_type *type = kept_program(path, &program, error);
	struct partials_folder context = {own, folder, type != NULL ? type->ending : NULL, {0}};
	struct template_partials partials = {folder_load, &context};
	bool done = type != NULL && (render_parsed(&program, type->type, data, &partials,
					     &kept_partials, out, error) ||
					    error_prefix(error, "%s", path));

	if (done && context.error.remedy != 0) {
		done = false;
		if (error != NULL)
			*error = context.error;
	}
	free(path);
	return done;
}

/* Partials may name each other; each is looked at once. */
bool template_files(const char *own, const char *folder, const char *name, struct text_list *names,
	struct error *error)
{
	bool good = true;

	text_list_add(names, name);
	for (size_t n = 0; good && n < names->count; n++) {
		char *path = file_of(own, folder, names->list[n]);
		struct template_program program = {0};
		const struct file_type *type = kept_program(path, &program, error);

		good = type != NULL;
		for (size_t i = 0; good && i < program.count; i++) {
			const struct token *token = &program.tokens[i];
			char *partial;

			if (token->type != TOKEN_PARTIAL)
				continue;
			partial = memory_format(
				"%.*s%s", (int)token->piece.length, token->piece.at, type->ending);
			if (!text_list_has(names, partial))
				text_list_add(names, partial);
			free(partial);
		}
		free(path);
	}
	return good;
}

void template_problem(struct problems *problems, const struct error *error)
{
	const char *colon = strstr(error->text, ": "),
		   *text = colon != NULL ? colon + 2 : error->text;
	char *path = memory_bytes(error->text, colon != NULL ? (size_t)(colon - error->text) : 0);
	int line = 0, length = 0;

	if (sscanf(text, "line %d: %n", &line, &length) == 1 && length > 0)
		text += length;
	problems_add(problems, path, line, "%s", text);
	problems_own(problems, error->number);
	free(path);
}

bool template_check_file(const char *folder, const char *name, struct error *error)
{
	struct text_list names = {0};
	bool good = template_files(NULL, folder, name, &names, error);

	text_list_release(&names);
	return good;
}
