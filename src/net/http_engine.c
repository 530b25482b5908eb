/* SPDX-License-Identifier: ISC
 *
 * Redirects are followed here and not by libcurl, so that each hop waits in the
 * queue of its own host, is recorded, and is checked before and while it
 * connects. An engine is one multi handle, which shares connections, names and the
 * parsed certificate bundle.
 */

#include <search.h>
#include <signal.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/check_p.h"
#include "net/http_p.h"
#include "net/resolver.h"

enum {
	POST_BODY_MAX = 64 * 1024,
	STARTS_A_MILLISECOND = 16,
};

/* One scheme, name and port, with its waiting transfers. */
struct http_host {
	char *origin;
	struct transfer *first, *last;
	int64_t active;
	bool ready; /* is in the engine's list */
	struct http_host *next_ready;
};

struct http_engine {
	CURLM *multi;
	struct http_settings settings;
	char *user_agent, *ca_file;
	void *hosts; /* tsearch() tree of struct http_host */
	struct http_host *ready, *last_ready;
	struct transfer *all;
	struct transfer *paused, *last_paused; /* by due */
	struct transfer *lookups;              /* checks of names, in no order */
	size_t lookup_count;
	size_t count; /* of all */
	void (*began)(void *context);
	int64_t active;
	bool held;
	int64_t moment; /* of clock_milliseconds(), in which so many transfers have begun: */
	size_t starts;
};

void *http_required(void *handle)
{
	if (handle == NULL)
		error_fatal("out of memory");
	return handle;
}

void http_start(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		error_fatal("out of memory");
}

static int host_compare(const void *a, const void *b)
{
	return strcmp(((const struct http_host *)a)->origin, ((const struct http_host *)b)->origin);
}

static struct http_host *engine_host(struct http_engine *engine, const struct transfer *transfer)
{
	/* An invalid URL also waits in a queue, and libcurl reports what is wrong with it. */
	char *key = transfer->check != NULL ? check_work_key(transfer->check) : NULL;
	char *origin = key != NULL ? key : http_url_key(transfer->url, CURLU_DEFAULT_PORT);
	struct http_host wanted = {.origin = origin != NULL ? origin : memory_string("")};
	struct http_host **found = http_required(tsearch(&wanted, &engine->hosts, host_compare));

	if (*found == &wanted) {
		*found = memory_zero(1, sizeof **found);
		(*found)->origin = wanted.origin;
	} else {
		free(wanted.origin);
	}
	return *found;
}

static void host_free(void *node)
{
	struct http_host *host = node;

	free(host->origin);
	free(host);
}

/* Puts the host at the end of the list, so that the hosts take turns. */
static void host_line_up(struct http_engine *engine, struct http_host *host)
{
	if (host->ready || host->first == NULL || host->active >= engine->settings.per_host)
		return;
	host->ready = true;
	host->next_ready = NULL;
	if (engine->ready == NULL)
		engine->ready = host;
	else
		engine->last_ready->next_ready = host;
	engine->last_ready = host;
}

static void transfer_queue(struct transfer *transfer)
{
	struct http_host *host = transfer->host = engine_host(transfer->engine, transfer);

	transfer->waiting = NULL;
	if (host->first == NULL)
		host->first = transfer;
	else
		host->last->waiting = transfer;
	host->last = transfer;
	host_line_up(transfer->engine, host);
}

static void transfer_begin(struct transfer *transfer, const char *url)
{
	transfer->response.body.maximum = (size_t)transfer->request.body_maximum;
	transfer->hops = 0;
	transfer->guarded = transfer->request.guard != NULL;
	transfer->network = HTTP_NETWORK_UNKNOWN;
	curl_slist_free_all(transfer->cookies);
	transfer->cookies = NULL;
	buffer_clear(&transfer->passed);
	memory_set(&transfer->url, url);
}

static void engine_add(
	struct http_engine *engine, const struct http_request *request, struct check_work *check)
{
	struct transfer *transfer = memory_zero(1, sizeof *transfer);

	transfer->engine = engine;
	transfer->request = *request;
	transfer->check = check;
	transfer->received.maximum = HTTP_HEADERS_MAX;
	transfer->sent.maximum = HTTP_REQUEST_HEADERS_MAX;
	transfer->passed.maximum = HTTP_PASSED_MAX;
	transfer->next = engine->all;
	if (engine->all != NULL)
		engine->all->previous = transfer;
	engine->all = transfer;
	engine->count++;
	transfer_begin(transfer, request->url);
	transfer_queue(transfer);
	transfer->first_origin = memory_string(transfer->host->origin);
}

void http_engine_get(struct http_engine *engine, const struct http_request *request)
{
	engine_add(engine, request, NULL);
}

void http_engine_check(
	struct http_engine *engine, const struct check_request *request, const char *password)
{
	struct check_work *work = check_work_new(request, password);

	engine_add(engine,
		&(struct http_request){.url = work->url,
			.connect_timeout = request->connect_timeout,
			.total_timeout = request->check->total,
			.body_maximum = request->body_maximum,
			.redirects = request->check->redirects,
			.guard = request->guard,
			.context = request->context},
		work);
}

static void transfer_finish(struct transfer *transfer, const struct error *error)
{
	struct http_engine *engine = transfer->engine;

	if (transfer->previous != NULL)
		transfer->previous->next = transfer->next;
	else
		engine->all = transfer->next;
	if (transfer->next != NULL)
		transfer->next->previous = transfer->previous;
	engine->count--;
	transfer->response.redirects = buffer_take(&transfer->passed);
	transfer->response.network = transfer->network;
	if (transfer->check != NULL)
		check_work_done(transfer->check, error);
	else
		transfer->request.done(transfer->request.context, &transfer->response, error);
	transfer_release(transfer);
	free(transfer);
}

/* The target of a redirect, without user and password; NULL if the response is none. Owned by the
 * caller. */
static char *redirect_target(const struct transfer *transfer)
{
	int status = transfer->response.status;
	char *location = NULL, *target;
	CURLU *url;

	curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
	if ((status != 301 && status != 302 && status != 303 && status != 307 && status != 308) ||
		location == NULL)
		return NULL;
	url = http_url_parse(location);
	if (url == NULL)
		return memory_string(location);
	curl_url_set(url, CURLUPART_USER, NULL, 0);
	curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
	target = http_url_part(url, CURLUPART_URL, 0);
	curl_url_cleanup(url);
	return target;
}

/* Continues with target; false with the reason if that is not allowed. */
static bool transfer_follow(struct transfer *transfer, const char *target, struct error *error)
{
	char *passed;

	transfer->guarded = transfer->guarded || guard_was_public(transfer);
	transfer_keep_cookies(transfer);
	if (transfer->hops >= transfer->request.redirects)
		return error_set(error, REMEDY_PAGE, "more than %lld redirects",
			(long long)transfer->request.redirects);
	passed = http_url_public(transfer->url);
	buffer_format(&transfer->passed, "%s\n", passed);
	free(passed);
	transfer->hops++;
	memory_set(&transfer->url, target);
	transfer_clear(transfer);
	transfer_queue(transfer);
	return true;
}

/* Its place is another's. */
static void hop_leave(struct transfer *transfer)
{
	struct http_engine *engine = transfer->engine;

	transfer->spent = transfer->before + clock_milliseconds() - transfer->started;
	transfer->host->active--;
	engine->active--;
	host_line_up(engine, transfer->host);
	transfer->response.ended = clock_date_milliseconds();
}

static void transfer_pause(struct transfer *transfer)
{
	struct http_engine *engine = transfer->engine;

	transfer->retried = true;
	transfer_clear(transfer);
	transfer_begin(transfer, transfer->request.url);
	transfer->due = clock_milliseconds() + HTTP_RETRY_PAUSE;
	transfer->waiting = NULL;
	if (engine->paused == NULL)
		engine->paused = transfer;
	else
		engine->last_paused->waiting = transfer;
	engine->last_paused = transfer;
}

/* The last hop of a page's. */
static void get_ended(struct transfer *transfer, CURLcode code)
{
	struct error error = {0};
	bool good = false;

	if (!transfer->retried && transfer_is_transient(transfer, code)) {
		transfer_pause(transfer);
		return;
	}
	if (code == CURLE_OK)
		good = transfer->response.status != 200 || transfer_decode(transfer, &error);
	else
		transfer_explain(transfer, code, &error);
	transfer_finish(transfer, good ? NULL : &error);
}

static void check_ended(struct transfer *transfer, CURLcode code)
{
	struct error error = {0};
	bool made = check_collect(transfer, code, &error);

	transfer_finish(transfer, made ? NULL : &error);
}

static void hop_ended(struct transfer *transfer, CURLcode code)
{
	struct error error = {0};
	char *target;

	hop_leave(transfer);
	code = transfer_collect(transfer, code);
	if (transfer->hops == 0 && (transfer->response.status != 0 || check_reached(transfer)))
		transfer->network =
			guard_was_public(transfer) ? HTTP_NETWORK_PUBLIC : HTTP_NETWORK_PRIVATE;
	target = code == CURLE_OK ? redirect_target(transfer) : NULL;
	if (target != NULL && check_goes_on(transfer)) {
		if (!transfer_follow(transfer, target, &error))
			transfer_finish(transfer, &error);
	} else if (transfer->check != NULL) {
		check_ended(transfer, code);
	} else {
		get_ended(transfer, code);
	}
	free(target);
}

struct http_engine *http_engine_new(
	const struct http_settings *settings, void (*began)(void *context))
{
	struct http_engine *engine = memory_zero(1, sizeof *engine);

	engine->settings = *settings;
	engine->began = began;
	engine->user_agent = memory_string(settings->user_agent);
	engine->ca_file = memory_string(settings->ca_file);
	engine->multi = http_required(curl_multi_init());
	/* Idle connections to a thousand hosts would only waste memory. */
	curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, (long)settings->in_flight);
	return engine;
}

void http_engine_free(struct http_engine *engine)
{
	if (engine == NULL)
		return;
	while (engine->all != NULL) {
		struct transfer *transfer = engine->all;

		engine->all = transfer->next;
		if (transfer->easy != NULL)
			curl_multi_remove_handle(engine->multi, transfer->easy);
		transfer_release(transfer);
		free(transfer);
	}
	curl_multi_cleanup(engine->multi);
	tdestroy(engine->hosts, host_free);
	free(engine->user_agent);
	free(engine->ca_file);
	free(engine);
}

/* ---- checks of names, which are c-ares' ---- */

static void lookup_ended(struct transfer *transfer)
{
	struct error error = {0};
	bool made;

	hop_leave(transfer);
	made = check_dns_collect(transfer, &error);
	transfer_finish(transfer, made ? NULL : &error);
}

static void lookup_start(struct transfer *transfer)
{
	struct http_engine *engine = transfer->engine;
	struct error error = {0};

	if (check_dns_begin(transfer->check, &error)) {
		transfer->waiting = engine->lookups;
		engine->lookups = transfer;
		engine->lookup_count++;
	} else {
		hop_leave(transfer);
		transfer_finish(transfer, &error);
	}
}

/* Returns the number of those that ended. */
static size_t lookups_turn(struct http_engine *engine)
{
	struct transfer **at = &engine->lookups;
	size_t ended = 0;

	while (*at != NULL) {
		struct transfer *transfer = *at;

		if (check_dns_turn(transfer->check)) {
			at = &transfer->waiting;
			continue;
		}
		*at = transfer->waiting;
		engine->lookup_count--;
		ended++;
		lookup_ended(transfer);
	}
	return ended;
}

/* Begins the next hop of the host whose turn it is. */
static void hop_start(struct http_engine *engine)
{
	struct http_host *host = engine->ready;
	struct transfer *transfer = host->first;

	engine->ready = host->next_ready;
	host->ready = false;
	host->first = transfer->waiting;
	host->active++;
	engine->active++;
	host_line_up(engine, host);
	transfer->started = clock_milliseconds();
	transfer->before = transfer->spent;
	if (transfer->response.began == 0) {
		transfer->response.began = clock_date_milliseconds();
		engine->began(transfer->request.context);
	}
	if (check_is_lookup(transfer)) {
		lookup_start(transfer);
		return;
	}
	transfer->own_host = text_equal(transfer->first_origin, host->origin);
	transfer_prepare(transfer, engine->user_agent, check_ca_file(transfer, engine->ca_file));
	transfer->refused = transfer->guarded && http_url_names_private(transfer->url);
	if (transfer->refused)
		hop_ended(transfer, CURLE_COULDNT_CONNECT);
	else if (curl_multi_add_handle(engine->multi, transfer->easy) != CURLM_OK)
		hop_ended(transfer, CURLE_FAILED_INIT);
}

static bool has_next(const struct http_engine *engine)
{
	return !engine->held && engine->ready != NULL &&
	       engine->active < engine->settings.in_flight;
}

/* Transfers that begin as one also end as one, and then the last of them waits for all others to be
 * read: they begin by and by, so that whoever cannot keep up has the time to hold the next. */
static bool may_start(struct http_engine *engine)
{
	int64_t now = clock_milliseconds();

	if (now != engine->moment)
		engine->starts = 0;
	engine->moment = now;
	return engine->starts++ < STARTS_A_MILLISECOND;
}

/* Returns the number of transfers that ended. */
static size_t engine_turn(struct http_engine *engine)
{
	int64_t now = engine->paused != NULL ? clock_milliseconds() : 0;
	size_t ended;
	int count = 0;

	while (engine->paused != NULL && engine->paused->due <= now) {
		struct transfer *transfer = engine->paused;

		engine->paused = transfer->waiting;
		transfer_queue(transfer);
	}
	while (has_next(engine) && may_start(engine))
		hop_start(engine);
	ended = lookups_turn(engine);
	curl_multi_perform(engine->multi, &count);
	for (CURLMsg *message; (message = curl_multi_info_read(engine->multi, &count)) != NULL;
		ended++) {
		struct transfer *transfer = NULL;
		CURLcode code = message->data.result;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		if (code == CURLE_OK)
			check_say_goodbye(transfer);
		curl_multi_remove_handle(engine->multi, transfer->easy);
		hop_ended(transfer, code);
	}
	return ended;
}

static short wait_events(short events)
{
	return events & POLLOUT ? CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN;
}

/* What is to be waited for beside the transfers: others, and what look-ups wait for. Lowers
 * *timeout to what those and the pauses leave. Owned by the caller. */
static struct curl_waitfd *engine_waits(
	struct http_engine *engine, const struct pollfd *others, size_t *count, int64_t *timeout)
{
	struct pollfd *polls =
		memory_zero(*count + engine->lookup_count * RESOLVER_SOCKETS_MAX, sizeof *polls);
	struct curl_waitfd *waits;

	if (*count > 0)
		memcpy(polls, others, *count * sizeof *polls);
	for (const struct transfer *one = engine->lookups; one != NULL; one = one->waiting)
		*count += resolver_polls(one->check->resolver, polls + *count, timeout);
	if (engine->paused != NULL) {
		int64_t pause = engine->paused->due - clock_milliseconds();

		*timeout = pause < 0 ? 0 : pause < *timeout ? pause : *timeout;
	}
	waits = memory_zero(*count, sizeof *waits);
	for (size_t i = 0; i < *count; i++)
		waits[i] = (struct curl_waitfd){
			.fd = polls[i].fd, .events = wait_events(polls[i].events)};
	free(polls);
	return waits;
}

size_t http_engine_wait(
	struct http_engine *engine, const struct pollfd *others, size_t count, int milliseconds)
{
	struct curl_waitfd *waits;
	int64_t timeout = milliseconds;
	size_t ended = engine_turn(engine);

	if (ended > 0 || (engine->count == 0 && count == 0))
		return engine->count;
	if (has_next(engine) && timeout > 1)
		timeout = 1;
	waits = engine_waits(engine, others, &count, &timeout);
	curl_multi_poll(engine->multi, waits, (unsigned)count, (int)timeout, NULL);
	free(waits);
	return engine->count;
}

void http_engine_hold(struct http_engine *engine, bool held)
{
	engine->held = held;
}

bool http_post(const struct http_post *post, struct http_response *response, struct error *error)
{
	struct transfer transfer = {
		.request = {.url = post->url,
			.connect_timeout = post->connect_timeout,
			.total_timeout = post->total_timeout},
		.response = {.body = {.maximum = POST_BODY_MAX},
			.began = clock_date_milliseconds()},
		.received = {.maximum = HTTP_HEADERS_MAX},
		.sent = {.maximum = HTTP_REQUEST_HEADERS_MAX},
		.url = memory_string(post->url),
	};
	CURLcode code;

	for (const char *const *header = post->headers; header != NULL && *header != NULL; header++)
		transfer.headers = curl_slist_append(transfer.headers, *header);
	/* Do not wait for "100 Continue", which not every receiver supports. */
	transfer.headers = curl_slist_append(transfer.headers, "Expect:");
	transfer.easy = transfer_handle(&transfer, post->user_agent, post->ca_file);
	if (!text_equal(post->method, "GET")) {
		curl_easy_setopt(transfer.easy, CURLOPT_CUSTOMREQUEST, post->method);
		curl_easy_setopt(
			transfer.easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->length);
		curl_easy_setopt(
			transfer.easy, CURLOPT_POSTFIELDS, post->length > 0 ? post->body : "");
	}
	code = transfer_collect(&transfer, curl_easy_perform(transfer.easy));
	transfer.response.ended = clock_date_milliseconds();
	/* Only the status matters: a longer body is cut, not refused. */
	if (transfer.response.body.overflowed)
		code = CURLE_OK;
	if (code != CURLE_OK) {
		transfer_explain(&transfer, code, error);
		if (error != NULL && error->remedy == REMEDY_PAGE)
			error->remedy = REMEDY_RECEIVER;
	}
	*response = transfer.response;
	response->redirects = memory_string("");
	transfer.response = (struct http_response){0};
	transfer_release(&transfer);
	return code == CURLE_OK;
}
