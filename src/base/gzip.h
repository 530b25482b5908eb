/* SPDX-License-Identifier: ISC
 *
 * gzip (RFC 1952), by zlib: members written piece by piece, files read whatever
 * they are made of, and the CRC-32 that ZIP wants too.
 */
#ifndef LAMPWATCH_GZIP_H
#define LAMPWATCH_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buffer;
struct error;

/* Takes bytes; false where they could not be taken (the taker has kept the reason). */
typedef bool gzip_put(void *context, const void *bytes, size_t length);

struct gzip_writer;

/*
 * One member: begun, fed, ended. Each returns false, once put() has. gzip_end() frees the writer in
 * any case. The member's header names no file and no time: the same bytes give the same member.
 */
struct gzip_writer *gzip_begin(gzip_put *put, void *context);
bool gzip_add(struct gzip_writer *writer, const void *bytes, size_t length);
bool gzip_end(struct gzip_writer *writer);

/* The CRC-32 (RFC 1952 section 8) of what crc is the CRC-32 of (0: nothing), and bytes behind it.
 */
uint32_t gzip_crc32(uint32_t crc, const void *bytes, size_t length);

/*
 * Undoes gzip, zlib (RFC 1950) or raw deflate (RFC 1951), whichever it is, all
 * members, adding to out. REMEDY_PAGE where it is none of them, is cut off, or is longer than out
 * may be.
 */
bool gzip_decode(const void *bytes, size_t length, struct buffer *out, struct error *error);

/* A place in a file: a byte of it (of gzip, where a member begins), and how many decompressed bytes
 * behind that. */
struct gzip_position {
	int64_t offset, within;
};

struct gzip_reader;

/* A file, as gzip or as it is. NULL with REMEDY_LOCAL where it cannot be opened. */
struct gzip_reader *gzip_reader_open(const char *path, struct error *error);
void gzip_reader_close(struct gzip_reader *reader);

/* At most length bytes; 0 at the end; -1 with REMEDY_LOCAL (cannot be read) or REMEDY_PAGE (is
 * damaged). */
ssize_t gzip_read(struct gzip_reader *reader, void *bytes, size_t length, struct error *error);

bool gzip_reader_compressed(const struct gzip_reader *reader);

/* Where the byte stands that gzip_read() would give next. */
struct gzip_position gzip_reader_position(struct gzip_reader *reader);
bool gzip_reader_seek(
	struct gzip_reader *reader, const struct gzip_position *position, struct error *error);

#endif
