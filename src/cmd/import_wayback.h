/* SPDX-License-Identifier: ISC
 *
 * What `import` takes from the Wayback Machine, or from a service that answers as it does
 * (`wayback_base:`): the list of captures of one address (publish/cdx.h), and then the body of
 * each, as it was served. One request at a time, and one a second where the service is a public
 * one.
 *
 * Bodies are laid aside in .state/wayback/PAGE, in a folder for each capture, until all of them are
 * imported: for that takes hours, in which runs go on, and is taken up again where it was ended.
 */
#ifndef LAMPWATCH_IMPORT_WAYBACK_H
#define LAMPWATCH_IMPORT_WAYBACK_H

#include <stddef.h>
#include <stdint.h>

#include "publish/cdx.h"
#include "run/captures.h"

struct context;
struct database;

enum {
	WAYBACK_PAGES_MAX = 500, /* of a list, of CDX_ROWS_MAX each */
	WAYBACK_TRIES = 5,       /* of one request */
	WAYBACK_WAIT_MAX = 3600, /* seconds that the service may ask for between two tries */
};

struct wayback {
	struct context *context;        /* borrowed; with readers */
	const struct page_config *page; /* borrowed */
	const char *url;                /* whose captures; borrowed */
	int64_t since, until;           /* seconds since 1970 */
	struct cdx_capture *list;       /* out: in the order of time; owned */
	size_t count;
	size_t others;   /* out: captures of redirects and errors, which are stepped over */
	size_t left_out; /* out: what could not be used, each of which was said */
	struct http_client *client;
	int lock;
};

/* The list. EXIT_DONE, or the exit status after a line; wayback_release() is due in both cases. */
int wayback_list(struct wayback *wayback);

/*
 * Until when the page's history is known, and until when it is of such an import: what is listed up
 * to then is there. An import says how far it goes before it begins, so that one that was ended
 * goes on. EXIT_DONE, or EXIT_LOCAL after a line.
 */
int wayback_known(const struct wayback *wayback, int64_t *known, int64_t *after);
void wayback_begin(const struct wayback *wayback, struct database *database);

/*
 * Adds those that are later than `after` to captures, as far as they can be had, each with its
 * folder. What one capture lacks is said, and it is left out; where the service does not answer,
 * EXIT_PENDING after a line.
 */
int wayback_fetch(struct wayback *wayback, int64_t after, struct captures *captures);

/* Removes what was laid aside. */
void wayback_settle(const struct wayback *wayback);
void wayback_release(struct wayback *wayback);

#endif
