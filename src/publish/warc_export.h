/* SPDX-License-Identifier: ISC
 *
 * Snapshots as WARC records. For each document that was fetched: the request,
 * and the response, or, where its payload was written before, a revisit of that; a document without
 * kept headers is a resource. For each snapshot, a metadata record with its reading, capture,
 * changes and digests.
 *
 * Bodies are kept decoded, so headers about codings are left out and Content-Length is that of the
 * body. WARC-Date is when the capture began, in seconds; of a simulated snapshot, the time that was
 * given.
 */
#ifndef LAMPWATCH_WARC_EXPORT_H
#define LAMPWATCH_WARC_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/snapshot_reader.h"
#include "publish/cdxj.h"
#include "publish/warc.h"

struct snapshot_row;
struct warc_export;

/* Takes about 300 bytes for each body written, so that the next like it can be a revisit. */
struct warc_export *warc_export_new(struct warc_writer *writer, struct cdxj *cdxj);
void warc_export_free(struct warc_export *warc_export);

/* The warcinfo record, which comes first. filename without folders. */
bool warc_export_begin(struct warc_export *warc_export, const char *filename,
	const char *description, bool simulated, int64_t now);

/* A snapshot in a list of pages: the address and time of its main document, and the page's title
 * and level at that time. Strings are owned by the caller. */
struct warc_page {
	char *url, *title;
	int64_t time;
};

/* All records of one snapshot of the page name, whose files were read with snapshot_read(). False
 * once the writer's put() has returned false; page is filled in even then. */
bool warc_export_snapshot(struct warc_export *warc_export, const char *name,
	const struct snapshot_row *row, const struct snapshot_files *files, struct warc_page *page);

#endif
