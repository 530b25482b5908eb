/* SPDX-License-Identifier: ISC
 *
 * The only file that includes PCRE2.
 */
#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	MESSAGE_MAX = 128,
	SCANNED_MAX = 4 * 1024 * 1024, /* bytes between two looks at the clock, about */
};

struct regex {
	char *pattern, *flags;
	pcre2_code *code;
};

struct regex_cache {
	struct regex *list;
	size_t count;
	pcre2_match_context *limits;
	pcre2_match_data *data;
	uint32_t groups; /* pairs of the vector that the last match has set */
};

struct regex_cache *regex_cache_new(void)
{
	struct regex_cache *cache = memory_zero(1, sizeof *cache);

	cache->limits = pcre2_match_context_create(NULL);
	cache->data = pcre2_match_data_create(REGEX_GROUPS_MAX, NULL);
	if (cache->limits == NULL || cache->data == NULL)
		abort();
	pcre2_set_match_limit(cache->limits, REGEX_MATCH_LIMIT);
	pcre2_set_depth_limit(cache->limits, REGEX_DEPTH_LIMIT);
	return cache;
}

static void regex_release(struct regex *regex)
{
	pcre2_code_free(regex->code);
	free(regex->pattern);
	free(regex->flags);
}

void regex_cache_free(struct regex_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < cache->count; i++)
		regex_release(&cache->list[i]);
	free(cache->list);
	pcre2_match_context_free(cache->limits);
	pcre2_match_data_free(cache->data);
	free(cache);
}

static bool options_of(const char *flags, uint32_t *options, struct error *error)
{
	static const struct {
		char letter;
		uint32_t option;
	} known[] = {{'i', PCRE2_CASELESS}, {'s', PCRE2_DOTALL}, {'m', PCRE2_MULTILINE},
		{'x', PCRE2_EXTENDED}};

	*options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
	for (; *flags != '\0'; flags++) {
		size_t i = 0;

		while (i < sizeof known / sizeof known[0] && known[i].letter != *flags)
			i++;
		if (i == sizeof known / sizeof known[0])
			return error_set(error, REMEDY_PAGE,
				"\"%c\" is no flag of a regular expression; i, s, m and x are",
				*flags);
		*options |= known[i].option;
	}
	return true;
}

/* more: options besides the flags'. */
static pcre2_code *compile(
	const char *pattern, const char *flags, uint32_t more, struct error *error)
{
	PCRE2_UCHAR message[MESSAGE_MAX];
	PCRE2_SIZE offset;
	pcre2_code *code;
	uint32_t options;
	int code_of_error;

	if (!options_of(flags, &options, error))
		return NULL;
	if (strlen(pattern) > REGEX_PATTERN_MAX) {
		error_set(error, REMEDY_PAGE, "the regular expression is longer than %d bytes",
			REGEX_PATTERN_MAX);
		return NULL;
	}
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options | more,
		&code_of_error, &offset, NULL);
	if (code == NULL) {
		pcre2_get_error_message(code_of_error, message, sizeof message);
		error_set(error, REMEDY_PAGE,
			"the regular expression \"%.100s\" is wrong at character %zu: %s", pattern,
			offset + 1, (char *)message);
	}
	return code;
}

/* NULL after an error. The cache owns it; when that is full, the last one makes room. */
static pcre2_code *find(
	struct regex_cache *cache, const char *pattern, const char *flags, struct error *error)
{
	pcre2_code *code;

	for (size_t i = 0; i < cache->count; i++)
		if (strcmp(cache->list[i].pattern, pattern) == 0 &&
			strcmp(cache->list[i].flags, flags) == 0)
			return cache->list[i].code;
	code = compile(pattern, flags, 0, error);
	if (code == NULL)
		return NULL;
	if (cache->count == REGEX_CACHE_MAX)
		regex_release(&cache->list[--cache->count]);
	*(struct regex *)memory_append(&cache->list, &cache->count, sizeof *cache->list) =
		(struct regex){memory_string(pattern), memory_string(flags), code};
	return code;
}

static bool match_error(int code, struct error *error)
{
	PCRE2_UCHAR message[MESSAGE_MAX];

	if (code == PCRE2_ERROR_CALLOUT)
		return error_set(error, REMEDY_PAGE, "a regular expression takes too long");
	pcre2_get_error_message(code, message, sizeof message);
	return error_set(error, REMEDY_PAGE, "a regular expression could not be applied: %s",
		(char *)message);
}

/* The next match at or after offset. Sets *found and, where found, the vector of offsets. */
static bool match(struct regex_cache *cache, const pcre2_code *code, const char *text,
	size_t length, size_t offset, bool *found, struct error *error)
{
	/* The text was checked when its first match was looked for. */
	uint32_t options = offset > 0 ? PCRE2_NO_UTF_CHECK : 0;
	int result = pcre2_match(
		code, (PCRE2_SPTR)text, length, offset, options, cache->data, cache->limits);

	*found = result >= 0;
	cache->groups = result > 0 ? (uint32_t)result : REGEX_GROUPS_MAX; /* 0: there were more */
	return result >= 0 || result == PCRE2_ERROR_NOMATCH || match_error(result, error);
}

bool regex_matches(struct regex_cache *cache, const char *text, const char *pattern,
	const char *flags, bool *found, struct error *error)
{
	const pcre2_code *code = find(cache, pattern, flags, error);

	return code != NULL && match(cache, code, text, strlen(text), 0, found, error);
}

/* How long a search may take. */
struct patience {
	int64_t ends;      /* by the clock, which is asked first, since it costs less … */
	int64_t processor; /* … than that of the processor, which counts */
	size_t each, turn; /* so manieth callout looks */
};

/* PCRE2's, before each item of a pattern that it tries. */
static int look(pcre2_callout_block *block, void *context)
{
	struct patience *patience = context;
	int64_t left;

	(void)block;
	if (++patience->turn % patience->each != 0 || clock_milliseconds() < patience->ends)
		return 0;
	left = patience->processor - clock_processor_milliseconds();
	patience->ends = clock_milliseconds() + left;
	return left > 0 ? 0 : PCRE2_ERROR_CALLOUT;
}

bool regex_searches(const char *text, const char *pattern, int64_t milliseconds, bool *found,
	struct error *error)
{
	const size_t length = strlen(text);
	struct patience patience = {.ends = clock_milliseconds() + milliseconds,
		.processor = clock_processor_milliseconds() + milliseconds,
		.each = 1 + SCANNED_MAX / (length + 1)};
	pcre2_code *code = compile(pattern, "", PCRE2_AUTO_CALLOUT, error);
	struct regex_cache *cache;
	bool good;

	if (code == NULL)
		return false;
	cache = regex_cache_new();
	pcre2_set_callout(cache->limits, look, &patience);
	good = match(cache, code, text, length, 0, found, error);
	regex_cache_free(cache);
	pcre2_code_free(code);
	return good;
}

static void add_replacement(struct buffer *out, const char *to, const char *text, uint32_t groups,
	const PCRE2_SIZE *vector)
{
	for (; *to != '\0'; to++) {
		uint32_t group = (uint32_t)(to[1] - '0');

		if (*to == '\\' && to[1] != '\0') {
			buffer_byte(out, *++to);
		} else if (*to == '$' && to[1] >= '0' && to[1] <= '9') {
			to++;
			if (group < groups && vector[2 * group] != PCRE2_UNSET)
				buffer_add(out, text + vector[2 * group],
					vector[2 * group + 1] - vector[2 * group]);
		} else {
			buffer_byte(out, *to);
		}
	}
}

/* A walk over all matches of a text. */
struct walk {
	struct regex_cache *cache;
	const pcre2_code *code;
	const char *text;
	size_t length;
	size_t done; /* up to here the text has been handed on */
	size_t from; /* where the next match is looked for */
};

/* After an empty match, the next one is looked for one character later. */
static bool walk_next(struct walk *walk, bool *found, struct error *error)
{
	const PCRE2_SIZE *vector = pcre2_get_ovector_pointer(walk->cache->data);
	size_t size;

	*found = false;
	if (walk->from > walk->length)
		return true;
	if (!match(walk->cache, walk->code, walk->text, walk->length, walk->from, found, error))
		return false;
	if (!*found)
		return true;
	size = text_character(walk->text + vector[1], walk->length - vector[1], NULL);
	walk->from = vector[1] + (vector[1] > vector[0] ? 0 : size > 0 ? size : 1);
	return true;
}

bool regex_replace(struct regex_cache *cache, const char *text, const char *pattern,
	const char *flags, const char *to, struct buffer *out, size_t *matches, struct error *error)
{
	struct walk walk = {cache, find(cache, pattern, flags, error), text, strlen(text), 0, 0};
	const PCRE2_SIZE *vector = pcre2_get_ovector_pointer(cache->data);
	bool found = true;

	*matches = 0;
	if (walk.code == NULL)
		return false;
	while (found) {
		if (!walk_next(&walk, &found, error))
			return false;
		if (found) {
			buffer_add(out, text + walk.done, vector[0] - walk.done);
			add_replacement(out, to, text, cache->groups, vector);
			walk.done = vector[1];
			++*matches;
		}
	}
	buffer_add(out, text + walk.done, walk.length - walk.done);
	return true;
}

bool regex_split(struct regex_cache *cache, const char *text, const char *pattern,
	void (*piece)(void *context, const char *text, size_t length), void *context,
	struct error *error)
{
	struct walk walk = {cache, find(cache, pattern, "", error), text, strlen(text), 0, 0};
	const PCRE2_SIZE *vector = pcre2_get_ovector_pointer(cache->data);
	bool found = true;

	if (walk.code == NULL)
		return false;
	while (found && walk.length > 0) {
		if (!walk_next(&walk, &found, error))
			return false;
		if (found && vector[1] > vector[0]) {
			piece(context, text + walk.done, vector[0] - walk.done);
			walk.done = vector[1];
		}
	}
	if (walk.length > 0)
		piece(context, text + walk.done, walk.length - walk.done);
	return true;
}

bool regex_case(struct regex_cache *cache, const char *text, bool upper, struct buffer *out,
	struct error *error)
{
	enum {
		GROWTH = 3
	}; /* bytes of a character in the other case, at most, for one of its own */
	PCRE2_SPTR to = (PCRE2_SPTR)(upper ? "\\U$0" : "\\L$0");
	size_t length = strlen(text);
	PCRE2_SIZE size = length * GROWTH + 1;
	pcre2_code *code = find(cache, ".+", "s", error);
	char *changed;
	int result;

	if (code == NULL)
		return false;
	changed = memory_new(size);
	result = pcre2_substitute(code, (PCRE2_SPTR)text, length, 0,
		PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_EXTENDED, cache->data, cache->limits, to,
		PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)changed, &size);
	if (result >= 0)
		buffer_add(out, changed, size);
	free(changed);
	return result >= 0 || match_error(result, error);
}
