/* SPDX-License-Identifier: ISC
 *
 * What of a WARC file is a page's: its records, matched with the documents of
 * the pages of the configuration.
 */
#ifndef LAMPWATCH_IMPORT_WARC_H
#define LAMPWATCH_IMPORT_WARC_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/captures.h"
#include "keep/warc_read.h"

struct error;
struct readers;

enum {
	WEB_RECORDS_MAX = 2000000,
	WEB_TOGETHER_SECONDS = 60, /* documents of a page, and redirects, lie no further apart */
	WEB_REDIRECTS_MAX = 5,
};

/* A response, revisit or resource in a file. All owned. */
struct web_record {
	struct warc_head head;
	int status;     /* of HTTP; 200 of a resource, 0 where it is not known */
	char *location; /* of a redirect */
	char *key;   /* of the address, by which records are sorted: without query and fragment */
	size_t file; /* its place in `files` */
};

struct web_file {
	char *path, *name; /* owned; name: without folders */
	char sha256[DIGEST_TEXT];
};

struct web_records {
	struct web_record *list; /* after web_records_sort() by key, then date */
	size_t count;
	const struct web_record **by_id, **by_digest; /* all of them, in other orders; owned */
	struct web_file *files;
	size_t file_count;
	bool simulated;             /* some file says that its times are of --clock */
	struct warc_reader *reader; /* of the file that was read last */
	size_t reader_file;
};

/*
 * Adds the records of a file. False with error where it is none, or is damaged
 * (then what stands before the damage is there): REMEDY_PAGE, REMEDY_LOCAL.
 */
bool web_records_read(struct web_records *records, const char *path, struct error *error);
void web_records_sort(struct web_records *records);
void web_records_release(struct web_records *records);

/*
 * Adds a capture for each record of a page's main document; of the page's own
 * address where the file has none of those. page NULL: of all pages of the configuration. url (may
 * be NULL): the address that stands for the page's main document.
 */
void web_records_match(const struct web_records *records, const struct context *context,
	const struct page_config *page, const char *url, struct captures *captures);

/*
 * The documents of a capture: the record itself, and those of the kind's other
 * addresses that lie next to it in time. Redirects are followed, revisits resolved. What
 * went wrong with the page stands in captured->failure. False with error where the capture cannot
 * be used, for what is missing is missing in the file.
 */
bool web_records_load(struct web_records *records, const struct capture *capture,
	const struct kind *kind, struct readers *readers, struct captured *captured,
	struct error *error);

#endif
