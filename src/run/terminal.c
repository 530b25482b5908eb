/* SPDX-License-Identifier: ISC */
#include "run/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	COLUMNS_DEFAULT = 80,
	NAME_LEAST = 12,   /* columns that a name keeps */
	DIGEST_LEAST = 32, /* characters of one */
};

static const struct {
	const char *escape, *word;
} indicators[] = {
	[COLOUR_GREEN] = {"\033[32m", "green "},
	[COLOUR_BLUE] = {"\033[34m", "blue  "},
	[COLOUR_YELLOW] = {"\033[33m", "yellow"},
	[COLOUR_RED] = {"\033[1;31m", "RED   "},
	[COLOUR_GREY] = {"\033[90m", "grey  "},
};

/* True where standard output is a terminal and NO_COLOR is not set. */
static bool is_coloured(void)
{
	return isatty(STDOUT_FILENO) && text_empty(getenv("NO_COLOR"));
}

void terminal_lamp(enum colour colour)
{
	bool coloured = is_coloured();

	printf("%s%s %s%s", coloured ? indicators[colour].escape : "", colour_shape(colour),
		indicators[colour].word, coloured ? "\033[0m" : "");
}

/* The bytes of visible text that fit into so many columns. */
static size_t fitting(const char *text, size_t columns)
{
	size_t at = 0, length = strlen(text), width = 0;

	while (at < length) {
		size_t size = text_character(text + at, length - at, NULL);
		char *character = memory_bytes(text + at, size > 0 ? size : 1);

		width += text_columns(character);
		free(character);
		if (width > columns)
			break;
		at += size > 0 ? size : 1;
	}
	return text_whole(text, at);
}

/* Adds visible text, cut with "…" to columns, of which there is one at least. */
static void add_cut(struct buffer *out, const char *visible, size_t columns)
{
	if (text_columns(visible) <= columns)
		buffer_text(out, visible);
	else
		buffer_format(out, "%.*s…", (int)fitting(visible, columns - 1), visible);
}

size_t terminal_cut(const char *text, size_t columns)
{
	char *visible = text_visible_copy(text);
	struct buffer shown = {0};
	size_t width;

	add_cut(&shown, visible, columns > 0 ? columns : SIZE_MAX);
	width = text_columns(buffer_string(&shown));
	fputs(buffer_string(&shown), stdout);
	buffer_release(&shown);
	free(visible);
	return width;
}

void terminal_text(const char *text, size_t columns)
{
	for (size_t width = terminal_cut(text, columns); width < columns; width++)
		putchar(' ');
}

void terminal_label(const char *text, size_t columns)
{
	size_t width = terminal_cut(text, isatty(STDOUT_FILENO) ? columns : 0);

	printf("%*s", width < columns ? (int)(columns - width) : 0, "");
}

void terminal_time(int64_t time, const char *zone)
{
	char text[DATE_TEXT_MAX];

	date_write_short(time, zone, text);
	fputs(text, stdout);
}

/* The columns of a line; in a pipe it has no end. */
static size_t room_of_line(void)
{
	return isatty(STDOUT_FILENO) ? terminal_columns() : SIZE_MAX;
}

/* Nobody compares half of one. */
static bool is_digest(const char *word)
{
	return strlen(word) >= DIGEST_LEAST && word[strspn(word, "0123456789abcdef")] == '\0';
}

/* Adds a word to the line that ends in out, whose columns it counts, or on a terminal to the next
 * one, behind indent blanks. */
static void add_word(
	struct buffer *out, const char *word, size_t room, size_t indent, size_t *column)
{
	size_t width = text_columns(word);

	if (*column > indent && *column + width > room) {
		while (text_ends(buffer_string(out), " "))
			buffer_cut(out, out->length - 1);
		buffer_format(out, "\n%*s", (int)indent, "");
		*column = indent;
	}
	if (*column + width > room && *column < room && !is_digest(word))
		add_cut(out, word, room - *column);
	else
		buffer_text(out, word);
	*column += width;
}

/* Prints visible text after so many columns; on a terminal each further line begins with indent
 * blanks. */
static void print_words(const char *visible, size_t column, size_t indent)
{
	size_t room = room_of_line();
	struct buffer out = {0};

	while (*visible != '\0') {
		size_t length = strcspn(visible, " "), blanks = strspn(visible + length, " ");
		char *word = memory_bytes(visible, length);

		add_word(&out, word, room, indent, &column);
		buffer_format(&out, "%*s", (int)blanks, "");
		column += blanks;
		visible += length + blanks;
		free(word);
	}
	while (text_ends(buffer_string(&out), " "))
		buffer_cut(&out, out.length - 1);
	puts(buffer_string(&out));
	buffer_release(&out);
}

void terminal_wrap(const char *text, size_t indent)
{
	char *visible = text_visible_copy(text);

	printf("%*s", (int)indent, "");
	print_words(visible, indent, indent);
	free(visible);
}

void terminal_wrap_rest(const char *text, size_t printed, size_t indent)
{
	struct buffer visible = {0};

	buffer_text(&visible, printed > 0 ? " " : "");
	text_visible(&visible, text);
	print_words(buffer_string(&visible), printed, indent);
	buffer_release(&visible);
}

void terminal_fields(const char *line, size_t indent)
{
	const char *between = isatty(STDOUT_FILENO) ? "  " : "\t";
	char *copy = memory_string(line), *rest = copy, *field;
	struct buffer out = {0};

	while ((field = strsep(&rest, "\t")) != NULL) {
		text_visible(&out, field);
		buffer_text(&out, rest != NULL ? between : "");
	}
	printf("%*s", (int)indent, "");
	print_words(buffer_string(&out), indent, 2 * indent);
	buffer_release(&out);
	free(copy);
}

/* ---- lines of parts ---- */

/* The columns of the parts, where no name takes more than so many. */
static size_t columns_of(const struct terminal_part *parts, size_t count, size_t name)
{
	size_t columns = 0;

	for (size_t i = 0; i < count; i++) {
		char *visible = text_visible_copy(parts[i].text);
		size_t width = text_columns(visible);

		columns += parts[i].type == TERMINAL_NAME && width > name ? name : width;
		free(visible);
	}
	return columns;
}

/* Prints the parts as one line. Names are cut as far as that needs, but not where it would not do.
 */
static void print_parts(
	const struct terminal_part *parts, size_t count, size_t column, size_t indent)
{
	size_t room = room_of_line(), name = room;
	struct buffer line = {0};

	while (name > NAME_LEAST && column + columns_of(parts, count, name) > room)
		name--;
	if (column + columns_of(parts, count, name) > room)
		name = room;
	for (size_t i = 0; i < count; i++) {
		char *visible = text_visible_copy(parts[i].text);

		add_cut(&line, visible, parts[i].type == TERMINAL_NAME ? name : SIZE_MAX);
		free(visible);
	}
	print_words(buffer_string(&line), column, indent);
	buffer_release(&line);
}

void terminal_parts(const struct terminal_part *parts, size_t count, size_t printed, size_t indent)
{
	bool whole = printed + columns_of(parts, count, SIZE_MAX) <= room_of_line();

	for (size_t begin = 0, end; begin < count; begin = end) {
		end = begin + 1;
		while (end < count && (whole || parts[end].type != TERMINAL_LINE))
			end++;
		if (begin > 0)
			printf("%*s", (int)indent, "");
		print_parts(&parts[begin], end - begin, begin > 0 ? indent : printed, indent);
	}
}

size_t terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return COLUMNS_DEFAULT;
}

void terminal_json(const struct value *value)
{
	struct buffer text = {0};

	json_write(value, 2, &text);
	puts(buffer_string(&text));
	buffer_release(&text);
}
