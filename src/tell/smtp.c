/* SPDX-License-Identifier: ISC
 *
 * Mail by libesmtp (RFC 5321). Version 1.1.0 needs a guard around it: its return value does not
 * tell whether a mail was delivered, it goes on unauthenticated where a password was refused, it
 * takes what an attacker puts behind the reply to STARTTLS for the server's own words, it cannot
 * give up a connection attempt, it does not notice that a write failed, and it waits for ever in
 * TLS 1.3. So we listen to the session, and shut the socket down where it goes where it must not.
 */
#include "tell/smtp.h"

#include "tell/smtp_p.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/smtp_connection.h"
#include "tell/write_watch.h"

static const struct smtp_timeouts built_in = {
	.connect = 15000,
	.greeting = 15000,
	.envelope = 20000,
	.data = 20000,
	.transfer = 30000,
	.reply = 60000,
	.quit = 2000,
	.total = 110000, /* below the 120 s after which the courier ends the session */
	.session = 60000,
};

static const struct smtp_timeouts *timeouts = &built_in;

void smtp_set_timeouts(const struct smtp_timeouts *chosen)
{
	timeouts = chosen != NULL ? chosen : &built_in;
}

const struct smtp_timeouts *smtp_timeouts(void)
{
	return timeouts;
}

bool smtp_auth_unknown(int code)
{
	return code >= 500 && code <= 504;
}

static const char *route_fault(const struct route_config *route)
{
	if (route->user != NULL && route->tls == TLS_OFF)
		return "a password is not sent without TLS";
	if (route->user != NULL && route->password == NULL && route->token == NULL)
		return "there is a user but no password";
	return NULL;
}

static void report_fault(const struct route_config *route, const char *fault, const size_t *turns,
	size_t count, const struct mail_report *report)
{
	struct attempt attempt;

	attempt_set(&attempt, OUTCOME_ROUTE, 0, "%s: %s", route->host, fault);
	attempt.of_session = true;
	for (size_t i = 0; i < count; i++)
		report->each(report->context, turns[i], &attempt);
}

bool smtp_route_refused(const struct route_config *route, const size_t *turns, size_t count,
	const struct mail_report *report)
{
	const char *fault = route_fault(route);

	if (fault != NULL)
		report_fault(route, fault, turns, count, report);
	return fault != NULL;
}

/* ---- what libesmtp tells ---- */

static void on_connect(struct smtp_client *client, va_list arguments)
{
	(void)arguments;
	smtp_connection_begin();
	client->encrypted = client->tls_refused = client->password_sent = false;
	client->refused = NULL;
	client->verify_error = X509_V_OK;
	smtp_transcript_begin(&client->transcript);
	smtp_connection_wait(timeouts->total);
}

static void on_disconnect(struct smtp_client *client, va_list arguments)
{
	(void)client, (void)arguments;
	smtp_connection_closed();
	smtp_connection_wait(timeouts->connect);
}

static void on_no_starttls(struct smtp_client *client, va_list arguments)
{
	(void)arguments;
	if (client->route->tls == TLS_REQUIRED)
		smtp_note_refusal(client, OUTCOME_ROUTE, SMTP_WITHOUT_STARTTLS);
}

static void on_encrypted(struct smtp_client *client, va_list arguments)
{
	(void)arguments;
	client->encrypted = true;
}

static void on_wrong_certificate(struct smtp_client *client, va_list arguments)
{
	int *acceptable = va_arg(arguments, int *);

	(void)va_arg(arguments, char *); /* the name in it */
	*acceptable = smtp_tls_accepts(client, va_arg(arguments, SSL *));
}

static void on_invalid_certificate(struct smtp_client *client, va_list arguments)
{
	int *acceptable;

	(void)va_arg(arguments, long); /* X509_V_… */
	acceptable = va_arg(arguments, int *);
	*acceptable = smtp_tls_accepts(client, va_arg(arguments, SSL *));
}

static void on_content(struct smtp_client *client, va_list arguments)
{
	(void)va_arg(arguments, smtp_message_t);
	client->now.piece = (size_t)va_arg(arguments, int);
	client->now.content += client->now.piece;
}

static void on_sender(struct smtp_client *client, va_list arguments)
{
	const smtp_status_t *status;

	(void)va_arg(arguments, char *); /* the address */
	status = smtp_reverse_path_status(va_arg(arguments, smtp_message_t));
	smtp_take_reply(
		client, &client->now.mail, status, status == NULL || status->code / 100 != 2);
}

static void on_recipient(struct smtp_client *client, va_list arguments)
{
	(void)va_arg(arguments, char *); /* the address */
	smtp_take_reply(client, &client->now.recipient,
		smtp_recipient_status(va_arg(arguments, smtp_recipient_t)), false);
}

static void on_sent(struct smtp_client *client, va_list arguments)
{
	smtp_take_reply(client, &client->now.transfer,
		smtp_message_transfer_status(va_arg(arguments, smtp_message_t)), true);
}

/* What is not in the table does not concern us. */
static void event(smtp_session_t esmtp, int number, void *context, ...)
{
	static const struct {
		int number;
		void (*on)(struct smtp_client *client, va_list arguments);
	} events[] = {
		{SMTP_EV_CONNECT, on_connect},
		{SMTP_EV_DISCONNECT, on_disconnect},
		{SMTP_EV_EXTNA_STARTTLS, on_no_starttls},
		{SMTP_EV_STARTTLS_OK, on_encrypted},
		{SMTP_EV_WRONG_PEER_CERTIFICATE, on_wrong_certificate},
		{SMTP_EV_INVALID_PEER_CERTIFICATE, on_invalid_certificate},
		{SMTP_EV_MESSAGEDATA, on_content},
		{SMTP_EV_MAILSTATUS, on_sender},
		{SMTP_EV_RCPTSTATUS, on_recipient},
		{SMTP_EV_MESSAGESENT, on_sent},
	};
	va_list arguments;

	(void)esmtp;
	va_start(arguments, context);
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
		if (events[i].number == number)
			events[i].on(context, arguments);
	va_end(arguments);
}

/* ---- what it writes and reads ---- */

static bool begins(const char *bytes, size_t length, const char *verb)
{
	return length >= strlen(verb) && memcmp(bytes, verb, strlen(verb)) == 0;
}

/*
 * Called before the bytes leave. A mail, or a password, goes only where the
 * configuration lets it go; and a password that was refused is not tried by a
 * second mechanism, since that is how accounts get locked.
 */
static void guard_command(struct smtp_client *client, const char *bytes, size_t length)
{
	int auth = client->transcript.replies[PHASE_AUTH].code;
	bool wants_auth = client->route->user != NULL;
	bool is_auth = begins(bytes, length, "AUTH ");

	if (!is_auth && !begins(bytes, length, "MAIL "))
		return;
	if (client->route->tls == TLS_REQUIRED && !client->encrypted)
		smtp_refuse(client, OUTCOME_ROUTE, "TLS is required but was not started");
	else if (wants_auth && auth >= 400 &&
		 (!is_auth || (client->password_sent && !smtp_auth_unknown(auth))))
		smtp_refuse(client, auth >= 500 ? OUTCOME_ROUTE : OUTCOME_TEMPORARY,
			"the server refused user and password");
	else if (wants_auth && !is_auth && auth != 235)
		smtp_refuse(client, OUTCOME_ROUTE, SMTP_WITHOUT_MECHANISM);
}

static void monitor(const char *bytes, int length, int writing, void *context)
{
	struct smtp_client *client = context;

	if (length <= 0)
		return;
	if (writing == SMTP_CB_READING) {
		struct smtp_transcript *transcript = &client->transcript;

		write_watch_answered();
		if (!smtp_transcript_read(transcript, bytes, (size_t)length))
			smtp_refuse(client, OUTCOME_TEMPORARY, transcript->fault);
		/* libesmtp would read these plain bytes as the first words inside TLS. */
		if (transcript->last == PHASE_STARTTLS && transcript->surplus)
			smtp_refuse(client, OUTCOME_ROUTE, SMTP_INJECTED);
		return;
	}
	guard_command(client, bytes, (size_t)length);
	if (write_watch_lost(0))
		smtp_connection_end();
	if (client->refused != NULL || write_watch_lost(0))
		return;
	write_watch_add((size_t)length);
	if (begins(bytes, (size_t)length, "AUTH PLAIN") ||
		begins(bytes, (size_t)length, "AUTH LOGIN"))
		client->password_sent = true;
	smtp_transcript_wrote(&client->transcript, bytes, (size_t)length);
}

/* ---- the session ---- */

/*
 * Who asks for a realm is NTLM, which is not done: it gets nothing, and libesmtp goes on to the
 * next mechanism where the server refuses what it makes of that.
 */
static int give_credentials(auth_client_request_t request, char **result, int fields, void *context)
{
	static char nothing[] = "";
	const struct smtp_client *client = context;
	bool given = true;

	for (int i = 0; i < fields; i++)
		given = given && (request[i].flags & AUTH_REALM) == 0;
	for (int i = 0; i < fields; i++)
		result[i] = !given                                ? nothing
			    : (request[i].flags & AUTH_PASS) != 0 ? client->route->password
								  : client->route->user;
	return given;
}

/* The session as libesmtp is to hold it: its server, how long to wait for what, its mails. */
static void set_session(struct smtp_client *client, smtp_session_t esmtp)
{
	static const enum starttls_option starttls[] = {
		[TLS_REQUIRED] = Starttls_REQUIRED,
		[TLS_OFF] = Starttls_DISABLED,
		[TLS_OFFERED] = Starttls_ENABLED,
	};
	const struct {
		int which;
		long wait;
	} waits[] = {
		{Timeout_GREETING, timeouts->greeting},
		{Timeout_ENVELOPE, timeouts->envelope},
		{Timeout_DATA, timeouts->data},
		{Timeout_TRANSFER, timeouts->transfer},
		{Timeout_DATA2, timeouts->reply},
	};
	const struct route_config *route = client->route;
	char *server = memory_format("%s:%d", route->host, route->port);

	smtp_set_server(esmtp, server);
	free(server);
	smtp_set_hostname(esmtp, route_helo(route, &client->mails[client->turns[0]]));
	smtp_starttls_enable(esmtp, starttls[route->tls]);
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
		smtp_set_timeout(
			esmtp, waits[i].which | Timeout_OVERRIDE_RFC2822_MINIMUM, waits[i].wait);
	for (size_t i = 0; i < client->turn_count; i++) {
		const struct mail *mail = &client->mails[client->turns[i]];
		smtp_message_t message = smtp_add_message(esmtp);
		smtp_recipient_t recipient = smtp_add_recipient(message, mail->recipient);

		smtp_set_reverse_path(message, mail->sender);
		smtp_set_messagecb(message, smtp_hand_out, client);
		smtp_size_set_estimate(message, mail->length);
		smtp_dsn_set_notify(recipient, Notify_FAILURE);
	}
	smtp_set_eventcb(esmtp, event, client);
	smtp_set_monitorcb(esmtp, monitor, client, 0);
}

/* NULL where the route has no user. */
static auth_context_t login(struct smtp_client *client, smtp_session_t esmtp)
{
	auth_context_t credentials;

	if (client->route->user == NULL)
		return NULL;
	credentials = auth_create_context();
	auth_set_mechanism_flags(credentials, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(credentials, give_credentials, client);
	smtp_auth_set_context(esmtp, credentials);
	return credentials;
}

static void run_session(struct smtp_client *client, SSL_CTX *tls)
{
	smtp_session_t esmtp = smtp_create_session();
	auth_context_t credentials;

	/* libesmtp looks for client certificates there, and frees them twice. */
	setenv("XDG_CONFIG_DIR", "/nonexistent", 1);
	set_session(client, esmtp);
	if (tls != NULL)
		smtp_starttls_set_ctx(esmtp, tls);
	credentials = login(client, esmtp);
	smtp_connection_guard();
	smtp_connection_set_deadline(timeouts->total);
	client->last_turn = clock_milliseconds() + timeouts->session;
	smtp_connection_wait(timeouts->connect);
	errno = 0;
	smtp_start_session(esmtp);
	client->number = errno;
	/* Without a word to its MAIL, the first of all has failed, a later one was not begun. */
	if (!client->over && client->turn < client->turn_count && !client->tls_refused &&
		(client->turn == 0 || client->now.mail.code != 0))
		smtp_end_turn(client);
	smtp_destroy_session(esmtp);
	if (credentials != NULL)
		auth_destroy_context(credentials);
	smtp_connection_unguard();
	smtp_transcript_forget(&client->transcript);
}

/* True where the relay refused libesmtp's TLS: nothing was sent, and nothing was reported. */
static bool run_refused(struct smtp_client *client)
{
	SSL_CTX *tls = client->route->tls != TLS_OFF ? smtp_tls_context(client) : NULL;

	if (tls != NULL || client->route->tls == TLS_OFF)
		run_session(client, tls);
	else
		report_fault(client->route, "TLS cannot be set up: is ca_file readable?",
			client->turns, client->turn_count, client->report);
	SSL_CTX_free(tls);
	return client->tls_refused && client->turn == 0;
}

void smtp_send(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report)
{
	size_t *turns = memory_zero(count, sizeof *turns);
	struct smtp_client client = {.route = route,
		.mails = mails,
		.report = report,
		.turns = turns,
		.turn_count = mails_check(route, mails, count, report, turns),
		.verify_error = X509_V_OK};

	if (client.turn_count > 0 && !smtp_route_refused(route, turns, client.turn_count, report) &&
		run_refused(&client))
		smtp_curl_session(route, mails, turns, client.turn_count, report);
	free(turns);
}
