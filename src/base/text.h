/* SPDX-License-Identifier: ISC
 *
 * Small pure functions over strings. All text inside the program is UTF-8.
 */
#ifndef LAMPWATCH_TEXT_H
#define LAMPWATCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

/* NULL counts as "". */
bool text_equal(const char *a, const char *b);
int text_compare(const char *a, const char *b); /* bytewise, as strcmp() */
bool text_empty(const char *text);
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* True if text matches pattern, in which '*' stands for any text and is the
 * only special character. fold ignores the case of ASCII letters. */
bool text_matches(const char *text, const char *pattern, bool fold);

/*
 * Reads one character of UTF-8 (RFC 3629) at text, which has length bytes. Returns
 * its size in bytes, 0 if the bytes are not valid; character may be NULL.
 */
size_t text_character(const char *text, size_t length, uint32_t *character);

/* Adds one character as UTF-8 (RFC 3629); the caller ensures that it is valid. */
void text_add_character(struct buffer *out, uint32_t character);

/* True if all length bytes are valid UTF-8. */
bool text_valid(const char *text, size_t length);

/* The number of bytes at the beginning that are plain: ASCII without control characters. */
size_t text_plain_span(const char *text, size_t length);

/*
 * Adds text to out as valid UTF-8: each bad byte becomes U+FFFD.
 * Used where foreign bytes enter the program.
 */
void text_repair(struct buffer *out, const char *text, size_t length);

/*
 * A copy with white space (also U+00A0) trimmed and collapsed to single
 * blanks, bad bytes and NUL replaced by U+FFFD, cut between characters to
 * at most maximum bytes. Owned by the caller.
 */
char *text_collapse(const char *text, size_t length, size_t maximum);

/* True for control characters (C0, C1, DEL) and for the bidirectional ones
 * (U+061C, U+200E, U+200F, U+202A–202E, U+2066–2069) and the line and paragraph
 * separators (U+2028, U+2029): they can make a line look like another. */
bool text_deceptive(uint32_t character);

/*
 * Adds text, made safe for one line on a terminal: deceptive characters become
 * \u{HEX}.
 */
void text_visible(struct buffer *out, const char *text);
void text_visible_bytes(struct buffer *out, const char *text, size_t length);

/* text_visible() as a new string. Owned by the caller. */
char *text_visible_copy(const char *text);

/* Columns that the text takes on a terminal (wcwidth; unknown characters count 1). */
size_t text_columns(const char *text);

/* At most length bytes of the text: less what would stand there without the rest of what people see
 * as one character (marks that combine, emoji that are joined, the two letters of a flag). */
size_t text_whole(const char *text, size_t length);

/*
 * Adds the text to out, each line that is wider than columns broken at a blank, or between two
 * ideographs or the like. What continues a line stands below the value of "  Label:  value", else
 * at least four columns in, so that no foreign word comes to stand at the margin.
 */
void text_wrap(struct buffer *out, const char *text, size_t columns);

/*
 * The candidate nearest to word by edit distance, if at most a third of the letters (rounded
 * up) differ; else the first that begins with word, if word has four bytes or more; else NULL.
 * The distance ignores the case of ASCII letters; the first of equals wins.
 */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* A copy with ASCII letters in lower case. Owned by the caller. */
char *text_lower(const char *text);

/* Writes length bytes as lower-case hexadecimal; out has room for 2*length+1. */
void text_hexadecimal(const void *bytes, size_t length, char *out);

/* The label of an indicator: "group / name", or the name alone. Owned by the caller. */
char *text_label(const char *group, const char *name);

/* A name of a page, a route or a webhook: [a-z0-9][a-z0-9._-]{0,63}. */
bool text_is_name(const char *text);

#endif
