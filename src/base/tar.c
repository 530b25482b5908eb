/* SPDX-License-Identifier: ISC */
#include "base/tar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum { BLOCK = 512, CHECKSUM_AT = 148, CHECKSUM_BYTES = 8, SIZE_AT = 124, SIZE_DIGITS = 11 };

/* The constant fields of a header. */
static const struct {
	size_t at;
	const char *text;
} fields[] = {
	{100, "0000644"},     /* mode */
	{108, "0000000"},     /* owner */
	{116, "0000000"},     /* group */
	{136, "00000000000"}, /* time */
	{156, "0"},           /* a file */
	{257, "ustar"},
	{263, "00"},
};

static unsigned checksum(const unsigned char *header)
{
	unsigned sum = CHECKSUM_BYTES * ' ';

	for (size_t i = 0; i < BLOCK; i++)
		if (i < CHECKSUM_AT || i >= CHECKSUM_AT + CHECKSUM_BYTES)
			sum += header[i];
	return sum;
}

static bool pad(struct buffer *out, size_t length)
{
	static const char zeros[BLOCK];

	return buffer_add(out, zeros, (BLOCK - length % BLOCK) % BLOCK);
}

bool tar_add(struct buffer *out, const char *name, const void *bytes, size_t length)
{
	char header[BLOCK] = "";

	if (strlen(name) > TAR_NAME_MAX)
		return false;
	memcpy(header, name, strlen(name));
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		memcpy(header + fields[i].at, fields[i].text, strlen(fields[i].text));
	snprintf(header + SIZE_AT, SIZE_DIGITS + 1, "%011zo", length);
	snprintf(header + CHECKSUM_AT, CHECKSUM_BYTES, "%06o",
		checksum((const unsigned char *)header));
	header[CHECKSUM_AT + CHECKSUM_BYTES - 1] = ' ';
	return buffer_add(out, header, sizeof header) && buffer_add(out, bytes, length) &&
	       pad(out, length);
}

bool tar_end(struct buffer *out)
{
	static const char zeros[2 * BLOCK];

	return buffer_add(out, zeros, sizeof zeros);
}

bool tar_next(
	const struct buffer *tar, size_t *at, const char **name, const char **bytes, size_t *length)
{
	const char *header = buffer_string(tar) + *at;
	char *end;

	if (*at + BLOCK > tar->length || header[0] == '\0' || header[TAR_NAME_MAX] != '\0')
		return false;
	*length = strtoull(header + SIZE_AT, &end, 8);
	if (end != header + SIZE_AT + SIZE_DIGITS ||
		strtoul(header + CHECKSUM_AT, NULL, 8) != checksum((const unsigned char *)header) ||
		*length > tar->length - *at - BLOCK)
		return false;
	*name = header;
	*bytes = header + BLOCK;
	*at += BLOCK + *length + (BLOCK - *length % BLOCK) % BLOCK;
	return true;
}
