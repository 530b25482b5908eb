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
#include "base/text.h"

enum { COLUMNS_DEFAULT = 80 };

static const struct {
	const char *escape, *word;
} indicators[] = {
	[COLOUR_GREEN] = {"\033[32m", "green "},
	[COLOUR_BLUE] = {"\033[34m", "blue  "},
	[COLOUR_YELLOW] = {"\033[33m", "yellow"},
	[COLOUR_RED] = {"\033[1;31m", "RED   "},
	[COLOUR_GREY] = {"\033[90m", "grey  "},
};

bool terminal_coloured(void)
{
	return isatty(STDOUT_FILENO) && text_empty(getenv("NO_COLOR"));
}

void terminal_lamp(enum colour colour)
{
	bool coloured = terminal_coloured();

	printf("%s%s %s%s", coloured ? indicators[colour].escape : "", colour_shape(colour),
		indicators[colour].word, coloured ? "\033[0m" : "");
}

/* Cuts at a character so that the rest and "…" fit. */
static size_t cut(const char *text, size_t columns)
{
	struct buffer start = {0};
	size_t at = 0, length = strlen(text);

	while (at < length) {
		size_t size = text_character(text + at, length - at, NULL);

		buffer_add(&start, text + at, size > 0 ? size : 1);
		if (text_columns(buffer_string(&start)) > columns - 1)
			break;
		at += size > 0 ? size : 1;
	}
	buffer_release(&start);
	return at;
}

size_t terminal_cut(const char *text, size_t columns)
{
	char *visible = text_visible_copy(text);
	size_t width = text_columns(visible);
	bool fits = columns == 0 || width <= columns;

	if (!fits) {
		visible[cut(visible, columns)] = '\0';
		width = text_columns(visible) + 1;
	}
	printf("%s%s", visible, fits ? "" : "…");
	free(visible);
	return width;
}

void terminal_text(const char *text, size_t columns)
{
	for (size_t width = terminal_cut(text, columns); width < columns; width++)
		putchar(' ');
}

void terminal_time(int64_t time, const char *zone)
{
	char text[DATE_TEXT_MAX];

	date_write_short(time, zone, text);
	fputs(text, stdout);
}

void terminal_line(const char *text)
{
	char *visible = text_visible_copy(text);

	if (isatty(STDOUT_FILENO) && text_columns(visible) > terminal_columns()) {
		visible[cut(visible, terminal_columns())] = '\0';
		printf("%s…\n", visible);
	} else {
		puts(visible);
	}
	free(visible);
}

void terminal_line_in_two(const char *first, const char *second, size_t indent)
{
	bool whole = !isatty(STDOUT_FILENO) ||
		     text_columns(first) + text_columns(second) <= terminal_columns();
	struct buffer line = {0};

	if (!whole)
		terminal_line(first);
	buffer_format(&line, "%*s%s%s", whole ? 0 : (int)indent, "", whole ? first : "", second);
	terminal_line(buffer_string(&line));
	buffer_release(&line);
}

void terminal_wrap(const char *text, size_t indent)
{
	terminal_wrap_rest(text, 0, indent);
}

void terminal_wrap_rest(const char *text, size_t printed, size_t indent)
{
	size_t room = isatty(STDOUT_FILENO) ? terminal_columns() : SIZE_MAX, column = printed;
	char *visible = text_visible_copy(text), *rest = visible, *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		size_t width = text_columns(word);

		if (column > 0 && column + 1 + width > room) {
			putchar('\n');
			column = 0;
		}
		printf("%*s%s", column > 0 ? 1 : (int)indent, "", word);
		column += (column > 0 ? 1 : indent) + width;
	}
	putchar('\n');
	free(visible);
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
