/* SPDX-License-Identifier: ISC */
#include "tell/save_page_now.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/http.h"
#include "settings.h"

enum { CONNECT_TIMEOUT = 10000, TOTAL_TIMEOUT = 30000, SECRET_MIN = 3 };

bool save_job_valid(const char *job)
{
	size_t length = strlen(job);

	return length > 0 && length <= SAVE_JOB_MAX &&
	       strspn(job, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
		       length;
}

static void explain_status(int status, struct attempt *attempt)
{
	bool key = status == 401 || status == 403;

	attempt_set(attempt, OUTCOME_TEMPORARY, status, "HTTP %d%s", status,
		key ? ": is the key in wayback_key_file still valid?" : "");
	/* An address that is not found (a job that was forgotten) is no other one's trouble. */
	attempt->of_session = key || status == 429 || status >= 500;
}

/* What is about the account, or about the service: others would fare no better. */
static const char *const of_all[] = {
	"error:user-session-limit", "error:max-daily-bandwidth", "error:celery"};

static void explain_error(const char *kind, const char *message, struct attempt *attempt)
{
	attempt_set(attempt, OUTCOME_TEMPORARY, 200, "%s%s%s", kind,
		!text_empty(kind) && !text_empty(message) ? ": " : "", message);
	for (size_t i = 0; i < sizeof of_all / sizeof *of_all; i++)
		attempt->of_session = attempt->of_session || text_equal(kind, of_all[i]);
}

static void explain_words(const struct value *said, struct attempt *attempt)
{
	const char *word = value_get_text(said, "status"), *job = value_get_text(said, "job_id");
	const char *time = value_get_text(said, "timestamp");
	const char *kind = value_get_text(said, "status_ext");
	const char *message = value_get_text(said, "message");
	int64_t seconds;

	if (text_equal(word, "success") && date_stamp(time, &seconds)) {
		attempt_set(attempt, OUTCOME_DELIVERED, 200, "%s", time);
	} else if (text_equal(word, "error") || text_starts(kind, "error:")) {
		explain_error(kind, message, attempt);
	} else if ((text_empty(word) || text_equal(word, "pending")) && save_job_valid(job)) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 200, "%s", job);
		attempt->posted = 1;
	} else if (text_empty(word) && !text_empty(message)) {
		explain_error("", message, attempt);
	} else {
		attempt_set(attempt, OUTCOME_TEMPORARY, 200, "an answer that is not understood");
	}
}

void save_answer(const char *body, size_t length, int status, struct attempt *attempt)
{
	struct value *said = status == 200 ? json_parse(body, length, NULL) : NULL;

	if (status != 200)
		explain_status(status, attempt);
	else
		explain_words(said, attempt);
	value_free(said);
}

/* What comes from the network may repeat what it was given. */
static void conceal(const struct save_request *request, struct attempt *attempt)
{
	const char *secret = strchr(request->key, ':');

	attempt_conceal(attempt, request->key, "…");
	if (secret != NULL && strlen(secret + 1) >= SECRET_MIN)
		attempt_conceal(attempt, secret + 1, "…");
}

static void send_request(
	const struct save_request *request, const struct http_post *post, struct attempt *attempt)
{
	struct http_response response = {0};
	struct error error;

	if (http_post(post, &response, &error)) {
		save_answer(buffer_string(&response.body), response.body.length, response.status,
			attempt);
		attempt->retry_after = response.retry_after;
	} else {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s", error.text);
		attempt->of_session = true;
		attempt->local = error.remedy == REMEDY_LOCAL ? error.number : 0;
	}
	if (attempt->outcome != OUTCOME_DELIVERED && attempt->posted == 0)
		conceal(request, attempt);
	http_response_release(&response);
}

void save_page_now(const struct save_request *request, struct attempt *attempt)
{
	bool asks = text_empty(request->job);
	char *key = memory_format("Authorization: LOW %s", request->key);
	char *agent = memory_format("lampwatch/%s%s%s%s", LAMPWATCH_VERSION,
		request->contact != NULL ? " (+" : "",
		request->contact != NULL ? request->contact : "",
		request->contact != NULL ? ")" : "");
	char *address = asks ? memory_format("%s/save", request->base)
			     : memory_format("%s/save/status/%s", request->base, request->job);
	char *url = http_url_escape(request->url);
	char *form = memory_format(
		"url=%s&skip_first_archive=1&if_not_archived_within=%d", url, SAVE_AGAIN_AFTER);
	const char *const headers[] = {"Accept: application/json", key, NULL};
	const struct http_post post = {.url = address,
		.method = asks ? NULL : "GET",
		.headers = headers,
		.body = asks ? form : NULL,
		.length = asks ? strlen(form) : 0,
		.connect_timeout = CONNECT_TIMEOUT,
		.total_timeout = TOTAL_TIMEOUT,
		.user_agent = agent};

	send_request(request, &post, attempt);
	free(form);
	free(url);
	free(address);
	free(agent);
	free(key);
}
