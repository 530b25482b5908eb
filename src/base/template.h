/* SPDX-License-Identifier: ISC
 *
 * Mustache (https://mustache.github.io/mustache.5.html), without lambdas and
 * inheritance. What is interpolated is escaped by the template's type, which
 * its file name tells: .html (also .xml and .svg), .json, .txt; {{{name}}} and {{&name}} are not
 * escaped.
 *
 * Where Mustache leaves it open: an empty text and the number 0 are false, as
 * null and an empty list are; true and false interpolate as these words; a list
 * or a map interpolates as nothing.
 *
 * Two tags are ours. Each holds from where it stands to the end of its file, for
 * what is interpolated with escaping, and comes before the type's own escapes:
 *
 *   {{%cut 80}}                 at most 80 characters, the last of them "…" where there were
 *                               more; 0: no limit
 *   {{%escape & &amp; < &lt;}}  pairs: each text and what takes its place, for receivers with a
 *                               markup of their own
 */
#ifndef LAMPWATCH_TEMPLATE_H
#define LAMPWATCH_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;
struct value;

enum template_type {
	TEMPLATE_TEXT, /* .txt: as it is */
	TEMPLATE_HTML, /* .html, .xml, .svg: & < > " ' */
	TEMPLATE_JSON, /* .json: inside a string's quotes */
};

enum {
	TEMPLATE_DEPTH_MAX = 64, /* sections and partials inside one another */
	TEMPLATE_FILE_MAX = 1024 * 1024,
	TEMPLATE_FILES_MAX = 64, /* kept by template_render_file before they are forgotten */
	TEMPLATE_OUTPUT_MAX = 8 * 1024 * 1024,
	TEMPLATE_STEPS_MAX = 4 * 1000 * 1000, /* tags and pieces of text rendered */
};

/*
 * Gives the text of a partial: owned by the loader, valid until the rendering
 * ends; NULL where there is none (it renders as nothing).
 */
struct template_partials {
	const char *(*load)(void *context, const char *name);
	void *context;
};

/*
 * Adds the template filled from data (any value; a map for names) to out.
 * partials may be NULL. Errors (REMEDY_CONFIGURATION) name the line: an unclosed tag or section,
 * one closed that is not open, nesting deeper than TEMPLATE_DEPTH_MAX, output or work beyond its
 * limit. After an error out may hold a part of the text.
 */
bool template_render(const char *text, enum template_type type, const struct value *data,
	const struct template_partials *partials, struct buffer *out, struct error *error);

/*
 * Renders folder/name, whose ending gives the type; partials are files of the
 * same folder and ending whose names match [a-z0-9][a-z0-9._-]*. Errors carry the
 * path (REMEDY_CONFIGURATION, also where the file cannot be read). Files are read and parsed once
 * and kept for the process (at most about TEMPLATE_FILES_MAX; not for threads): one that changes
 * meanwhile is rendered as it was, until template_forget.
 */
bool template_render_file(const char *folder, const char *name, const struct value *data,
	struct buffer *out, struct error *error);

/*
 * True where folder/name, the partials that it names, and theirs can be read and parsed, whatever
 * the data will be. Errors as of template_render_file(); a partial that is not there is one.
 */
bool template_check_file(const char *folder, const char *name, struct error *error);

/* Forgets the files kept, so that they are read anew. Not while a rendering is under way. */
void template_forget(void);

#endif
