/* SPDX-License-Identifier: ISC
 *
 * The documents of a page are fetched one after the other, because the address of
 * one may stand in those before it. As long as each document is unchanged, the
 * remembered addresses hold. From the first changed one on, every body is
 * needed, and a document answered with 304 is fetched again unconditionally.
 */
#include "watch/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/validator.h"
#include "watch/probe.h"

/* One fetch under way. */
struct passage {
	struct fetches *fetches;
	struct fetch *fetch;
	struct passage *previous, *next;
	size_t count, i;  /* documents; the one that is being fetched */
	bool remembered;  /* the last fetch's validators are complete */
	bool changed;     /* some document differs: all bodies are needed */
	size_t fallback;  /* which address of the page is asked, behind its first */
	bool conditional; /* this request carries validators */
	struct validator new[PAGE_DOCUMENTS_MAX];
};

struct fetches {
	struct http_client *client;
	struct fork_server *attempts;
	struct config *config;
	fetch_address *address;
	void (*done)(void *context, struct fetch *fetch);
	void *context;
	struct passage *all;
	struct probe **probes; /* under way */
	size_t probe_count;
};

static void passage_go_on(struct passage *passage);

void fetch_release(struct fetch *fetch)
{
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		validator_release(&fetch->validators[i]);
		http_response_release(&fetch->responses[i]);
	}
	free(fetch->networks_now);
	fetch->networks_now = NULL;
}

static void passage_free(struct passage *passage)
{
	if (passage->previous != NULL)
		passage->previous->next = passage->next;
	else
		passage->fetches->all = passage->next;
	if (passage->next != NULL)
		passage->next->previous = passage->previous;
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		validator_release(&passage->new[i]);
	free(passage);
}

static void passage_finish(struct passage *passage, enum fetch_outcome outcome)
{
	struct fetches *fetches = passage->fetches;
	struct fetch *fetch = passage->fetch;

	fetch->outcome = outcome;
	fetch->ended = clock_date_milliseconds();
	for (size_t i = 0; i < passage->count; i++) {
		if (outcome != FETCH_CHANGED)
			buffer_release(&fetch->responses[i].body);
		if (outcome == FETCH_FAILED)
			continue;
		validator_release(&fetch->validators[i]);
		fetch->validators[i] = passage->new[i];
		passage->new[i] = (struct validator){0};
	}
	passage_free(passage);
	fetches->done(fetches->context, fetch);
}

/* The reason is in fetch->error. */
static void passage_fail(struct passage *passage)
{
	if (passage->i > 0)
		error_prefix(&passage->fetch->error, "document %s",
			kind_document_name(passage->fetch->kind, passage->i));
	passage_finish(passage, FETCH_FAILED);
}

/* The reason phrases of responses that carry no page. */
static const struct {
	int status;
	const char *words; /* RFC 9110 section 15 */
} statuses[] = {
	{204, "No Content"},
	{206, "Partial Content"},
	{304, "Not Modified, though it was not asked"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{410, "Gone"},
	{429, "Too Many Requests"},
	{500, "Internal Server Error"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
};

/* Whether the response is the page, or says that the last one still holds. */
static bool response_usable(
	const struct passage *passage, const struct http_response *response, struct error *error)
{
	int status = response->status;
	enum remedy remedy = status == 429 || status >= 500 ? REMEDY_LATER : REMEDY_PAGE;

	if (status == 304 && passage->conditional)
		return true;
	if (http_response_challenges(response))
		return error_set(error, REMEDY_PAGE, "HTTP %d: %s", status, HTTP_CHALLENGE);
	if (status == 200)
		return response->same || response->body.length > 0 ||
		       error_set(error, REMEDY_LATER, "the answer is empty");
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == status)
			return error_set(error, remedy, "HTTP %d %s", status, statuses[i].words);
	return error_set(error, remedy, "HTTP %d", status);
}

/* Where a 304 does not repeat a validator, the one that was sent still holds. */
static void validator_note(struct passage *passage, struct http_response *response)
{
	struct validator *new = &passage->new[passage->i];
	const struct validator *old = &passage->fetch->validators[passage->i];
	bool same = response->status == 304;

	memory_set(&new->etag, response->etag != NULL || !same ? response->etag : old->etag);
	memory_set(&new->last_modified, response->last_modified != NULL || !same
						? response->last_modified
						: old->last_modified);
	if (!same && !response->same)
		digest_sha256(
			buffer_string(&response->body), response->body.length, response->sha256);
	memcpy(new->body, same || response->same ? old->body : response->sha256, sizeof new->body);
}

/* The document does not exist this time. */
static void document_skip(struct passage *passage)
{
	struct validator *new = &passage->new[passage->i];
	char *url = new->url;

	new->url = NULL;
	validator_release(new);
	new->url = url;
	http_response_release(&passage->fetch->responses[passage->i]);
}

/*
 * The page is not where it was asked for: whether there is another address for it. The remembered
 * one may be of an earlier time, so all of them are asked again.
 */
static bool passage_falls_back(struct passage *passage)
{
	bool first_again = passage->remembered && !passage->changed;

	if (passage->i > 0 ||
		(!first_again && passage->fallback == kind_fallback_count(passage->fetch->kind)))
		return false;
	if (!first_again)
		passage->fallback++;
	passage->changed = true;
	document_skip(passage);
	return true;
}

static void on_response(void *context, struct http_response *response, const struct error *error)
{
	struct passage *passage = context;
	struct fetch *fetch = passage->fetch;
	struct http_response *kept = &fetch->responses[passage->i];
	bool absent;

	http_response_release(kept);
	*kept = *response;
	*response = (struct http_response){0};
	fetch->answered = fetch->answered || kept->network != HTTP_NETWORK_UNKNOWN;
	if (kept->retry_after > fetch->retry_after && (kept->status == 429 || kept->status == 503))
		fetch->retry_after = kept->retry_after;
	if (error != NULL)
		fetch->error = *error;
	/* A document that its server does not have. Other failures may pass; these statuses say
	 * that there is none. */
	absent = error == NULL && (kept->status == 404 || kept->status == 410);
	if (absent && passage_falls_back(passage)) {
		passage_go_on(passage);
		return;
	}
	if (absent && kind_document_optional(fetch->kind, passage->i)) {
		document_skip(passage);
	} else if (error != NULL || !response_usable(passage, kept, &fetch->error)) {
		passage_fail(passage);
		return;
	} else {
		validator_note(passage, kept);
	}
	if (!passage->changed &&
		!(passage->remembered && text_equal(passage->new[passage->i].body,
						 fetch->validators[passage->i].body))) {
		/* From the start again; bodies that are here already are not fetched twice. */
		passage->changed = true;
		passage->i = 0;
	} else {
		passage->i++;
	}
	passage_go_on(passage);
}

/* Why the guard refuses what is not public, or NULL where this document may be anywhere. */
static const char *guard_of(const struct passage *passage)
{
	const struct fetch *fetch = passage->fetch;
	const struct http_response *first = &fetch->responses[0];
	char *own, *final, *here;
	bool foreign = true;

	if (passage->i == 0)
		return fetch->guarded
			       ? "its host leads into a private network, and was public when the "
				 "page was first seen: refused; where the page has really moved "
				 "there, change its url"
			       : NULL;
	if (first->network == HTTP_NETWORK_PRIVATE && !fetch->guarded) {
		own = http_url_origin(passage->new[0].url);
		final = http_url_origin(first->final_url);
		here = http_url_origin(passage->new[passage->i].url);
		foreign = strcmp(here, own) != 0 && strcmp(here, final) != 0;
		free(own);
		free(final);
		free(here);
	}
	return foreign ? "an address that the page gives leads into a private network: refused"
		       : NULL;
}

/* Fetches the document from new[i].url. */
static void passage_request(struct passage *passage)
{
	struct fetch *fetch = passage->fetch;
	const struct validator *old = &fetch->validators[passage->i],
			       *new = &passage->new[passage->i];
	struct http_request request = {
		.url = new->url,
		.connect_timeout = fetch->connect_timeout,
		.total_timeout = fetch->total_timeout,
		.body_maximum = fetch->body_maximum,
		.redirects = fetch->redirects,
		.guard = guard_of(passage),
		.done = on_response,
		.context = passage,
	};

	if (passage->remembered && !passage->changed) {
		request.etag = old->etag;
		request.last_modified = old->last_modified;
		/* Of several documents the body is needed, too, where another one has changed. */
		request.body_digest =
			passage->count == 1 && old->body[0] != '\0' ? old->body : NULL;
	}
	passage->conditional = request.etag != NULL || request.last_modified != NULL;
	http_client_get(passage->fetches->client, &request);
}

/* Puts the document's address into new[i].url. *here: its body has already come from there. */
static bool address_find(struct passage *passage, bool *here)
{
	struct fetch *fetch = passage->fetch;
	struct fetches *fetches = passage->fetches;
	struct validator *new = &passage->new[passage->i];
	struct document documents[PAGE_DOCUMENTS_MAX] = {0};
	char *address = NULL;
	bool good;

	*here = false;
	if (passage->remembered && !passage->changed) {
		memory_set(&new->url, fetch->validators[passage->i].url);
		return true;
	}
	/* The kind computes it from the bodies of earlier documents, all of which are here. */
	for (size_t i = 0; i < passage->i; i++)
		if (fetch->responses[i].body.length > 0)
			documents[i] = (struct document){
				fetch->responses[i].body.data, fetch->responses[i].body.length};
	if (passage->i == 0 && passage->fallback > 0)
		good = kind_fallback_address(
			fetch->kind, passage->fallback - 1, fetch->url, &address, &fetch->error);
	else if (passage->i == 0)
		good = kind_document_address(
			fetch->kind, 0, fetch->url, documents, &address, &fetch->error);
	else
		good = fetches->address(
			fetches->context, fetch, passage->i, documents, &address, &fetch->error);
	if (!good)
		return false;
	*here = new->url != NULL &&text_equal(new->url, address) &&
		fetch->responses[passage->i].body.length > 0;
	free(new->url);
	new->url = address;
	return true;
}

/* Goes on to the next document that has to be fetched. */
static void passage_go_on(struct passage *passage)
{
	for (; passage->i < passage->count; passage->i++) {
		bool here;

		if (!address_find(passage, &here)) {
			passage_fail(passage);
			return;
		}
		if (!text_empty(passage->new[passage->i].url) && !here) {
			passage_request(passage);
			return;
		}
		if (!here)
			document_skip(passage);
	}
	passage_finish(passage, passage->changed ? FETCH_CHANGED : FETCH_UNCHANGED);
}

struct fetches *fetches_new(struct http_client *client, struct fork_server *attempts,
	struct config *config, fetch_address *address,
	void (*done)(void *context, struct fetch *fetch), void *context)
{
	struct fetches *fetches = memory_zero(1, sizeof *fetches);

	*fetches = (struct fetches){.client = client,
		.attempts = attempts,
		.config = config,
		.address = address,
		.done = done,
		.context = context};
	return fetches;
}

void fetches_free(struct fetches *fetches)
{
	if (fetches == NULL)
		return;
	while (fetches->all != NULL)
		passage_free(fetches->all);
	for (size_t i = 0; i < fetches->probe_count; i++)
		probe_free(fetches->probes[i]);
	free(fetches->probes);
	free(fetches);
}

static void on_probe(void *context, struct probe *probe)
{
	struct fetches *fetches = context;
	struct fetch *fetch = probe_fetch(probe);
	size_t i = 0;

	while (fetches->probes[i] != probe)
		i++;
	fetches->probes[i] = fetches->probes[--fetches->probe_count];
	probe_free(probe);
	fetches->done(fetches->context, fetch);
}

static void begin_probe(struct fetches *fetches, struct fetch *fetch)
{
	struct probe **place =
		memory_append(&fetches->probes, &fetches->probe_count, sizeof *fetches->probes);

	fetch->count = 1;
	fetch->began = clock_date_milliseconds();
	*place = probe_begin(
		fetches->client, fetches->attempts, fetches->config, fetch, on_probe, fetches);
}

size_t fetches_polls(const struct fetches *fetches, struct pollfd polls[static FETCHES_POLLS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < fetches->probe_count; i++)
		count += probe_polls(fetches->probes[i], polls + count, FETCHES_POLLS_MAX - count);
	return count;
}

/* Backwards, for one that ends makes place for the last. */
size_t fetches_take(struct fetches *fetches)
{
	size_t under_way = 0;

	for (size_t i = fetches->probe_count; i-- > 0;)
		under_way += probe_take(fetches->probes[i]);
	return under_way;
}

static void begin_passage(struct fetches *fetches, struct fetch *fetch)
{
	struct passage *passage = memory_zero(1, sizeof *passage);

	passage->fetches = fetches;
	passage->fetch = fetch;
	passage->next = fetches->all;
	if (fetches->all != NULL)
		fetches->all->previous = passage;
	fetches->all = passage;
	passage->count = fetch->count = kind_document_count(fetch->kind);
	passage->remembered = true;
	for (size_t i = 0; i < passage->count; i++)
		passage->remembered = passage->remembered && fetch->validators[i].url != NULL;
	fetch->began = clock_date_milliseconds();
	passage_go_on(passage);
}

void fetches_begin(struct fetches *fetches, struct fetch *fetch)
{
	(fetch->probe != NULL ? begin_probe : begin_passage)(fetches, fetch);
}
