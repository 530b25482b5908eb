/* SPDX-License-Identifier: ISC */
#include "tell/mime.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

static const char word_begin[] = "=?UTF-8?B?", word_end[] = "?=";

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 0x7e)
			return false;
	return true;
}

/* Blanks that a reader of folded lines might drop or merge count as not plain; nor is a run without
 * a blank that folding cannot make short enough. */
static bool is_plain(const char *text, size_t room)
{
	if (!is_ascii(text) || strstr(text, "=?") != NULL || strstr(text, "  ") != NULL ||
		text[0] == ' ' || text_ends(text, " "))
		return false;
	for (size_t length; *text != '\0'; text += length + (text[length] == ' ')) {
		length = strcspn(text, " ");
		if (length > room)
			return false;
	}
	return true;
}

static void fold_words(struct buffer *out, size_t column, const char *text)
{
	bool first = true;

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");

		if (!first && column + 1 + length > MIME_LINE_MAX) {
			buffer_text(out, "\r\n");
			column = 0;
		}
		buffer_byte(out, ' ');
		buffer_add(out, text, length);
		column += 1 + length;
		text += length;
		first = false;
	}
}

/* RFC 2047 section 5: each encoded word stands for whole characters. */
static void encode_words(struct buffer *out, size_t column, const char *text)
{
	const size_t frame = 1 + strlen(word_begin) + strlen(word_end);
	size_t length = strlen(text);

	while (length > 0) {
		size_t room = (MIME_ENCODED_MAX - column - frame) / 4 * 3;
		size_t taken = 0, size;

		while (taken < length &&
			(size = text_character(text + taken, length - taken, NULL)) > 0 &&
			taken + size <= room)
			taken += size;
		buffer_format(out, " %s", word_begin);
		digest_base64(text, taken, out);
		buffer_text(out, word_end);
		text += taken;
		length -= taken;
		column = 0;
		if (length > 0)
			buffer_text(out, "\r\n");
	}
}

bool mime_text_field(struct buffer *out, const char *name, const char *text, struct error *error)
{
	size_t column = strlen(name) + 1;

	if (has_control(text))
		return error_set(
			error, REMEDY_LOCAL, "mail header %s: it has a control character", name);
	if (!text_valid(text, strlen(text)))
		return error_set(error, REMEDY_LOCAL, "mail header %s: not UTF-8", name);
	if (strlen(text) > MIME_TEXT_MAX)
		return error_set(
			error, REMEDY_LOCAL, "mail header %s: over %d bytes", name, MIME_TEXT_MAX);
	buffer_format(out, "%s:", name);
	if (is_plain(text, MIME_LINE_MAX - column - 1))
		fold_words(out, column, text);
	else
		encode_words(out, column, text);
	buffer_text(out, "\r\n");
	return true;
}

bool mime_field(struct buffer *out, const char *name, const char *value, struct error *error)
{
	if (has_control(value) || !is_ascii(value))
		return error_set(error, REMEDY_LOCAL, "mail header %s: not printable ASCII", name);
	if (strlen(value) > MIME_VALUE_MAX)
		return error_set(
			error, REMEDY_LOCAL, "mail header %s: over %d bytes", name, MIME_VALUE_MAX);
	buffer_format(out, "%s:", name);
	fold_words(out, strlen(name) + 1, value);
	buffer_text(out, "\r\n");
	return true;
}

static size_t line_end(const char *text)
{
	if (text[0] == '\n')
		return 1;
	return text[0] == '\r' && text[1] == '\n' ? 2 : 0;
}

/* RFC 2045 section 6.7: whether the byte at text may stand for itself. */
static bool is_literal(const char *text, bool line_begins)
{
	unsigned char byte = (unsigned char)text[0];

	if (byte == ' ' || byte == '\t')
		return text[1] != '\0' && line_end(text + 1) == 0;
	if (line_begins && (byte == '.' || text_starts(text, "From ")))
		return false;
	return byte > ' ' && byte < 0x7f && byte != '=';
}

/* The bytes of places left open. */
static const char fields[] = {1, 2, 3, 4, 5, 6, '\0'};

static_assert(sizeof fields == MIME_FIELDS + 1, "each place has a byte");

/* All bytes of a character stay on one line, so that the source can be read. open: places may be
 * left so. */
static void quote(struct buffer *out, const char *text, bool open)
{
	size_t length = strlen(text), column = 0, size;

	for (; length > 0; text += size, length -= size) {
		size_t width;

		size = line_end(text);
		if (size > 0) {
			buffer_text(out, "\r\n");
			column = 0;
			continue;
		}
		if (open && text[0] >= 1 && text[0] <= MIME_FIELDS) {
			/* On a line of its own, ended by a soft break or by the end of the line
			 * that follows it anyway. */
			if (column > 0)
				buffer_text(out, "=\r\n");
			buffer_byte(out, text[0]);
			if (text[1] != '\0' && line_end(text + 1) == 0)
				buffer_text(out, "=\r\n");
			column = 0;
			size = 1;
			continue;
		}
		size = text_character(text, length, NULL);
		if (size == 0)
			size = 1;
		width = is_literal(text, column == 0) ? 1 : 3 * size;
		if (column + width > MIME_ENCODED_MAX - 1) {
			buffer_text(out, "=\r\n");
			column = 0;
			width = is_literal(text, true) ? 1 : 3 * size;
		}
		if (width == 1)
			buffer_byte(out, *text);
		else
			for (size_t i = 0; i < size; i++)
				buffer_format(out, "=%02X", (unsigned char)text[i]);
		column += width;
	}
}

void mime_quoted_printable(struct buffer *out, const char *text)
{
	quote(out, text, false);
}

void mime_fill(
	struct buffer *out, const char *encoded, const char *const values[static MIME_FIELDS])
{
	while (*encoded != '\0') {
		size_t plain = strcspn(encoded, fields);
		const char *value;

		buffer_add(out, encoded, plain);
		encoded += plain;
		if (*encoded == '\0')
			break;
		value = values[*encoded++ - 1];
		mime_quoted_printable(out, value != NULL ? value : "");
	}
}

void mime_part(struct buffer *out, const char *type, const char *text)
{
	buffer_format(out,
		"Content-Type: %s; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n"
		"\r\n",
		type);
	quote(out, text, true);
	if (!text_ends(text, "\n"))
		buffer_text(out, "\r\n");
}

void mime_alternative(struct buffer *out, const char *seed, const char *text, const char *html)
{
	char digest[DIGEST_TEXT];
	/* "=_" never comes out of quoted-printable, so no body can hold the boundary. */
	char boundary[] = "=_0123456789abcdef0123456789abcdef";

	digest_sha256(seed, strlen(seed), digest);
	memcpy(boundary + 2, digest, sizeof boundary - 3);
	buffer_format(
		out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n", boundary);
	buffer_format(out, "--%s\r\n", boundary);
	mime_part(out, "text/plain", text);
	buffer_format(out, "--%s\r\n", boundary);
	mime_part(out, "text/html", html);
	buffer_format(out, "--%s--\r\n", boundary);
}
