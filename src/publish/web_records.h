/* SPDX-License-Identifier: ISC
 *
 * The responses in some WARC files: where each one is, and which record belongs to which.
 */
#ifndef LAMPWATCH_WEB_RECORDS_H
#define LAMPWATCH_WEB_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "publish/warc_read.h"

struct error;
struct fork_server;
struct http_response;
struct record_reader;

enum {
	WEB_RECORDS_MAX = 2000000,
	WEB_TOGETHER_SECONDS =
		60, /* maximum distance between the documents of a page, and of redirects */
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

/* An identifying text of a record. Borrowed from it. */
struct web_name {
	const char *text;
	const struct web_record *record;
};

struct web_records {
	struct fork_server
		*server;         /* borrowed: where the files are read (publish/record_reader.h) */
	struct web_record *list; /* after web_records_sort() by key, then date */
	size_t count;
	struct web_name *by_id, *by_digest; /* all of them, sorted by text; owned */
	struct web_file *files;
	size_t file_count;
	bool simulated;               /* some file says that its times are of --clock */
	struct record_reader *reader; /* of the file that was read last */
	size_t reader_file;
};

/*
 * Adds the records of a file. False with error if it is not a WARC file or is damaged (the records
 * before the damage are added): REMEDY_PAGE, REMEDY_LOCAL.
 */
bool web_records_read(struct web_records *records, const char *path, struct error *error);
void web_records_sort(struct web_records *records);
void web_records_release(struct web_records *records);

/* The next record of the address after `before` in time (NULL: the first); NULL if there is none. A
 * record without a query matches every query: our own exports have none. */
const struct web_record *web_records_next(
	const struct web_records *records, const char *url, const struct web_record *before);

/* The record nearest to the time, at most WEB_TOGETHER_SECONDS away; NULL if there is none. */
const struct web_record *web_records_nearest(
	const struct web_records *records, const char *url, int64_t time);

/* The target of a redirect, equally near in time; the record itself if it is not a redirect. */
const struct web_record *web_records_follow(
	const struct web_records *records, const struct web_record *record);

/* The record that a revisit repeats: by id, else by digest, else by address and time. NULL if the
 * files do not contain it. */
const struct web_record *web_records_original(
	const struct web_records *records, const struct web_record *revisit);

/* As record_reader_payload() and record_reader_headers(), out of the record's file. */
bool web_records_payload(struct web_records *records, const struct web_record *record,
	struct http_response *response, struct error *error);
bool web_records_headers(struct web_records *records, const struct web_record *record,
	char **headers, int *status, struct error *error);

#endif
