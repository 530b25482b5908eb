/* SPDX-License-Identifier: ISC
 *
 * Reads a ZIP whose files are stored as they are, strictly, for the targets that write one: each
 * file's bytes are those that its headers tell of, and every byte before the directory belongs to a
 * file.
 */
#ifndef LAMPWATCH_FUZZ_ZIP_H
#define LAMPWATCH_FUZZ_ZIP_H

#include "base/gzip.h"
#include "fuzz.h"

struct zip_file {
	const char *name; /* not terminated */
	const uint8_t *bytes;
	size_t name_length, length;
};

/* A number whose lowest byte comes first. */
static inline size_t zip_number(const uint8_t *at, int bytes)
{
	size_t value = 0;

	for (int i = bytes; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

/* Calls each for every file in their order. Returns how many there are. */
static inline size_t zip_walk(const uint8_t *zip, size_t size,
	void (*each)(void *context, const struct zip_file *file), void *context)
{
	enum { LOCAL = 30, CENTRAL = 46, END = 22, SHARED = 26 /* bytes, in both headers */ };
	const uint8_t *end = zip + size - END, *entry;
	size_t count, next = 0;

	MUST(size >= END && memcmp(end, "PK\5\6", 4) == 0);
	count = zip_number(end + 8, 2);
	entry = zip + zip_number(end + 16, 4);
	MUST(zip_number(end + 10, 2) == count && entry + zip_number(end + 12, 4) == end);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *local = zip + zip_number(entry + 42, 4);
		struct zip_file file = {(const char *)entry + CENTRAL, NULL,
			zip_number(entry + 28, 2), zip_number(entry + 24, 4)};

		file.bytes = local + LOCAL + file.name_length;
		MUST(memcmp(entry, "PK\1\2", 4) == 0 && memcmp(local, "PK\3\4", 4) == 0);
		MUST(memcmp(entry + 6, local + 4, SHARED) == 0);
		MUST(memcmp(file.name, local + LOCAL, file.name_length) == 0);
		MUST(local == zip + next && file.bytes + file.length <= end);
		MUST(zip_number(entry + 16, 4) == gzip_crc32(0, file.bytes, file.length));
		next = (size_t)(file.bytes + file.length - zip);
		each(context, &file);
		entry += CENTRAL + file.name_length;
	}
	MUST(entry == end && zip + next == zip + zip_number(end + 16, 4));
	return count;
}

#endif
