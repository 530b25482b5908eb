/* SPDX-License-Identifier: ISC
 *
 * Mail over TLS from the first byte (RFC 8314), by libcurl, since libesmtp has no such thing.
 */
#include "base/curl_p.h"

#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/memory.h"
#include "tell/attempt.h"
#include "tell/dialogue.h"
#include "tell/smtp.h"

struct upload {
	const struct mail *mail;
	struct dialogue dialogue;
	size_t offset; /* of the mail's bytes that libcurl has taken */
	bool sent;     /* it asked for more after the last */
};

/* libcurl asks again only after it has sent what it took, so the end means that all is out. */
static size_t hand_out(char *to, size_t size, size_t count, void *context)
{
	struct upload *upload = context;
	size_t length = upload->mail->length - upload->offset;

	if (length > size * count)
		length = size * count;
	if (length == 0)
		upload->sent = true;
	memcpy(to, upload->mail->bytes + upload->offset, length);
	upload->offset += length;
	return length;
}

static int overhear(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context)
{
	struct upload *upload = context;

	(void)easy;
	if (type == CURLINFO_HEADER_OUT)
		dialogue_wrote(&upload->dialogue, bytes, length);
	else if (type == CURLINFO_HEADER_IN)
		dialogue_read(&upload->dialogue, bytes, length);
	return 0;
}

/* Ends a session whose server passes the limits of dialogue.h. */
static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct upload *upload = context;

	(void)a, (void)b, (void)c, (void)d;
	return upload->dialogue.fault != NULL;
}

/* The path of the URL is what libcurl says in EHLO. */
static char *make_url(const struct route_config *route, const struct mail *mail)
{
	bool bracketed = strchr(route->host, ':') != NULL;

	return memory_format("smtps://%s%s%s:%d/%s", bracketed ? "[" : "", route->host,
		bracketed ? "]" : "", route->port, route_helo(route, mail));
}

static void set_waits(CURL *easy)
{
	const struct smtp_timeouts *timeouts = smtp_timeouts();

	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeouts->connect);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeouts->total);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (timeouts->reply + 999) / 1000);
}

static void set_route(CURL *easy, const struct route_config *route)
{
	http_curl_profile(easy, route->ca_file);
	curl_easy_setopt(
		easy, CURLOPT_PROXY, ""); /* no mail goes through all_proxy, by no transport */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtps");
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	set_waits(easy);
	if (route->user == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_USERNAME, route->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, route->password);
}

static void set_upload(CURL *easy, struct upload *upload)
{
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload->mail->length);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, hand_out);
	curl_easy_setopt(easy, CURLOPT_READDATA, upload);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, overhear);
	curl_easy_setopt(easy, CURLOPT_DEBUGDATA, upload);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, watch);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, upload);
}

/* Failures that no later try heals, as far as libcurl tells them apart. */
static enum outcome failure_outcome(CURLcode result)
{
	static const CURLcode of_route[] = {
		CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_ISSUER_ERROR,
		CURLE_LOGIN_DENIED,
		CURLE_URL_MALFORMAT,
		CURLE_UNSUPPORTED_PROTOCOL,
	};

	for (size_t i = 0; i < sizeof of_route / sizeof of_route[0]; i++)
		if (result == of_route[i])
			return OUTCOME_ROUTE;
	return OUTCOME_TEMPORARY;
}

static void conclude(struct upload *upload, CURLcode result, const char *reason,
	const struct route_config *route, struct attempt *attempt)
{
	struct smtp_codes codes = {.sent = upload->sent};
	enum phase phase = dialogue_phase(&upload->dialogue);
	enum smtp_stage stage;
	enum outcome outcome;

	dialogue_codes(&upload->dialogue, &codes);
	outcome = smtp_outcome(&codes, &stage);
	if (stage != STAGE_COUNT) {
		const struct reply *reply = dialogue_reply(&upload->dialogue, stage);

		attempt_set(attempt, outcome, reply->code, "%s", reply->text);
	} else {
		if (upload->dialogue.fault != NULL)
			reason = upload->dialogue.fault;
		else if (reason[0] == '\0')
			reason = curl_easy_strerror(result);
		attempt_set(attempt, upload->sent ? outcome : failure_outcome(result), 0,
			"%s:%d: %s: %s", route->host, route->port,
			phase_words(upload->dialogue.received > 0 ? phase : PHASE_CONNECT), reason);
	}
	dialogue_conceal(&upload->dialogue, route, upload->mail, attempt);
}

void smtps_send(const struct route_config *route, const struct mail *mail, struct attempt *attempt)
{
	char reason[CURL_ERROR_SIZE] = "";
	struct upload upload = {.mail = mail};
	struct curl_slist *recipients;
	char *url;
	CURL *easy;

	if (!mail_check(route, mail, attempt))
		return;
	dialogue_begin(&upload.dialogue);
	url = make_url(route, mail);
	recipients = curl_slist_append(NULL, mail->recipient);
	easy = curl_easy_init();
	set_route(easy, route);
	set_upload(easy, &upload);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->sender);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
	conclude(&upload, curl_easy_perform(easy), reason, route, attempt);
	curl_easy_cleanup(easy);
	curl_slist_free_all(recipients);
	free(url);
}
