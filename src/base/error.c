/* SPDX-License-Identifier: ISC */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"

/* This also repairs a text that was cut within a character. */
static void make_safe(char *text)
{
	size_t length = strlen(text), size;
	uint32_t character;
	char *to = text;

	for (; length > 0; text += size, length -= size) {
		size = text_character(text, length, &character);
		if (size > 0 && !text_deceptive(character)) {
			memmove(to, text, size);
			to += size;
		} else {
			*to++ = '?';
			size = size > 0 ? size : 1;
		}
	}
	*to = '\0';
}

bool error_set(struct error *error, enum remedy remedy, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return false;
	error->remedy = remedy;
	error->number = 0;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	make_safe(error->text);
	return false;
}

bool error_prefix(struct error *error, const char *format, ...)
{
	char prefix[ERROR_TEXT_MAX];
	char *whole;
	va_list arguments;
	int number;

	if (error == NULL)
		return false;
	number = error->number;
	va_start(arguments, format);
	vsnprintf(prefix, sizeof prefix, format, arguments);
	va_end(arguments);
	whole = memory_format("%s: %s", prefix, error->text);
	error_set(error, error->remedy, "%s", whole);
	error->number = number;
	free(whole);
	return false;
}

__attribute__((format(printf, 5, 0))) static void problems_append(struct problems *problems,
	const char *file, int line, bool warning, const char *format, va_list arguments)
{
	struct problem *problem = memory_append(&problems->list, &problems->count, sizeof *problem);
	char text[ERROR_TEXT_MAX];

	vsnprintf(text, sizeof text, format, arguments);
	make_safe(text);
	*problem = (struct problem){memory_string(file), line, memory_string(text), warning};
	problems->errors += warning ? 0 : 1;
}

void problems_add(struct problems *problems, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problems_append(problems, file, line, false, format, arguments);
	va_end(arguments);
}

void problems_warn(struct problems *problems, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problems_append(problems, file, line, true, format, arguments);
	va_end(arguments);
}

bool problems_own(struct problems *problems, int number)
{
	problems->local += system_error_local(number);
	return false;
}

void problems_add_error(struct problems *problems, const char *file, const struct error *error)
{
	size_t length = strlen(file);
	bool named = strncmp(error->text, file, length) == 0 &&
		     strncmp(error->text + length, ": ", 2) == 0;

	problems_add(problems, file, 0, "%s", error->text + (named ? length + 2 : 0));
	problems_own(problems, error->number);
}

void problems_sort(struct problems *problems, size_t first)
{
	for (size_t i = first + 1; i < problems->count; i++)
		for (size_t j = i; j > first; j--) {
			struct problem *before = &problems->list[j - 1], *after = before + 1, moved;

			if (strcmp(before->file, after->file) != 0 || before->line <= after->line)
				break;
			moved = *before;
			*before = *after;
			*after = moved;
		}
}

void problems_release(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->list[i].file);
		free(problems->list[i].text);
	}
	free(problems->list);
	*problems = (struct problems){0};
}

static bool silent;

void error_silence(void)
{
	silent = true;
}

void error_fatal(const char *what)
{
	enum { EXIT_LOCAL_TROUBLE = 3 };

	if (!silent)
		dprintf(STDERR_FILENO, "lampwatch: %s\n", what);
	_exit(EXIT_LOCAL_TROUBLE);
}
