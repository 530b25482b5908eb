/* SPDX-License-Identifier: ISC
 *
 * Fetching for commands: without a configuration, and one probe of it.
 */
#ifndef LAMPWATCH_READ_FETCH_H
#define LAMPWATCH_READ_FETCH_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/validator.h"
#include "watch/kind/kind.h"

struct context;
struct page_config;

/* One address and what came from it. Zeroed by the caller, except url. */
struct fetched {
	const char *url;    /* in, borrowed */
	bool good;          /* status 200 and a body */
	bool answered;      /* there was a response, whatever its status */
	struct buffer body; /* owned */
	char *final_url;    /* owned: where the redirects led; NULL where nothing came */
	struct error error; /* where it is not good */
};

/* Fetches all of them at once; those that take longer than 30 seconds in all are no good. context:
 * of a command with a fork server. */
void fetch_all(const struct context *context, struct fetched *fetched, size_t count);
void fetched_release(struct fetched *fetched);

/*
 * Fetches the documents of a page of this kind; with kind NULL, the one document at url. Fills
 * bodies (owned by the caller, who zeroed them) and says in there which came. Addresses that stand
 * in a body are read by a reader.
 */
bool fetch_documents(const struct context *context, const char *url, const struct kind *kind,
	struct buffer bodies[static PAGE_DOCUMENTS_MAX], bool there[static PAGE_DOCUMENTS_MAX],
	struct error *error);

/* Makes a probe's checks, now and as for the first time; body is filled, zeroed by the caller, who
 * owns it. False where nobody could ask, or no reference answers; error->remedy is not 0, too,
 * where some checks could not be asked. */
bool fetch_probe(const struct context *context, const struct page_config *page, struct buffer *body,
	struct error *error);

#endif
