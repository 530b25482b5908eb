/* SPDX-License-Identifier: ISC
 *
 * Private to template.c and template_parse.c: a template cut into tokens.
 */
#ifndef LAMPWATCH_TEMPLATE_P_H
#define LAMPWATCH_TEMPLATE_P_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* A part of the template's own text; borrowed. */
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
	struct piece indent;  /* of a partial that is alone on its line */
	size_t partial;       /* its number among those that are parsed, from 1 on */
	size_t end;           /* of a section: the index of its TOKEN_END */
	size_t cut;           /* {{%cut}} and … */
	struct piece escapes; /* … {{%escape}} that apply here */
};

/* A parsed template. */
struct template_program {
	const char *text;     /* borrowed */
	struct token *tokens; /* owned */
	size_t count;
};

/*
 * Parses text into program. The caller frees its tokens, also after an error. Errors:
 * REMEDY_CONFIGURATION, with the line.
 */
bool template_parse(struct template_program *program, const char *text, struct error *error);

/*
 * Sets error (REMEDY_CONFIGURATION) and names the line of at, a place in the
 * program's text. Returns false.
 */
bool template_fail(const struct template_program *program, const char *at, struct error *error,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Takes the next word off the front of rest; its length is 0 if no word is left. */
struct piece piece_word(struct piece *rest);

#endif
