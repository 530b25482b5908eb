/* SPDX-License-Identifier: ISC
 *
 * Regular expressions, by PCRE2 in UTF mode and with limits. An
 * invalid expression, or one that exceeds its limits on a text, is an error (REMEDY_PAGE) and
 * never "no match"; what was handed on until then is only a part.
 */
#ifndef LAMPWATCH_REGEX_H
#define LAMPWATCH_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct error;
struct regex_cache;

enum {
	REGEX_MATCH_LIMIT = 100000, /* of PCRE2's internal match() calls */
	REGEX_DEPTH_LIMIT = 1000,   /* of its nested backtracking */
	REGEX_GROUPS_MAX = 10,      /* $0 to $9 */
	REGEX_CACHE_MAX = 128,      /* compiled expressions that one reading keeps */
	REGEX_PATTERN_MAX = 4096,   /* bytes */
};

/* Compiled expressions, by pattern and flags. Used by one kind, one reading after the other. */
struct regex_cache *regex_cache_new(void);
void regex_cache_free(struct regex_cache *cache);

/* flags: any of i, s, m, x. Sets *found. */
bool regex_matches(struct regex_cache *cache, const char *text, const char *pattern,
	const char *flags, bool *found, struct error *error);

/* The same for one search in a process that has other things to do, which bad luck could keep for
 * hours: the limits count for each place where a match could begin. Gives up after so many
 * milliseconds of the processor. */
bool regex_searches(const char *text, const char *pattern, int64_t milliseconds, bool *found,
	struct error *error);

/*
 * Adds text to out with each match replaced by `to`, in which $0 to $9 are
 * groups and a backslash takes the next character as it is. *matches counts them.
 */
bool regex_replace(struct regex_cache *cache, const char *text, const char *pattern,
	const char *flags, const char *to, struct buffer *out, size_t *matches,
	struct error *error);

/* Calls piece for each part of text between matches; an empty text has none. */
bool regex_split(struct regex_cache *cache, const char *text, const char *pattern,
	void (*piece)(void *context, const char *text, size_t length), void *context,
	struct error *error);

/* Adds text in upper or lower case, by Unicode. */
bool regex_case(struct regex_cache *cache, const char *text, bool upper, struct buffer *out,
	struct error *error);

#endif
