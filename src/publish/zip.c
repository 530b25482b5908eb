/* SPDX-License-Identifier: ISC */
#include "publish/zip.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/gzip.h"
#include "base/memory.h"
#include "base/output.h"

enum {
	FILES_MAX = 65535 - 1,
	VERSION = 20, /* needed to read it: 2.0 */
	UTF8_NAMES = 1 << 11,
	DAY_ONE = 0x0021, /* 1 January 1980: the same content gives the same file */
	LOCAL = 0x04034b50,
	CENTRAL = 0x02014b50,
	END = 0x06054b50,
	LOCAL_LENGTH = 30,
	CRC_AT = 14, /* of the local header: CRC-32 and both lengths */
	CENTRAL_LENGTH = 46,
	END_LENGTH = 22,
};

struct entry {
	char *name; /* owned */
	int64_t offset, length;
	uint32_t crc;
};

struct zip {
	char *path;
	struct output *output;
	struct entry *entries;
	size_t count;
	struct digest_stream *digest; /* of the current entry */
	int64_t maximum;
	bool too_long;
};

/* ZIP's numbers have their lowest byte first. */
static unsigned char *number(unsigned char *at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*at++ = (unsigned char)(value >> (8 * i));
	return at;
}

struct zip *zip_open(const char *path, int64_t maximum, struct error *error)
{
	struct output *output = output_open(path, FILE_MODE, error);
	struct zip *zip = output != NULL ? memory_zero(1, sizeof *zip) : NULL;

	if (zip != NULL) {
		zip->path = memory_string(path);
		zip->output = output;
		zip->maximum = maximum;
	}
	return zip;
}

/* The part that the local and the central header share. */
static unsigned char *common(unsigned char *at, const struct entry *entry)
{
	at = number(at, VERSION, 2);
	at = number(at, UTF8_NAMES, 2);
	at = number(at, 0, 2); /* STORE */
	at = number(at, 0, 2);
	at = number(at, DAY_ONE, 2);
	at = number(at, entry->crc, 4);
	at = number(at, (uint64_t)entry->length, 4);
	at = number(at, (uint64_t)entry->length, 4);
	at = number(at, strlen(entry->name), 2);
	return number(at, 0, 2);
}

void zip_begin(struct zip *zip, const char *name)
{
	struct entry *entry = memory_append(&zip->entries, &zip->count, sizeof *entry);
	unsigned char header[LOCAL_LENGTH];

	entry->name = memory_string(name);
	entry->offset = output_offset(zip->output);
	zip->digest = digest_begin();
	common(number(header, LOCAL, 4), entry);
	output_put(zip->output, header, sizeof header);
	output_put(zip->output, name, strlen(name));
}

bool zip_put(void *context, const void *bytes, size_t length)
{
	struct zip *zip = context;
	struct entry *entry = &zip->entries[zip->count - 1];

	zip->too_long = zip->too_long || zip->count > FILES_MAX ||
			output_offset(zip->output) + (int64_t)length > zip->maximum;
	if (zip->too_long)
		return false;
	entry->crc = gzip_crc32(entry->crc, bytes, length);
	entry->length += (int64_t)length;
	digest_add(zip->digest, bytes, length);
	return output_put(zip->output, bytes, length);
}

void zip_end(struct zip *zip, int64_t *length, char sha256[static DIGEST_TEXT])
{
	const struct entry *entry = &zip->entries[zip->count - 1];
	unsigned char known[12], *at = known;

	at = number(at, entry->crc, 4);
	at = number(at, (uint64_t)entry->length, 4);
	number(at, (uint64_t)entry->length, 4);
	output_replace(zip->output, entry->offset + CRC_AT, known, sizeof known);
	digest_end(zip->digest, sha256);
	zip->digest = NULL;
	*length = entry->length;
}

static void zip_free(struct zip *zip)
{
	for (size_t i = 0; i < zip->count; i++)
		free(zip->entries[i].name);
	free(zip->entries);
	free(zip->path);
	free(zip);
}

bool zip_finish(struct zip *zip, struct error *error)
{
	int64_t central = output_offset(zip->output);
	unsigned char header[CENTRAL_LENGTH], end[END_LENGTH], *at;
	bool good;

	for (size_t i = 0; i < zip->count; i++) {
		const struct entry *entry = &zip->entries[i];

		at = number(header, CENTRAL, 4);
		at = common(number(at, VERSION, 2), entry);
		at = number(at, 0, 2); /* comment */
		at = number(at, 0, 2); /* disk */
		at = number(at, 0, 2); /* attributes, internal and external */
		at = number(at, 0, 4);
		number(at, (uint64_t)entry->offset, 4);
		output_put(zip->output, header, sizeof header);
		output_put(zip->output, entry->name, strlen(entry->name));
	}
	at = number(end, END, 4);
	at = number(at, 0, 4); /* disks */
	at = number(at, zip->count, 2);
	at = number(at, zip->count, 2);
	at = number(at, (uint64_t)(output_offset(zip->output) - central), 4);
	at = number(at, (uint64_t)central, 4);
	number(at, 0, 2); /* comment */
	output_put(zip->output, end, sizeof end);
	if (zip->too_long || output_offset(zip->output) > zip->maximum) {
		good = error_set(error, REMEDY_CONFIGURATION,
			"%s: would be longer than %lld bytes, which is all that a ZIP without "
			"Zip64 can be: export some of the pages only, or with --warc",
			zip->path, (long long)zip->maximum);
		zip_discard(zip);
		return good;
	}
	good = output_finish(zip->output, error);
	zip_free(zip);
	return good;
}

void zip_discard(struct zip *zip)
{
	char sha256[DIGEST_TEXT];

	if (zip == NULL)
		return;
	if (zip->digest != NULL)
		digest_end(zip->digest, sha256);
	output_discard(zip->output);
	zip_free(zip);
}
