/* SPDX-License-Identifier: ISC */
#include "publish/warc_read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "publish/warc_http.h"

enum { BLOCK = 65536, LENGTH_DIGITS_MAX = 18 };

struct warc_reader {
	struct gzip_reader *file;
	char bytes[BLOCK];             /* of the file, decompressed */
	size_t at, length;             /* what of them is still to be read */
	struct gzip_position position; /* of the first of them */
	int64_t left;                  /* bytes of the record's block that were not read yet */
};

struct warc_reader *warc_reader_new(int file)
{
	struct warc_reader *reader = memory_zero(1, sizeof *reader);

	reader->file = gzip_reader_new(file);
	return reader;
}

void warc_reader_free(struct warc_reader *reader)
{
	if (reader == NULL)
		return;
	gzip_reader_free(reader->file);
	free(reader);
}

/* ---- bytes ---- */

/* Makes sure that a byte is there: 1, 0 at the end of the file, -1 with error. */
static int more(struct warc_reader *reader, struct error *error)
{
	ssize_t got;

	if (reader->at < reader->length)
		return 1;
	reader->position = gzip_reader_position(reader->file);
	got = gzip_read(reader->file, reader->bytes, sizeof reader->bytes, error);
	reader->at = 0;
	reader->length = got > 0 ? (size_t)got : 0;
	return got > 0 ? 1 : (int)got;
}

static struct gzip_position here(const struct warc_reader *reader)
{
	struct gzip_position position = reader->position;

	if (gzip_reader_compressed(reader->file))
		position.within += (int64_t)reader->at;
	else
		position.offset += (int64_t)reader->at;
	return position;
}

static enum warc_next damaged(const struct gzip_position *at, const char *what, struct error *error)
{
	error_set(error, REMEDY_PAGE, "byte %lld: %s", (long long)at->offset, what);
	return WARC_DAMAGED;
}

/* Adds a line with its end to out; 0 where the file ends first, -1 with error. */
static int read_line(struct warc_reader *reader, struct buffer *out, struct error *error)
{
	int state;

	while ((state = more(reader, error)) > 0) {
		const char *from = reader->bytes + reader->at;
		size_t have = reader->length - reader->at;
		const char *end = memchr(from, '\n', have);
		size_t length = end != NULL ? (size_t)(end + 1 - from) : have;

		buffer_add(out, from, length);
		reader->at += length;
		if (end != NULL || out->overflowed)
			return 1;
	}
	return state;
}

/* At most so many bytes of a block, into out where there is one; the rest stays to be read. */
static bool take_block(
	struct warc_reader *reader, int64_t maximum, struct buffer *out, struct error *error)
{
	struct gzip_position begin = here(reader);
	int64_t wanted = reader->left < maximum ? reader->left : maximum;
	int state = 1;

	while (wanted > 0 && (state = more(reader, error)) > 0) {
		size_t have = reader->length - reader->at;
		size_t length = wanted < (int64_t)have ? (size_t)wanted : have;

		if (out != NULL)
			buffer_add(out, reader->bytes + reader->at, length);
		reader->at += length;
		reader->left -= (int64_t)length;
		wanted -= (int64_t)length;
	}
	if (state == 0)
		damaged(&begin, "the record is cut off", error);
	return state > 0;
}

/* ---- heads ---- */

/* Before 1.1, addresses were in angle brackets. */
static char *bare(const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length >= 2 && text[0] == '<' && text[length - 1] == '>')
		return memory_bytes(text + 1, length - 2);
	return memory_string(text);
}

static int64_t date_of(const struct message_head *fields, const char *name)
{
	const char *text = message_head_find(fields, name);
	int64_t time;

	return text != NULL && date_parse(text, &time) ? time : 0;
}

/* False if it has no valid Content-Length. */
static bool take_fields(const struct message_head *fields, struct warc_head *head)
{
	static const struct {
		const char *name;
		enum warc_type type;
	} types[] = {
		{"warcinfo", WARC_INFO},
		{"response", WARC_RESPONSE},
		{"resource", WARC_RESOURCE},
		{"revisit", WARC_REVISIT},
	};
	const char *type = message_head_find(fields, "WARC-Type"),
		   *length = message_head_find(fields, "Content-Length");
	size_t digits = length != NULL ? strspn(length, "0123456789") : 0;

	for (size_t i = 0; type != NULL && i < sizeof types / sizeof *types; i++)
		if (strcasecmp(type, types[i].name) == 0)
			head->type = types[i].type;
	head->id = memory_string(message_head_find(fields, "WARC-Record-ID"));
	head->url = bare(message_head_find(fields, "WARC-Target-URI"));
	head->content_type = memory_string(message_head_find(fields, "Content-Type"));
	head->address = memory_string(message_head_find(fields, "WARC-IP-Address"));
	head->refers_to = memory_string(message_head_find(fields, "WARC-Refers-To"));
	head->refers_to_url = bare(message_head_find(fields, "WARC-Refers-To-Target-URI"));
	head->payload_digest = memory_string(message_head_find(fields, "WARC-Payload-Digest"));
	head->date = date_of(fields, "WARC-Date");
	head->refers_to_date = date_of(fields, "WARC-Refers-To-Date");
	head->truncated = message_head_find(fields, "WARC-Truncated") != NULL;
	if (digits == 0 || digits > LENGTH_DIGITS_MAX || length[digits] != '\0')
		return false;
	head->length = strtoll(length, NULL, 10);
	return true;
}

void warc_head_release(struct warc_head *head)
{
	char *strings[] = {head->id, head->url, head->content_type, head->address, head->refers_to,
		head->refers_to_url, head->payload_digest};

	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(strings[i]);
	*head = (struct warc_head){0};
}

/* The lines of a head, with the blank one that ends it. */
static enum warc_next read_head(struct warc_reader *reader, const struct gzip_position *begin,
	struct buffer *text, struct error *error)
{
	for (size_t line = 0;; line = text->length) {
		int state = read_line(reader, text, error);

		if (state < 0)
			return WARC_DAMAGED;
		if (line == 0 && !text_starts(buffer_string(text), "WARC/0.") &&
			!text_starts(buffer_string(text), "WARC/1."))
			return damaged(begin, "no WARC record", error);
		if (state == 0)
			return damaged(begin, "the record is cut off", error);
		if (text->overflowed)
			return damaged(begin, "the record's head is too long", error);
		if (text_equal(text->data + line, "\n") || text_equal(text->data + line, "\r\n"))
			return WARC_RECORD;
	}
}

enum warc_next warc_reader_next(
	struct warc_reader *reader, struct warc_head *head, struct error *error)
{
	struct buffer text = {.maximum = MESSAGE_HEAD_MAX};
	struct message_head fields = {0};
	enum warc_next next;
	int state;

	if (!take_block(reader, INT64_MAX, NULL, error))
		return WARC_DAMAGED;
	while ((state = more(reader, error)) > 0 &&
		(reader->bytes[reader->at] == '\r' || reader->bytes[reader->at] == '\n'))
		reader->at++;
	if (state <= 0)
		return state == 0 ? WARC_END : WARC_DAMAGED;
	head->position = here(reader);
	next = read_head(reader, &head->position, &text, error);
	if (next == WARC_RECORD) {
		message_head_parse(buffer_string(&text), text.length, &fields);
		if (!take_fields(&fields, head))
			next = damaged(&head->position, "the record has no Content-Length", error);
		reader->left = head->length;
		message_head_release(&fields);
	}
	buffer_release(&text);
	return next;
}

bool warc_reader_block(
	struct warc_reader *reader, size_t maximum, struct buffer *out, struct error *error)
{
	struct gzip_position begin = here(reader);

	if (!take_block(reader, maximum < INT64_MAX ? (int64_t)maximum : INT64_MAX, out, error))
		return false;
	if (out->overflowed)
		damaged(&begin, "the record is longer than is allowed", error);
	return !out->overflowed;
}

bool warc_reader_seek(
	struct warc_reader *reader, const struct gzip_position *position, struct error *error)
{
	reader->at = reader->length = 0;
	reader->left = 0;
	return gzip_reader_seek(reader->file, position, error);
}
