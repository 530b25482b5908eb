/* SPDX-License-Identifier: ISC */
#include "config/config_edit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

enum { INDENT = 2 }; /* where there is no member to copy it from */

struct line {
	const char *text; /* borrowed; not terminated */
	size_t length;    /* bytes, the line's end included */
};

struct lines {
	struct line *list; /* owned */
	size_t count;
};

/* Where the new member goes, and how it is indented. */
struct place {
	size_t before; /* this line; lines.count: at the end */
	size_t indent; /* blanks before the dash */
	size_t offset; /* columns from the dash to the keys */
	bool blank;    /* an empty line stands between members */
	bool key;      /* the section's key is missing */
	bool brackets; /* the line before holds `pages: []` */
};

/* What ends a line (YAML 1.1 section 4.1.4): the numbers of lines are libyaml's. */
static const char *const breaks[] = {
	"\r\n", "\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

/* Of the line at text, with its end. */
static size_t line_size(const char *text, size_t length)
{
	for (size_t at = 0; at < length; at++)
		for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
			size_t size = strlen(breaks[i]);

			if (size <= length - at && memcmp(text + at, breaks[i], size) == 0)
				return at + size;
		}
	return length;
}

static struct lines split(const char *text, size_t length)
{
	struct lines lines = {0};

	while (length > 0) {
		size_t size = line_size(text, length);

		*(struct line *)memory_append(&lines.list, &lines.count, sizeof *lines.list) =
			(struct line){text, size};
		text += size;
		length -= size;
	}
	return lines;
}

static size_t indent_of(const struct line *line)
{
	size_t indent = 0;

	while (indent < line->length && line->text[indent] == ' ')
		indent++;
	return indent;
}

/* The character behind the indent, '\0' at the end of the line. */
static char first_of(const struct line *line)
{
	size_t indent = indent_of(line);

	if (indent == line->length || line->text[indent] == '\r' || line->text[indent] == '\n')
		return '\0';
	return line->text[indent];
}

/* "- " or a dash alone, at this indent. */
static bool is_item(const struct line *line, size_t indent)
{
	size_t next = indent + 1;

	return indent_of(line) == indent && first_of(line) == '-' &&
	       (next == line->length || strchr(" \r\n", line->text[next]) != NULL);
}

/* Columns from the dash to what follows it in the same line. */
static size_t offset_of(const struct line *line, size_t indent)
{
	size_t offset = 1;

	while (indent + offset < line->length && line->text[indent + offset] == ' ')
		offset++;
	if (indent + offset == line->length || strchr("\r\n#", line->text[indent + offset]) != NULL)
		return INDENT;
	return offset;
}

/* After the last member below the key and the comments that belong to it. */
static bool place_behind(const char *section, const struct lines *lines, size_t key,
	struct place *place, struct error *error)
{
	size_t first = key + 1, last = 0, items = 0, above;

	/* A comment, or nothing. */
	while (first < lines->count && strchr("#", first_of(&lines->list[first])) != NULL)
		first++;
	if (first == lines->count || !is_item(&lines->list[first], indent_of(&lines->list[first])))
		return error_set(error, REMEDY_CONFIGURATION,
			"the %s are not written as a list of lines with dashes", section);
	place->indent = indent_of(&lines->list[first]);
	place->before = first;
	for (size_t i = first; i < lines->count; i++) {
		const struct line *line = &lines->list[i];
		char begin = first_of(line);

		if (begin == '\0' || begin == '#') {
			if (place->before == i && begin == '#' && indent_of(line) > place->indent)
				place->before++;
			continue;
		}
		if (is_item(line, place->indent)) {
			last = i;
			items++;
		} else if (indent_of(line) <= place->indent) {
			break;
		}
		place->before = i + 1;
	}
	place->offset = offset_of(&lines->list[last], place->indent);
	above = last;
	while (above > first && first_of(&lines->list[above - 1]) == '#')
		above--;
	place->blank = items > 1 && first_of(&lines->list[above - 1]) == '\0';
	return true;
}

/* What follows the colon, without blanks and comment; NULL where the line does not begin with the
 * key. */
static char *rest_of(const struct line *line, const char *key)
{
	static const char *const quotes[] = {"", "\"", "'"};
	char *text = memory_bytes(line->text, line->length), *rest = NULL, *comment;

	for (size_t i = 0; i < sizeof quotes / sizeof *quotes && rest == NULL; i++) {
		char *start = memory_format("%s%s%s:", quotes[i], key, quotes[i]);

		if (text_starts(text, start))
			rest = text + strlen(start);
		free(start);
	}
	comment = rest != NULL ? strchr(rest, '#') : NULL;
	if (comment != NULL && (comment[-1] == ' ' || comment[-1] == ':'))
		*comment = '\0';
	rest = rest != NULL ? text_collapse(rest, strlen(rest), strlen(text)) : NULL;
	free(text);
	return rest;
}

static bool find_place(struct node root, const char *section, const struct lines *lines,
	struct place *place, struct error *error)
{
	size_t i = 0, key;
	bool good = true;
	char *rest;

	*place = (struct place){
		.before = lines->count, .indent = INDENT, .offset = INDENT, .key = true};
	while (i < node_count(root) && node_type(root) == NODE_MAP &&
		strcmp(node_text(node_key(root, i)), section) != 0)
		i++;
	if (i == node_count(root) || node_type(root) != NODE_MAP)
		return true;
	key = (size_t)node_line(node_key(root, i)) - 1;
	place->key = false;
	place->before = key + 1;
	/* A file in UTF-16 may have other lines for us. */
	rest = key < lines->count ? rest_of(&lines->list[key], section) : NULL;
	if (rest != NULL && rest[0] == '\0' && node_count(node_value(root, i)) > 0)
		good = place_behind(section, lines, key, place, error);
	else if (rest != NULL && strcmp(rest, "[]") == 0)
		place->brackets = true;
	else if (rest == NULL || rest[0] != '\0')
		good = error_set(error, REMEDY_CONFIGURATION,
			"the %s are written in brackets; put each on lines of its own, with a "
			"dash",
			section);
	free(rest);
	return good;
}

void config_value_write(const char *text, struct buffer *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567"
				      "89-._~/?#[]@!$&'()*+,;=%:";
	size_t length = strlen(text);
	bool plain = strspn(text, letters) == length && length > 0 && text[length - 1] != ':' &&
		     strchr("-~?#[]@!&'*%,:=", text[0]) == NULL && strcasecmp(text, "null") != 0;

	if (plain) {
		buffer_text(out, text);
		return;
	}
	buffer_byte(out, '"');
	json_escape(text, out);
	buffer_byte(out, '"');
}

void config_member_key(struct buffer *lines, const char *key, const char *value)
{
	if (text_empty(value))
		return;
	buffer_format(lines, "%s%s: ", lines->length == 0 ? "- " : "  ", key);
	config_value_write(value, lines);
	buffer_byte(lines, '\n');
}

/* Two characters of each line, the dash or blanks, become as wide as the place has them. */
static void write_member(
	const char *lines, const struct place *place, const char *newline, struct buffer *out)
{
	enum { WIDTH = 2 };

	while (*lines != '\0') {
		int length = (int)strcspn(lines, "\n");

		buffer_format(out, "%*s%c%*s%.*s%s", (int)place->indent, "", lines[0],
			(int)place->offset - 1, "", length - WIDTH, lines + WIDTH, newline);
		lines += length + (lines[length] == '\n');
	}
}

void config_member_write(const struct config_member *member, struct buffer *out)
{
	const struct place place = {.indent = INDENT, .offset = INDENT};

	write_member(member->lines, &place, "\n", out);
}

static void copy_line(const struct line *line, bool without_brackets, struct buffer *out)
{
	const char *bracket = without_brackets ? memchr(line->text, '[', line->length) : NULL;
	const char *end = line->text + line->length, *rest;

	if (bracket == NULL) {
		buffer_add(out, line->text, line->length);
		return;
	}
	rest = (const char *)memchr(bracket, ']', (size_t)(end - bracket)) + 1;
	while (bracket > line->text && bracket[-1] == ' ')
		bracket--;
	buffer_add(out, line->text, (size_t)(bracket - line->text));
	buffer_add(out, rest, (size_t)(end - rest));
}

static void write_all(const struct lines *lines, const struct place *place,
	const struct config_member *member, struct buffer *out, int *line)
{
	const struct line *first = lines->count > 0 ? &lines->list[0] : NULL;
	bool carriage =
		first != NULL && first->length > 1 && first->text[first->length - 2] == '\r';
	bool gap = place->blank || (place->key && lines->count > 0);
	const char *newline = carriage ? "\r\n" : "\n";

	for (size_t i = 0; i < place->before; i++)
		copy_line(&lines->list[i], place->brackets && i + 1 == place->before, out);
	if (out->length > 0 && out->data[out->length - 1] != '\n')
		buffer_text(out, newline);
	buffer_text(out, gap ? newline : "");
	if (place->key)
		buffer_format(out, "%s:%s", member->section, newline);
	*line = (int)place->before + 1 + gap + place->key;
	write_member(member->lines, place, newline, out);
	for (size_t i = place->before; i < lines->count; i++)
		copy_line(&lines->list[i], false, out);
}

/* What is written in brackets, or is no map at all, cannot go on like that. */
static bool is_added(
	const char *name, const char *text, size_t length, const char *section, int line)
{
	struct problems problems = {0};
	struct yaml *yaml = yaml_parse(name, text, length, &problems);
	struct node list = yaml != NULL ? node_find(yaml_root(yaml), section) : (struct node){0};
	size_t count = node_count(list);
	bool added = count > 0 && node_line(node_member(list, count - 1)) == line;

	yaml_close(yaml);
	problems_release(&problems);
	return added;
}

bool config_edit_add(const char *name, const char *text, size_t length,
	const struct config_member *member, struct buffer *out, int *line, struct error *error)
{
	struct problems problems = {0};
	struct yaml *yaml = yaml_parse(name, text, length, &problems);
	struct lines lines = split(text, length);
	size_t before = out->length;
	struct place place = {0};
	bool good;

	if (yaml == NULL)
		good = error_set(error, REMEDY_CONFIGURATION, "%s",
			problems.count > 0 ? problems.list[0].text : "not YAML");
	else
		good = find_place(yaml_root(yaml), member->section, &lines, &place, error);
	if (good) {
		write_all(&lines, &place, member, out, line);
		good = is_added(name, buffer_string(out) + before, out->length - before,
			       member->section, *line) ||
		       error_set(error, REMEDY_CONFIGURATION,
			       "nothing can be added to it as it is written; put each key at the "
			       "beginning of a line, and the %s behind dashes",
			       member->section);
	}
	if (!good && out->length > before)
		buffer_cut(out, before);
	free(lines.list);
	yaml_close(yaml);
	problems_release(&problems);
	return good;
}
