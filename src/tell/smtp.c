/* SPDX-License-Identifier: ISC
 *
 * Mail by libesmtp (RFC 5321), the only file that knows it. Version 1.1.0 needs
 * a guard around it: its return value does not tell whether a mail was
 * delivered, it goes on unauthenticated where a password was refused, it takes what
 * an attacker puts behind the reply to STARTTLS for the server's own words, it
 * cannot give up a connection attempt, and it waits for ever in TLS 1.3. So we
 * listen to the session, and shut the socket down where it goes where it must not.
 */
#include "tell/smtp_p.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/attempt.h"
#include "tell/smtp_transcript.h"

enum {
	DESCRIPTORS_SEARCHED = 64,
};

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

/* The socket, for the signal handler; -1 while there is none. */
volatile sig_atomic_t smtp_connection = -1;

void smtp_set_timeouts(const struct smtp_timeouts *chosen)
{
	timeouts = chosen != NULL ? chosen : &built_in;
}

const struct smtp_timeouts *smtp_timeouts(void)
{
	return timeouts;
}

/* While connecting, the signal alone is enough: connect() ends with EINTR. */
static void time_is_up(int number)
{
	int kept = errno;

	(void)number;
	if (smtp_connection >= 0)
		shutdown(smtp_connection, SHUT_RDWR);
	errno = kept;
}

/* Repeats, so that it also ends what begins after the first signal. */
static void arm(const struct session *session, int64_t milliseconds)
{
	int64_t left = session->deadline - clock_milliseconds();
	struct itimerval timer;

	if (milliseconds > left)
		milliseconds = left;
	if (milliseconds < 1)
		milliseconds = 1;
	timer.it_value.tv_sec = milliseconds / 1000;
	timer.it_value.tv_usec = milliseconds % 1000 * 1000;
	timer.it_interval = timer.it_value;
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Remembers why, the first reason being the best. */
static void note_bounce(struct session *session, enum outcome outcome, const char *reason)
{
	if (session->refused != NULL)
		return;
	session->refusal = outcome;
	session->refused = reason;
}

/* What follows fails at once, and libesmtp takes it for a dropped connection. */
void smtp_refuse(struct session *session, enum outcome outcome, const char *reason)
{
	note_bounce(session, outcome, reason);
	if (smtp_connection >= 0)
		shutdown(smtp_connection, SHUT_RDWR);
}

/*
 * libesmtp does not tell its socket. Descriptors are given out lowest first, so
 * it is the first at or above what was free before that has a peer.
 */
static int find_connection(int lowest)
{
	for (int descriptor = lowest; descriptor < lowest + DESCRIPTORS_SEARCHED; descriptor++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof peer;

		if (getpeername(descriptor, (struct sockaddr *)&peer, &length) == 0 &&
			(peer.ss_family == AF_INET || peer.ss_family == AF_INET6))
			return descriptor;
	}
	return -1;
}

static int lowest_free_descriptor(void)
{
	int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (descriptor >= 0)
		close(descriptor);
	return descriptor >= 0 ? descriptor : 0;
}

/* libesmtp writes a mail in small pieces, the last of which would wait for the peer's
 * acknowledgement of those before, which comes 40 ms later. */
static void send_at_once(int descriptor)
{
	int yes = 1;

	if (descriptor >= 0)
		setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/*
 * It also writes a mail in pieces of 2,048 bytes: held together they are one packet, which wakes
 * the other side once.
 */
static void hold_together(bool held)
{
#ifdef TCP_CORK
	int value = held;

	if (smtp_connection >= 0)
		setsockopt(smtp_connection, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
#else
	(void)held;
#endif
}

static void connected(struct session *session)
{
	smtp_connection = find_connection(session->lowest);
	send_at_once(smtp_connection);
	session->encrypted = session->password_sent = false;
	session->refused = NULL;
	session->verify_error = X509_V_OK;
	smtp_transcript_begin(&session->transcript);
	arm(session, timeouts->total);
}

/* libesmtp may go on with the relay's next address. */
static void disconnected(struct session *session)
{
	smtp_connection = -1;
	arm(session, timeouts->connect);
}

/* An incomplete reply has no text, or one without a line's end, whatever its code says. */
static void take_status(struct reply *reply, const smtp_status_t *status)
{
	char text[REPLY_TEXT_MAX];

	if (status == NULL || status->text == NULL || !text_ends(status->text, "\n"))
		return;
	if (status->enh_class != 0)
		snprintf(text, sizeof text, "%03d %d.%d.%d %s", status->code, status->enh_class,
			status->enh_subject, status->enh_detail, status->text);
	else
		snprintf(text, sizeof text, "%03d %s", status->code, status->text);
	reply_set(reply, text);
}

/* After BDAT libesmtp lets nobody listen any more: how far it got is then told by its statuses. */
static enum phase session_phase(const struct session *session)
{
	const struct transaction *now = &session->now;

	if (session->transition == 0 || !now->chunked)
		return smtp_transcript_phase(&session->transcript);
	if (now->mail.code == 0)
		return PHASE_MAIL;
	return now->recipient.code == 0 ? PHASE_RECIPIENT : PHASE_CONTENT;
}

/* What libesmtp says about a session that we did not end; only where no reply tells. */
static void describe_failure(const struct session *session, struct attempt *attempt)
{
	enum phase phase = session_phase(session);
	const struct route_config *route = session->route;
	int number = smtp_errno();
	char reason[128] = "";

	if (session->verify_error != X509_V_OK) {
		attempt_set(attempt, OUTCOME_ROUTE, 0, "%s: the server's certificate: %s",
			route->host, X509_verify_cert_error_string(session->verify_error));
		return;
	}
	if (clock_milliseconds() >= session->deadline)
		snprintf(reason, sizeof reason, "the time is up");
	else if (number == SMTP_ERR_DROPPED_CONNECTION)
		snprintf(reason, sizeof reason, "no answer in time, or the connection was closed");
	else if (phase == PHASE_CONNECT && number == -EINTR)
		snprintf(reason, sizeof reason, "no answer in time");
	else
		smtp_strerror(number, reason, sizeof reason);
	attempt_set(attempt, attempt->outcome, 0, "%s:%d: %s: %s", route->host, route->port,
		phase_words(phase), reason);
}

static const struct mail *mail_in_turn(const struct session *session)
{
	return &session->mails[session->transitions[session->transition]];
}

static void collect_codes(struct session *session, struct smtp_codes *codes)
{
	struct smtp_transcript *transcript = &session->transcript;

	/* libesmtp's own statuses: while BDAT runs it lets nobody listen. */
	transcript->replies[PHASE_MAIL] = session->now.mail;
	transcript->replies[PHASE_RECIPIENT] = session->now.recipient;
	transcript->replies[PHASE_DATA] = (struct reply){.subject = -1};
	transcript->replies[PHASE_CONTENT] = session->now.transfer;
	*codes = (struct smtp_codes){.sent = session->now.sent, .chunked = session->now.chunked};
	smtp_transcript_codes(transcript, codes);
}

/* What came of the mail in turn. */
static void conclude(struct session *session, struct attempt *attempt)
{
	struct smtp_codes codes;
	const struct reply *reply;
	enum smtp_stage stage;

	collect_codes(session, &codes);
	attempt->outcome = smtp_outcome(&codes, &stage);
	if (stage != STAGE_COUNT) {
		reply = smtp_transcript_reply(&session->transcript, stage);
		attempt_set(attempt, attempt->outcome, reply->code, "%s", reply->text);
	} else if (session->refused != NULL) {
		attempt_set(attempt, session->now.sent ? OUTCOME_UNKNOWN : session->refusal, 0,
			"%s: %s", session->route->host, session->refused);
	} else {
		describe_failure(session, attempt);
	}
	attempt->of_session = session->transition == 0 && session->transcript.last < PHASE_MAIL;
	smtp_transcript_conceal(
		&session->transcript, session->route, mail_in_turn(session), attempt);
}

/* Tells it, and begins the next turn; after the last, no harm that comes changes anything. */
static void end_turn(struct session *session)
{
	const struct mail_report *report = session->report;
	struct attempt attempt = {0};

	conclude(session, &attempt);
	report->each(report->context, session->transitions[session->transition++], &attempt);
	session->now = (struct transaction){0};
	smtp_transcript_next(&session->transcript);
	session->deadline = clock_milliseconds() + timeouts->total;
	if (session->transition == session->turn_count) {
		arm(session, timeouts->quit);
	} else if (session->refused == NULL && clock_milliseconds() < session->last_turn) {
		arm(session, timeouts->total);
	} else {
		session->over = true;
		smtp_refuse(session, OUTCOME_TEMPORARY, "the session was over");
	}
}

/*
 * Some relays take only so many mails in a session, and then refuse the next one's sender, or
 * say that they close (421): that one is not refused, it is to come in another session.
 */
static bool limit_reached(const struct session *session, int code)
{
	return session->transition > 0 && !session->now.sent &&
	       (code == 421 || (code >= 400 && code < 500 && session->now.recipient.code == 0));
}

/* After each reply: true where the mail in turn is over with. libesmtp goes on to the next. */
static void take_reply(struct session *session, const struct reply *reply, bool last)
{
	if (session->over)
		return;
	if (limit_reached(session, reply->code)) {
		session->over = true;
		smtp_refuse(session, OUTCOME_TEMPORARY, "the relay takes no more in this session");
	} else if (last) {
		end_turn(session);
	}
}

static void sender_answered(struct session *session, smtp_message_t message)
{
	const smtp_status_t *status = smtp_reverse_path_status(message);

	take_status(&session->now.mail, status);
	take_reply(session, &session->now.mail, status == NULL || status->code / 100 != 2);
}

static void recipient_answered(struct session *session, smtp_recipient_t recipient)
{
	take_status(&session->now.recipient, smtp_recipient_status(recipient));
	take_reply(session, &session->now.recipient, false);
}

static void transferred(struct session *session, smtp_message_t message)
{
	take_status(&session->now.transfer, smtp_message_transfer_status(message));
	take_reply(session, &session->now.transfer, true);
}

/*
 * libesmtp compares the certificate with the name that DNS made of the
 * configured one. OpenSSL has compared it with the configured one already. What is only offered
 * by a host that nobody vouches for is taken as it is.
 */
static void accept_verified(const struct session *session, int *acceptable, const SSL *ssl)
{
	*acceptable = session->route->tls == TLS_OFFERED || SSL_get_verify_result(ssl) == X509_V_OK;
}

static void event(smtp_session_t esmtp, int number, void *context, ...)
{
	struct session *session = context;
	va_list arguments;

	(void)esmtp;
	va_start(arguments, context);
	switch (number) {
	case SMTP_EV_CONNECT:
		connected(session);
		break;
	case SMTP_EV_DISCONNECT:
		disconnected(session);
		break;
	case SMTP_EV_EXTNA_STARTTLS:
		if (session->route->tls == TLS_REQUIRED)
			note_bounce(session, OUTCOME_ROUTE, "the server does not offer STARTTLS");
		break;
	case SMTP_EV_STARTTLS_OK:
		session->encrypted = true;
		break;
	case SMTP_EV_WRONG_PEER_CERTIFICATE: {
		int *acceptable = va_arg(arguments, int *);

		(void)va_arg(arguments, char *);
		accept_verified(session, acceptable, va_arg(arguments, SSL *));
		break;
	}
	case SMTP_EV_INVALID_PEER_CERTIFICATE: {
		int *acceptable;

		(void)va_arg(arguments, long);
		acceptable = va_arg(arguments, int *);
		accept_verified(session, acceptable, va_arg(arguments, SSL *));
		break;
	}
	case SMTP_EV_MAILSTATUS:
		(void)va_arg(arguments, char *);
		sender_answered(session, va_arg(arguments, smtp_message_t));
		break;
	case SMTP_EV_RCPTSTATUS:
		(void)va_arg(arguments, char *);
		recipient_answered(session, va_arg(arguments, smtp_recipient_t));
		break;
	case SMTP_EV_MESSAGESENT:
		transferred(session, va_arg(arguments, smtp_message_t));
		break;
	}
	va_end(arguments);
}

static bool begins(const char *bytes, size_t length, const char *verb)
{
	return length >= strlen(verb) && memcmp(bytes, verb, strlen(verb)) == 0;
}

/*
 * Called before the bytes leave. A mail, or a password, goes only where the
 * configuration lets it go; and a password that was refused is not tried by a
 * second mechanism, since that is how accounts get locked.
 */
static void guard_command(struct session *session, const char *bytes, size_t length)
{
	int auth = session->transcript.replies[PHASE_AUTH].code;
	bool wants_auth = session->route->user != NULL;
	bool is_auth = begins(bytes, length, "AUTH ");

	if (!is_auth && !begins(bytes, length, "MAIL "))
		return;
	if (session->route->tls == TLS_REQUIRED && !session->encrypted)
		smtp_refuse(session, OUTCOME_ROUTE, "TLS is required and was not begun");
	else if (wants_auth && auth >= 400 && (!is_auth || (session->password_sent && auth != 504)))
		smtp_refuse(session, auth >= 500 ? OUTCOME_ROUTE : OUTCOME_TEMPORARY,
			"the server refused user and password");
	else if (wants_auth && !is_auth && auth != 235)
		smtp_refuse(session, OUTCOME_ROUTE, "the server offers no AUTH that we can do");
}

static void overheard(struct session *session, const char *bytes, size_t length)
{
	struct smtp_transcript *transcript = &session->transcript;
	bool injected;

	if (!smtp_transcript_read(transcript, bytes, length))
		smtp_refuse(session, OUTCOME_TEMPORARY, transcript->fault);
	/* libesmtp would read these plain bytes as the first words inside TLS. */
	injected = transcript->last == PHASE_STARTTLS && transcript->surplus;
	if (injected)
		smtp_refuse(
			session, OUTCOME_ROUTE, "somebody put bytes behind the reply to STARTTLS");
}

static void monitor(const char *bytes, int length, int writing, void *context)
{
	struct session *session = context;

	if (length <= 0)
		return;
	if (writing == SMTP_CB_READING) {
		overheard(session, bytes, (size_t)length);
		return;
	}
	guard_command(session, bytes, (size_t)length);
	if (session->refused != NULL)
		return;
	if (begins(bytes, (size_t)length, "AUTH PLAIN") ||
		begins(bytes, (size_t)length, "AUTH LOGIN"))
		session->password_sent = true;
	smtp_transcript_wrote(&session->transcript, bytes, (size_t)length);
}

/* True where the peer is gone in both directions. */
static bool connection_broken(void)
{
	struct pollfd look = {.fd = smtp_connection, .events = POLLOUT};

	return smtp_connection >= 0 && poll(&look, 1, 0) > 0 &&
	       (look.revents & (POLLERR | POLLHUP)) != 0;
}

/*
 * Hands the mail out as it is. libesmtp does not notice failed writes before it
 * has all; where the connection breaks before that, the server never saw the
 * end and must forget the mail (RFC 5321 section 4.1.1.4). errno is how libesmtp is told to stop.
 */
static const char *hand_out(void **ignored, int *length, void *context)
{
	struct session *session = context;
	const struct mail *mail = mail_in_turn(session);
	struct transaction *now = &session->now;
	const char *from = mail->bytes + now->offset;

	(void)ignored;
	if (length == NULL) {
		now->offset = 0;
		now->chunked = session->transcript.last != PHASE_CONTENT;
		return NULL;
	}
	*length = (int)(mail->length - now->offset);
	now->offset = mail->length;
	hold_together(*length > 0 && !now->chunked); /* a BDAT's reply is waited for */
	if (*length > 0)
		return from;
	now->sent = !connection_broken();
	errno = now->sent ? 0 : ECONNRESET;
	return NULL;
}

static int give_credentials(auth_client_request_t request, char **result, int fields, void *context)
{
	const struct session *session = context;

	for (int i = 0; i < fields; i++)
		result[i] = (request[i].flags & AUTH_PASS) != 0 ? session->route->password
								: session->route->user;
	return 1;
}

static auth_context_t make_credentials(struct session *session)
{
	auth_context_t context = auth_create_context();

	auth_set_mechanism_flags(context, AUTH_PLUGIN_PLAIN, 0);
	auth_set_interact_cb(context, give_credentials, session);
	return context;
}

static void set_waits(smtp_session_t esmtp)
{
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

	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
		smtp_set_timeout(
			esmtp, waits[i].which | Timeout_OVERRIDE_RFC2822_MINIMUM, waits[i].wait);
}

static void add_mail(struct session *session, smtp_session_t esmtp, const struct mail *mail)
{
	smtp_message_t message = smtp_add_message(esmtp);
	smtp_recipient_t recipient = smtp_add_recipient(message, mail->recipient);

	smtp_set_reverse_path(message, mail->sender);
	smtp_set_messagecb(message, hand_out, session);
	smtp_size_set_estimate(message, mail->length);
	smtp_dsn_set_notify(recipient, Notify_FAILURE);
}

static void set_server(const struct session *session, smtp_session_t esmtp)
{
	static const enum starttls_option starttls[] = {
		[TLS_REQUIRED] = Starttls_REQUIRED,
		[TLS_OFF] = Starttls_DISABLED,
		[TLS_OFFERED] = Starttls_ENABLED,
	};
	const struct route_config *route = session->route;
	char *server = memory_format("%s:%d", route->host, route->port);

	smtp_set_server(esmtp, server);
	free(server);
	smtp_set_hostname(esmtp, route_helo(route, &session->mails[session->transitions[0]]));
	smtp_starttls_enable(esmtp, starttls[route->tls]);
	set_waits(esmtp);
}

static void run_session(struct session *session, SSL_CTX *tls)
{
	auth_context_t credentials = NULL;
	smtp_session_t esmtp = smtp_create_session();

	set_server(session, esmtp);
	for (size_t i = 0; i < session->turn_count; i++)
		add_mail(session, esmtp, &session->mails[session->transitions[i]]);
	smtp_set_eventcb(esmtp, event, session);
	smtp_set_monitorcb(esmtp, monitor, session, 0);
	if (tls != NULL)
		smtp_starttls_set_ctx(esmtp, tls);
	if (session->route->user != NULL) {
		credentials = make_credentials(session);
		smtp_auth_set_context(esmtp, credentials);
	}
	session->lowest = lowest_free_descriptor();
	session->deadline = clock_milliseconds() + timeouts->total;
	session->last_turn = clock_milliseconds() + timeouts->session;
	arm(session, timeouts->connect);
	smtp_start_session(esmtp);
	/* Without a word to its MAIL, the first of all has failed, a later one was not begun. */
	if (!session->over && session->transition < session->turn_count &&
		(session->transition == 0 || session->now.mail.code != 0))
		end_turn(session);
	smtp_destroy_session(esmtp);
	if (credentials != NULL)
		auth_destroy_context(credentials);
}

/* What would go wrong inside libesmtp, or give a secret away, is told before. */
static const char *route_fault(const struct route_config *route)
{
	if (strchr(route->host, ':') != NULL)
		return "an IPv6 address cannot be the host of an smtp route: give the relay's name";
	if (route->user != NULL && route->tls == TLS_OFF)
		return "a password is not sent without TLS";
	if (route->user != NULL && route->password == NULL)
		return "there is a user but no password";
	return NULL;
}

/* The same for all that go out, without a session. */
static void refuse_all(const struct session *session, const char *fault)
{
	struct attempt attempt;

	attempt_set(&attempt, OUTCOME_ROUTE, 0, "%s: %s", session->route->host, fault);
	attempt.of_session = true;
	for (size_t i = 0; i < session->turn_count; i++)
		session->report->each(session->report->context, session->transitions[i], &attempt);
}

/* A server that hangs up would end the process; a signal ends what waits too long. */
static void run_guarded(struct session *session, SSL_CTX *tls)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, expire = {.sa_handler = time_is_up};
	struct sigaction pipe_before, expire_before;

	/* libesmtp looks for client certificates there, and frees them twice. */
	setenv("XDG_CONFIG_DIR", "/nonexistent", 1);
	sigaction(SIGPIPE, &ignore, &pipe_before);
	sigaction(SIGALRM, &expire, &expire_before);
	run_session(session, tls);
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	smtp_connection = -1;
	sigaction(SIGALRM, &expire_before, NULL);
	sigaction(SIGPIPE, &pipe_before, NULL);
	smtp_transcript_forget(&session->transcript);
}

void smtp_send(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report)
{
	struct session session = {.route = route,
		.mails = mails,
		.report = report,
		.transitions = memory_zero(count, sizeof *session.transitions),
		.verify_error = X509_V_OK};
	const char *fault = route_fault(route);
	SSL_CTX *tls = NULL;

	session.turn_count = mails_check(route, mails, count, report, session.transitions);
	if (fault == NULL && route->tls != TLS_OFF) {
		tls = smtp_tls_context(&session);
		if (tls == NULL)
			fault = "TLS cannot be set up: is ca_file readable?";
	}
	if (fault != NULL)
		refuse_all(&session, fault);
	else if (session.turn_count > 0)
		run_guarded(&session, tls);
	SSL_CTX_free(tls);
	free(session.transitions);
}
