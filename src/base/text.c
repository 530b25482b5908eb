/* SPDX-License-Identifier: ISC */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/buffer.h"
#include "base/memory.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
static const uint64_t high_bits = 0x8080808080808080;

int text_compare(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

bool text_equal(const char *a, const char *b)
{
	return text_compare(a, b) == 0;
}

bool text_empty(const char *text)
{
	return text == NULL || text[0] == '\0';
}

bool text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text), tail = strlen(suffix);

	return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Backtracks to the last '*' only: linear in practice, quadratic at worst. */
bool text_matches(const char *text, const char *pattern, bool fold)
{
	const char *star = NULL, *resume = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern != '\0' &&
			   (*text == *pattern || (fold && lower(*text) == lower(*pattern)))) {
			text++;
			pattern++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

size_t text_character(const char *text, size_t length, uint32_t *character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t value;
	size_t size;

	if (length == 0)
		return 0;
	size = bytes[0] < 0x80   ? 1
	       : bytes[0] < 0xc0 ? 0
	       : bytes[0] < 0xe0 ? 2
	       : bytes[0] < 0xf0 ? 3
	       : bytes[0] < 0xf8 ? 4
				 : 0;
	if (size == 0 || size > length)
		return 0;
	value = size == 1 ? bytes[0] : bytes[0] & (0x7f >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < smallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	if (character != NULL)
		*character = value;
	return size;
}

void text_add_character(struct buffer *out, uint32_t character)
{
	static const unsigned char marks[] = {
		0, 0xc0, 0xe0, 0xf0}; /* of the first byte, by how many follow */
	char bytes[sizeof marks];
	size_t length = 0;
	int more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;

	bytes[length++] = (char)(marks[more] | character >> 6 * more);
	while (more-- > 0)
		bytes[length++] = (char)(0x80 | (character >> 6 * more & 0x3f));
	buffer_add(out, bytes, length);
}

/* The number of ASCII bytes at the beginning; checks eight at a time, since most text is ASCII. */
static size_t ascii_span(const char *text, size_t length)
{
	size_t span = 0;
	uint64_t eight;

	for (; length - span >= sizeof eight; span += sizeof eight) {
		memcpy(&eight, text + span, sizeof eight);
		if ((eight & high_bits) != 0)
			break;
	}
	while (span < length && (unsigned char)text[span] < 0x80)
		span++;
	return span;
}

bool text_valid(const char *text, size_t length)
{
	while (length > 0) {
		size_t size = ascii_span(text, length);

		if (size == 0)
			size = text_character(text, length, NULL);
		if (size == 0)
			return false;
		text += size;
		length -= size;
	}
	return true;
}

static bool is_graphic(char byte)
{
	return byte > ' ' && byte < 0x7f;
}

/* Eight bytes at a time: none is below ' ', from which it would borrow, nor above '~'. */
size_t text_plain_span(const char *text, size_t length)
{
	static const uint64_t ones = 0x0101010101010101;
	size_t span = 0;
	uint64_t eight;

	for (; length - span >= sizeof eight; span += sizeof eight) {
		memcpy(&eight, text + span, sizeof eight);
		if ((((eight - ones * ' ') | eight | (eight + ones)) & high_bits) != 0)
			break;
	}
	while (span < length && (is_graphic(text[span]) || text[span] == ' '))
		span++;
	return span;
}

void text_repair(struct buffer *out, const char *text, size_t length)
{
	while (length > 0) {
		size_t size = ascii_span(text, length);

		if (size == 0)
			size = text_character(text, length, NULL);
		if (size == 0)
			buffer_text(out, replacement);
		buffer_add(out, text, size);
		text += size > 0 ? size : 1;
		length -= size > 0 ? size : 1;
	}
}

static bool is_blank(uint32_t character)
{
	return character == ' ' || (character >= '\t' && character <= '\r') || character == 0xa0;
}

/* The number of bytes that collapsing leaves unchanged: graphic ASCII with single blanks between.
 */
static size_t collapsed_span(const char *text, size_t length)
{
	size_t span = 0;

	while (span < length &&
		(is_graphic(text[span]) || (span > 0 && text[span] == ' ' && span + 1 < length &&
						   is_graphic(text[span + 1]))))
		span++;
	return span;
}

char *text_collapse(const char *text, size_t length, size_t maximum)
{
	struct buffer out = {.maximum = maximum};
	bool blank = false; /* white space precedes the next piece */
	size_t taken;

	for (; length > 0; text += taken, length -= taken) {
		size_t size = taken = collapsed_span(text, length), lead, room, kept;
		const char *piece = text;
		bool one = size == 0; /* a single character, added whole or not at all */
		uint32_t character = 0;

		if (one) {
			size = text_character(text, length, &character);
			taken = size > 0 ? size : 1;
			if (size > 0 && is_blank(character)) {
				blank = true;
				continue;
			}
			if (character == 0) {
				piece = replacement;
				size = strlen(replacement);
			}
		}
		lead = blank && out.length > 0 ? 1 : 0;
		room = maximum - out.length;
		kept = room < lead ? 0 : room - lead < size ? room - lead : size;
		if (one && kept < size)
			kept = 0;
		if (kept > 0 && piece[kept - 1] == ' ')
			kept--;
		if (kept > 0) {
			buffer_add(&out, " ", lead);
			buffer_add(&out, piece, kept);
		}
		if (kept < size)
			break;
		blank = false;
	}
	return buffer_take(&out);
}

bool text_deceptive(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void text_visible(struct buffer *out, const char *text)
{
	text_visible_bytes(out, text, text != NULL ? strlen(text) : 0);
}

void text_visible_bytes(struct buffer *out, const char *text, size_t length)
{
	while (length > 0) {
		size_t plain = text_plain_span(text, length), size;
		uint32_t character = 0xfffd;

		buffer_add(out, text, plain);
		text += plain;
		length -= plain;
		if (length == 0)
			break;
		size = text_character(text, length, &character);
		if (size == 0)
			buffer_text(out, replacement);
		else if (text_deceptive(character))
			buffer_format(out, "\\u{%X}", (unsigned)character);
		else
			buffer_add(out, text, size);
		text += size > 0 ? size : 1;
		length -= size > 0 ? size : 1;
	}
}

char *text_visible_copy(const char *text)
{
	struct buffer out = {0};

	text_visible(&out, text);
	return buffer_take(&out);
}

/* The columns of a character; of one that is unknown, 1. */
static size_t width_of(uint32_t character)
{
	int width = wcwidth((wchar_t)character);

	return width >= 0 ? (size_t)width : 1;
}

static size_t columns_of(const char *text, size_t length)
{
	size_t columns = 0;

	while (length > 0) {
		uint32_t character = 0;
		size_t size = text_character(text, length, &character);

		columns += size > 0 ? width_of(character) : 1;
		text += size > 0 ? size : 1;
		length -= size > 0 ? size : 1;
	}
	return columns;
}

size_t text_columns(const char *text)
{
	return columns_of(text, strlen(text));
}

/* ---- between which characters a text may be cut, or a line broken ---- */

enum {
	CHARACTER_BYTES_MAX = 4,
	JOINER = 0x200d,
	SEQUENCE_MAX = 32, /* characters; UAX #15, section 13, has 31 */
};

static bool is_flag_letter(uint32_t c)
{
	return c >= 0x1f1e6 && c <= 0x1f1ff;
}

static uint32_t character_at(const char *text)
{
	uint32_t character = 0;

	text_character(text, strnlen(text, CHARACTER_BYTES_MAX), &character);
	return character;
}

/* The character that ends at `at`, of which *at becomes the beginning. */
static uint32_t character_before(const char *text, size_t *at)
{
	do
		(*at)--;
	while (*at > 0 && ((unsigned char)text[*at] & 0xc0) == 0x80);
	return character_at(text + *at);
}

/* True where the characters on both sides of `at` are seen as one (UAX #29, the rules that GB9 to
 * GB13 have). */
static bool is_inside(const char *text, size_t at)
{
	uint32_t after = character_at(text + at), before = character_before(text, &at);
	size_t flags = 0;

	if (before == JOINER || wcwidth((wchar_t)after) == 0 ||
		(after >= 0x1f3fb && after <= 0x1f3ff))
		return true;
	for (; is_flag_letter(after) && is_flag_letter(before); flags++)
		before = at > 0 ? character_before(text, &at) : 0;
	return flags % 2 == 1;
}

size_t text_whole(const char *text, size_t length)
{
	size_t whole = length;

	for (int i = 0; i < SEQUENCE_MAX && whole > 0 && text[whole] != '\0'; i++) {
		if (!is_inside(text, whole))
			return whole;
		character_before(text, &whole);
	}
	return whole == 0 ? 0 : length;
}

static bool is_one_of(uint32_t character, const wchar_t *list)
{
	return character != 0 && wcschr(list, (wchar_t)character) != NULL;
}

/* True where a line may be broken without a blank: between ideographs and their like, but not
 * before what closes, nor behind what opens (UAX #14 has the rest). */
static bool is_break(const char *text, size_t at)
{
	static const wchar_t closes[] = L"、。，．：；！？）］｝〉》」』】〕〗ー々ゝゞヽヾ…‥・ぁぃ"
					L"ぅぇぉっゃゅょァィゥェォッャュョ";
	static const wchar_t opens[] = L"（［｛〈《「『【〔〖";
	uint32_t after = character_at(text + at), before;
	size_t begin = at;

	if (width_of(after) < 2 || is_one_of(after, closes) || is_inside(text, at))
		return false;
	before = character_before(text, &begin);
	return width_of(before) == 2 && !is_one_of(before, opens);
}

/* The bytes up to where a line may be broken: a blank, a line end, a place between two ideographs
 * or the like, or the end. */
static size_t word_length(const char *text)
{
	size_t end = 0;

	while (strchr(" \n", text[end]) == NULL) {
		size_t size =
			text_character(text + end, strnlen(text + end, CHARACTER_BYTES_MAX), NULL);

		end += size > 0 ? size : 1;
		if ((unsigned char)text[end] >= 0x80 && is_break(text, end))
			break;
	}
	return end;
}

enum { LABEL_MAX = 24 /* bytes */, CONTINUED_MIN = 4 };

/* The bytes of a line before its value: "  Label:  ", or its leading blanks. */
static size_t before_value(const char *line, size_t length)
{
	size_t leading = 0;

	while (leading < length && line[leading] == ' ')
		leading++;
	for (size_t i = leading; i + 3 < length && i < LABEL_MAX; i++) {
		size_t value = i + 1;

		if (line[i] != ':' || line[i + 1] != ' ' || line[i + 2] != ' ')
			continue;
		while (value < length && line[value] == ' ')
			value++;
		return value;
	}
	return leading;
}

static void wrap_line(struct buffer *out, const char *line, size_t length, size_t columns)
{
	size_t at = before_value(line, length), column = columns_of(line, at);
	size_t indent = at < CONTINUED_MIN ? CONTINUED_MIN : at;
	bool is_first = true;

	buffer_add(out, line, at);
	while (at < length) {
		size_t word = at, end;

		while (word < length && line[word] == ' ')
			word++;
		end = word + word_length(line + word);
		if (!is_first && column + columns_of(line + at, end - at) > columns) {
			buffer_format(out, "\n%*s", (int)indent, "");
			column = indent;
			at = word;
		}
		buffer_add(out, line + at, end - at);
		column += columns_of(line + at, end - at);
		at = end;
		is_first = false;
	}
}

void text_wrap(struct buffer *out, const char *text, size_t columns)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (columns_of(text, length) > columns)
			wrap_line(out, text, length, columns);
		else
			buffer_add(out, text, length);
		text += length;
		if (*text == '\n') {
			buffer_byte(out, '\n');
			text++;
		}
	}
}

enum { NEAREST_WORD_MAX = 64, NEAREST_BEGINNING_MIN = 4 };

/* The Levenshtein distance, ignoring ASCII case. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NEAREST_WORD_MAX + 1], length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t cost = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);

			diagonal = row[j];
			if (row[j] + 1 < cost)
				cost = row[j] + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			row[j] = cost;
		}
	}
	return row[length];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
	const char *best = NULL;
	size_t least = 0, length = strlen(word);

	if (length > NEAREST_WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(candidates[i]);
		size_t longest = length > other ? length : other;
		size_t steps = other <= NEAREST_WORD_MAX ? distance(word, candidates[i]) : longest;

		if (steps < longest && steps * 3 <= longest + 2 &&
			(best == NULL || steps < least)) {
			best = candidates[i];
			least = steps;
		}
	}
	for (size_t i = 0; best == NULL && length >= NEAREST_BEGINNING_MIN && i < count; i++)
		if (text_starts(candidates[i], word))
			best = candidates[i];
	return best;
}

char *text_lower(const char *text)
{
	char *copy = memory_string(text);

	for (char *byte = copy; *byte != '\0'; byte++)
		*byte = lower(*byte);
	return copy;
}

void text_hexadecimal(const void *bytes, size_t length, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = bytes;

	for (size_t i = 0; i < length; i++) {
		out[2 * i] = digits[from[i] >> 4];
		out[2 * i + 1] = digits[from[i] & 15];
	}
	out[2 * length] = '\0';
}

char *text_label(const char *group, const char *name)
{
	return text_empty(group) ? memory_string(name) : memory_format("%s / %s", group, name);
}

bool text_is_name(const char *text)
{
	size_t length = strlen(text);

	if (length < 1 || length > 64 || strchr("._-", text[0]) != NULL)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= '0' && text[i] <= '9') &&
			strchr("._-", text[i]) == NULL)
			return false;
	return true;
}
