/* SPDX-License-Identifier: ISC
 *
 * WARC files read, record by record: 1.1, and 1.0 as wget and others write it,
 * plain or gzip, with any division into members. Tolerates deviations (addresses in angle brackets,
 * lines that end with LF alone, missing or extra blank lines), and reports where a file is damaged.
 */
#ifndef LAMPWATCH_WARC_READ_H
#define LAMPWATCH_WARC_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/gzip.h"

struct buffer;
struct error;

enum warc_type {
	WARC_OTHER, /* of no interest here */
	WARC_INFO,
	WARC_RESPONSE,
	WARC_RESOURCE,
	WARC_REVISIT,
};

/* The head of a record. Strings owned and without angle brackets; NULL if missing. */
struct warc_head {
	enum warc_type type;
	char *id;                           /* with the angle brackets */
	char *url, *content_type, *address; /* address: WARC-IP-Address */
	char *refers_to, *refers_to_url;    /* refers_to: as id */
	char *payload_digest;
	int64_t date, refers_to_date; /* seconds since 1970; 0: not said */
	int64_t length;               /* bytes of the block */
	bool truncated;               /* WARC-Truncated */
	struct gzip_position position;
};

void warc_head_release(struct warc_head *head);

struct warc_reader;

/* Reads an open file from its beginning. Takes the descriptor over. Errors are in words that follow
 * the file's name. */
struct warc_reader *warc_reader_new(int file);
void warc_reader_free(struct warc_reader *reader);

enum warc_next { WARC_RECORD, WARC_END, WARC_DAMAGED };

/*
 * The next record's head, into head (zeroed by the caller, to be released). The
 * block before it is passed over, and has to be there in full. WARC_DAMAGED with error
 * (REMEDY_PAGE, or REMEDY_LOCAL where the file cannot be read): what follows cannot be read.
 */
enum warc_next warc_reader_next(
	struct warc_reader *reader, struct warc_head *head, struct error *error);

/*
 * The block of the record that was read last, or what maximum bytes hold of its
 * beginning, added to out. REMEDY_PAGE where it is cut off or longer than out may be.
 */
bool warc_reader_block(
	struct warc_reader *reader, size_t maximum, struct buffer *out, struct error *error);

/* Continues reading with the record at that position. */
bool warc_reader_seek(
	struct warc_reader *reader, const struct gzip_position *position, struct error *error);

#endif
