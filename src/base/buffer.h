/* SPDX-License-Identifier: ISC
 *
 * Bytes that grow, with a maximum. A buffer is born with its limit; what would
 * go past it is refused and remembered, so a caller may write many pieces and
 * ask once at the end. Zero-initialised means empty with BUFFER_MAX.
 */
#ifndef LAMPWATCH_BUFFER_H
#define LAMPWATCH_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#define BUFFER_MAX ((size_t)256 * 1024 * 1024)

struct buffer {
	char *data;    /* owned; terminated by a NUL that length does not count; NULL while empty */
	size_t length; /* bytes */
	size_t capacity;
	size_t maximum;  /* bytes; 0 stands for BUFFER_MAX */
	bool overflowed; /* something was refused */
};

/* Each adder returns false, and adds nothing, when the limit would be passed. */
bool buffer_add(struct buffer *buffer, const void *bytes, size_t length);
bool buffer_text(struct buffer *buffer, const char *text); /* NULL adds nothing */
bool buffer_byte(struct buffer *buffer, char byte);
bool buffer_format(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A hint that so many bytes more will come: they will lie in one block of that size. */
void buffer_expect(struct buffer *buffer, size_t more);

/* The first length bytes stay, and what was refused is forgotten. */
void buffer_cut(struct buffer *buffer, size_t length);

/* Empty again, the memory kept. */
void buffer_clear(struct buffer *buffer);

/* The text (never NULL, owned by the caller); the buffer is empty afterwards. */
char *buffer_take(struct buffer *buffer);

/* The text so far, "" where nothing was added; valid until the next call. */
const char *buffer_string(const struct buffer *buffer);

void buffer_release(struct buffer *buffer);

#endif
