/* SPDX-License-Identifier: ISC
 *
 * What the fuzz targets share. Each target is a libFuzzer program; see run.
 */
#ifndef LAMPWATCH_FUZZ_H
#define LAMPWATCH_FUZZ_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that holds for every input. */
#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The input as a string, in a block of its own size, so that each byte too far is seen. Freed by
 * the caller. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* The same without a NUL inside: for what is a string by then. */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;

	return fuzz_text(data, nul != NULL ? (size_t)(nul - data) : size);
}

/* A folder of this process in TMPDIR, for what takes a path. Made once; whoever set TMPDIR removes
 * it. */
static inline const char *fuzz_folder(void)
{
	static char path[4096];
	const char *above = getenv("TMPDIR");

	if (path[0] == '\0') {
		snprintf(path, sizeof path, "%s/lampwatch-fuzz-XXXXXX",
			above != NULL ? above : "/tmp");
		MUST(mkdtemp(path) != NULL);
	}
	return path;
}

/* Writes a file, of the mode of those that hold keys. */
static inline void fuzz_write(const char *path, const void *bytes, size_t size)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(file >= 0 && write(file, bytes, size) == (ssize_t)size && close(file) == 0);
}

/* Writes the input to a file in that folder. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[4096 + 8];

	snprintf(path, sizeof path, "%s/input", fuzz_folder());
	fuzz_write(path, data, size);
	return path;
}

/* The whole of a file, in a block of its own; freed by the caller. */
static inline uint8_t *fuzz_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	uint8_t *bytes;

	MUST(file != NULL && fseek(file, 0, SEEK_END) == 0);
	*size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*size + 1);
	MUST(bytes != NULL && fread(bytes, 1, *size, file) == *size);
	fclose(file);
	return bytes;
}

/* Where the number-th byte is that is not zero, from 0, or the end: most of a database is zeroes.
 */
static inline size_t fuzz_place(const uint8_t *bytes, size_t length, size_t number)
{
	size_t count = 0, place = 0;

	for (size_t i = 0; i < length; i++)
		count += bytes[i] != 0;
	for (number %= count + 1; place < length && (bytes[place] == 0 || number > 0); place++)
		number -= bytes[place] != 0;
	return place;
}

/*
 * The original after the edits that the input says, one after the other, each of them a place
 * (three bytes: fuzz_place()), how many bytes are taken out there, how many are put in, and these:
 * for what nobody makes by chance, and somebody may have altered. Freed by the caller.
 */
static inline uint8_t *fuzz_edited(const uint8_t *original, size_t original_size,
	const uint8_t *data, size_t size, size_t *edited_size)
{
	enum { HEAD = 5 };
	uint8_t *bytes = malloc(original_size + size + 1);
	size_t length = original_size;

	MUST(bytes != NULL);
	memcpy(bytes, original, original_size);
	while (size >= HEAD) {
		size_t place = fuzz_place(
			bytes, length, (size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]);
		size_t out = data[3] < length - place ? data[3] : length - place;
		size_t in = data[4] < size - HEAD ? data[4] : size - HEAD;

		memmove(bytes + place + in, bytes + place + out, length - place - out);
		memcpy(bytes + place, data + HEAD, in);
		length += in - out;
		data += HEAD + in;
		size -= HEAD + in;
	}
	*edited_size = length;
	return bytes;
}

#endif
