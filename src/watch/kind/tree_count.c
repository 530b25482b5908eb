/* SPDX-License-Identifier: ISC
 *
 * What libxml2 compares each with each, counted before it sees it: the attributes of one element
 * and the namespaces that are in scope at once. It reads markup only as far as it must to find the
 * tags, and may take for an attribute what is none: the maxima are far beyond what any page needs.
 */
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "watch/kind/xml_p.h"

enum {
	ELEMENT_ATTRIBUTES_MAX = 1000,
	NAMESPACES_MAX = 200, /* in scope */
	DEPTH_MAX = 256,      /* of elements in XML: libxml2's own limit */
};

struct count {
	const char *at, *end;
	bool html;
	size_t attributes; /* of the tag; of declarations, all of them together */
	size_t declared;
	size_t namespaces;                /* in scope */
	size_t own[DEPTH_MAX + 1], depth; /* those that each open element has brought */
};

/* What a byte is to a tag; a set of them is a sum. */
enum { BLANK = 1, SLASH = 2, CLOSE = 4, EQUALS = 8, OPEN = 16 };

static const unsigned char classes[UCHAR_MAX + 1] = {
	[' '] = BLANK,
	['\t'] = BLANK,
	['\r'] = BLANK,
	['\n'] = BLANK,
	['\f'] = BLANK,
	['/'] = SLASH,
	['>'] = CLOSE,
	['='] = EQUALS,
	['<'] = OPEN,
};

static bool is_in(char byte, int set)
{
	return (classes[(unsigned char)byte] & set) != 0;
}

static void skip_while(struct count *count, int set)
{
	while (count->at < count->end && is_in(*count->at, set))
		count->at++;
}

static void skip_until(struct count *count, int set)
{
	while (count->at < count->end && !is_in(*count->at, set))
		count->at++;
}

/* Past the next mark, or to the end. */
static void skip_past(struct count *count, const char *mark)
{
	size_t size = strlen(mark), left = (size_t)(count->end - count->at);
	/* memchr() first: sanitizers look at all that memmem() might read, for each tag again. */
	const char *found =
		size == 1 ? memchr(count->at, mark[0], left) : memmem(count->at, left, mark, size);

	count->at = found != NULL ? found + size : count->end;
}

static bool begins(const struct count *count, const char *mark)
{
	size_t size = strlen(mark);

	return (size_t)(count->end - count->at) >= size && strncasecmp(count->at, mark, size) == 0;
}

/* The value after "=", quoted or not. */
static void skip_value(struct count *count)
{
	char quote;

	skip_while(count, BLANK);
	if (count->at == count->end || *count->at != '=')
		return;
	count->at++;
	skip_while(count, BLANK);
	if (count->at == count->end)
		return;
	quote = *count->at;
	if (quote == '"' || quote == '\'') {
		const char *end =
			memchr(count->at + 1, quote, (size_t)(count->end - count->at - 1));

		count->at = end != NULL ? end + 1 : count->end;
	} else {
		skip_until(count, BLANK + CLOSE);
	}
}

/* From behind the tag's name to behind its ">": its attributes, and how many of them are
 * namespaces. *empty: it ends with "/>". */
static size_t count_tag(struct count *count, bool *empty)
{
	size_t namespaces = 0;

	count->attributes = 0;
	*empty = false;
	for (;;) {
		skip_while(count, BLANK + SLASH);
		if (count->at == count->end || *count->at == '>')
			break;
		if (count->attributes++ == ELEMENT_ATTRIBUTES_MAX)
			return namespaces;
		namespaces += !count->html && begins(count, "xmlns");
		skip_until(count, BLANK + EQUALS + SLASH + CLOSE);
		skip_value(count);
	}
	*empty = count->at[-1] == '/';
	if (count->at < count->end)
		count->at++;
	return namespaces;
}

/* The text of scripts and styles is no markup, up to their end tags. */
static void skip_raw_text(struct count *count, const char *name, size_t length)
{
	static const char *const ends[] = {"/script", "/style"};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (strlen(ends[i] + 1) != length || strncasecmp(name, ends[i] + 1, length) != 0)
			continue;
		while (count->at < count->end) {
			skip_past(count, "<");
			if (begins(count, ends[i]))
				return;
		}
	}
}

/* A start tag, at its name. */
static void count_element(struct count *count)
{
	const char *name = count->at;
	size_t length, namespaces;
	bool empty;

	skip_until(count, BLANK + SLASH + CLOSE);
	length = (size_t)(count->at - name);
	namespaces = count_tag(count, &empty);
	if (count->html) {
		skip_raw_text(count, name, length);
		return;
	}
	if (namespaces > NAMESPACES_MAX - count->namespaces) {
		count->namespaces = NAMESPACES_MAX + 1;
	} else if (!empty && count->depth < DEPTH_MAX) {
		count->own[++count->depth] = namespaces;
		count->namespaces += namespaces;
	}
}

static void end_element(struct count *count)
{
	skip_past(count, ">");
	if (count->depth > 0)
		count->namespaces -= count->own[count->depth--];
}

/* A document type: what it declares of attributes is compared as well. */
static void count_declaration(struct count *count)
{
	bool empty;

	count_tag(count, &empty);
	count->declared += count->attributes;
	count->attributes = count->declared;
}

static void count_markup(struct count *count)
{
	count->at++;
	if (begins(count, "!--"))
		skip_past(count, "-->");
	else if (!count->html && begins(count, "![CDATA["))
		skip_past(count, "]]>");
	else if (begins(count, "?"))
		skip_past(count, count->html ? ">" : "?>");
	else if (begins(count, "/"))
		end_element(count);
	else if (begins(count, "!"))
		count_declaration(count);
	else if (count->at < count->end && !is_in(*count->at, BLANK + OPEN + CLOSE + EQUALS) &&
		 (!count->html || (*count->at | 0x20) >= 'a'))
		count_element(count);
}

bool tree_count(const char *text, size_t length, bool html, struct error *error)
{
	struct count count = {.at = text, .end = text + length, .html = html};

	while (count.attributes <= ELEMENT_ATTRIBUTES_MAX && count.namespaces <= NAMESPACES_MAX &&
		(count.at = memchr(count.at, '<', (size_t)(count.end - count.at))) != NULL)
		count_markup(&count);
	if (count.attributes > ELEMENT_ATTRIBUTES_MAX)
		return error_set(error, REMEDY_PAGE, "an element has more than %d attributes",
			ELEMENT_ATTRIBUTES_MAX);
	if (count.namespaces > NAMESPACES_MAX)
		return error_set(error, REMEDY_PAGE, "an element is in more than %d namespaces",
			NAMESPACES_MAX);
	return true;
}
