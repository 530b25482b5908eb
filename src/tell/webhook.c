/* SPDX-License-Identifier: ISC
 *
 * Webhooks: requests as the service's description has them (service.h), each after Standard
 * Webhooks: the same webhook-id at each repeat, so that the receiver knows a repeat, the time of
 * the attempt, and HMAC-SHA-256 over both and the body: one signature for each secret, so that
 * a receiver may know the new one or the one before.
 *
 *   answer                      outcome    why
 *   2xx                         delivered
 *   2xx, but a refusal          route      some interfaces put it there: the service says how
 *   2xx, but no such answer     temporary  not this service: perhaps a portal that goes away
 *   410                         receiver   "gone": asks not to be told again
 *   408, 425, 429, 5xx          temporary  and Retry-After is obeyed
 *   3xx                         temporary  not followed, for what is posted would go to somebody
 *                                          else; may be a portal that goes away
 *   other 4xx                   route      a wrong URL or key: stays pending until somebody fixes
 * it none, no request went out   temporary none, but one did           unknown    perhaps it was
 * taken
 *
 * Of several requests (each: event) the first that is not accepted decides, and ends the attempt;
 * the next begins with it.
 *
 * The URL is a secret: texts name its scheme and host, and a receiver's own words only where
 * they are few, with every secret and every part of the configured URL taken out.
 */
#include "tell/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "net/http.h"
#include "tell/launcher.h"
#include "tell/service.h"

enum {
	CONNECT_TIMEOUT = 10000, /* milliseconds */
	TOTAL_TIMEOUT = 30000,
	SERIES_MILLISECONDS =
		60000,    /* no further request begins after that: an attempt has its end */
	WORDS_MAX = 200,  /* bytes: a longer answer is a page, not a reason */
	URL_PART_MIN = 3, /* bytes: shorter parts of a URL are no secrets, but are parts of words */
};

static const struct {
	int first, last; /* status */
	enum outcome outcome;
	const char *text;
} rows[] = {
	{200, 299, OUTCOME_DELIVERED, "accepted"},
	{300, 399, OUTCOME_TEMPORARY, "a redirect, which a webhook must not be"},
	{408, 408, OUTCOME_TEMPORARY, "the receiver timed out"},
	{410, 410, OUTCOME_RECEIVER, "gone: the receiver wants no further messages"},
	{425, 425, OUTCOME_TEMPORARY, "too early"},
	{429, 429, OUTCOME_TEMPORARY, "too many requests"},
	{401, 401, OUTCOME_ROUTE, "not authorized: is the URL still valid?"},
	{403, 403, OUTCOME_ROUTE, "forbidden: is the URL still valid?"},
	{404, 404, OUTCOME_ROUTE, "not found: is the URL still valid?"},
	{400, 499, OUTCOME_ROUTE, "refused"},
	{500, 599, OUTCOME_TEMPORARY, "the receiver is in trouble"},
	{0, 999, OUTCOME_TEMPORARY, "not understood"},
};

/* Adds "webhook-signature: v1,… v1,…"; false where a secret is not what it says: "whsec_" and
 * base64, or the key as it stands. */
static bool sign(const struct webhook_config *webhook, const char *id, int64_t now,
	const struct buffer *body, struct text_list *headers)
{
	struct buffer bytes = {0}, line = {0};
	bool known = true;

	buffer_format(&bytes, "%s.%lld.", id, (long long)now);
	buffer_add(&bytes, body->data, body->length);
	buffer_text(&line, "webhook-signature:");
	for (size_t i = 0; known && i < webhook->secrets.count; i++) {
		const char *secret = webhook->secrets.list[i];
		unsigned char digest[DIGEST_BYTES];
		struct buffer key = {0};

		if (text_starts(secret, "whsec_"))
			known = digest_base64_decode(secret + strlen("whsec_"), &key);
		else
			known = buffer_text(&key, secret);
		if (known) {
			digest_hmac(key.data, key.length, bytes.data, bytes.length, digest);
			buffer_text(&line, " v1,");
			digest_base64(digest, sizeof digest, &line);
		}
		buffer_release(&key);
	}
	if (known && webhook->secrets.count > 0)
		text_list_add(headers, buffer_string(&line));
	buffer_release(&bytes);
	buffer_release(&line);
	return known;
}

/* ---- what may be said ---- */

static void parts_conceal(struct attempt *attempt, const char *text, size_t length)
{
	for (const char *end = text + length; text < end;) {
		size_t size = strcspn(text, "/?#&=:@");
		char *part;

		if (size > (size_t)(end - text))
			size = (size_t)(end - text);
		part = memory_bytes(text, size);
		if (size >= URL_PART_MIN)
			attempt_conceal(attempt, part, "…");
		free(part);
		text += size + 1;
	}
}

/* Takes every secret out of the text, and every part of the URL but scheme and host: a receiver may
 * repeat them. */
static void secrets_conceal(struct attempt *attempt, const struct service *service,
	const struct webhook_config *webhook)
{
	char *basic = service_basic(service, webhook, "");
	const char *url = webhook->url != NULL ? webhook->url : "";
	const char *scheme = strstr(url, "://"), *authority = scheme != NULL ? scheme + 3 : url;
	const char *rest = authority + strcspn(authority, "/?#");
	const char *at = memchr(authority, '@', (size_t)(rest - authority));

	if (at != NULL)
		parts_conceal(attempt, authority, (size_t)(at - authority));
	parts_conceal(attempt, rest, strlen(rest));
	for (size_t i = 0; i < webhook->with_count; i++)
		if (webhook->with[i].file != NULL)
			attempt_conceal(attempt, webhook->with[i].value, "…");
	for (size_t i = 0; i < webhook->secrets.count; i++)
		attempt_conceal(attempt, webhook->secrets.list[i], "…");
	attempt_conceal(attempt, basic, "…");
	free(basic);
}

/* ---- answers ---- */

/*
 * What the answer means: one that is not JSON is a text. None of the services that are described
 * answers with a page for people. The receiver's words are shown where it says anything that a
 * person can read.
 */
static void explain(const struct webhook_config *webhook, const struct service *service,
	const struct http_response *response, struct attempt *attempt)
{
	const char *body = buffer_string(&response->body), *text, *reason;
	struct value *json = json_parse(body, response->body.length, NULL);
	char *line = text_collapse(body, response->body.length, WORDS_MAX);
	struct value *answer = json != NULL ? json : value_text(line);
	bool page = service->description != NULL && body[strspn(body, " \t\r\n")] == '<';
	enum outcome outcome;
	struct attempt words;
	size_t i = 0;

	while (response->status < rows[i].first || response->status > rows[i].last)
		i++;
	outcome = rows[i].outcome;
	text = rows[i].text;
	if (outcome == OUTCOME_DELIVERED && (page || !service_accepts(service, answer))) {
		outcome = json != NULL ? OUTCOME_ROUTE : OUTCOME_TEMPORARY;
		text = json != NULL ? "but refused"
				    : "but not the answer of this service: is there a portal in "
				      "between?";
	}
	reason = service_reason(service, answer);
	if (text_empty(reason))
		reason = response->body.length <= WORDS_MAX ? body : "";
	attempt_set(&words, outcome, 0, "%s", reason);
	secrets_conceal(&words, service, webhook);
	attempt_set(attempt, outcome, response->status, "HTTP %d, %s%s%s", response->status, text,
		words.text[0] != '\0' ? ": " : "", words.text);
	if (outcome == OUTCOME_TEMPORARY)
		attempt->retry_after = response->retry_after > 0
					       ? response->retry_after
					       : service_retry_after(service, answer);
	value_free(answer);
	free(line);
}

/* ---- requests ---- */

/* One message on its way. */
struct sending {
	const struct webhook_config *webhook;
	const struct service *service;
	const struct webhook_message *message;
};

static void exchange(
	const struct sending *sending, const struct http_post *post, struct attempt *attempt)
{
	struct http_response response = {0};
	struct error error;

	if (http_post(post, &response, &error))
		explain(sending->webhook, sending->service, &response, attempt);
	else
		attempt_set(attempt,
			error.remedy == REMEDY_RECEIVER ? OUTCOME_ROUTE
			: response.sent                 ? OUTCOME_UNKNOWN
							: OUTCOME_TEMPORARY,
			0, "%s", error.text);
	if (response.status == 0 && error.remedy == REMEDY_LOCAL)
		attempt->local = error.number;
	if (response.status == 0)
		secrets_conceal(attempt, sending->service, sending->webhook);
	http_response_release(&response);
}

/* Says before the text where it was sent to; the path may be a secret. */
static void put_origin(const char *url, struct attempt *attempt)
{
	struct attempt told = *attempt;
	char *origin = http_url_origin(url);

	attempt_set(attempt, told.outcome, told.code, "%s: %s", origin, told.text);
	attempt->retry_after = told.retry_after;
	attempt->local = told.local;
	free(origin);
}

static void post(const struct sending *sending, const char *id, const char *bytes, size_t length,
	struct attempt *attempt)
{
	const struct webhook_config *webhook = sending->webhook;
	char *id_line = memory_format("webhook-id: %s", id);
	char *time_line =
		memory_format("webhook-timestamp: %lld", (long long)sending->message->now);
	struct text_list headers = {0};
	struct buffer body = {0};
	char *url;
	struct http_post post = {.method = sending->service->put ? "PUT" : NULL,
		.connect_timeout = CONNECT_TIMEOUT,
		.total_timeout = TOTAL_TIMEOUT,
		.user_agent = sending->message->user_agent};

	service_request(sending->service, webhook, id, bytes, length, &url, &body);
	post.url = url;
	service_headers(sending->service, webhook, id, &headers);
	text_list_add(&headers, id_line);
	text_list_add(&headers, time_line);
	if (sign(webhook, id, sending->message->now, &body, &headers)) {
		*(char **)memory_append(&headers.list, &headers.count, sizeof *headers.list) = NULL;
		post.headers = (const char *const *)headers.list;
		post.body = body.data;
		post.length = body.length;
		exchange(sending, &post, attempt);
	} else {
		attempt_set(attempt, OUTCOME_ROUTE, 0, "the secret after whsec_ is not base64");
	}
	put_origin(url, attempt);
	text_list_release(&headers);
	buffer_release(&body);
	free(id_line);
	free(time_line);
	free(url);
}

static void launch(const struct sending *sending, const char *id, const char *bytes, size_t length,
	struct attempt *attempt)
{
	const struct webhook_config *webhook = sending->webhook;
	const struct webhook_message *message = sending->message;
	struct launch launch = {.type = LAUNCH_COMMAND,
		.name = webhook->name,
		.id = id,
		.page = message->page,
		.event = message->event,
		.colour = message->colour,
		.attempt = message->attempt};
	struct launched launched;
	struct buffer body = {0};
	char *url; /* of which a program knows nothing */

	service_request(sending->service, webhook, id, bytes, length, &url, &body);
	launch.bytes = body.data;
	launch.length = body.length;
	launcher_run(message->launcher, &launch, &launched);
	launched_conclude(&launched, LAUNCH_COMMAND, webhook->command.list[0], "accepted", attempt);
	secrets_conceal(attempt, sending->service, webhook);
	buffer_release(&body);
	free(url);
}

static void request(const struct sending *sending, const char *id, const char *bytes, size_t length,
	struct attempt *attempt)
{
	if (sending->webhook->command.count > 0)
		launch(sending, id, bytes, length, attempt);
	else
		post(sending, id, bytes, length, attempt);
}

/* One request for each line: those that were not accepted at an attempt before. */
static void series(const struct sending *sending, struct attempt *attempt)
{
	const struct webhook_message *message = sending->message;
	const char *line = message->body, *end = line + message->length;
	int64_t began = clock_milliseconds();

	for (size_t i = 0; line < end && attempt->outcome == OUTCOME_DELIVERED; i++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline != NULL ? newline : end) - line);
		char *id = memory_format("%s.%zu", message->id, i + 1);

		if (i >= message->posted && clock_milliseconds() - began >= SERIES_MILLISECONDS)
			attempt_set(
				attempt, OUTCOME_TEMPORARY, 0, "%zu sent; the others follow", i);
		else if (i >= message->posted)
			request(sending, id, line, length, attempt);
		free(id);
		attempt->posted = i + (attempt->outcome == OUTCOME_DELIVERED);
		line += length + 1;
	}
}

void webhook_send(const struct webhook_config *webhook, const struct webhook_message *message,
	struct attempt *attempt)
{
	struct problems problems = {0};
	struct service *service = service_load(message->templates, webhook, &problems);
	struct sending sending = {webhook, service, message};
	size_t blank = 0;

	while (blank < message->length && strchr(" \t\r\n", message->body[blank]) != NULL)
		blank++;
	*attempt = (struct attempt){.outcome = OUTCOME_DELIVERED};
	if (service == NULL || !service_check(service, webhook, webhook->name, 0, &problems))
		attempt_set(attempt, OUTCOME_ROUTE, 0, "%s: %s", problems.list[0].file,
			problems.list[0].text);
	else if (blank == message->length)
		attempt_set(attempt, OUTCOME_DELIVERED, 0,
			"its template renders nothing for this event");
	else if (service->each)
		series(&sending, attempt);
	else
		request(&sending, message->id, message->body, message->length, attempt);
	service_free(service);
	problems_release(&problems);
}
