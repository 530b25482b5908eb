/* SPDX-License-Identifier: ISC
 *
 * Foreign bytes made fit for display. The evidence is the file of the snapshot; this is a copy of
 * it, in UTF-8 and without what could lead a browser elsewhere.
 */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/decode.h"
#include "base/text.h"
#include "publish/site_p.h"

enum {
	LABEL_MAX = 40,      /* bytes of an encoding's name */
	LABEL_WITHIN = 1024, /* bytes at the beginning in which a document names its own */
	CONVERT_ROOM = 4096,
	ENTITY_MAX = 10
};

/* ---- encoding ---- */

/* The encoding's name after "charset=" (or "encoding="), in quotes or not. */
static bool find_label(const char *text, size_t length, const char *key, char out[static LABEL_MAX])
{
	for (size_t i = 0; i + strlen(key) < length; i++) {
		size_t at = i + strlen(key), n = 0;

		if (strncasecmp(text + i, key, strlen(key)) != 0)
			continue;
		while (at < length && strchr("\"' ", text[at]) != NULL && text[at] != '\0')
			at++;
		while (at < length && n + 1 < LABEL_MAX &&
			(strchr("-_.:", text[at]) != NULL || (text[at] >= '0' && text[at] <= '9') ||
				((text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z')) &&
			text[at] != '\0')
			out[n++] = text[at++];
		out[n] = '\0';
		return n > 0;
	}
	return false;
}

static bool convert(const struct buffer *body, const char *label, struct buffer *out)
{
	iconv_t conversion = iconv_open("UTF-8", label);
	char room[CONVERT_ROOM], *from = body->data;
	size_t left = body->length;

	if (conversion == (iconv_t)-1)
		return false;
	while (left > 0) {
		char *to = room;
		size_t free_bytes = sizeof room;
		size_t result = iconv(conversion, &from, &left, &to, &free_bytes);

		buffer_add(out, room, (size_t)(to - room));
		if (result != (size_t)-1 || errno == E2BIG)
			continue;
		buffer_text(out, "\xEF\xBF\xBD"); /* one bad byte */
		from++;
		left--;
	}
	iconv_close(conversion);
	return true;
}

void site_copy_text(const struct buffer *body, const char *headers, struct buffer *out)
{
	size_t start = body->length < LABEL_WITHIN ? body->length : LABEL_WITHIN;
	struct buffer text = {0};
	char label[LABEL_MAX];
	bool decoded = body->length == 0 || decode_document(body->data, body->length, &text);

	if (!decoded) {
		buffer_clear(&text);
		decoded = (find_label(headers, strlen(headers), "charset=", label) ||
				  find_label(body->data, start, "charset=", label) ||
				  find_label(body->data, start, "encoding=", label)) &&
			  convert(body, label, &text);
	}
	if (!decoded)
		buffer_add(&text, body->data, body->length);
	text_repair(out, buffer_string(&text), text.length);
	buffer_release(&text);
}

/* ---- what it is ---- */

bool site_copy_is_html(const struct buffer *text, const char *headers)
{
	const char *start = buffer_string(text) + strspn(buffer_string(text), " \t\r\n");
	const char *type = strcasestr(headers, "\nContent-Type:");

	if (*start == '{' || *start == '[' || strncmp(start, "<?xml", 5) == 0 ||
		strncmp(start, "<rss", 4) == 0 || strncmp(start, "<feed", 5) == 0)
		return false;
	if (strncasecmp(start, "<!doctype html", 14) == 0 || strncasecmp(start, "<html", 5) == 0)
		return true;
	return type != NULL && *start == '<' &&
	       strncasecmp(type + 14 + strspn(type + 14, " \t"), "text/html", 9) == 0;
}

/* ---- HTML ---- */

/* Whether a tag's name at `at` is one of those, which NULL ends; the name, or NULL. */
static const char *name_in(const char *at, const char *end, const char *const *names)
{
	for (; at < end && *names != NULL; names++) {
		size_t length;

		if ((*at | 0x20) != **names) /* mostly; they are lower-case letters */
			continue;
		length = strlen(*names);
		if ((size_t)(end - at) > length && strncasecmp(at, *names, length) == 0 &&
			strchr(" \t\r\n\f/>", at[length]) != NULL)
			return *names;
	}
	return NULL;
}

void site_copy_html(const char *text, size_t length, struct buffer *out)
{
	/* Elements that act without being looked at, or change where links lead; a policy does not
	 * stop all that they do (RFC 8288 relations, a refresh). A void element without effect
	 * takes their place. */
	static const char *const acting[] = {"link", "meta", "base", NULL};
	const char *end = text + length;

	buffer_expect(out, length);
	while (text < end) {
		const char *tag = memchr(text, '<', (size_t)(end - text));

		if (tag == NULL || end - tag < 6) {
			buffer_add(out, text, (size_t)(end - text));
			return;
		}
		tag++;
		buffer_add(out, text, (size_t)(tag - text));
		text = tag;
		if (name_in(tag, end, acting) != NULL) {
			buffer_text(out, "wbr");
			text += 4;
		}
	}
}

/* ---- the words of a document ---- */

static const struct {
	const char *name, *text;
} entities[] = {
	{"amp", "&"},
	{"lt", "<"},
	{"gt", ">"},
	{"quot", "\""},
	{"apos", "'"},
	{"nbsp", " "},
};

/* "&#65;", "&#x41;": adds the character; returns the bytes consumed, 0 if it cannot be shown.
 */
static size_t take_number(const char *text, size_t length, struct buffer *out)
{
	bool hexadecimal = length > 3 && (text[2] | 0x20) == 'x';
	char digits[ENTITY_MAX + 1] = "", *end;
	size_t start = hexadecimal ? 3 : 2;
	unsigned long character;

	if (length <= start)
		return 0;
	memcpy(digits, text + start, length - start < ENTITY_MAX ? length - start : ENTITY_MAX);
	character = strtoul(digits, &end, hexadecimal ? 16 : 10);
	if (end == digits || *end != ';' || character < ' ' || character > 0x10FFFF ||
		(character >= 0xD800 && character < 0xE000))
		return 0;
	text_add_character(out, (uint32_t)character);
	return start + (size_t)(end - digits) + 1;
}

/* Adds the entity's text; returns the bytes consumed, 0 if it is unknown. */
static size_t take_entity(const char *text, size_t length, struct buffer *out)
{
	if (length > 1 && text[1] == '#')
		return take_number(text, length, out);
	for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
		size_t name = strlen(entities[i].name);

		if (name + 2 <= length && strncmp(text + 1, entities[i].name, name) == 0 &&
			text[name + 1] == ';') {
			buffer_text(out, entities[i].text);
			return name + 2;
		}
	}
	return 0;
}

/* Where the text continues after the tag at `at`: behind it, or behind an element that nobody
 * reads. */
static const char *after_tag(const char *at, const char *end)
{
	static const char *const unread[] = {"script", "style", "svg", "noscript", NULL};
	const char *close = memchr(at, '>', (size_t)(end - at)), *name;

	if (strncmp(at, "<!--", 4) == 0) {
		const char *comment = memmem(at, (size_t)(end - at), "-->", 3);

		return comment != NULL ? comment + 3 : end;
	}
	name = close != NULL ? name_in(at + 1, end, unread) : NULL;
	if (name != NULL) {
		while ((close = memchr(close, '<', (size_t)(end - close))) != NULL &&
			!(end - close > 2 && close[1] == '/' &&
				name_in(close + 2, end, (const char *const[]){name, NULL}) != NULL))
			close++;
		close = close != NULL ? memchr(close, '>', (size_t)(end - close)) : NULL;
	}
	return close != NULL ? close + 1 : end;
}

static bool ends_line(char byte)
{
	return byte == '\t' || byte == '\r' || byte == '\n';
}

/* joined: what ends a line or a column stands for a blank. */
static void add_words(struct buffer *out, const char *text, size_t length, bool joined)
{
	static const char *const within_line[] = {"a", "b", "i", "em", "strong", "span", "small",
		"code", "abbr", "time", "font", "u", "wbr", NULL};
	const char *end = text + length;

	while (text < end) {
		const char *plain = text;
		size_t taken;

		while (text < end && *text != '<' && *text != '&' && !(joined && ends_line(*text)))
			text++;
		buffer_add(out, plain, (size_t)(text - plain));
		if (text == end)
			return;
		if (*text == '<') {
			const char *name = text + 1;

			name += name < end && *name == '/';
			buffer_byte(out, name_in(name, end, within_line) != NULL ? ' ' : '\n');
			text = after_tag(text, end);
			continue;
		}
		taken = *text == '&' ? take_entity(text, (size_t)(end - text), out) : 0;
		if (taken == 0)
			buffer_byte(out, *text == '&' ? '&' : ' ');
		text += taken > 0 ? taken : 1;
	}
}

void site_copy_words(const char *text, size_t length, struct buffer *out)
{
	struct buffer once = {0};
	bool feed;

	add_words(&once, text, length, true);
	feed = memmem(buffer_string(&once), once.length, "</", 2) != NULL;
	if (feed) /* markup inside of text, as in feeds */
		add_words(out, buffer_string(&once), once.length, false);
	else
		buffer_add(out, buffer_string(&once), once.length);
	buffer_release(&once);
}
