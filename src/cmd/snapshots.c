/* SPDX-License-Identifier: ISC */
#include "cmd/snapshots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/snapshot_reader.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"

bool snapshot_find(
	const struct context *context, const char *page, const char *time, struct snapshot_row *row)
{
	int64_t last = INT64_MAX;

	if (context_page(context, page) == NULL)
		return false;
	if (time != NULL && !date_prefix_end(time, &last)) {
		fprintf(stderr,
			"lampwatch: \"%s\" is not a time; write 2014-01-24T19:20 or only the "
			"beginning of that\n",
			time);
		return false;
	}
	if (context->database != NULL && store_snapshot_at(context->database, page, last, row))
		return true;
	fprintf(stderr, "lampwatch: %s: no snapshot%s%s\n", page,
		time != NULL ? " at or before " : "", time != NULL ? time : "");
	return false;
}

bool snapshot_reading(const struct context *context, const char *page,
	const struct snapshot_row *row, struct reading *reading)
{
	struct buffer text = {.maximum = READING_TEXT_MAX};
	char *path = archive_path(context->config->archive, page, row->folder, NULL);
	struct error error;
	bool good =
		archive_read(context->config->archive, page, row->folder, "reading", &text, &error);

	if (!good)
		fprintf(stderr, "lampwatch: %s: the page could not be read then: %s\n", path,
			error.text);
	else if (!(good = reading_parse(buffer_string(&text), text.length, reading, &error)))
		fprintf(stderr, "lampwatch: %s/reading: %s\n", path, error.text);
	buffer_release(&text);
	free(path);
	return good;
}
