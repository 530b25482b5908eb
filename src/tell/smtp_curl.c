/* SPDX-License-Identifier: ISC
 *
 * Mail over TLS from the first byte (RFC 8314), by libcurl, since libesmtp has no such thing.
 */
#include "net/curl_p.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/attempt.h"
#include "tell/smtp.h"
#include "tell/smtp_transcript.h"

/* A session, and the mail in turn. */
struct upload {
	const struct mail *mail;
	struct smtp_transcript transcript;
	size_t taken;  /* of the mail's bytes: what libcurl has asked for */
	size_t passed; /* bytes of the message that libcurl has sent, with the dots that it adds */
	bool fresh;    /* the connection was made for this mail */
	char reason[CURL_ERROR_SIZE];
};

static size_t hand_out(char *to, size_t size, size_t count, void *context)
{
	struct upload *upload = context;
	size_t length = upload->mail->length - upload->taken;

	if (length > size * count)
		length = size * count;
	memcpy(to, upload->mail->bytes + upload->taken, length);
	upload->taken += length;
	return length;
}

/*
 * What libcurl has taken may still wait in its buffers, and whether it asks again after the end
 * differs between its versions: what counts is what has passed.
 */
static bool all_sent(const struct upload *upload)
{
	return upload->passed >= upload->mail->length;
}

/* libcurl goes on in the connection of the mail before, or makes another. */
static int connecting(void *context, curl_socket_t socket, curlsocktype purpose)
{
	struct upload *upload = context;

	(void)socket, (void)purpose;
	upload->fresh = true;
	smtp_transcript_begin(&upload->transcript);
	return CURL_SOCKOPT_OK;
}

static int overhear(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context)
{
	struct upload *upload = context;

	(void)easy;
	if (type == CURLINFO_HEADER_OUT)
		smtp_transcript_wrote(&upload->transcript, bytes, length);
	else if (type == CURLINFO_HEADER_IN)
		smtp_transcript_read(&upload->transcript, bytes, length);
	else if (type == CURLINFO_DATA_OUT)
		upload->passed += length;
	return 0;
}

/* Ends a session whose server passes the limits of smtp_transcript.h. */
static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct upload *upload = context;

	(void)a, (void)b, (void)c, (void)d;
	return upload->transcript.fault != NULL;
}

static void set_route(CURL *easy, const struct route_config *route)
{
	const struct smtp_timeouts *timeouts = smtp_timeouts();

	http_curl_profile(easy, route->ca_file);
	curl_easy_setopt(
		easy, CURLOPT_PROXY, ""); /* no mail goes through all_proxy, by no transport */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtps");
	curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeouts->connect);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeouts->total);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (timeouts->reply + 999) / 1000);
	if (route->user == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_USERNAME, route->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, route->password);
}

static void set_session(CURL *easy, struct upload *upload)
{
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, upload->reason);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, hand_out);
	curl_easy_setopt(easy, CURLOPT_READDATA, upload);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, connecting);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, upload);
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

/* Without a reply: what libcurl or we have to say. */
static void describe_failure(const struct upload *upload, CURLcode result,
	const struct route_config *route, struct attempt *attempt)
{
	const struct smtp_transcript *transcript = &upload->transcript;
	enum phase phase = transcript->received > 0 || !upload->fresh
				   ? smtp_transcript_phase(transcript)
				   : PHASE_CONNECT;
	const char *reason = upload->reason;

	if (transcript->fault != NULL)
		reason = transcript->fault;
	else if (reason[0] == '\0')
		reason = curl_easy_strerror(result);
	attempt_set(attempt, all_sent(upload) ? OUTCOME_UNKNOWN : failure_outcome(result), 0,
		"%s:%d: %s: %s", route->host, route->port, phase_words(phase), reason);
}

static void conclude(struct upload *upload, CURLcode result, const struct route_config *route,
	struct attempt *attempt)
{
	struct smtp_codes codes = {.sent = all_sent(upload)};
	enum smtp_stage stage;
	enum outcome outcome;

	smtp_transcript_codes(&upload->transcript, &codes);
	outcome = smtp_outcome(&codes, &stage);
	if (stage != STAGE_COUNT) {
		const struct reply *reply = smtp_transcript_reply(&upload->transcript, stage);

		attempt_set(attempt, outcome, reply->code, "%s", reply->text);
	} else {
		describe_failure(upload, result, route, attempt);
	}
	attempt->of_session = upload->fresh && upload->transcript.last < PHASE_MAIL;
	smtp_transcript_conceal(&upload->transcript, route, upload->mail, attempt);
}

/*
 * libcurl is not told how long the mail is: 7.88 compares that with what it has sent, added dots
 * included, and would leave out the end of a mail where both agree too early. The path of the URL
 * is what it says in EHLO.
 */
static CURLcode send_one(CURL *easy, const struct route_config *route, struct upload *upload,
	const struct mail *mail)
{
	struct curl_slist *recipients = curl_slist_append(NULL, mail->recipient);
	bool bracketed = strchr(route->host, ':') != NULL;
	char *url = memory_format("smtps://%s%s%s:%d/%s", bracketed ? "[" : "", route->host,
		bracketed ? "]" : "", route->port, route_helo(route, mail));
	CURLcode result;

	upload->mail = mail;
	upload->taken = upload->passed = 0;
	upload->fresh = false;
	upload->reason[0] = '\0';
	smtp_transcript_next(&upload->transcript);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->sender);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
	result = curl_easy_perform(easy);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(recipients);
	free(url);
	return result;
}

/*
 * As smtp.c has it: in a session that others have used before, a relay that hangs up or refuses
 * the sender for now has had enough, and the mail is to come in another session.
 */
static bool limit_reached(const struct upload *upload)
{
	const struct reply *replies = upload->transcript.replies;
	int code = replies[PHASE_MAIL].code;

	return !upload->fresh && !all_sent(upload) &&
	       (code == 0 || (code >= 400 && code < 500) || replies[PHASE_RECIPIENT].code == 421);
}

void smtps_send(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report)
{
	int64_t last_turn = clock_milliseconds() + smtp_timeouts()->session;
	size_t *turns = memory_zero(count, sizeof *turns);
	size_t left = mails_check(route, mails, count, report, turns);
	struct attempt attempt = {0};
	struct upload upload = {0};
	CURL *easy = curl_easy_init();

	set_route(easy, route);
	set_session(easy, &upload);
	for (size_t i = 0; i < left; i++) {
		CURLcode result;

		/* Where nobody decided, the connection is gone, and what it was to carry untouched.
		 */
		if (i > 0 && (attempt.code == 0 || attempt.of_session ||
				     clock_milliseconds() >= last_turn))
			break;
		result = send_one(easy, route, &upload, &mails[turns[i]]);
		if (limit_reached(&upload))
			break;
		conclude(&upload, result, route, &attempt);
		report->each(report->context, turns[i], &attempt);
	}
	curl_easy_cleanup(easy);
	smtp_transcript_forget(&upload.transcript);
	free(turns);
}
