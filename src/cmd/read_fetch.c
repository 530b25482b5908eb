/* SPDX-License-Identifier: ISC */
#include "cmd/read_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/http.h"
#include "base/memory.h"
#include "settings.h"
#include "watch/fetch.h"

/* What the configuration says where it says nothing. */
enum {
	CONNECT_MILLISECONDS = 10 * 1000,
	TOTAL_MILLISECONDS = 30 * 1000,
	BODY_MAX = 8 * 1024 * 1024,
	REDIRECTS_MAX = 5,
	IN_FLIGHT = 4,
	WAIT_MILLISECONDS = 1000,
};

/* The one document from which a kind is to be told. */
struct single {
	struct buffer *body;
	bool good;
	struct error *error;
};

static void single_done(void *context, struct http_response *response, const struct error *error)
{
	struct single *single = context;

	if (error != NULL) {
		*single->error = *error;
		return;
	}
	single->good = response->status == 200 && response->body.length > 0;
	if (!single->good)
		error_set(single->error, REMEDY_PAGE, "HTTP %d with %zu bytes", response->status,
			response->body.length);
	*single->body = response->body;
	response->body = (struct buffer){0};
}

static bool fetch_single(
	struct http_client *client, const char *url, struct buffer *body, struct error *error)
{
	struct single single = {.body = body, .error = error};
	struct http_request request = {.url = url,
		.connect_timeout = CONNECT_MILLISECONDS,
		.total_timeout = TOTAL_MILLISECONDS,
		.body_maximum = BODY_MAX,
		.redirects = REDIRECTS_MAX,
		.done = single_done,
		.context = &single};

	http_client_get(client, &request);
	while (http_client_wait(client, NULL, 0, WAIT_MILLISECONDS) > 0)
		;
	return single.good;
}

static bool address_of(void *context, struct fetch *fetch, size_t i,
	const struct document *documents, char **address, struct error *error)
{
	(void)context;
	return kind_document_address(fetch->kind, i, fetch->url, documents, address, error);
}

static void fetch_done(void *context, struct fetch *fetch)
{
	(void)context;
	(void)fetch;
}

static bool fetch_by_kind(struct http_client *client, const char *url, const struct kind *kind,
	struct buffer bodies[static KIND_DOCUMENTS_MAX], bool there[static KIND_DOCUMENTS_MAX],
	struct error *error)
{
	struct fetch fetch = {.url = url,
		.kind = kind,
		.connect_timeout = CONNECT_MILLISECONDS,
		.total_timeout = TOTAL_MILLISECONDS,
		.body_maximum = BODY_MAX,
		.redirects = REDIRECTS_MAX};
	struct fetcher *fetcher = fetcher_new(client, address_of, fetch_done, NULL);
	bool good;

	fetcher_begin(fetcher, &fetch);
	while (http_client_wait(client, NULL, 0, WAIT_MILLISECONDS) > 0)
		;
	good = fetch.outcome == FETCH_CHANGED;
	for (size_t i = 0; good && i < fetch.count; i++) {
		bodies[i] = fetch.responses[i].body;
		fetch.responses[i].body = (struct buffer){0};
		there[i] = bodies[i].length > 0;
	}
	if (!good)
		*error = fetch.error;
	fetch_release(&fetch);
	fetcher_free(fetcher);
	return good;
}

bool fetch_documents(const char *url, const struct kind *kind,
	struct buffer bodies[static KIND_DOCUMENTS_MAX], bool there[static KIND_DOCUMENTS_MAX],
	struct error *error)
{
	struct http_settings settings = {.in_flight = IN_FLIGHT, .per_host = IN_FLIGHT,
		.user_agent = "lampwatch/" LAMPWATCH_VERSION};
	struct http_client *client;
	bool good;

	http_start();
	client = http_client_new(&settings);
	if (kind != NULL) {
		good = fetch_by_kind(client, url, kind, bodies, there, error);
	} else {
		good = fetch_single(client, url, &bodies[0], error);
		there[0] = good;
	}
	http_client_free(client);
	return good;
}
