/* SPDX-License-Identifier: ISC
 *
 * CDXJ: an index of the records of a WARC file, one a line, sorted bytewise:
 * the address as a sort-friendly key (SURT), the time in fourteen digits, and where the record
 * stands, as JSON.
 */
#ifndef LAMPWATCH_CDXJ_H
#define LAMPWATCH_CDXJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/gzip.h"
#include "publish/warc.h"

struct cdxj; /* takes about 400 bytes for each record */

/* One record: a response, a revisit or a resource. Borrowed. */
struct cdxj_entry {
	const char *url;
	int64_t time;
	const char *mime;   /* "warc/revisit" of a revisit */
	int status;         /* 0: none */
	const char *digest; /* "sha256:…", of the payload */
	struct warc_place place;
};

/* filename: of the WARC file, without folders; borrowed. */
struct cdxj *cdxj_new(const char *filename);
void cdxj_add(struct cdxj *cdxj, const struct cdxj_entry *entry);

/* Sorts the lines, and gives them to put() one by one. */
bool cdxj_write(struct cdxj *cdxj, gzip_put *put, void *context);
void cdxj_free(struct cdxj *cdxj);

/*
 * "org,example,status)/path" of "https://www.status.example.org:443/Path": the
 * host reversed, without "www." and the usual port, all in lower case. What is not
 * http or https stays as it is. Owned by the caller.
 */
char *cdxj_key(const char *url);

#endif
