/* SPDX-License-Identifier: ISC */
#include "archive/snapshot_reader.h"

#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/store.h"

enum {
	NAME_AT = 66, /* of a line of SHA256SUMS: digest and two blanks before it */
	DIGEST_DIGITS = 64,
};

/* A snapshot on its way in. */
struct reading_in {
	const char *archive, *page, *folder;
	struct kept *kept;
	struct error *error;
	size_t bodies, headers; /* so many were read */
};

static bool wrong(const struct reading_in *in, const char *name, const char *what)
{
	char *path = archive_path(in->archive, in->page, in->folder, name);

	error_set(in->error, REMEDY_LOCAL, "%s: %s", path, what);
	free(path);
	return false;
}

static struct kept_document *document_at(struct kept *kept, size_t i)
{
	while (kept->count <= i)
		memory_append(&kept->documents, &kept->count, sizeof *kept->documents);
	return &kept->documents[i];
}

/* The file of that name; bodies and headers come in the order of their documents. */
static struct buffer *place_of(struct reading_in *in, const char *name, bool *body)
{
	static const struct {
		const char *name;
		size_t offset;
	} texts[] = {
		{"capture", offsetof(struct kept, capture)},
		{"reading", offsetof(struct kept, reading)},
		{"changes", offsetof(struct kept, changes)},
	};

	*body = text_equal(name, "body") || text_starts(name, "body-");
	if (*body && in->bodies < KEPT_DOCUMENTS_MAX)
		return &document_at(in->kept, in->bodies++)->body;
	if ((text_equal(name, "headers") || text_starts(name, "headers-")) &&
		in->headers < KEPT_DOCUMENTS_MAX)
		return &document_at(in->kept, in->headers++)->headers;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (text_equal(name, texts[i].name))
			return (struct buffer *)((char *)in->kept + texts[i].offset);
	return NULL;
}

/* One line of SHA256SUMS, and the file that it names. */
static bool read_line(struct reading_in *in, const char *line)
{
	const char *name = line + NAME_AT;
	char digest[DIGEST_TEXT];
	struct buffer *place;
	bool body;

	if (strlen(line) <= NAME_AT || strchr(name, '/') != NULL)
		return wrong(in, ARCHIVE_SUMS, "has a line that is none of lampwatch's");
	place = place_of(in, name, &body);
	if (place == NULL || place->length > 0)
		return true; /* of a later version */
	place->maximum = body ? BUFFER_MAX : KEPT_TEXT_MAX;
	if (!archive_read(in->archive, in->page, in->folder, name, place, in->error))
		return false;
	digest_sha256(buffer_string(place), place->length, digest);
	if (strncmp(digest, line, DIGEST_DIGITS) != 0)
		return wrong(in, name, "has been altered: its SHA-256 is another");
	if (body)
		memcpy(in->kept->documents[in->bodies - 1].sha256, digest, sizeof digest);
	return true;
}

/* ---- capture ---- */

static void note_time(const char *value, int64_t *time)
{
	if (!date_parse(value, time))
		*time = 0;
}

static void take_of_document(struct kept_document *document, const char *key, const char *value)
{
	const struct {
		const char *key;
		char **place;
	} texts[] = {
		{"requested", &document->requested},
		{"final", &document->final},
		{"address", &document->address},
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (text_equal(key, texts[i].key))
			memory_set(texts[i].place, value);
	if (text_equal(key, "status"))
		document->status = atoi(value);
	else if (text_equal(key, "began"))
		note_time(value, &document->began);
	else if (text_equal(key, "request-header"))
		buffer_format(&document->request, "%s\r\n", value);
}

/* The lines before the first document are about the snapshot. */
static void take_capture(struct kept *kept)
{
	char *copy = memory_string(buffer_string(&kept->capture)), *rest = copy, *line;
	struct kept_document *document = NULL;
	size_t documents = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		char *colon = strstr(line, ": ");

		if (colon == NULL)
			continue;
		*colon = '\0';
		if (text_equal(line, "document")) {
			document = documents < kept->count ? &kept->documents[documents++] : NULL;
			if (document != NULL)
				memory_set(&document->name, colon + 2);
		} else if (document != NULL) {
			take_of_document(document, line, colon + 2);
		} else if (text_equal(line, "url")) {
			memory_set(&kept->url, colon + 2);
		} else if (text_equal(line, "simulated")) {
			kept->simulated = true;
		}
	}
	free(copy);
}

bool kept_read(const char *archive, const char *page, const struct snapshot_row *row,
	struct kept *kept, struct error *error)
{
	struct reading_in in = {.archive = archive,
		.page = page,
		.folder = row->folder,
		.kept = kept,
		.error = error};
	char digest[DIGEST_TEXT], *copy = NULL, *rest, *line;
	bool good;

	*kept = (struct kept){.time = row->time, .sums = {.maximum = KEPT_TEXT_MAX}};
	good = archive_read(archive, page, row->folder, ARCHIVE_SUMS, &kept->sums, error);
	digest_sha256(buffer_string(&kept->sums), kept->sums.length, digest);
	if (good && !text_equal(digest, row->sums))
		good = wrong(&in, ARCHIVE_SUMS, "has been altered: its SHA-256 is not the chain's");
	rest = copy = memory_string(buffer_string(&kept->sums));
	while (good && (line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			good = read_line(&in, line);
	if (good)
		take_capture(kept);
	else
		kept_release(kept);
	free(copy);
	return good;
}

void kept_release(struct kept *kept)
{
	for (size_t i = 0; i < kept->count; i++) {
		struct kept_document *document = &kept->documents[i];

		free(document->name);
		free(document->requested);
		free(document->final);
		free(document->address);
		buffer_release(&document->request);
		buffer_release(&document->headers);
		buffer_release(&document->body);
	}
	free(kept->documents);
	free(kept->url);
	buffer_release(&kept->capture);
	buffer_release(&kept->reading);
	buffer_release(&kept->changes);
	buffer_release(&kept->sums);
	*kept = (struct kept){0};
}
