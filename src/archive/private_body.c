/* SPDX-License-Identifier: ISC */
#include "archive/private_body.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/archive.h"
#include "archive/capture.h"
#include "archive/snapshot_reader.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum { CAPTURE_MAX = 16 * 1024 * 1024, LENGTH_TEXT = 24 };

#define UNFINISHED "incoming" /* no year, so no snapshot's */

char *private_body_path(const char *archive, const char *page, const char *folder)
{
	return memory_format("%s/" ARCHIVE_STATE "/private/%s/%s", archive, page,
		folder != NULL ? folder : UNFINISHED);
}

bool private_body_any(const struct capture_text *capture)
{
	for (size_t i = 1; i < capture->count; i++)
		if (capture_value(capture, i, PRIVATE_BODY_SHA256) != NULL)
			return true;
	return false;
}

/* Reads one that must have that digest; part: of the capture, from 1. */
static bool read_body(const char *path, const struct capture_text *capture, size_t part,
	struct buffer *out, struct error *error)
{
	const char *sha256 = capture_value(capture, part, PRIVATE_BODY_SHA256),
		   *length = capture_value(capture, part, PRIVATE_BODY_LENGTH);
	size_t before = out->length;
	char found[DIGEST_TEXT], measured[LENGTH_TEXT];

	if (!file_read(path, out, error)) {
		if (!file_absent(path))
			error->remedy = REMEDY_LATER;
		return false;
	}
	digest_sha256(buffer_string(out) + before, out->length - before, found);
	snprintf(measured, sizeof measured, "%zu", out->length - before);
	if (text_equal(found, sha256) && text_equal(measured, length))
		return true;
	buffer_cut(out, before);
	return error_set(error, REMEDY_LOCAL,
		"%s: has been altered: it is not what the snapshot's capture names", path);
}

static char *body_path(const char *archive, const char *page, const char *folder, size_t i)
{
	char *own = private_body_path(archive, page, folder), *name = archive_document("body", i);
	char *path = file_join(own, name);

	free(name);
	free(own);
	return path;
}

bool private_body_read(const char *archive, const char *page, const char *folder, size_t i,
	struct buffer *out, struct error *error)
{
	struct buffer text = {.maximum = CAPTURE_MAX};
	struct capture_text capture = {0};
	char *name = archive_document("body", i), *path = body_path(archive, page, folder, i);
	bool good = archive_read(archive, page, folder, name, out, error);

	if (!good && error->remedy != REMEDY_LATER &&
		archive_read(archive, page, folder, "capture", &text, NULL)) {
		capture_parse(buffer_string(&text), &capture);
		if (capture_value(&capture, i + 1, PRIVATE_BODY_SHA256) != NULL)
			good = read_body(path, &capture, i + 1, out, error);
	}
	capture_release(&capture);
	buffer_release(&text);
	free(path);
	free(name);
	return good;
}

bool private_body_check(const char *archive, const char *page, const char *folder,
	const struct capture_text *capture, struct error *error)
{
	bool good = true;

	for (size_t i = 1; good && i < capture->count; i++) {
		char *path = body_path(archive, page, folder, i - 1);
		struct buffer body = {0};

		if (capture_value(capture, i, PRIVATE_BODY_SHA256) != NULL && !file_absent(path))
			good = read_body(path, capture, i, &body, error);
		buffer_release(&body);
		free(path);
	}
	return good;
}

bool private_body_remove(
	const char *archive, const char *page, const char *folder, struct error *error)
{
	char *path = private_body_path(archive, page, folder);
	bool done = file_remove_tree(path, error);

	free(path);
	return done;
}
