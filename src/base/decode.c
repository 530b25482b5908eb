/* SPDX-License-Identifier: ISC */
#include "base/decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	LABEL_WITHIN = 1024, /* bytes in which HTML requires the declaration */
	ASCII_PIECE = 256,   /* characters added at a time */
};

static const char replacement[] = "\xef\xbf\xbd";

static uint32_t unit_at(const unsigned char *bytes, bool big)
{
	return big ? (uint32_t)bytes[0] << 8 | bytes[1] : (uint32_t)bytes[1] << 8 | bytes[0];
}

/* Adds the leading units that are ASCII except NUL; returns how many bytes they take. */
static size_t add_ascii_units(
	const unsigned char *bytes, size_t length, bool big, struct buffer *out)
{
	char piece[ASCII_PIECE];
	size_t count = 0;

	for (; count < sizeof piece && 2 * count + 2 <= length; count++) {
		uint32_t unit = unit_at(bytes + 2 * count, big);

		if (unit == 0 || unit >= 0x80)
			break;
		piece[count] = (char)unit;
	}
	buffer_add(out, piece, count);
	return 2 * count;
}

/* RFC 2781 section 2.2. An unpaired surrogate, or half a unit at the end, becomes U+FFFD. */
static void decode_utf16(const unsigned char *bytes, size_t length, bool big, struct buffer *out)
{
	for (size_t i = 0; i < length; i += 2) {
		uint32_t unit, next;

		i += add_ascii_units(bytes + i, length - i, big, out);
		if (i == length)
			break;
		unit = i + 2 <= length ? unit_at(bytes + i, big) : 0xdfff;
		next = i + 4 <= length ? unit_at(bytes + i + 2, big) : 0;

		if (unit != 0 && (unit < 0xd800 || unit > 0xdfff)) {
			text_add_character(out, unit);
		} else if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
			text_add_character(out, 0x10000 + ((unit & 0x3ff) << 10 | (next & 0x3ff)));
			i += 2;
		} else {
			buffer_text(out, replacement);
		}
	}
}

struct mark {
	const char *bytes;
	size_t length;
	bool wide, big;
};

static const struct mark marks[] = {
	{"\xef\xbb\xbf", 3, false, false},
	{"\xfe\xff", 2, true, true},
	{"\xff\xfe", 2, true, false},
};

static struct mark mark_of(const char *bytes, size_t length)
{
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (length >= marks[i].length &&
			memcmp(bytes, marks[i].bytes, marks[i].length) == 0)
			return marks[i];
	if (length >= 4 && bytes[0] == '\0' && bytes[1] != '\0' && bytes[2] == '\0' &&
		bytes[3] != '\0')
		return (struct mark){"", 0, true, true};
	if (length >= 4 && bytes[0] != '\0' && bytes[1] == '\0' && bytes[2] != '\0' &&
		bytes[3] == '\0')
		return (struct mark){"", 0, true, false};
	return (struct mark){"", 0, false, false};
}

/* Whether the document declares, near its beginning, an encoding other than UTF-8. */
static bool declares_other(const char *bytes, size_t length)
{
	static const char *const labels[] = {"charset=", "encoding="};
	char *head = memory_bytes(bytes, length < LABEL_WITHIN ? length : LABEL_WITHIN);
	const char *label = NULL;
	bool other = false;

	for (size_t i = 0; i < 2 && label == NULL; i++) {
		label = strcasestr(head, labels[i]);
		if (label != NULL)
			label += strlen(labels[i]);
	}
	if (label != NULL) {
		label += strspn(label, "\"' ");
		other = strncasecmp(label, "utf", 3) != 0;
	}
	free(head);
	return other;
}

/* nul: what stands for one. */
static void add_text(
	const char *bytes, size_t length, bool repair, const char *nul, struct buffer *out)
{
	buffer_expect(out, length);
	while (length > 0) {
		const char *end = memchr(bytes, '\0', length);
		size_t piece = end != NULL ? (size_t)(end - bytes) : length;

		if (repair)
			text_repair(out, bytes, piece);
		else
			buffer_add(out, bytes, piece);
		if (end != NULL)
			buffer_text(out, nul);
		bytes += piece + (end != NULL);
		length -= piece + (end != NULL);
	}
}

bool decode_document(const char *bytes, size_t length, struct buffer *out)
{
	struct mark mark = mark_of(bytes, length);
	bool valid;

	bytes += mark.length;
	length -= mark.length;
	if (mark.wide) {
		decode_utf16((const unsigned char *)bytes, length, mark.big, out);
		return true;
	}
	valid = text_valid(bytes, length);
	if (mark.length == 0 && !valid && declares_other(bytes, length)) {
		/* For libxml2, HTML would end there. */
		add_text(bytes, length, false, "?", out);
		return false;
	}
	add_text(bytes, length, !valid, replacement, out);
	return true;
}
