/* SPDX-License-Identifier: ISC
 *
 * base/: the foundation: memory, text, files, dates, digests, JSON, YAML, templates, the
 * database. It knows nothing about pages.
 *
 * Allocation that never fails: running out of memory is our own fault, not a page's,
 * and ends the process with error_fatal(). Free everything returned with free().
 */
#ifndef LAMPWATCH_MEMORY_H
#define LAMPWATCH_MEMORY_H

#include <stddef.h>

/* size bytes, not initialised. */
void *memory_new(size_t size);

/* count elements of size bytes, all zero. The product is checked. */
void *memory_zero(size_t count, size_t size);

/* block resized to count elements of size bytes; block may be NULL. */
void *memory_resize(void *block, size_t count, size_t size);

/* A copy of the string; NULL gives NULL. */
char *memory_string(const char *text);

/* A terminated copy of length bytes. */
char *memory_bytes(const char *bytes, size_t length);

/* A string made as printf makes it. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Replaces the string at *slot with a copy of text (NULL clears it). */
void memory_set(char **slot, const char *text);

/*
 * Appends a zeroed element to a growing array, returns its address and increments *count. array is
 * the address of the array's pointer. The array grows by doubling and its capacity is not
 * stored: it must begin as NULL with a count of 0, and get all its elements from here.
 */
void *memory_append(void *array, size_t *count, size_t size);

#endif
