/* SPDX-License-Identifier: ISC
 *
 * WARC files, taken apart in a reader (base/readers.h). The file is its standard input, and all
 * that it can read: records, gzip members and content codings are met there, and here only what it
 * answers, whose texts are one line each.
 */
#ifndef LAMPWATCH_RECORD_READER_H
#define LAMPWATCH_RECORD_READER_H

#include <stdbool.h>

#include "publish/warc_read.h"

struct error;
struct fork_server;
struct http_response;
struct record_reader;

/* server is borrowed. NULL with REMEDY_LOCAL where the file cannot be opened. */
struct record_reader *record_reader_open(
	struct fork_server *server, const char *path, struct error *error);
void record_reader_close(struct record_reader *reader);

/* A response, a revisit or a resource that has an address and a time. take may take head's strings
 * over, and leaves NULL. status: of HTTP; 200 of a resource. location: where a redirect leads;
 * NULL. False, with error, ends the list. */
typedef bool record_take(void *context, struct warc_head *head, int status, const char *location,
	struct error *error);

/*
 * Gives each of them, in the file's order. False with error if it is not a WARC file or is damaged
 * (what is before the damage was given): REMEDY_PAGE, REMEDY_LOCAL. *simulated becomes true where
 * the file is one of ours, made of an archive of invented times.
 */
bool record_reader_list(struct record_reader *reader, record_take *take, void *context,
	bool *simulated, struct error *error);

/*
 * The record at head's position: its body as it was before it was encoded, into response->body,
 * which is empty and has a maximum, and where it is HTTP its headers. False with REMEDY_PAGE where
 * it is cut off, damaged, too long, or in a coding that is not known; REMEDY_LOCAL.
 */
bool record_reader_payload(struct record_reader *reader, const struct warc_head *head,
	struct http_response *response, struct error *error);

/* The headers that a revisit has of its own (owned by the caller), and their status. */
bool record_reader_headers(struct record_reader *reader, const struct warc_head *head,
	char **headers, int *status, struct error *error);

#endif
