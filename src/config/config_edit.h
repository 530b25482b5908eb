/* SPDX-License-Identifier: ISC
 *
 * Adds a member, such as a page, to a section in the text of a configuration and leaves everything
 * else as it is: comments, order, indentation, line ends. Pure.
 */
#ifndef LAMPWATCH_CONFIG_EDIT_H
#define LAMPWATCH_CONFIG_EDIT_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;

/* A new member of a section that is a list. Borrowed. */
struct config_member {
	const char *section; /* "pages" */
	/* As in a list that is not indented: the first begins with "- ", the others with two
	 * blanks, or more where they belong to one above them. Each is ended by "\n". */
	const char *lines;
};

/* Adds a text as a value: without quotes where every reader of YAML takes it as that text. */
void config_value_write(const char *text, struct buffer *out);

/* Adds "KEY: VALUE" to a member's lines, the first with its dash, the value in quotes where it
 * needs them. A value that is NULL or empty gives no line. */
void config_member_key(struct buffer *lines, const char *key, const char *value);

/* Adds the member's lines as below its section in a new configuration. */
void config_member_write(const struct config_member *member, struct buffer *out);

/*
 * Adds the whole text (length bytes of YAML, of the file that errors call name) to out, with the
 * new member after the last one of its section and indented like it; where there are none yet,
 * after the section's key or at the end. *line is set to its first line, counted from 1. Only whole
 * lines are added, except that `pages: []` loses its brackets and that a last line without a line
 * end gets one.
 *
 * Check the result with config_parse(). Errors: REMEDY_CONFIGURATION where the text
 * is not YAML or is written in such a way that the member cannot be added like that, in brackets
 * for one; out is then as it was.
 */
bool config_edit_add(const char *name, const char *text, size_t length,
	const struct config_member *member, struct buffer *out, int *line, struct error *error);

#endif
