/* SPDX-License-Identifier: ISC */
#include "cmd/import_wayback.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/system_error.h"
#include "base/text.h"
#include "net/http.h"
#include "run/context.h"
#include "watch/page_reader.h"

enum {
	CONNECT_MILLISECONDS = 30 * 1000,
	TOTAL_MILLISECONDS = 120 * 1000,
	PAUSE_MILLISECONDS = 1000, /* between the beginnings of two requests */
};

static bool shows_progress(const struct wayback *wayback)
{
	return isatty(STDERR_FILENO) && wayback->context->invocation->verbosity >= 0;
}

/* ---- one request ---- */

struct answer {
	bool done;
	struct http_response response;
	struct error error; /* its remedy is 0 where the response is complete */
};

static void take(void *context, struct http_response *response, const struct error *error)
{
	struct answer *answer = context;

	answer->done = true;
	answer->error = error != NULL ? *error : (struct error){0};
	if (response == NULL)
		return;
	answer->response = *response;
	*response = (struct http_response){0};
}

static void ask_once(
	struct wayback *wayback, const char *url, int64_t maximum, struct answer *answer)
{
	int64_t began = clock_milliseconds(), left;

	*answer = (struct answer){0};
	http_client_get(wayback->client, &(struct http_request){.url = url,
						 .connect_timeout = CONNECT_MILLISECONDS,
						 .total_timeout = TOTAL_MILLISECONDS,
						 .body_maximum = maximum,
						 .wants_sha1 = true,
						 .done = take,
						 .context = answer});
	while (!answer->done)
		http_client_wait(wayback->client, NULL, 0, PAUSE_MILLISECONDS);
	left = began + PAUSE_MILLISECONDS - clock_milliseconds();
	if (left > 0 && answer->response.network != HTTP_NETWORK_PRIVATE)
		poll(NULL, 0, (int)left);
}

/* Whether the same request may be answered later: what the service has no time for is not the
 * capture's fault. */
static bool is_temporary(const struct answer *answer)
{
	int status = answer->response.status;

	return answer->error.remedy != 0 ? answer->error.remedy == REMEDY_LATER
					 : status == 429 || status >= 500;
}

static bool explain(const struct answer *answer, struct error *error)
{
	int status = answer->response.status;
	bool cut = answer->error.remedy == REMEDY_LATER && status == 200;

	if (status >= 300 && status < 400)
		return error_set(error, REMEDY_PAGE,
			"the answer leads to another capture, or away (HTTP %d)", status);
	if (answer->error.remedy == 0)
		return error_set(error, is_temporary(answer) ? REMEDY_LATER : REMEDY_PAGE,
			"HTTP %d", status);
	*error = answer->error;
	error->remedy = cut ? REMEDY_PAGE : error->remedy;
	return false;
}

/*
 * A 200; else false with error: REMEDY_LATER where the service does not answer, REMEDY_PAGE where
 * it has not got what was asked for, REMEDY_LOCAL. No redirect is followed: it leads to another
 * capture, or away.
 */
static bool ask(struct wayback *wayback, const char *url, int64_t maximum,
	struct http_response *response, struct error *error)
{
	struct answer answer;
	bool good = false;

	for (int i = 0; i < WAYBACK_TRIES; i++) {
		int64_t pause;

		ask_once(wayback, url, maximum, &answer);
		good = answer.error.remedy == 0 && answer.response.status == 200;
		pause = answer.response.retry_after;
		if (good || !is_temporary(&answer) || pause > WAYBACK_WAIT_MAX ||
			i == WAYBACK_TRIES - 1)
			break;
		http_response_release(&answer.response);
		pause = pause > 0 ? pause : (int64_t)1 << i;
		if (shows_progress(wayback))
			fprintf(stderr, "\r\033[Kthe Wayback Machine is busy: %lld s",
				(long long)pause);
		poll(NULL, 0, (int)pause * 1000);
	}
	if (good)
		*response = answer.response;
	else
		explain(&answer, error);
	if (!good)
		http_response_release(&answer.response);
	return good;
}

/* ---- the list ---- */

/* Prints why nothing can be listed, or fetched any more, and gives the exit status. */
static int give_up(const struct wayback *wayback, struct error *error)
{
	char *origin = http_url_origin(wayback->context->config->wayback_base);
	bool local = error->remedy == REMEDY_LOCAL;

	if (shows_progress(wayback))
		fputs("\r\033[K", stderr);
	fprintf(stderr, "lampwatch: %s: %s%s%s%s\n", wayback->page->name, local ? "" : origin,
		local ? "" : ": ", error->text,
		local ? "" : "; the same command goes on where this one ends");
	free(origin);
	return local ? EXIT_LOCAL : EXIT_PENDING;
}

static char *list_address(const struct wayback *wayback, const char *resume)
{
	struct buffer out = {0};
	char *url = http_url_escape(wayback->url);
	const struct {
		const char *word;
		int64_t time;
		bool given;
	} bounds[] = {{"from", wayback->since, wayback->since != INT64_MIN},
		{"to", wayback->until, wayback->until != INT64_MAX}};

	buffer_format(&out,
		"%s/cdx/search/cdx?url=%s&matchType=exact&output=json&fl=" CDX_FIELDS
		"&collapse=digest&limit=%d&showResumeKey=true",
		wayback->context->config->wayback_base, url, CDX_ROWS_MAX);
	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
		char date[DATE_TEXT_MAX];

		if (!bounds[i].given)
			continue;
		date_write(bounds[i].time, date);
		buffer_format(&out, "&%s=", bounds[i].word);
		for (const char *at = date; *at != '\0'; at++)
			if (*at >= '0' && *at <= '9')
				buffer_byte(&out, *at);
	}
	if (resume != NULL) /* as it came (publish/cdx.h) */
		buffer_format(&out, "&resumeKey=%s", resume);
	free(url);
	return buffer_take(&out);
}

static bool list_page(
	struct wayback *wayback, const char *resume, struct cdx_page *page, struct error *error)
{
	char *url = list_address(wayback, resume), *lines = NULL;
	struct http_response response = {0};
	struct reader_part part = {0};
	size_t length = 0;
	bool good;

	*page = (struct cdx_page){0};
	if (ask(wayback, url, CDX_BYTES_MAX, &response, error)) {
		part.bytes = buffer_string(&response.body);
		part.length = response.body.length;
		lines = readers_ask(wayback->context->readers,
			&(struct reader_job){.work = &cdx_reader,
				.parts = &part,
				.count = 1,
				.milliseconds = READER_MILLISECONDS},
			&length, error);
	}
	good = lines != NULL && cdx_page_take(lines, length, page);
	http_response_release(&response);
	free(lines);
	free(url);
	return good;
}

/* Whether an address of the list is of the host that was asked for; the service takes http and
 * https, with and without "www.", as one. */
static bool is_of_host(const char *original, const char *url)
{
	char *theirs = http_url_host(original), *ours = http_url_host(url);
	bool same = theirs != NULL && ours != NULL &&
		    text_equal(theirs + 4 * text_starts(theirs, "www."),
			    ours + 4 * text_starts(ours, "www."));

	free(theirs);
	free(ours);
	return same;
}

/* Those that are new: the list may repeat what it has said. False where it goes back. */
static bool add_page(struct wayback *wayback, struct cdx_page *page, struct error *error)
{
	wayback->others += page->others;
	for (size_t i = 0; i < page->count; i++) {
		struct cdx_capture *capture = &page->list[i];
		const struct cdx_capture *last =
			wayback->count > 0 ? &wayback->list[wayback->count - 1] : NULL;

		if (last != NULL && capture->time < last->time)
			return error_set(error, REMEDY_PAGE,
				"the list of captures goes back from %s to %s", last->stamp,
				capture->stamp);
		if (!is_of_host(capture->original, wayback->url) ||
			capture->time < wayback->since || capture->time > wayback->until) {
			page->odd++;
			continue;
		}
		if (last != NULL &&
			(text_equal(capture->digest, last->digest) || capture->time == last->time))
			continue;
		if (wayback->count == CAPTURES_MAX)
			return error_set(error, REMEDY_PAGE, "more than %d captures", CAPTURES_MAX);
		*(struct cdx_capture *)memory_append(
			&wayback->list, &wayback->count, sizeof *capture) = *capture;
		capture->original = NULL;
	}
	wayback->left_out += page->odd;
	if (page->odd > 0)
		fprintf(stderr,
			"lampwatch: %s: %zu row%s of the list of captures make%s no sense, and "
			"%s left out\n",
			wayback->page->name, page->odd, page->odd == 1 ? "" : "s",
			page->odd == 1 ? "s" : "", page->odd == 1 ? "is" : "are");
	return true;
}

int wayback_list(struct wayback *wayback)
{
	const struct http_settings settings = {.in_flight = 1,
		.per_host = 1,
		.user_agent = wayback->context->user_agent,
		.fork_server = wayback->context->fork_server};
	char *resume = NULL;
	struct error error;
	bool good = true;

	wayback->client = http_client_new(&settings);
	for (int i = 0; good && (i == 0 || resume != NULL); i++) {
		struct cdx_page page;

		good = list_page(wayback, resume, &page, &error) &&
		       add_page(wayback, &page, &error);
		if (good && page.resume != NULL &&
			(i == WAYBACK_PAGES_MAX - 1 || text_equal(page.resume, resume)))
			good = error_set(&error, REMEDY_PAGE, "the list of captures does not end");
		memory_set(&resume, page.resume);
		cdx_page_release(&page);
		if (shows_progress(wayback))
			fprintf(stderr, "\r\033[K%zu captures listed", wayback->count);
	}
	if (shows_progress(wayback))
		fputs("\r\033[K", stderr);
	free(resume);
	return good ? EXIT_DONE : give_up(wayback, &error);
}

/* ---- what is there ---- */

static char *fact_of(const struct wayback *wayback)
{
	return memory_format("wayback %s", wayback->page->name);
}

int wayback_known(const struct wayback *wayback, int64_t *known, int64_t *after)
{
	struct context *context = wayback->context;
	struct page_states states = {0};
	const struct page_state *state;
	char *name = fact_of(wayback), *fact = NULL;
	int status = context_open_database(context);
	bool read = true;

	if (context->database != NULL) {
		read = store_pages(context->database, &states);
		fact = store_fact(context->database, name);
	}
	state = page_states_find(&states, wayback->page->name);
	*known = state != NULL ? state->last_fetch : 0;
	*after = fact != NULL ? strtoll(fact, NULL, 10) : 0;
	if (*after > *known)
		*after = *known;
	page_states_release(&states);
	database_close(context->database);
	context->database = NULL;
	free(fact);
	free(name);
	return read ? status : EXIT_LOCAL;
}

void wayback_begin(const struct wayback *wayback, struct database *database)
{
	char *name = fact_of(wayback);
	char *until = memory_format("%lld", (long long)wayback->list[wayback->count - 1].time);

	database_begin(database);
	store_set_fact(database, name, until);
	database_commit(database, NULL);
	free(until);
	free(name);
}

/* ---- what was captured ---- */

static char *aside(const struct wayback *wayback, const char *name)
{
	return memory_format("%s/" ARCHIVE_STATE "/wayback/%s%s%s",
		wayback->context->config->archive, wayback->page->name, name != NULL ? "/" : "",
		name != NULL ? name : "");
}

/* The bytes as they were served, without a word of the service's own. */
static char *memento(const struct wayback *wayback, const struct cdx_capture *capture, bool public)
{
	char *original =
		public ? http_url_public(capture->original) : memory_string(capture->original);
	char *address = memory_format("%s/web/%sid_/%s", wayback->context->config->wayback_base,
		capture->stamp, original);

	free(original);
	return address;
}

/* Who makes digests takes them over the body as it was served, or without its coding. */
static bool is_whole(const struct cdx_capture *capture, const struct http_response *response,
	struct error *error)
{
	char decoded[DIGEST_BASE32];

	digest_sha1_base32(buffer_string(&response->body), response->body.length, decoded);
	return text_equal(response->sha1, capture->digest) ||
	       text_equal(decoded, capture->digest) ||
	       error_set(error, REMEDY_PAGE,
		       "what came is not what was captured: its SHA-1 is %s, and the list says %s",
		       response->sha1, capture->digest);
}

/* Documents behind the first are not imported: the service has not captured them at the same
 * moment. */
static bool is_enough(
	const struct wayback *wayback, const struct http_response *response, struct error *error)
{
	const struct kind *kind = kind_set_of(wayback->context->kinds, wayback->page);
	struct document documents[PAGE_DOCUMENTS_MAX] = {
		{buffer_string(&response->body), response->body.length}};
	bool enough = true;

	for (size_t i = 1; enough && i < kind_document_count(kind); i++) {
		char *address = NULL;

		if (!page_address(wayback->context->readers, kind, i, wayback->page->url, documents,
			    &address, error))
			return false;
		enough = text_empty(address) || kind_document_optional(kind, i) ||
			 error_set(error, REMEDY_PAGE,
				 "kind %s also reads document %s, and the Wayback Machine has not "
				 "captured both at one moment",
				 kind_name(kind), kind_document_name(kind, i));
		free(address);
	}
	return enough;
}

/* Appears whole, in its place. */
static bool lay_aside(const char *path, const struct http_response *response, struct error *error)
{
	char *incoming = memory_format("%s.new", path), sums[DIGEST_TEXT];
	struct folder folder;
	bool done;

	folder_begin(&folder, incoming, error);
	folder_put(&folder, "body", buffer_string(&response->body), response->body.length);
	folder_put(&folder, "headers", response->headers,
		response->headers != NULL ? strlen(response->headers) : 0);
	done = folder_end(&folder, sums) &&
	       (rename(incoming, path) == 0 || system_error_set(error, path, "cannot be made"));
	free(incoming);
	return done;
}

static bool fetch_one(struct wayback *wayback, const struct cdx_capture *capture, const char *path,
	struct error *error)
{
	char *url = memento(wayback, capture, false);
	struct http_response response = {0};
	bool done = ask(wayback, url, wayback->page->settings.limits.body, &response, error) &&
		    is_whole(capture, &response, error) && is_enough(wayback, &response, error) &&
		    lay_aside(path, &response, error);

	http_response_release(&response);
	free(url);
	return done;
}

static void leave_out(
	struct wayback *wayback, const struct cdx_capture *capture, const struct error *error)
{
	char date[DATE_TEXT_MAX];

	date_write(capture->time, date);
	fprintf(stderr, "%slampwatch: %s: %s is left out: %s\n",
		shows_progress(wayback) ? "\r\033[K" : "", wayback->page->name, date, error->text);
	wayback->left_out++;
}

/* Of two imports at once, one would take away what the other writes. */
static bool take_lock(struct wayback *wayback, const char *folder, struct error *error)
{
	char *path = file_join(folder, "lock");

	wayback->lock = lock_take(path, false, 0, error);
	if (wayback->lock == LOCK_HELD)
		error_set(error, REMEDY_LOCAL, "%s: held by another import of this page", path);
	free(path);
	return wayback->lock >= 0;
}

int wayback_fetch(struct wayback *wayback, int64_t after, struct captures *captures)
{
	char *folder = aside(wayback, NULL);
	struct error error = {0};
	bool good = file_make_folders(folder, PRIVATE_FOLDER_MODE, &error) &&
		    take_lock(wayback, folder, &error);

	for (size_t i = 0; good && i < wayback->count; i++) {
		const struct cdx_capture *capture = &wayback->list[i];
		char *name = memory_format("%s-%s", capture->stamp, capture->digest);
		char *path = aside(wayback, name);

		if (shows_progress(wayback))
			fprintf(stderr, "\r\033[K%zu of %zu captures fetched", i, wayback->count);
		if (capture->time > after &&
			(!file_absent(path) || fetch_one(wayback, capture, path, &error))) {
			*(struct capture *)memory_append(&captures->list, &captures->count,
				sizeof *captures->list) = (struct capture){.page = wayback->page,
				.path = memory_string(path),
				.source = memento(wayback, capture, true),
				.time = capture->time};
		} else if (capture->time > after) {
			good = error.remedy == REMEDY_PAGE;
			if (good)
				leave_out(wayback, capture, &error);
		}
		free(path);
		free(name);
	}
	if (shows_progress(wayback))
		fputs("\r\033[K", stderr);
	free(folder);
	return good ? EXIT_DONE : give_up(wayback, &error);
}

void wayback_settle(const struct wayback *wayback)
{
	char *folder = aside(wayback, NULL);

	file_remove_tree(folder, NULL);
	free(folder);
}

void wayback_release(struct wayback *wayback)
{
	for (size_t i = 0; i < wayback->count; i++)
		free(wayback->list[i].original);
	free(wayback->list);
	if (wayback->client != NULL)
		http_client_free(wayback->client);
	if (wayback->lock > 0)
		lock_release(wayback->lock);
	*wayback = (struct wayback){0};
}
