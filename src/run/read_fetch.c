/* SPDX-License-Identifier: ISC */
#include "run/read_fetch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "config/config.h"
#include "model/validator.h"
#include "net/http.h"
#include "run/context.h"
#include "settings.h"
#include "watch/fetch.h"
#include "watch/page_reader.h"

/* What the configuration says where it says nothing. */
enum {
	CONNECT_MILLISECONDS = 10 * 1000,
	TOTAL_MILLISECONDS = 30 * 1000,
	BODY_MAX = 8 * 1024 * 1024,
	REDIRECTS_MAX = 5,
	IN_FLIGHT = 4,
	WAIT_MILLISECONDS = 1000,
};

static void fetched_done(void *context, struct http_response *response, const struct error *error)
{
	struct fetched *fetched = context;

	fetched->answered = response != NULL && response->status != 0;
	if (error != NULL) {
		fetched->error = *error;
		return;
	}
	fetched->good = response->status == 200 && response->body.length > 0;
	if (!fetched->good && http_response_challenges(response))
		error_set(&fetched->error, REMEDY_PAGE, "HTTP %d: %s", response->status,
			HTTP_CHALLENGE);
	else if (!fetched->good)
		error_set(&fetched->error, REMEDY_PAGE, "HTTP %d with %zu bytes", response->status,
			response->body.length);
	fetched->body = response->body;
	fetched->final_url = response->final_url;
	response->body = (struct buffer){0};
	response->final_url = NULL;
}

static struct http_client *client_new(const struct context *context)
{
	char *ca_files = context->config != NULL ? config_check_ca_files(context->config) : NULL;
	struct http_settings settings = {.in_flight = IN_FLIGHT,
		.per_host = IN_FLIGHT,
		.user_agent = "lampwatch/" LAMPWATCH_VERSION,
		.fork_server = context->fork_server,
		.check_ca_files = ca_files};
	struct http_client *client = http_client_new(&settings);

	free(ca_files);
	return client;
}

void fetch_all(const struct context *context, struct fetched *fetched, size_t count)
{
	struct http_client *client = client_new(context);
	int64_t end = clock_milliseconds() + TOTAL_MILLISECONDS;

	for (size_t i = 0; i < count; i++) {
		struct http_request request = {.url = fetched[i].url,
			.connect_timeout = CONNECT_MILLISECONDS,
			.total_timeout = TOTAL_MILLISECONDS,
			.body_maximum = BODY_MAX,
			.redirects = REDIRECTS_MAX,
			.done = fetched_done,
			.context = &fetched[i]};

		error_set(&fetched[i].error, REMEDY_LATER, "no answer within %d s",
			TOTAL_MILLISECONDS / 1000);
		http_client_get(client, &request);
	}
	while (http_client_wait(client, NULL, 0, WAIT_MILLISECONDS) > 0 &&
		clock_milliseconds() < end)
		;
	for (size_t i = 0; i < count; i++)
		fetched[i].good =
			http_client_unrefused(client, &fetched[i].error) && fetched[i].good;
	http_client_free(client);
}

void fetched_release(struct fetched *fetched)
{
	buffer_release(&fetched->body);
	free(fetched->final_url);
	*fetched = (struct fetched){0};
}

static bool address_of(void *context, struct fetch *fetch, size_t i,
	const struct document *documents, char **address, struct error *error)
{
	return page_address(context, fetch->kind, i, fetch->url, documents, address, error);
}

static void fetch_done(void *context, struct fetch *fetch)
{
	(void)context;
	(void)fetch;
}

/* The one document at url. */
static bool fetch_single(
	const struct context *context, const char *url, struct buffer *body, struct error *error)
{
	struct fetched fetched = {.url = url};
	bool good;

	fetch_all(context, &fetched, 1);
	good = fetched.good;
	if (good) {
		*body = fetched.body;
		fetched.body = (struct buffer){0};
	} else {
		*error = fetched.error;
	}
	fetched_release(&fetched);
	return good;
}

bool fetch_documents(const struct context *context, const char *url, const struct kind *kind,
	struct buffer bodies[static PAGE_DOCUMENTS_MAX], bool there[static PAGE_DOCUMENTS_MAX],
	struct error *error)
{
	struct fetch fetch = {.url = url,
		.kind = kind,
		.connect_timeout = CONNECT_MILLISECONDS,
		.total_timeout = TOTAL_MILLISECONDS,
		.body_maximum = BODY_MAX,
		.redirects = REDIRECTS_MAX};
	struct http_client *client;
	struct fetches *fetches;
	bool good;

	if (kind == NULL) {
		there[0] = fetch_single(context, url, &bodies[0], error);
		return there[0];
	}
	client = client_new(context);
	fetches = fetches_new(client, NULL, NULL, address_of, fetch_done, context->readers);
	fetches_begin(fetches, &fetch);
	while (http_client_wait(client, NULL, 0, WAIT_MILLISECONDS) > 0)
		;
	good = http_client_unrefused(client, &fetch.error) && fetch.outcome == FETCH_CHANGED;
	for (size_t i = 0; good && i < fetch.count; i++) {
		bodies[i] = fetch.responses[i].body;
		fetch.responses[i].body = (struct buffer){0};
		there[i] = bodies[i].length > 0;
	}
	if (!good)
		*error = fetch.error;
	fetch_release(&fetch);
	fetches_free(fetches);
	http_client_free(client);
	return good;
}

static void probe_done(void *context, struct fetch *fetch)
{
	(void)fetch;
	*(bool *)context = true;
}

bool fetch_probe(const struct context *context, const struct page_config *page, struct buffer *body,
	struct error *error)
{
	const struct page_settings *settings = &page->settings;
	struct fetch fetch = {.url = page->url,
		.probe = page,
		.connect_timeout = settings->timeout.connect,
		.body_maximum = settings->limits.body};
	struct http_client *client = client_new(context);
	bool done = false, good;
	struct fetches *fetches = fetches_new(
		client, context->attempts, context->config, address_of, probe_done, &done);

	fetches_begin(fetches, &fetch);
	while (!done) {
		struct pollfd polls[FETCHES_POLLS_MAX];

		http_client_wait(client, polls, fetches_polls(fetches, polls), WAIT_MILLISECONDS);
		fetches_take(fetches);
	}
	good = http_client_unrefused(client, &fetch.error) && fetch.outcome != FETCH_FAILED;
	if (good) {
		*body = fetch.responses[0].body;
		fetch.responses[0].body = (struct buffer){0};
	}
	*error = good ? fetch.lack : fetch.error;
	fetch_release(&fetch);
	fetches_free(fetches);
	http_client_free(client);
	return good;
}
