/* SPDX-License-Identifier: ISC
 *
 * Mustache (https://mustache.github.io/mustache.5.html), without lambdas and
 * inheritance. Interpolated text is escaped according to the template's type, which follows from
 * the ending of its file name: .html (also .xml and .svg), .json, .txt. {{{name}}} and {{&name}}
 * are not escaped.
 *
 * Where Mustache leaves the choice: an empty text and the number 0 are false, like
 * null and an empty list; true and false interpolate as these words; a list
 * or a map interpolates as nothing.
 *
 * Two tags extend Mustache. Each applies from its place to the end of its file, to
 * everything that is interpolated with escaping, and before the type's own escapes:
 *
 *   {{%cut 80}}                 at most 80 characters; a longer text ends in "…", which counts;
 *                               0: no limit
 *   {{%escape & &amp; < &lt;}}  pairs of a text and its replacement, for receivers that have
 *                               their own markup
 */
#ifndef LAMPWATCH_TEMPLATE_H
#define LAMPWATCH_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;
struct problems;
struct text_list;
struct value;

enum template_type {
	TEMPLATE_TEXT, /* .txt: nothing is escaped */
	TEMPLATE_HTML, /* .html, .xml, .svg: & < > " ' */
	TEMPLATE_JSON, /* .json: inside the quotes of a string */
};

enum {
	TEMPLATE_DEPTH_MAX = 64, /* nested sections and partials */
	TEMPLATE_FILE_MAX = 1024 * 1024,
	TEMPLATE_FILES_MAX = 64,      /* kept in memory before all are dropped */
	TEMPLATE_PARTIALS_MAX = 1024, /* the same, of partials as a tag names them */
	TEMPLATE_OUTPUT_MAX = 8 * 1024 * 1024,
	TEMPLATE_STEPS_MAX = 4 * 1000 * 1000, /* tags and pieces of text rendered */
};

/*
 * Returns the text of a partial, owned by the loader and valid until the rendering
 * ends; NULL if there is no such partial, which then renders as nothing.
 */
struct template_partials {
	const char *(*load)(void *context, const char *name);
	void *context;
};

/*
 * Renders the template with data (any value; names are looked up in maps) and adds the result to
 * out. partials may be NULL. Errors (REMEDY_CONFIGURATION) name the line: a tag or section that is
 * not closed, an end without its section, nesting deeper than TEMPLATE_DEPTH_MAX, output or work
 * beyond its limit. After an error out may hold part of the text.
 */
bool template_render(const char *text, enum template_type type, const struct value *data,
	const struct template_partials *partials, struct buffer *out, struct error *error);

/*
 * Renders folder/name, whose ending gives the type; partials are files in the
 * same folder with the same ending whose names match [a-z0-9][a-z0-9._-]*. Errors carry the
 * path (REMEDY_CONFIGURATION, also if the file cannot be read). Files are read and parsed once
 * and kept for the life of the thread (at most about TEMPLATE_FILES_MAX): later changes to a file
 * take effect only after template_forget().
 */
bool template_render_file(const char *folder, const char *name, const struct value *data,
	struct buffer *out, struct error *error);

/* The same, but each file is taken from the folder own where it is there, partials too. own may be
 * NULL. */
bool template_render_own(const char *own, const char *folder, const char *name,
	const struct value *data, struct buffer *out, struct error *error);

/*
 * True if folder/name and all partials that it names, directly or through others, can be read and
 * parsed; this does not depend on data. Errors as for template_render_file(); a missing partial
 * is an error.
 */
bool template_check_file(const char *folder, const char *name, struct error *error);

/* The same, and adds their names to names: name itself, and each partial once with its ending. own
 * as of template_render_own(). */
bool template_files(const char *own, const char *folder, const char *name, struct text_list *names,
	struct error *error);

/* Adds what the error says of a template, with its file and line. */
void template_problem(struct problems *problems, const struct error *error);

/* Drops the files that this thread has kept, so that they are read again; a thread that ends does
 * so first. Must not be called during a rendering. */
void template_forget(void);

#endif
