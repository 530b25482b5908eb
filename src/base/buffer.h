/* SPDX-License-Identifier: ISC
 *
 * A growing array of bytes with a maximum. An addition beyond the maximum is refused and
 * sets overflowed, so a caller may add many pieces and
 * check once at the end. Zero-initialised means empty with BUFFER_MAX.
 */
#ifndef LAMPWATCH_BUFFER_H
#define LAMPWATCH_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BUFFER_MAX ((size_t)256 * 1024 * 1024)

struct buffer {
	char *data;    /* owned; terminated by a NUL that length does not count; NULL while empty */
	size_t length; /* bytes */
	size_t capacity;
	size_t maximum;  /* bytes; 0 stands for BUFFER_MAX */
	bool overflowed; /* something was refused */
};

/* Each of these returns false, and adds nothing, if the maximum would be exceeded. */
bool buffer_reserve(struct buffer *buffer, size_t more); /* room for so many bytes */
static inline bool buffer_add(struct buffer *buffer, const void *bytes, size_t length);
bool buffer_text(struct buffer *buffer, const char *text); /* NULL adds nothing */
bool buffer_byte(struct buffer *buffer, char byte);
bool buffer_format(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A hint that so many more bytes will come: allocates for exactly that size. */
void buffer_expect(struct buffer *buffer, size_t more);

/* Keeps the first length bytes, and clears overflowed. */
void buffer_cut(struct buffer *buffer, size_t length);

/* Empties it and keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* The text (never NULL, owned by the caller); leaves the buffer empty. */
char *buffer_take(struct buffer *buffer);

/* The text so far, "" if nothing was added; valid until the next call. */
const char *buffer_string(const struct buffer *buffer);

void buffer_release(struct buffer *buffer);

/* The same, of what may be a secret: its bytes are overwritten first. Those of a buffer that grew
 * may lie where it was before: see buffer_expect(). */
void buffer_wipe(struct buffer *buffer);

/* Here, since texts are made of many small pieces: mostly there is room. */
static inline bool buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
	size_t maximum = buffer->maximum > 0 ? buffer->maximum : BUFFER_MAX;

	if ((length >= buffer->capacity - buffer->length || buffer->length + length > maximum) &&
		!buffer_reserve(buffer, length))
		return false;
	if (length > 0)
		memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
	return true;
}

#endif
