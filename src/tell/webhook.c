/* SPDX-License-Identifier: ISC
 *
 * Webhooks, after Standard Webhooks: the same webhook-id at each repeat, so
 * that the receiver knows a repeat, the time of the attempt, and where there is a secret
 * HMAC-SHA-256 over both and the body.
 *
 *   answer                      outcome    why
 *   2xx                         delivered
 *   2xx with {"ok": false}      route      some interfaces put their refusal there
 *   410                         receiver   "gone": asks not to be told again
 *   408, 425, 429, 5xx          temporary  and Retry-After is obeyed
 *   3xx, 1xx                    temporary  not followed, for what is posted would go to somebody
 *                                          else; may be a portal that goes away
 *   other 4xx                   route      a wrong URL or key: stays owed until a person mends it
 *   none, no request went out   temporary
 *   none, but one did           unknown    perhaps it was taken
 *
 * The URL is a secret: texts name its scheme and host, and a receiver's own
 * words only where they are few, with every part of the URL taken out.
 */
#include "tell/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/digest.h"
#include "base/http.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	CONNECT_TIMEOUT = 10000, /* milliseconds */
	TOTAL_TIMEOUT = 30000,
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
	{410, 410, OUTCOME_RECEIVER, "gone: the receiver wants no more"},
	{425, 425, OUTCOME_TEMPORARY, "too early"},
	{429, 429, OUTCOME_TEMPORARY, "too many requests"},
	{401, 401, OUTCOME_ROUTE, "not authorized: is the URL still valid?"},
	{403, 403, OUTCOME_ROUTE, "forbidden: is the URL still valid?"},
	{404, 404, OUTCOME_ROUTE, "not found: is the URL still valid?"},
	{400, 499, OUTCOME_ROUTE, "refused"},
	{500, 599, OUTCOME_TEMPORARY, "the receiver is in trouble"},
	{0, 999, OUTCOME_TEMPORARY, "not understood"},
};

/* The key's bytes: "whsec_" and base64, or the secret as it stands. */
static bool key_read(const char *secret, struct buffer *key)
{
	if (text_starts(secret, "whsec_"))
		return digest_base64_decode(secret + strlen("whsec_"), key);
	return buffer_text(key, secret);
}

/* "webhook-signature: v1,…"; NULL where the secret is not what it says. Owned by the caller. */
static char *signature(
	const char *secret, const char *id, int64_t now, const char *body, size_t length)
{
	struct buffer key = {0}, signed_bytes = {0}, line = {0};
	unsigned char digest[DIGEST_BYTES];
	bool known = key_read(secret, &key);

	if (known) {
		buffer_format(&signed_bytes, "%s.%lld.", id, (long long)now);
		buffer_add(&signed_bytes, body, length);
		digest_hmac(key.data, key.length, signed_bytes.data, signed_bytes.length, digest);
		buffer_text(&line, "webhook-signature: v1,");
		digest_base64(digest, sizeof digest, &line);
	}
	buffer_release(&key);
	buffer_release(&signed_bytes);
	return known ? buffer_take(&line) : NULL;
}

static bool says_not_ok(const struct buffer *body)
{
	struct error error;
	struct value *answer =
		body->length > 0 ? json_parse(body->data, body->length, &error) : NULL;
	const struct value *ok = answer != NULL ? value_get(answer, "ok") : NULL;
	bool refused = ok != NULL && ok->type == VALUE_FALSE;

	value_free(answer);
	return refused;
}

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

/* Takes every part of the URL but scheme and host out of the text: a receiver may repeat it. */
static void url_conceal(struct attempt *attempt, const char *url)
{
	const char *scheme = strstr(url, "://"), *authority = scheme != NULL ? scheme + 3 : url;
	const char *rest = authority + strcspn(authority, "/?#");
	const char *at = memchr(authority, '@', (size_t)(rest - authority));

	if (at != NULL)
		parts_conceal(attempt, authority, (size_t)(at - authority));
	parts_conceal(attempt, rest, strlen(rest));
}

static void explain(const struct webhook_config *webhook, const struct http_response *response,
	struct attempt *attempt)
{
	size_t i = 0;
	bool refused;
	const char *words;

	while (response->status < rows[i].first || response->status > rows[i].last)
		i++;
	refused = rows[i].outcome == OUTCOME_DELIVERED && says_not_ok(&response->body);
	words = response->body.length <= WORDS_MAX ? buffer_string(&response->body) : "";
	attempt_set(attempt, refused ? OUTCOME_ROUTE : rows[i].outcome, response->status,
		"HTTP %d, %s%s%s", response->status, refused ? "but not ok" : rows[i].text,
		*words != '\0' ? ": " : "", words);
	url_conceal(attempt, webhook->url);
	if (attempt->outcome == OUTCOME_TEMPORARY)
		attempt->retry_after = response->retry_after;
}

/* Puts "https://host: " in front. */
static void origin_prefix(const struct webhook_config *webhook, struct attempt *attempt)
{
	struct attempt before = *attempt;
	char *origin = http_url_origin(webhook->url);

	attempt_set(attempt, before.outcome, before.code, "%s: %s", origin, before.text);
	attempt->retry_after = before.retry_after;
	free(origin);
}

void webhook_send(const struct webhook_config *webhook, const char *id, int64_t now,
	const char *body, size_t length, const char *user_agent, struct attempt *attempt)
{
	char *id_line = memory_format("webhook-id: %s", id);
	char *time_line = memory_format("webhook-timestamp: %lld", (long long)now);
	char *signed_line =
		webhook->secret != NULL ? signature(webhook->secret, id, now, body, length) : NULL;
	const char *const headers[] = {
		"Content-Type: application/json", id_line, time_line, signed_line, NULL};
	struct http_post post = {.url = webhook->url,
		.headers = headers,
		.body = body,
		.length = length,
		.connect_timeout = CONNECT_TIMEOUT,
		.total_timeout = TOTAL_TIMEOUT,
		.user_agent = user_agent};
	struct http_response response = {0};
	struct error error;

	if (webhook->secret != NULL && signed_line == NULL)
		attempt_set(attempt, OUTCOME_ROUTE, 0, "the secret after whsec_ is not base64");
	else if (http_post(&post, &response, &error))
		explain(webhook, &response, attempt);
	else if (error.remedy == REMEDY_RECEIVER)
		attempt_set(attempt, OUTCOME_ROUTE, 0, "%s", error.text);
	else
		attempt_set(attempt, response.sent ? OUTCOME_UNKNOWN : OUTCOME_TEMPORARY, 0, "%s",
			error.text);
	origin_prefix(webhook, attempt);
	http_response_release(&response);
	free(id_line);
	free(time_line);
	free(signed_line);
}
