/* SPDX-License-Identifier: ISC */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static void *checked(void *block)
{
	if (block == NULL)
		error_fatal("out of memory");
	return block;
}

void *memory_new(size_t size)
{
	return checked(malloc(size > 0 ? size : 1));
}

void *memory_zero(size_t count, size_t size)
{
	return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *memory_resize(void *block, size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	return checked(reallocarray(block, count, size));
}

char *memory_string(const char *text)
{
	return text == NULL ? NULL : checked(strdup(text));
}

char *memory_bytes(const char *bytes, size_t length)
{
	char *copy = memory_new(length + 1);

	if (length > 0)
		memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

char *memory_format(const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return checked(text);
}

void memory_set(char **slot, const char *text)
{
	char *copy = memory_string(text);

	free(*slot);
	*slot = copy;
}

enum { LEAST_CAPACITY = 4 };

/* The capacity is not stored: it is the power of two at or above the count, from that least one on.
 */
void *memory_append(void *array, size_t *count, size_t size)
{
	size_t n = *count;
	char *block;

	/* The pointer at array has any type, so it is read and written as bytes. */
	memcpy(&block, array, sizeof block);
	if (n == 0 || (n >= LEAST_CAPACITY && (n & (n - 1)) == 0)) {
		block = memory_resize(block, n == 0 ? LEAST_CAPACITY : n * 2, size);
		memcpy(array, &block, sizeof block);
	}
	*count = n + 1;
	return memset(block + n * size, 0, size);
}
