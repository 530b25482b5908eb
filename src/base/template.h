/* SPDX-License-Identifier: ISC
 *
 * Mustache (https://mustache.github.io/mustache.5.html), without lambdas and
 * inheritance. What is interpolated is escaped by the template's type, which
 * its file name tells: .html, .json, .txt.
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
	TEMPLATE_HTML, /* .html: & < > " */
	TEMPLATE_JSON, /* .json: inside a string's quotes */
};

enum { TEMPLATE_DEPTH_MAX = 64, TEMPLATE_FILE_MAX = 1024 * 1024, TEMPLATE_OUTPUT_MAX = 8 * 1024 * 1024 };

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
 * one closed that is not open, partials nested deeper than TEMPLATE_DEPTH_MAX, output longer than allowed.
 */
bool template_render(const char *text, enum template_type type, const struct value *data,
	const struct template_partials *partials, struct buffer *out, struct error *error);

/*
 * Renders folder/name, whose ending gives the type; partials are files of the
 * same folder and ending. Errors carry the path.
 */
bool template_render_file(const char *folder, const char *name, const struct value *data,
	struct buffer *out, struct error *error);

#endif
