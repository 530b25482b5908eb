/* SPDX-License-Identifier: ISC
 *
 * What the fuzz targets share. Each target is a libFuzzer program; see run.
 */
#ifndef LAMPWATCH_FUZZ_H
#define LAMPWATCH_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Writes the input to a file of this process in TMPDIR, for what takes a path. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[4096];
	static int made;
	FILE *file;

	if (!made) {
		const char *folder = getenv("TMPDIR");
		int descriptor;

		snprintf(path, sizeof path, "%s/lampwatch-fuzz-XXXXXX",
			folder != NULL ? folder : "/tmp");
		descriptor = mkstemp(path);
		MUST(descriptor >= 0);
		file = fdopen(descriptor, "w");
		made = 1;
	} else {
		file = fopen(path, "w");
	}
	MUST(file != NULL);
	fwrite(data, 1, size, file);
	fclose(file);
	return path;
}

#endif
