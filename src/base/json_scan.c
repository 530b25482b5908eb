/* SPDX-License-Identifier: ISC
 *
 * The JSON of nearly all pages, in two passes over its text: the first makes
 * sure that it has nothing unusual, the second calls the visitor. Anything
 * unusual, including every mistake, is left to jansson.
 */
#include "base/json_scan.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	DEPTH_MAX = 512,
	KEYS_MAX = 1024,     /* of one object: they are compared with each other */
	INTEGER_DIGITS = 18, /* always fit into 64 bits */
	NUMBER_MAX = 63,     /* bytes */
	HASH_BITS = 64,
};

struct scan {
	const char *at, *end;
	int depth;
	uint64_t *hashes; /* of the keys of all objects that are open, innermost last */
	size_t hash_count;
	const struct json_visitor *visitor; /* NULL in the first pass */
	struct buffer key, text;            /* the last ones given to the visitor */
};

static bool scan_value(struct scan *scan, const char *key);

static void begin(
	struct scan *scan, enum value_type type, const char *key, const char *text, size_t length)
{
	if (scan->visitor != NULL)
		scan->visitor->begin(scan->visitor->context, type, key, text, length);
}

static void end(struct scan *scan)
{
	scan->depth--;
	if (scan->visitor != NULL)
		scan->visitor->end(scan->visitor->context);
}

/* The next character that is not white space; NUL at the end. */
static char peek(struct scan *scan)
{
	while (scan->at < scan->end &&
		(*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
		scan->at++;
	return scan->at < scan->end ? *scan->at : '\0';
}

static bool take(struct scan *scan, char expected)
{
	if (peek(scan) != expected)
		return false;
	scan->at++;
	return true;
}

/* The value of the four digits after \u; UINT32_MAX where they are not digits. */
static uint32_t take_unit(struct scan *scan)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint32_t unit = 0;

	if (scan->end - scan->at < 4)
		return UINT32_MAX;
	for (int i = 0; i < 4; i++) {
		const char *digit = memchr(digits, *scan->at++, sizeof digits - 1);

		if (digit == NULL)
			return UINT32_MAX;
		unit = unit << 4 | ((uint32_t)(digit - digits) & 15);
	}
	return unit;
}

/* RFC 8259 section 7; half of a surrogate pair and NUL are unusual. */
static bool take_unicode(struct scan *scan, uint32_t *character)
{
	uint32_t unit = take_unit(scan), low;

	*character = unit;
	if (unit == 0 || unit > 0xffff)
		return false;
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	if (unit > 0xdbff || scan->end - scan->at < 2 || memcmp(scan->at, "\\u", 2) != 0)
		return false;
	scan->at += 2;
	low = take_unit(scan);
	*character = 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
	return low >= 0xdc00 && low <= 0xdfff;
}

/* The escape after a backslash. */
static bool take_escape(struct scan *scan)
{
	static const char pairs[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	const char *pair = pairs;
	uint32_t character;
	char letter;

	if (scan->at == scan->end)
		return false;
	letter = *scan->at++;
	if (letter == 'u') {
		if (!take_unicode(scan, &character))
			return false;
	} else {
		while (*pair != '\0' && *pair != letter)
			pair += 2;
		if (*pair == '\0')
			return false;
		character = (unsigned char)pair[1];
	}
	if (scan->visitor != NULL)
		text_add_character(&scan->text, character);
	return true;
}

/* Steps over characters that stand for themselves. */
static size_t take_plain(struct scan *scan)
{
	const char *from = scan->at;

	while (scan->at < scan->end && *scan->at != '"' && *scan->at != '\\' &&
		(unsigned char)*scan->at >= 0x20)
		scan->at++;
	return (size_t)(scan->at - from);
}

/* The string at the opening quote: as it is in the input, or decoded into scan->text. */
static bool scan_string(struct scan *scan, const char *key)
{
	const char *text = ++scan->at;
	size_t length = take_plain(scan);

	if (scan->at < scan->end && *scan->at == '\\') {
		buffer_clear(&scan->text);
		if (scan->visitor != NULL)
			buffer_add(&scan->text, text, length);
		while (scan->at < scan->end && *scan->at == '\\') {
			const char *from;
			size_t plain;

			scan->at++;
			if (!take_escape(scan))
				return false;
			from = scan->at;
			plain = take_plain(scan);
			if (scan->visitor != NULL)
				buffer_add(&scan->text, from, plain);
		}
		text = buffer_string(&scan->text);
		length = scan->text.length;
	}
	if (scan->at == scan->end || *scan->at++ != '"')
		return false;
	begin(scan, VALUE_TEXT, key, text, length);
	return true;
}

static size_t take_digits(struct scan *scan)
{
	const char *from = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return (size_t)(scan->at - from);
}

static bool scan_number(struct scan *scan, const char *key)
{
	const char *from = scan->at, *digits;
	char copy[NUMBER_MAX + 1], text[JSON_NUMBER_MAX];
	size_t count, length;
	double real;

	scan->at += *scan->at == '-';
	digits = scan->at;
	count = take_digits(scan);
	length = (size_t)(scan->at - from);
	if (count == 0 || (count > 1 && *digits == '0'))
		return false;
	if (scan->at < scan->end && *scan->at == '.') {
		scan->at++;
		if (take_digits(scan) == 0)
			return false;
	}
	if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
		scan->at++;
		if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
			scan->at++;
		if (take_digits(scan) == 0)
			return false;
	}
	if ((size_t)(scan->at - from) == length) {
		if (count > INTEGER_DIGITS || (*digits == '0' && digits > from))
			return false;
		begin(scan, VALUE_NUMBER, key, from, length);
		return true;
	}
	length = (size_t)(scan->at - from);
	if (length > NUMBER_MAX)
		return false;
	memcpy(copy, from, length);
	copy[length] = '\0';
	real = strtod(copy, NULL);
	if (!isfinite(real))
		return false;
	json_real_text(real, text);
	begin(scan, VALUE_NUMBER, key, text, strlen(text));
	return true;
}

static bool scan_literal(struct scan *scan, const char *key)
{
	static const struct {
		const char *name;
		enum value_type type;
	} literals[] = {{"null", VALUE_NULL}, {"true", VALUE_TRUE}, {"false", VALUE_FALSE}};

	for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
		size_t length = strlen(literals[i].name);

		if ((size_t)(scan->end - scan->at) >= length &&
			memcmp(scan->at, literals[i].name, length) == 0) {
			scan->at += length;
			begin(scan, literals[i].type, key, NULL, 0);
			return scan->at == scan->end || !isalpha((unsigned char)*scan->at);
		}
	}
	return false;
}

static bool scan_list(struct scan *scan, const char *key)
{
	scan->at++;
	begin(scan, VALUE_LIST, key, NULL, 0);
	if (peek(scan) != ']')
		do {
			if (!scan_value(scan, NULL))
				return false;
		} while (take(scan, ','));
	end(scan);
	return take(scan, ']');
}

/* Of two members with one key jansson takes one, so such an object is unusual. *seen has a bit for
 * each hash. */
static bool is_new_key(
	struct scan *scan, size_t first, uint64_t *seen, const char *key, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325, bit; /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)key[i]) * 0x100000001b3;
	bit = (uint64_t)1 << hash % HASH_BITS;
	for (size_t i = first; (*seen & bit) != 0 && i < scan->hash_count; i++)
		if (scan->hashes[i] == hash)
			return false;
	*seen |= bit;
	if (scan->hash_count - first == KEYS_MAX)
		return false;
	*(uint64_t *)memory_append(&scan->hashes, &scan->hash_count, sizeof *scan->hashes) = hash;
	return true;
}

static bool scan_member(struct scan *scan, size_t first, uint64_t *seen)
{
	const char *key;
	size_t length;

	if (peek(scan) != '"')
		return false;
	key = ++scan->at;
	length = take_plain(scan);
	if (!take(scan, '"') || key[length] != '"')
		return false;
	if (scan->visitor != NULL) {
		buffer_clear(&scan->key);
		buffer_add(&scan->key, key, length);
	} else if (!is_new_key(scan, first, seen, key, length)) {
		return false;
	}
	return take(scan, ':') && scan_value(scan, buffer_string(&scan->key));
}

static bool scan_map(struct scan *scan, const char *key)
{
	size_t first = scan->hash_count;
	uint64_t seen = 0;

	scan->at++;
	begin(scan, VALUE_MAP, key, NULL, 0);
	if (peek(scan) != '}')
		do {
			if (!scan_member(scan, first, &seen))
				return false;
		} while (take(scan, ','));
	scan->hash_count = first;
	end(scan);
	return take(scan, '}');
}

static bool scan_value(struct scan *scan, const char *key)
{
	char first = peek(scan);

	if (first == '"')
		return scan_string(scan, key);
	if (first == '-' || (first >= '0' && first <= '9'))
		return scan_number(scan, key);
	if (first != '{' && first != '[')
		return scan_literal(scan, key);
	if (++scan->depth > DEPTH_MAX)
		return false;
	return first == '{' ? scan_map(scan, key) : scan_list(scan, key);
}

bool json_scan(const char *text, size_t length, bool prefix, const struct json_visitor *visitor)
{
	struct scan scan = {.at = text, .end = text + length};
	bool good = text_valid(text, length) && scan_value(&scan, NULL) &&
		    (prefix || (peek(&scan) == '\0' && scan.at == scan.end));

	if (good) {
		scan.at = text;
		scan.visitor = visitor;
		scan_value(&scan, NULL);
	}
	buffer_release(&scan.key);
	buffer_release(&scan.text);
	free(scan.hashes);
	return good;
}
