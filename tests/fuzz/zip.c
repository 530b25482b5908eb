/* SPDX-License-Identifier: ISC
 *
 * ZIP files of any names and bytes, which are in them as they were: every other line is a name, and
 * the one behind it the file.
 */
#include "publish/zip.h"

#include "base/error.h"
#include "base/memory.h"
#include "fuzz.h"
#include "zip.h"

enum { FILES_MAX = 64 };

struct given {
	char *name;
	const char *bytes;
	size_t length;
};

static void check(void *context, const struct zip_file *file)
{
	struct given **next = context, *given = (*next)++;

	MUST(file->name_length == strlen(given->name) &&
		memcmp(file->name, given->name, file->name_length) == 0);
	MUST(file->length == given->length && memcmp(file->bytes, given->bytes, file->length) == 0);
}

static const char *line(const char **at, const char *end, size_t *length)
{
	const char *begin = *at, *newline = memchr(begin, '\n', (size_t)(end - begin));

	*length = (size_t)((newline != NULL ? newline : end) - begin);
	*at = newline != NULL ? newline + 1 : end;
	return begin;
}

static size_t split(const char *text, size_t size, struct given *files)
{
	const char *at = text, *end = text + size, *name;
	size_t count = 0, length;

	for (; at < end && count < FILES_MAX; count++) {
		name = line(&at, end, &length);
		files[count].name = memory_bytes(name, length);
		files[count].bytes = line(&at, end, &files[count].length);
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = memory_format("%s/zip", fuzz_folder()), sha256[DIGEST_TEXT];
	char *text = fuzz_text(data, size);
	struct given files[FILES_MAX], *next = files;
	size_t count = split(text, size, files), written;
	struct error error = {0};
	struct zip *zip = zip_open(path, ZIP_MAX, &error);
	int64_t length;
	uint8_t *bytes;

	MUST(zip != NULL);
	for (size_t i = 0; i < count; i++) {
		zip_begin(zip, files[i].name);
		MUST(zip_put(zip, files[i].bytes, files[i].length));
		zip_end(zip, &length, sha256);
		MUST(length == (int64_t)files[i].length);
	}
	MUST(zip_finish(zip, &error));
	bytes = fuzz_read(path, &written);
	MUST(zip_walk(bytes, written, check, &next) == count);
	for (size_t i = 0; i < count; i++)
		free(files[i].name);
	free(bytes);
	free(text);
	free(path);
	return 0;
}
