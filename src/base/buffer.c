/* SPDX-License-Identifier: ISC */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void buffer_resize(struct buffer *buffer, size_t capacity)
{
	buffer->data = memory_resize(buffer->data, capacity, 1);
	buffer->capacity = capacity;
	buffer->data[buffer->length] = '\0';
}

bool buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t maximum = buffer->maximum > 0 ? buffer->maximum : BUFFER_MAX;
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : 64;

	if (more > maximum || buffer->length > maximum - more) {
		buffer->overflowed = true;
		return false;
	}
	while (capacity < buffer->length + more + 1)
		capacity *= 2;
	if (capacity != buffer->capacity)
		buffer_resize(buffer, capacity);
	return true;
}

void buffer_expect(struct buffer *buffer, size_t more)
{
	size_t maximum = buffer->maximum > 0 ? buffer->maximum : BUFFER_MAX;

	if (more <= maximum && buffer->length <= maximum - more &&
		buffer->capacity < buffer->length + more + 1)
		buffer_resize(buffer, buffer->length + more + 1);
}

bool buffer_text(struct buffer *buffer, const char *text)
{
	return text == NULL || buffer_add(buffer, text, strlen(text));
}

bool buffer_byte(struct buffer *buffer, char byte)
{
	if (!buffer_reserve(buffer, 1))
		return false;
	buffer->data[buffer->length++] = byte;
	buffer->data[buffer->length] = '\0';
	return true;
}

/* Once, where it fits into what is there. */
bool buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	size_t room;
	int length;

	buffer_reserve(buffer, 0);
	room = buffer->capacity - buffer->length;
	va_start(arguments, format);
	length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
	va_end(arguments);
	if (length < 0 || !buffer_reserve(buffer, (size_t)length)) {
		buffer->data[buffer->length] = '\0';
		return false;
	}
	if ((size_t)length >= room) {
		va_start(arguments, format);
		vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
		va_end(arguments);
	}
	buffer->length += (size_t)length;
	return true;
}

void buffer_cut(struct buffer *buffer, size_t length)
{
	buffer->length = length;
	buffer->overflowed = false;
	if (buffer->data != NULL)
		buffer->data[length] = '\0';
}

void buffer_clear(struct buffer *buffer)
{
	buffer_cut(buffer, 0);
}

char *buffer_take(struct buffer *buffer)
{
	char *data = buffer->data != NULL ? buffer->data : memory_string("");

	buffer->data = NULL;
	buffer->length = buffer->capacity = 0;
	buffer->overflowed = false;
	return data;
}

const char *buffer_string(const struct buffer *buffer)
{
	return buffer->data != NULL ? buffer->data : "";
}

void buffer_release(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){.maximum = buffer->maximum};
}

void buffer_wipe(struct buffer *buffer)
{
	if (buffer->data != NULL)
		explicit_bzero(buffer->data, buffer->length);
	buffer_release(buffer);
}
