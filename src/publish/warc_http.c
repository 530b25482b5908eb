/* SPDX-License-Identifier: ISC */
#include "publish/warc_http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/content_coding.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

enum { CHUNK_DIGITS_MAX = 8, STATUS_DIGITS = 3 };

/* ---- the head ---- */

static bool is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && strchr("!#$%&'*+-.^_`|~", text[i]) == NULL)
			return false;
	return length > 0;
}

/* One line of text, without control characters and blanks at its ends. */
static char *clean(const char *text, size_t length)
{
	char *copy;

	while (length > 0 && (unsigned char)text[length - 1] <= ' ')
		length--;
	while (length > 0 && (unsigned char)text[0] <= ' ')
		text++, length--;
	copy = memory_bytes(text, length);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f)
			copy[i] = ' ';
	return copy;
}

static void take_line(struct message_head *head, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	size_t name = colon != NULL ? (size_t)(colon - line) : 0;
	struct message_field *field;

	if (head->count > 0 && (line[0] == ' ' || line[0] == '\t')) { /* a folded one */
		char *more = clean(line, length), *whole;

		field = &head->fields[head->count - 1];
		whole = memory_format("%s %s", field->value, more);
		free(more);
		free(field->value);
		field->value = whole;
	} else if (is_token(line, name) && head->count < MESSAGE_FIELDS_MAX) {
		field = memory_append(&head->fields, &head->count, sizeof *field);
		field->name = memory_bytes(line, name);
		field->value = clean(colon + 1, length - name - 1);
	}
}

void message_head_parse(const char *text, size_t length, struct message_head *head)
{
	const char *at = text,
		   *end = text + (length < MESSAGE_HEAD_MAX ? length : MESSAGE_HEAD_MAX);

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line = at, *stop = newline != NULL ? newline : end;

		at = newline != NULL ? newline + 1 : end;
		if (stop > line && stop[-1] == '\r')
			stop--;
		if (stop == line)
			break;
		if (head->start == NULL)
			head->start = clean(line, (size_t)(stop - line));
		else
			take_line(head, line, (size_t)(stop - line));
	}
	head->length = (size_t)(at - text);
}

void message_head_release(struct message_head *head)
{
	for (size_t i = 0; i < head->count; i++) {
		free(head->fields[i].name);
		free(head->fields[i].value);
	}
	free(head->fields);
	free(head->start);
	*head = (struct message_head){0};
}

const char *message_head_find(const struct message_head *head, const char *name)
{
	for (size_t i = 0; i < head->count; i++)
		if (strcasecmp(head->fields[i].name, name) == 0)
			return head->fields[i].value;
	return NULL;
}

/* The status code of a status line and what follows it; NULL if it is not a status line. */
static const char *status_of(const struct message_head *head)
{
	const char *at = head->start;

	if (at == NULL || !text_starts(at, "HTTP/"))
		return NULL;
	at += strcspn(at, " ");
	at += strspn(at, " ");
	return strspn(at, "0123456789") == STATUS_DIGITS ? at : NULL;
}

int message_status(const struct message_head *head)
{
	const char *status = status_of(head);

	return status != NULL ? atoi(status) : 0;
}

/* ---- writing ---- */

void message_write_response(
	const struct message_head *head, int status, size_t length, struct buffer *out)
{
	static const char *const codings[] = {
		"Content-Encoding", "Transfer-Encoding", "Content-Length", "Trailer"};
	const char *given = status_of(head);
	const char *reason = given != NULL ? given + STATUS_DIGITS : "";

	reason += strspn(reason, " ");
	if (given != NULL)
		status = message_status(head);
	if (reason[0] == '\0' && status == 200)
		reason = "OK"; /* HTTP/2 has no reason, and some readers want one */
	buffer_format(out, "HTTP/1.1 %03d %s\r\n", status, reason);
	for (size_t i = 0; i < head->count; i++) {
		const struct message_field *field = &head->fields[i];
		size_t j = 0;

		while (j < sizeof codings / sizeof *codings &&
			strcasecmp(field->name, codings[j]) != 0)
			j++;
		if (j == sizeof codings / sizeof *codings)
			buffer_format(out, "%s: %s\r\n", field->name, field->value);
	}
	buffer_format(out, "Content-Length: %zu\r\n\r\n", length);
}

void message_write_request(const struct message_head *head, struct buffer *out)
{
	const char *start = head->start != NULL ? head->start : "";
	const char *version = strstr(start, " HTTP/");

	buffer_format(out, "%.*s HTTP/1.1\r\n",
		(int)(version != NULL ? (size_t)(version - start) : strlen(start)), start);
	for (size_t i = 0; i < head->count; i++)
		buffer_format(out, "%s: %s\r\n", head->fields[i].name, head->fields[i].value);
	buffer_text(out, "\r\n");
}

/* ---- the body ---- */

/* The length in a chunk's line; false if it is not such a line. */
static bool chunk_length(const char **at, const char *end, size_t *length)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	size_t digits = 0;

	*length = 0;
	while (newline != NULL && *at + digits < newline && isxdigit((unsigned char)(*at)[digits]))
		digits++;
	if (digits == 0 || digits > CHUNK_DIGITS_MAX || strchr("\r\n; \t", (*at)[digits]) == NULL)
		return false;
	*length = strtoul(*at, NULL, 16);
	*at = newline + 1;
	return true;
}

static bool add_piece(const char *bytes, size_t length, struct buffer *out, struct error *error)
{
	return buffer_add(out, bytes, length) ||
	       error_set(error, REMEDY_PAGE, "is longer than %zu bytes", out->maximum);
}

static bool without_chunks(
	const char *bytes, size_t length, struct buffer *out, struct error *error)
{
	const char *at = bytes, *end = bytes + length;
	size_t piece;

	if (!chunk_length(&at, end, &piece)) /* decoded already; only the head still says chunked */
		return add_piece(bytes, length, out, error);
	while (piece > 0) {
		if (piece > (size_t)(end - at))
			return error_set(error, REMEDY_PAGE, "is cut off");
		if (!add_piece(at, piece, out, error))
			return false;
		at += piece;
		while (at < end && (*at == '\r' || *at == '\n'))
			at++;
		if (!chunk_length(&at, end, &piece))
			return error_set(error, REMEDY_PAGE, "is cut off");
	}
	return true;
}

static bool without_coding(const struct message_head *head, const char *bytes, size_t length,
	struct buffer *out, struct error *error)
{
	char *mislabelled = NULL;
	bool good = add_piece(bytes, length, out, error) &&
		    content_decode(
			    message_head_find(head, "Content-Encoding"), out, &mislabelled, error);

	free(mislabelled);
	if (!good && error != NULL)
		error->remedy = REMEDY_PAGE; /* nothing will read it better later */
	return good;
}

bool message_body(const struct message_head *head, const char *bytes, size_t length,
	struct buffer *out, struct error *error)
{
	const char *transfer = message_head_find(head, "Transfer-Encoding");
	struct buffer whole = {.maximum = BUFFER_MAX};
	bool good;

	if (transfer == NULL || strcasecmp(transfer, "chunked") != 0)
		return without_coding(head, bytes, length, out, error);
	good = without_chunks(bytes, length, &whole, error) &&
	       without_coding(head, buffer_string(&whole), whole.length, out, error);
	buffer_release(&whole);
	return good;
}
