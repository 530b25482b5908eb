/* SPDX-License-Identifier: ISC
 *
 * HTML without what libxml2's parser is slowest at, at 30 to 70 instructions a byte: the attributes
 * of tags, and the text of scripts and styles. A mark stands in the place of each, where the whole
 * could be read in one way only: it is what the parser hands over there, and tree_html.c puts back
 * what the mark stands for.
 *
 * What is a tag, the parser decides: a comment may contain what looks like one. So each mark has
 * to come back. The text has it nowhere else, and the parser reads it once from its beginning to
 * its end: as many marks as were made are those, in their order. Where one is lost, as with the
 * attributes of a second <body>, the whole is parsed as it is.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "watch/kind/xml_p.h"

enum {
	SHORTEST = 24,      /* bytes that are worth a mark */
	LONGEST = 4 * 1024, /* of a tag: each "<" costs no more than to look so far */
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n';
}

static bool is_small_letter(char byte)
{
	return byte >= 'a' && byte <= 'z';
}

static bool is_name(char byte)
{
	return is_small_letter(byte) || byte == '-' || (byte >= '0' && byte <= '9');
}

/* A byte of a value that stands for itself. */
static bool is_plain(char byte)
{
	return (byte >= ' ' && byte <= '~' && byte != '&') || byte == '\t' || byte == '\n';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

bool html_attribute_next(const char **at, const char *end, struct html_attribute *attribute)
{
	const char *name = skip_blanks(*at, end), *value = name;
	char quote;

	if (name == *at || name == end || !is_small_letter(*name))
		return false;
	while (value < end && is_name(*value))
		value++;
	attribute->name = name;
	attribute->name_length = (size_t)(value - name);
	if (attribute->name_length > HTML_NAME_MAX || end - value < 2 || *value++ != '=')
		return false;
	quote = *value++;
	if (quote != '"' && quote != '\'')
		return false;
	attribute->value = value;
	while (value < end && *value != quote && is_plain(*value))
		value++;
	attribute->value_length = (size_t)(value - attribute->value);
	if (value == end || *value != quote)
		return false;
	*at = value + 1;
	return true;
}

/* Behind the attributes, at ">" or "/>"; NULL where something else is there. */
static const char *skip_attributes(const char *at, const char *end)
{
	struct html_attribute attribute;

	while (html_attribute_next(&at, end, &attribute))
		;
	at = skip_blanks(at, end);
	if (end - at >= 2 && at[0] == '/' && at[1] == '>')
		return at;
	return at < end && *at == '>' ? at : NULL;
}

/* Elements whose text is no markup. */
static bool is_raw(const char *name, size_t length)
{
	return (length == strlen("script") && strncasecmp(name, "script", length) == 0) ||
	       (length == strlen("style") && strncasecmp(name, "style", length) == 0);
}

/* Leaves out what is between from and to; *kept is where what is not copied yet begins. */
static void cut(struct html_abridged *abridged, const char **kept, const char *from, const char *to)
{
	*(struct html_cut *)memory_append(&abridged->cuts, &abridged->count,
		sizeof(struct html_cut)) = (struct html_cut){from, (size_t)(to - from)};
	buffer_add(&abridged->text, *kept, (size_t)(from - *kept));
	*kept = to;
}

/* The end tag of an element whose text is no markup; NULL where there is none. */
static const char *find_end(const char *at, const char *end, const char *name, size_t length)
{
	while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
		at++;
		if ((size_t)(end - at) > length && *at == '/' &&
			strncasecmp(at + 1, name, length) == 0)
			return at - 1;
	}
	return NULL;
}

/* From the "<" of a start tag; what comes after it, and after the text of a script. */
static const char *abridge_element(
	struct html_abridged *abridged, const char **kept, const char *at, const char *end)
{
	const char *name = at + 1, *behind = name, *close, *text, *text_end;
	size_t length;

	while (behind < end && (is_small_letter((char)(*behind | 0x20)) || is_name(*behind)))
		behind++;
	length = (size_t)(behind - name);
	close = skip_attributes(behind, end - behind > LONGEST ? behind + LONGEST : end);
	if (close != NULL && close - behind >= SHORTEST) {
		cut(abridged, kept, behind, close);
		buffer_text(&abridged->text, " " HTML_MARK);
	}
	if (!is_raw(name, length))
		return close != NULL ? close : behind;
	text = memchr(behind, '>', (size_t)(end - behind));
	text_end = text != NULL ? find_end(text, end, name, length) : NULL;
	if (text_end == NULL)
		return end;
	/* Where the text begins with a tag, the parser takes it for one. */
	if (close == text++ && *text != '<' && text_end - text >= SHORTEST &&
		tree_allows(text, (size_t)(text_end - text))) {
		cut(abridged, kept, text, text_end);
		buffer_text(&abridged->text, HTML_MARK);
	}
	return text_end;
}

bool html_abridge(const char *text, size_t length, struct html_abridged *abridged)
{
	const char *at = text, *kept = text, *end = text + length;

	if (memmem(text, length, HTML_MARK, strlen(HTML_MARK)) != NULL)
		return false;
	while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
		if (end - at >= 4 && memcmp(at, "<!--", 4) == 0)
			at = memmem(at, (size_t)(end - at), "-->", 3);
		else if (end - at >= 2 && is_small_letter((char)(at[1] | 0x20)))
			at = abridge_element(abridged, &kept, at, end);
		else
			at++;
		if (at == NULL)
			break;
	}
	buffer_add(&abridged->text, kept, (size_t)(end - kept));
	return abridged->count > 0 && !abridged->text.overflowed;
}

struct html_cut html_cut_next(struct html_abridged *abridged)
{
	size_t i = abridged->used++;

	return i < abridged->count ? abridged->cuts[i] : (struct html_cut){"", 0};
}

void html_abridged_release(struct html_abridged *abridged)
{
	free(abridged->cuts);
	buffer_release(&abridged->text);
}
