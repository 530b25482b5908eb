/* SPDX-License-Identifier: ISC
 *
 * watch/: what the pages say: fetched, read in a child process, compared with the last
 * reading, confirmed.
 *
 * One page's documents, fetched: the main one, then those whose addresses the
 * kind computes from it. Conditional where the last fetch left validators.
 *
 * An address out of a body is foreign: it may lead to a private address (net/address.h) only where
 * the page itself is at one, and then only to the page's own scheme, host and port.
 */
#ifndef LAMPWATCH_FETCH_H
#define LAMPWATCH_FETCH_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/validator.h"
#include "net/http.h"
#include "watch/kind/kind.h"

enum fetch_outcome {
	FETCH_UNCHANGED, /* 304 or the same bytes, for every document */
	FETCH_CHANGED,   /* every document's body is here */
	FETCH_FAILED,    /* some document did not come; error says why */
};

struct config;
struct fork_server;
struct page_config;

struct fetch {
	/* In, borrowed: */
	const char *url; /* of the configuration */
	const struct kind *kind;
	int64_t connect_timeout, total_timeout, body_maximum, redirects;
	bool guarded; /* private addresses are refused: the page was public at first sight */
	/* A probe (watch/probe.h), whose checks are made in place of documents; NULL: a page. Then
	 * also: what it said last, which is its validator's etag, whether this is conditional or
	 * not; and what its hosts were at first, as networks_now. */
	const struct page_config *probe;
	const char *before, *networks;
	/* Owned here; of the same url and kind; replaced by the new ones on success. All zero:
	 * unconditional. */
	struct validator validators[PAGE_DOCUMENTS_MAX];
	void *context;

	/* Out: */
	enum fetch_outcome outcome;
	struct error error;
	struct error lack;   /* of a probe: why some of its checks could not be asked: REMEDY_LOCAL,
			      * or REMEDY_CONFIGURATION of a password; remedy 0: all were, or none,
			      * and error says why */
	bool answered;       /* some host responded, with any status */
	int64_t retry_after; /* seconds, as a server asked; 0: it did not ask */
	struct http_response responses[PAGE_DOCUMENTS_MAX]; /* bodies only when FETCH_CHANGED */
	size_t count;
	int64_t began, ended; /* milliseconds since 1970 */
	char *networks_now;   /* of a probe's hosts; owned; NULL: nothing is known */
};

/*
 * Asks for the address of a document that depends on bodies of foreign origin,
 * so that the caller can have it computed where that is safe. Same contract as
 * kind_document_address().
 */
typedef bool fetch_address(void *context, struct fetch *fetch, size_t i,
	const struct document *documents, char **address, struct error *error);

struct fetches;

/* done is called once for each fetch that has begun. attempts, config: of probes whose checks log
 * in (watch/login.h); NULL: there are none. */
struct fetches *fetches_new(struct http_client *client, struct fork_server *attempts,
	struct config *config, fetch_address *address,
	void (*done)(void *context, struct fetch *fetch), void *context);
void fetches_free(struct fetches *fetches);

/* Begins; fetch must stay where it is until done. Progress is made by http_client_wait(), and by
 * fetches_take() where there are probes. */
void fetches_begin(struct fetches *fetches, struct fetch *fetch);

enum { FETCHES_POLLS_MAX = 32 };

/* What else is to be waited for; returns how many. */
size_t fetches_polls(const struct fetches *fetches, struct pollfd polls[static FETCHES_POLLS_MAX]);

/* Takes that, without waiting; returns how much is still under way. */
size_t fetches_take(struct fetches *fetches);

/* Frees what fetch owns (responses, validators). */
void fetch_release(struct fetch *fetch);

#endif
