/* SPDX-License-Identifier: ISC
 *
 * gzip (RFC 1952), by zlib: writes members piece by piece, reads compressed and plain
 * files alike, and computes the CRC-32 that ZIP also needs.
 */
#ifndef LAMPWATCH_GZIP_H
#define LAMPWATCH_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buffer;
struct error;

/* Receives bytes; false if it could not (the receiver keeps the reason). */
typedef bool gzip_put(void *context, const void *bytes, size_t length);

struct gzip_writer;

/*
 * Writes one member. After put() has returned false, each call returns false. gzip_end() always
 * frees the writer. The member's header has no file name and no time, so the same bytes give the
 * same member.
 */
struct gzip_writer *gzip_begin(gzip_put *put, void *context);
bool gzip_add(struct gzip_writer *writer, const void *bytes, size_t length);
bool gzip_end(struct gzip_writer *writer);

/* Continues a CRC-32 (RFC 1952 section 8) with more bytes; crc is 0 at the beginning. */
uint32_t gzip_crc32(uint32_t crc, const void *bytes, size_t length);

/*
 * Decompresses gzip (all members), zlib (RFC 1950) or raw deflate (RFC 1951), whichever it is,
 * and adds to out. REMEDY_PAGE if it is none of these, is cut off, or is longer than the maximum
 * of out.
 */
bool gzip_decode(const void *bytes, size_t length, struct buffer *out, struct error *error);

/* A position in a file: a byte offset (in gzip, of the beginning of a member), and the number of
 * decompressed bytes after it. */
struct gzip_position {
	int64_t offset, within;
};

struct gzip_reader;

/* Reads an open file, gzip or plain, from its beginning. Takes the descriptor over. */
struct gzip_reader *gzip_reader_new(int file);
void gzip_reader_free(struct gzip_reader *reader);

/* Reads at most length bytes; 0 at the end; -1 with REMEDY_LOCAL (cannot be read) or REMEDY_PAGE
 * (is damaged), in words that follow the file's name. */
ssize_t gzip_read(struct gzip_reader *reader, void *bytes, size_t length, struct error *error);

bool gzip_reader_compressed(const struct gzip_reader *reader);

/* The position of the next byte that gzip_read() gives. */
struct gzip_position gzip_reader_position(struct gzip_reader *reader);
bool gzip_reader_seek(
	struct gzip_reader *reader, const struct gzip_position *position, struct error *error);

#endif
