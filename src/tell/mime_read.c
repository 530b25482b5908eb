/* SPDX-License-Identifier: ISC
 *
 * The text of a mail that was written by whomever (RFC 2045, RFC 2046).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/readers.h"
#include "tell/mime.h"

enum { FIELD_MAX = 8192 /* bytes; the rest of a longer one is left out */ };

struct lines {
	const char *at, *end;
};

/* One line without its end; false behind the last. */
static bool next_line(struct lines *lines, const char **line, size_t *length)
{
	const char *newline;

	if (lines->at >= lines->end)
		return false;
	newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
	*line = lines->at;
	*length = (size_t)((newline != NULL ? newline : lines->end) - lines->at);
	lines->at = newline != NULL ? newline + 1 : lines->end;
	if (*length > 0 && (*line)[*length - 1] == '\r')
		(*length)--;
	return true;
}

/* What a part's header says, unfolded; "" where it does not. */
struct head {
	struct buffer type, encoding;
};

static bool name_is(const char *line, size_t length, const char *name)
{
	size_t size = strlen(name);

	return length > size && line[size] == ':' && strncasecmp(line, name, size) == 0;
}

/* Leaves lines at the body. */
static void read_head(struct lines *lines, struct head *head)
{
	static const char type[] = "Content-Type", encoding[] = "Content-Transfer-Encoding";
	struct buffer *field = NULL;
	const char *line;
	size_t length;

	*head = (struct head){.type = {.maximum = FIELD_MAX}, .encoding = {.maximum = FIELD_MAX}};
	while (next_line(lines, &line, &length) && length > 0) {
		size_t name = 0;

		if (line[0] != ' ' && line[0] != '\t') {
			field = name_is(line, length, type)       ? &head->type
				: name_is(line, length, encoding) ? &head->encoding
								  : NULL;
			name = field == &head->type ? sizeof type : sizeof encoding;
		}
		if (field != NULL)
			buffer_add(field, line + name, length - name);
	}
}

static void head_release(struct head *head)
{
	buffer_release(&head->type);
	buffer_release(&head->encoding);
}

/* Whether the field's value is the word, up to its parameters. */
static bool value_is(const struct buffer *field, const char *word)
{
	const char *value = buffer_string(field);
	size_t size = strlen(word);

	value += strspn(value, " \t");
	return strncasecmp(value, word, size) == 0 && strchr("; \t", value[size]) != NULL;
}

/* The boundary of a multipart type, with its two strokes; NULL where there is none. Owned by the
 * caller. */
static char *boundary_of(const struct buffer *type)
{
	static const char multipart[] = "multipart/", name[] = "boundary=";
	const char *value = buffer_string(type), *found;
	size_t length;

	value += strspn(value, " \t");
	found = strcasestr(value, name);
	if (strncasecmp(value, multipart, sizeof multipart - 1) != 0 || found == NULL)
		return NULL;
	found += sizeof name - 1;
	length = *found == '"' ? strcspn(++found, "\"") : strcspn(found, "; \t");
	return length > 0 ? memory_format("--%.*s", (int)length, found) : NULL;
}

static int hexadecimal(char digit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

	return found != NULL ? (int)(found - digits) % 16 : -1;
}

/* RFC 2045 section 6.7: what is no code stays as it is. */
static void add_quoted_printable(const char *line, size_t length, struct buffer *out)
{
	size_t end = length;

	while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
		end--;
	for (size_t i = 0; i < end; i++) {
		bool begins = line[i] == '=' && i + 2 < end;
		int high = begins ? hexadecimal(line[i + 1]) : -1;
		int low = begins ? hexadecimal(line[i + 2]) : -1;
		bool code = high >= 0 && low >= 0;

		if (code)
			buffer_byte(out, (char)(high << 4 | low));
		else if (line[i] != '=' || i + 1 < end)
			buffer_byte(out, line[i]);
		i += code ? 2 : 0;
	}
	if (end == 0 || line[end - 1] != '=')
		buffer_byte(out, '\n');
}

static bool add_body(const struct head *head, struct lines lines, struct buffer *out)
{
	bool quoted = value_is(&head->encoding, "quoted-printable"),
	     base64 = value_is(&head->encoding, "base64"), good = true;
	struct buffer whole = {0};
	const char *line;
	size_t length;

	while (next_line(&lines, &line, &length)) {
		if (quoted) {
			add_quoted_printable(line, length, out);
		} else {
			buffer_add(base64 ? &whole : out, line, length);
			if (!base64)
				buffer_byte(out, '\n');
		}
	}
	if (base64)
		good = digest_base64_decode(buffer_string(&whole), out);
	buffer_release(&whole);
	return good;
}

static bool read_part(struct lines lines, int depth, size_t *parts, struct buffer *out);

/* One part after the other, until one has a text. */
static bool read_parts(
	struct lines lines, const char *boundary, int depth, size_t *parts, struct buffer *out)
{
	size_t size = strlen(boundary), length;
	const char *line, *begin = NULL;
	bool found = false, more = true;

	while (!found && more && *parts < MIME_PARTS_MAX) {
		const char *before = lines.at;
		bool ends;

		more = next_line(&lines, &line, &length);
		ends = !more || (length >= size && strncmp(line, boundary, size) == 0);
		if (!ends)
			continue;
		if (begin != NULL) {
			(*parts)++;
			found = read_part((struct lines){begin, before}, depth + 1, parts, out);
		}
		begin = lines.at;
	}
	return found;
}

static bool read_part(struct lines lines, int depth, size_t *parts, struct buffer *out)
{
	struct head head;
	char *boundary;
	bool found;

	read_head(&lines, &head);
	boundary = boundary_of(&head.type);
	if (boundary != NULL)
		found = depth < MIME_DEPTH_MAX && read_parts(lines, boundary, depth, parts, out);
	else
		found = (head.type.length == 0 || value_is(&head.type, "text/plain")) &&
			add_body(&head, lines, out);
	free(boundary);
	head_release(&head);
	return found;
}

bool mime_read_text(const char *mail, size_t length, struct buffer *out)
{
	size_t parts = 0;

	return read_part((struct lines){mail, mail + length}, 0, &parts, out);
}

/* ---- in a reader ---- */

static bool answer_text(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)count, (void)error;
	mime_read_text(parts[0].bytes, parts[0].length, out);
	return true;
}

bool mime_text(struct readers *readers, const char *mail, size_t length, struct buffer *out,
	struct error *error)
{
	static const struct reader_work work = {NULL, answer_text, NULL, MIME_MAIL_MAX};
	const struct reader_part part = {.bytes = mail, .length = length};
	const struct reader_job job = {&work, &part, 1, READER_MILLISECONDS, NULL, NULL};
	char *text = readers_ask(readers, &job, &length, error);

	if (text != NULL)
		buffer_add(out, text, length);
	free(text);
	return text != NULL;
}
