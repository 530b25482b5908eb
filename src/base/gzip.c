/* SPDX-License-Identifier: ISC */
#include "base/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST /* makes next_in a pointer to const */
#include <zlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

enum {
	BLOCK = 65536,
	GZIP_WINDOW = 15 + 16, /* for zlib: gzip with the largest window */
	RAW_WINDOW = -15,
	EITHER_WINDOW = 15 + 32, /* gzip or zlib, by their headers */
	MEMORY_LEVEL = 8,        /* zlib's default */
	MAGIC_FIRST = 0x1f,
	MAGIC_SECOND = 0x8b,
};

/* Our allocation never fails, so starting a stream does not fail either. */
static void *allocate(void *context, uInt count, uInt size)
{
	(void)context;
	return memory_zero(count, size);
}

static void release(void *context, void *block)
{
	(void)context;
	free(block);
}

static const z_stream fresh = {.zalloc = allocate, .zfree = release};

/* ---- writing ---- */

struct gzip_writer {
	z_stream stream;
	gzip_put *put;
	void *context;
	bool failed;
};

struct gzip_writer *gzip_begin(gzip_put *put, void *context)
{
	struct gzip_writer *writer = memory_zero(1, sizeof *writer);

	writer->put = put;
	writer->context = context;
	writer->stream = fresh;
	deflateInit2(&writer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
		Z_DEFAULT_STRATEGY);
	return writer;
}

/* Runs zlib until it has taken all input and, with Z_FINISH, given all output. */
static bool drain(struct gzip_writer *writer, int flush)
{
	unsigned char block[BLOCK];
	z_stream *stream = &writer->stream;

	do {
		stream->next_out = block;
		stream->avail_out = sizeof block;
		deflate(stream, flush);
		writer->failed = writer->failed || !writer->put(writer->context, block,
							   sizeof block - stream->avail_out);
	} while (!writer->failed && stream->avail_out == 0);
	return !writer->failed;
}

bool gzip_add(struct gzip_writer *writer, const void *bytes, size_t length)
{
	const unsigned char *from = bytes;

	while (length > 0 && !writer->failed) {
		uInt piece = length < UINT_MAX ? (uInt)length : UINT_MAX;

		writer->stream.next_in = from;
		writer->stream.avail_in = piece;
		drain(writer, Z_NO_FLUSH);
		from += piece;
		length -= piece;
	}
	return !writer->failed;
}

bool gzip_end(struct gzip_writer *writer)
{
	bool good = !writer->failed && drain(writer, Z_FINISH);

	deflateEnd(&writer->stream);
	free(writer);
	return good;
}

uint32_t gzip_crc32(uint32_t crc, const void *bytes, size_t length)
{
	return (uint32_t)crc32_z(crc, bytes, length);
}

/* ---- a whole text ---- */

/* Decodes one stream; *used gets how many bytes it took. */
static bool decode_one(
	const unsigned char *bytes, size_t length, int window, struct buffer *out, size_t *used)
{
	z_stream stream = fresh;
	unsigned char block[BLOCK];
	bool fits = true;
	int code;

	inflateInit2(&stream, window);
	stream.next_in = bytes;
	stream.avail_in = (uInt)length;
	do {
		stream.next_out = block;
		stream.avail_out = sizeof block;
		code = inflate(&stream, Z_NO_FLUSH);
		fits = (code == Z_OK || code == Z_STREAM_END) &&
		       buffer_add(out, block, sizeof block - stream.avail_out);
	} while (fits && code == Z_OK);
	*used = length - stream.avail_in;
	inflateEnd(&stream);
	return fits && code == Z_STREAM_END;
}

/* Also where it is cut off after its first byte. */
static bool begins_member(const unsigned char *bytes, size_t length)
{
	return length > 0 && bytes[0] == MAGIC_FIRST && (length == 1 || bytes[1] == MAGIC_SECOND);
}

bool gzip_decode(const void *bytes, size_t length, struct buffer *out, struct error *error)
{
	const unsigned char *from = bytes;
	size_t before = out->length, used = 0, done = 0;
	bool good = length > 0 && length <= UINT_MAX &&
		    decode_one(from, length, EITHER_WINDOW, out, &used);
	bool raw = !good && length > 0 && length <= UINT_MAX && !out->overflowed;

	if (raw) {
		out->length = before;
		good = decode_one(from, length, RAW_WINDOW, out, &used);
	}
	for (done = used; good && !raw && begins_member(from + done, length - done); done += used)
		good = decode_one(from + done, length - done, GZIP_WINDOW, out, &used);
	return good || error_set(error, REMEDY_PAGE,
			       out->overflowed ? "is longer than %zu bytes when decompressed"
					       : "is not compressed as it says",
			       out->maximum > 0 ? out->maximum : BUFFER_MAX);
}

/* ---- a file ---- */

struct gzip_reader {
	FILE *file;
	z_stream stream;
	bool compressed; /* the file is gzip */
	bool open;       /* within a member */
	struct gzip_position position;
	int64_t taken; /* bytes of the file that zlib was given or the caller got */
	unsigned char block[BLOCK];
};

static ssize_t failed(struct error *error)
{
	error_set(error, REMEDY_LOCAL, "cannot be read: %s", strerror(errno));
	return -1;
}

static ssize_t damaged(const struct gzip_reader *reader, const char *what, struct error *error)
{
	error_set(error, REMEDY_PAGE, "the gzip member at byte %lld %s",
		(long long)reader->position.offset, what);
	return -1;
}

struct gzip_reader *gzip_reader_new(int file)
{
	struct gzip_reader *reader = memory_zero(1, sizeof *reader);
	unsigned char magic[2];

	reader->file = fdopen(file, "rb");
	if (reader->file == NULL)
		error_fatal("out of memory"); /* the only way in which it fails */
	rewind(reader->file);
	reader->compressed = fread(magic, 1, sizeof magic, reader->file) == sizeof magic &&
			     magic[0] == MAGIC_FIRST && magic[1] == MAGIC_SECOND;
	rewind(reader->file);
	reader->stream = fresh;
	inflateInit2(&reader->stream, GZIP_WINDOW);
	return reader;
}

void gzip_reader_free(struct gzip_reader *reader)
{
	if (reader == NULL)
		return;
	inflateEnd(&reader->stream);
	fclose(reader->file);
	free(reader);
}

/* Reads bytes of the file and returns their number, 0 at its end, -1 after an error. */
static ssize_t take(
	const struct gzip_reader *reader, void *bytes, size_t length, struct error *error)
{
	size_t got = fread(bytes, 1, length, reader->file);

	return got == 0 && ferror(reader->file) ? failed(error) : (ssize_t)got;
}

/* Gives zlib more of the file if it has used up its input: 1, 0 at the end of the file, -1. */
static ssize_t fill(struct gzip_reader *reader, struct error *error)
{
	ssize_t got;

	if (reader->stream.avail_in > 0)
		return 1;
	got = take(reader, reader->block, sizeof reader->block, error);
	if (got <= 0)
		return got;
	reader->stream.next_in = reader->block;
	reader->stream.avail_in = (uInt)got;
	reader->taken += got;
	return 1;
}

/* Some bytes of the current member; 0 if it has given none yet, or has ended. */
static ssize_t read_member(
	struct gzip_reader *reader, void *bytes, size_t length, struct error *error)
{
	z_stream *stream = &reader->stream;
	ssize_t more = fill(reader, error);
	uInt room = length < UINT_MAX ? (uInt)length : UINT_MAX;
	int code;

	if (more < 0)
		return more;
	stream->next_out = bytes;
	stream->avail_out = room;
	code = inflate(stream, Z_NO_FLUSH);
	if (code == Z_STREAM_END)
		reader->open = false;
	else if (more == 0 && stream->avail_out == room)
		return damaged(reader, "is cut off", error);
	else if (code != Z_OK && code != Z_BUF_ERROR)
		return damaged(reader, "is damaged", error);
	reader->position.within += room - stream->avail_out;
	return room - stream->avail_out;
}

ssize_t gzip_read(struct gzip_reader *reader, void *bytes, size_t length, struct error *error)
{
	ssize_t got = 0;

	if (!reader->compressed) {
		got = length > 0 ? take(reader, bytes, length, error) : 0;
		reader->position.offset += got > 0 ? got : 0;
		return got;
	}
	while (got == 0 && length > 0) {
		if (!reader->open) {
			/* A member must begin here; anything else is damage. */
			if ((got = fill(reader, error)) <= 0)
				return got;
			reader->position = gzip_reader_position(reader);
			inflateReset(&reader->stream);
			reader->open = true;
		}
		got = read_member(reader, bytes, length, error);
	}
	return got;
}

bool gzip_reader_compressed(const struct gzip_reader *reader)
{
	return reader->compressed;
}

struct gzip_position gzip_reader_position(struct gzip_reader *reader)
{
	if (reader->compressed && !reader->open)
		return (struct gzip_position){reader->taken - (int64_t)reader->stream.avail_in, 0};
	return reader->position;
}

bool gzip_reader_seek(
	struct gzip_reader *reader, const struct gzip_position *position, struct error *error)
{
	char skipped[BLOCK];
	bool ahead = reader->open && reader->position.offset == position->offset &&
		     reader->position.within <= position->within;
	int64_t left = position->within - (ahead ? reader->position.within : 0);

	if (!ahead && fseeko(reader->file, position->offset, SEEK_SET) != 0)
		return failed(error) == 0;
	if (!ahead) {
		reader->stream.avail_in = 0;
		reader->open = false;
		reader->taken = position->offset;
		reader->position = (struct gzip_position){position->offset, 0};
	}
	while (left > 0) {
		ssize_t got = gzip_read(
			reader, skipped, left < BLOCK ? (size_t)left : sizeof skipped, error);

		if (got <= 0)
			return got == 0 ? damaged(reader, "is shorter than before", error) == 0
					: false;
		left -= got;
	}
	return true;
}
