/* SPDX-License-Identifier: ISC
 *
 * Mail by libcurl, for what libesmtp cannot do: TLS from the first byte (RFC 8314), relays that
 * speak TLS 1.3 only, tokens in place of a password (RFC 7628), IPv6 addresses.
 */
#include "net/curl_p.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "config/config.h"
#include "net/address.h"
#include "tell/attempt.h"
#include "tell/smtp.h"
#include "tell/smtp_transcript.h"

/* A session, and the mail in turn. */
struct upload {
	const struct route_config *route;
	const struct mail *mail;
	struct smtp_transcript transcript;
	size_t taken;  /* of the mail's bytes: what libcurl has asked for */
	size_t passed; /* bytes of the message that libcurl has sent, with the dots that it adds */
	bool fresh;    /* the connection was made for this mail */
	size_t login;  /* place in logins of how we authenticate */
	CURLcode result;     /* what libcurl says in the end */
	long number;         /* and the system's errno, where there is one */
	const char *refused; /* why we ended the session ourselves; NULL: we did not */
	char reason[CURL_ERROR_SIZE];
};

/*
 * How we authenticate, the next where a relay does not know the one before. libcurl takes the best
 * that is offered, also what we do not do (GSSAPI, NTLM), and gives up where that is refused: so
 * each is asked for by name.
 */
static const char *const password_logins[] = {
	"AUTH=PLAIN;AUTH=LOGIN", "AUTH=LOGIN", "AUTH=CRAM-MD5", NULL};
static const char *const token_logins[] = {"AUTH=OAUTHBEARER;AUTH=XOAUTH2", "AUTH=XOAUTH2", NULL};

static const char *const *route_logins(const struct route_config *route)
{
	return route->token != NULL ? token_logins : password_logins;
}

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
 * differs between its versions: what counts is what has passed. The end of the mail is not part of
 * that, and a write that failed may have been the one that held it.
 */
static bool all_sent(const struct upload *upload)
{
	return upload->passed >= upload->mail->length && upload->result != CURLE_SEND_ERROR;
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

static bool encrypted(const struct upload *upload)
{
	return upload->route->type == ROUTE_SMTPS ||
	       upload->transcript.replies[PHASE_STARTTLS].code == 220;
}

/* Where a relay offers no AUTH at all, libcurl goes on without. */
static void guard_login(struct upload *upload)
{
	const struct smtp_transcript *transcript = &upload->transcript;

	if (upload->route->user != NULL && transcript->last == PHASE_HELLO &&
		transcript->waiting == 0 && encrypted(upload) && !transcript->offers_auth)
		upload->refused = SMTP_WITHOUT_MECHANISM;
}

static int overhear(CURL *easy, curl_infotype type, char *bytes, size_t length, void *context)
{
	struct upload *upload = context;

	(void)easy;
	if (type == CURLINFO_HEADER_OUT)
		smtp_transcript_wrote(&upload->transcript, bytes, length);
	else if (type == CURLINFO_HEADER_IN) {
		smtp_transcript_read(&upload->transcript, bytes, length);
		guard_login(upload);
	} else if (type == CURLINFO_DATA_OUT)
		upload->passed += length;
	return 0;
}

/* Ends a session whose server passes the limits of smtp_transcript.h, or that must not go on. */
static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct upload *upload = context;

	(void)a, (void)b, (void)c, (void)d;
	return upload->transcript.fault != NULL || upload->refused != NULL;
}

/* What is only offered by a host that nobody vouches for is taken as it is. */
static void set_route(CURL *easy, const struct route_config *route)
{
	static const long use_ssl[] = {
		[TLS_REQUIRED] = CURLUSESSL_ALL,
		[TLS_OFF] = CURLUSESSL_NONE,
		[TLS_OFFERED] = CURLUSESSL_TRY,
	};
	const struct smtp_timeouts *timeouts = smtp_timeouts();

	http_curl_profile(easy, route->ca_file);
	curl_easy_setopt(
		easy, CURLOPT_PROXY, ""); /* no mail goes through all_proxy, by no transport */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_USE_SSL, use_ssl[route->tls]);
	if (route->tls == TLS_OFFERED) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeouts->connect);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeouts->total);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (timeouts->reply + 999) / 1000);
	if (route->user == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_USERNAME, route->user);
	if (route->token != NULL)
		curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, route->token);
	else
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
		CURLE_USE_SSL_FAILED,
		CURLE_URL_MALFORMAT,
		CURLE_UNSUPPORTED_PROTOCOL,
	};

	for (size_t i = 0; i < sizeof of_route / sizeof of_route[0]; i++)
		if (result == of_route[i])
			return OUTCOME_ROUTE;
	return OUTCOME_TEMPORARY;
}

/* What XOAUTH2 says of a token that it refuses is the challenge of another step, in base64. */
static bool describe_token(const struct upload *upload, struct attempt *attempt)
{
	const struct reply *reply = &upload->transcript.replies[PHASE_AUTH];
	struct buffer said = {0};

	if (reply->code != 334 || upload->route->token == NULL)
		return false;
	if (!digest_base64_decode(reply->text + strcspn(reply->text, " ") + 1, &said))
		buffer_clear(&said);
	attempt_set(attempt, OUTCOME_ROUTE, reply->code, "%s: the server refuses the token: %s",
		upload->route->host, buffer_string(&said));
	buffer_release(&said);
	return true;
}

/* Without a reply: what libcurl or we have to say. */
static void describe_failure(const struct upload *upload, struct attempt *attempt)
{
	const struct route_config *route = upload->route;
	const struct smtp_transcript *transcript = &upload->transcript;
	enum phase phase = transcript->received > 0 || !upload->fresh
				   ? smtp_transcript_phase(transcript)
				   : PHASE_CONNECT;
	enum outcome outcome = failure_outcome(upload->result);
	const char *reason = upload->reason;
	CURLcode result = upload->result;

	if (upload->refused != NULL || result == CURLE_LOGIN_DENIED) {
		attempt_set(attempt, OUTCOME_ROUTE, 0, "%s: %s", route->host,
			upload->refused != NULL ? upload->refused : SMTP_WITHOUT_MECHANISM);
		return;
	}
	if (result == CURLE_USE_SSL_FAILED)
		reason = SMTP_WITHOUT_STARTTLS;
	else if (result == CURLE_WEIRD_SERVER_REPLY && transcript->last == PHASE_STARTTLS)
		outcome = OUTCOME_ROUTE, reason = SMTP_INJECTED;
	else if (transcript->fault != NULL)
		reason = transcript->fault;
	else if (reason[0] == '\0')
		reason = curl_easy_strerror(result);
	attempt_set(attempt, all_sent(upload) ? OUTCOME_UNKNOWN : outcome, 0, "%s:%d: %s: %s",
		route->host, route->port, phase_words(phase), reason);
	if (result == CURLE_COULDNT_CONNECT && system_error_local_connection((int)upload->number))
		attempt->local = (int)upload->number;
}

static void conclude(struct upload *upload, struct attempt *attempt)
{
	struct smtp_codes codes = {.sent = all_sent(upload)};
	enum smtp_stage stage;
	enum outcome outcome;

	smtp_transcript_codes(&upload->transcript, &codes);
	outcome = smtp_outcome(&codes, &stage);
	if (stage != STAGE_COUNT) {
		const struct reply *reply = smtp_transcript_reply(&upload->transcript, stage);

		attempt_set(attempt, outcome, reply->code, "%s", reply->text);
	} else if (!describe_token(upload, attempt)) {
		describe_failure(upload, attempt);
	}
	attempt->of_session = upload->fresh && upload->transcript.last < PHASE_MAIL;
	smtp_transcript_conceal(&upload->transcript, upload->route, upload->mail, attempt);
}

/*
 * Where server_name is given, the URL has that name, for TLS, and connect_to the address. The path
 * is what libcurl says in EHLO.
 */
static void set_server(CURL *easy, const struct upload *upload, struct curl_slist **connect_to)
{
	const struct route_config *route = upload->route;
	char *host = address_in_url(route->host);
	char *url = memory_format("%s://%s:%d/%s", route->type == ROUTE_SMTPS ? "smtps" : "smtp",
		route->server_name != NULL ? route->server_name : host, route->port,
		route_helo(route, upload->mail));
	char *there = memory_format("::%s:%d", host, route->port);

	if (route->server_name != NULL)
		*connect_to = curl_slist_append(NULL, there);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, *connect_to);
	free(there);
	free(url);
	free(host);
}

/*
 * libcurl is not told how long the mail is: 7.88 compares that with what it has sent, added dots
 * included, and would leave out the end of a mail where both agree too early.
 */
static void send_one(CURL *easy, struct upload *upload, const struct mail *mail)
{
	struct curl_slist *recipients = curl_slist_append(NULL, mail->recipient);
	struct curl_slist *connect_to = NULL;

	upload->mail = mail;
	upload->result = CURLE_OK;
	upload->number = 0;
	upload->taken = upload->passed = 0;
	upload->fresh = false;
	upload->reason[0] = '\0';
	smtp_transcript_next(&upload->transcript);
	set_server(easy, upload, &connect_to);
	if (upload->route->user != NULL)
		curl_easy_setopt(
			easy, CURLOPT_LOGIN_OPTIONS, route_logins(upload->route)[upload->login]);
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->sender);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
	upload->result = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &upload->number);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, NULL);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, NULL);
	curl_slist_free_all(connect_to);
	curl_slist_free_all(recipients);
}

/*
 * In a new connection by the next mechanism, where the relay did not know the one before, or
 * offers none of them. A password that was refused is not tried again.
 */
static void send_by_logins(CURL *easy, struct upload *upload, const struct mail *mail)
{
	int code;

	do {
		send_one(easy, upload, mail);
		code = upload->transcript.replies[PHASE_AUTH].code;
	} while (upload->result == CURLE_LOGIN_DENIED && (code == 0 || smtp_auth_unknown(code)) &&
		 route_logins(upload->route)[++upload->login] != NULL);
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

static void run_session(const struct route_config *route, const struct mail *mails,
	const size_t *turns, size_t count, const struct mail_report *report)
{
	int64_t last_turn = clock_milliseconds() + smtp_timeouts()->session;
	struct attempt attempt = {0};
	struct upload upload = {.route = route};
	CURL *easy = curl_easy_init();

	set_route(easy, route);
	set_session(easy, &upload);
	for (size_t i = 0; i < count; i++) {
		/* Where nobody decided, the connection is gone, and what it was to carry untouched.
		 */
		if (i > 0 && (attempt.code == 0 || attempt.of_session ||
				     clock_milliseconds() >= last_turn))
			break;
		send_by_logins(easy, &upload, &mails[turns[i]]);
		if (limit_reached(&upload))
			break;
		conclude(&upload, &attempt);
		report->each(report->context, turns[i], &attempt);
	}
	curl_easy_cleanup(easy);
	smtp_transcript_forget(&upload.transcript);
}

/* OpenSSL, below libcurl, may write to a server that has hung up, which would end the process. */
void smtp_curl_session(const struct route_config *route, const struct mail *mails,
	const size_t *turns, size_t count, const struct mail_report *report)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

	sigaction(SIGPIPE, &ignore, &before);
	run_session(route, mails, turns, count, report);
	sigaction(SIGPIPE, &before, NULL);
}

void smtp_curl_send(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report)
{
	size_t *turns = memory_zero(count, sizeof *turns);
	size_t good = mails_check(route, mails, count, report, turns);

	if (good > 0 && !smtp_route_refused(route, turns, good, report))
		smtp_curl_session(route, mails, turns, good, report);
	free(turns);
}
