/* SPDX-License-Identifier: ISC
 *
 * Mail by libesmtp (RFC 5321), the only file that knows it. Version 1.1.0 needs
 * a guard around it: its return value does not tell whether a mail was
 * delivered, it goes on unauthenticated where a password was refused, it takes what
 * an attacker puts behind the reply to STARTTLS for the server's own words, it
 * cannot give up a connection attempt, it does not notice that a write failed, and it waits
 * for ever in TLS 1.3. So we listen to the session, and shut the socket down where it goes
 * where it must not.
 */
#include "tell/smtp.h"

/* In this order: libesmtp.h declares what concerns TLS and AUTH only after them. */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <auth-client.h>
#include <libesmtp.h>

#include <arpa/inet.h>
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
#include "base/system_error.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/attempt.h"
#include "tell/smtp_transcript.h"
#include "tell/write_watch.h"

enum {
	DESCRIPTORS_SEARCHED = 64,
	LIBESMTP_BUFFER = 2048, /* bytes that libesmtp collects before it writes */
};

/* What is known of the mail in turn. */
struct transaction {
	struct reply mail, recipient, transfer;
	size_t offset;      /* of the mail's bytes that libesmtp has taken */
	size_t content;     /* bytes that it has made of them, without dots and framing */
	size_t piece;       /* the last of these */
	bool sent, chunked; /* as in struct smtp_codes */
};

struct session {
	const struct route_config *route;
	const struct mail *mails;
	const struct mail_report *report;
	size_t *turns; /* places in mails of those that may go out, in their order */
	size_t turn_count, turn;
	struct transaction now;
	struct smtp_transcript transcript;
	int number; /* errno when libesmtp ended */
	int lowest; /* the first descriptor that was free before */
	bool encrypted;
	bool tls_refused; /* by the relay, in the handshake: it may want TLS 1.3 */
	bool password_sent;
	bool over;         /* by our own will: whose turn it is was not begun */
	int64_t deadline;  /* of the mail in turn: milliseconds of the monotonic clock */
	int64_t last_turn; /* no further mail is begun after that: milliseconds, too */
	long verify_error; /* X509_V_OK, or what is wrong with the certificate */
	enum outcome refusal;
	const char *refused; /* why we ended the session ourselves; NULL: we did not */
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
static volatile sig_atomic_t connection = -1;

void smtp_set_timeouts(const struct smtp_timeouts *chosen)
{
	timeouts = chosen != NULL ? chosen : &built_in;
}

const struct smtp_timeouts *smtp_timeouts(void)
{
	return timeouts;
}

/* What is written to it afterwards does not count as lost. */
static void end_connection(void)
{
	write_watch_end();
	if (connection >= 0)
		shutdown(connection, SHUT_RDWR);
}

/* Gone in both directions. */
static bool connection_broken(void)
{
	struct pollfd look = {.fd = connection, .events = POLLOUT};

	return connection >= 0 && poll(&look, 1, 0) > 0 &&
	       (look.revents & (POLLERR | POLLHUP)) != 0;
}

/* While connecting, the signal alone is enough: connect() ends with EINTR. */
static void time_is_up(int number)
{
	int kept = errno;

	(void)number;
	end_connection();
	errno = kept;
}

/* Repeats, so that it also ends what begins after the first signal. */
static void arm(const struct session *session, int64_t milliseconds)
{
	int64_t left = session->deadline - clock_milliseconds();
	struct timeval pause;

	if (milliseconds > left)
		milliseconds = left;
	if (milliseconds < 1)
		milliseconds = 1;
	pause = (struct timeval){milliseconds / 1000, milliseconds % 1000 * 1000};
	setitimer(ITIMER_REAL, &(struct itimerval){pause, pause}, NULL);
}

/* Remembers why, the first reason being the best. */
static void note_refusal(struct session *session, enum outcome outcome, const char *reason)
{
	if (session->refused != NULL)
		return;
	session->refusal = outcome;
	session->refused = reason;
}

/* Ends the session and remembers why, the first reason being the best. What follows fails at once,
 * and libesmtp takes it for a dropped connection. */
static void refuse(struct session *session, enum outcome outcome, const char *reason)
{
	note_refusal(session, outcome, reason);
	end_connection();
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

/*
 * It also writes a mail in pieces of 2,048 bytes: held together they are one packet, which wakes
 * the other side once.
 */
static void hold_together(bool held)
{
#ifdef TCP_CORK
	int value = held;

	if (connection >= 0)
		setsockopt(connection, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
#else
	(void)held;
#endif
}

/*
 * libesmtp writes a mail in small pieces, the last of which would wait for the peer's
 * acknowledgement of those before, which comes 40 ms later: they are sent at once.
 */
static void connected(struct session *session)
{
	int yes = 1;

	connection = find_connection(session->lowest);
	if (connection >= 0)
		setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	write_watch_begin(connection);
	session->encrypted = session->tls_refused = session->password_sent = false;
	session->refused = NULL;
	session->verify_error = X509_V_OK;
	smtp_transcript_begin(&session->transcript);
	arm(session, timeouts->total);
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

/* What libesmtp says about a session that we did not end; only where no reply tells. After
 * BDAT libesmtp no longer calls the monitor: how far it got is then told by its statuses. */
static void describe_failure(const struct session *session, struct attempt *attempt)
{
	const struct transaction *now = &session->now;
	enum phase phase = smtp_transcript_phase(&session->transcript);
	const struct route_config *route = session->route;
	int number = smtp_errno(), own;
	char reason[128] = "";

	if (session->turn > 0 && now->chunked)
		phase = now->mail.code == 0        ? PHASE_MAIL
			: now->recipient.code == 0 ? PHASE_RECIPIENT
						   : PHASE_CONTENT;
	if (session->verify_error != X509_V_OK) {
		attempt_set(attempt, OUTCOME_ROUTE, 0, "%s: the server's certificate: %s",
			route->host, X509_verify_cert_error_string(session->verify_error));
		return;
	}
	if (clock_milliseconds() >= session->deadline)
		snprintf(reason, sizeof reason, "timed out");
	else if (write_watch_lost(SIZE_MAX))
		snprintf(reason, sizeof reason, "a write failed");
	else if (number == SMTP_ERR_DROPPED_CONNECTION)
		snprintf(reason, sizeof reason, "no answer in time, or the connection was closed");
	else if (phase == PHASE_CONNECT && number == -EINTR)
		snprintf(reason, sizeof reason, "no answer in time");
	else
		smtp_strerror(number, reason, sizeof reason);
	attempt_set(attempt, attempt->outcome, 0, "%s:%d: %s: %s", route->host, route->port,
		phase_words(phase), reason);
	own = phase == PHASE_CONNECT && number < 0 ? -number : session->number;
	attempt->local = system_error_local_connection(own) ? own : 0;
}

static const struct mail *mail_in_turn(const struct session *session)
{
	return &session->mails[session->turns[session->turn]];
}

/* Tells what came of the mail in turn, and begins the next turn; after the last one, later failures
 * change nothing. */
static void end_turn(struct session *session)
{
	const struct mail_report *report = session->report;
	struct smtp_transcript *transcript = &session->transcript;
	struct transaction *now = &session->now;
	struct smtp_codes codes = {.sent = now->sent, .chunked = now->chunked};
	struct attempt attempt = {0};
	enum smtp_stage stage;

	/* libesmtp's own statuses: while BDAT runs it does not call the monitor. */
	transcript->replies[PHASE_MAIL] = now->mail;
	transcript->replies[PHASE_RECIPIENT] = now->recipient;
	transcript->replies[PHASE_DATA] = (struct reply){.subject = -1};
	transcript->replies[PHASE_CONTENT] = now->transfer;
	smtp_transcript_codes(transcript, &codes);
	attempt.outcome = smtp_outcome(&codes, &stage);
	/* What is answered is not what was meant to be said; and the end of the mail stands in its
	 * last write, or is kept back after a lost one. */
	if (write_watch_lost(0)) {
		stage = STAGE_COUNT;
		attempt.outcome = OUTCOME_TEMPORARY;
		now->sent = false;
	}
	if (stage != STAGE_COUNT) {
		const struct reply *reply = smtp_transcript_reply(transcript, stage);

		attempt_set(&attempt, attempt.outcome, reply->code, "%s", reply->text);
	} else if (session->refused != NULL) {
		attempt_set(&attempt, now->sent ? OUTCOME_UNKNOWN : session->refusal, 0, "%s: %s",
			session->route->host, session->refused);
	} else {
		describe_failure(session, &attempt);
	}
	attempt.of_session = session->turn == 0 && transcript->last < PHASE_MAIL;
	smtp_transcript_conceal(transcript, session->route, mail_in_turn(session), &attempt);
	report->each(report->context, session->turns[session->turn++], &attempt);
	*now = (struct transaction){0};
	smtp_transcript_next(transcript);
	session->deadline = clock_milliseconds() + timeouts->total;
	if (session->turn == session->turn_count) {
		arm(session, timeouts->quit);
	} else if (session->refused == NULL && clock_milliseconds() < session->last_turn) {
		arm(session, timeouts->total);
	} else {
		session->over = true;
		refuse(session, OUTCOME_TEMPORARY, "the session was over");
	}
}

/*
 * After each reply; last: the mail in turn is finished, and libesmtp goes on to the next. Some
 * relays take only so many mails in a session, and then refuse the next one's sender, or
 * say that they close (421): that one is not refused, it is to come in another session.
 */
static void take_reply(struct session *session, const struct reply *reply, bool last)
{
	int code = reply->code;
	bool limit_reached =
		session->turn > 0 && !session->now.sent &&
		(code == 421 || (code >= 400 && code < 500 && session->now.recipient.code == 0));

	if (session->over)
		return;
	if (limit_reached) {
		session->over = true;
		refuse(session, OUTCOME_TEMPORARY, "the relay takes no more mails in this session");
	} else if (last) {
		end_turn(session);
	}
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
	struct transaction *now = &session->now;
	const smtp_status_t *status;
	va_list arguments;

	(void)esmtp;
	va_start(arguments, context);
	switch (number) {
	case SMTP_EV_CONNECT:
		connected(session);
		break;
	case SMTP_EV_DISCONNECT:
		write_watch_end();
		connection = -1; /* libesmtp may go on with the relay's next address */
		arm(session, timeouts->connect);
		break;
	case SMTP_EV_EXTNA_STARTTLS:
		if (session->route->tls == TLS_REQUIRED)
			note_refusal(session, OUTCOME_ROUTE, SMTP_WITHOUT_STARTTLS);
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
	case SMTP_EV_MESSAGEDATA:
		(void)va_arg(arguments, smtp_message_t);
		now->piece = (size_t)va_arg(arguments, int);
		now->content += now->piece;
		break;
	case SMTP_EV_MAILSTATUS:
		(void)va_arg(arguments, char *);
		status = smtp_reverse_path_status(va_arg(arguments, smtp_message_t));
		take_status(&now->mail, status);
		take_reply(session, &now->mail, status == NULL || status->code / 100 != 2);
		break;
	case SMTP_EV_RCPTSTATUS:
		(void)va_arg(arguments, char *);
		take_status(&now->recipient,
			smtp_recipient_status(va_arg(arguments, smtp_recipient_t)));
		take_reply(session, &now->recipient, false);
		break;
	case SMTP_EV_MESSAGESENT:
		take_status(&now->transfer,
			smtp_message_transfer_status(va_arg(arguments, smtp_message_t)));
		take_reply(session, &now->transfer, true);
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
		refuse(session, OUTCOME_ROUTE, "TLS is required but was not started");
	else if (wants_auth && auth >= 400 &&
		 (!is_auth || (session->password_sent && !smtp_auth_unknown(auth))))
		refuse(session, auth >= 500 ? OUTCOME_ROUTE : OUTCOME_TEMPORARY,
			"the server refused user and password");
	else if (wants_auth && !is_auth && auth != 235)
		refuse(session, OUTCOME_ROUTE, SMTP_WITHOUT_MECHANISM);
}

static void monitor(const char *bytes, int length, int writing, void *context)
{
	struct session *session = context;

	if (length <= 0)
		return;
	if (writing == SMTP_CB_READING) {
		struct smtp_transcript *transcript = &session->transcript;

		write_watch_answered();
		if (!smtp_transcript_read(transcript, bytes, (size_t)length))
			refuse(session, OUTCOME_TEMPORARY, transcript->fault);
		/* libesmtp would read these plain bytes as the first words inside TLS. */
		if (transcript->last == PHASE_STARTTLS && transcript->surplus)
			refuse(session, OUTCOME_ROUTE, SMTP_INJECTED);
		return;
	}
	guard_command(session, bytes, (size_t)length);
	if (write_watch_lost(0))
		end_connection();
	if (session->refused != NULL || write_watch_lost(0))
		return;
	write_watch_add((size_t)length);
	if (begins(bytes, (size_t)length, "AUTH PLAIN") ||
		begins(bytes, (size_t)length, "AUTH LOGIN"))
		session->password_sent = true;
	smtp_transcript_wrote(&session->transcript, bytes, (size_t)length);
}

/* Lines that begin with a dot, which gets another one. */
static size_t count_dots(const struct mail *mail)
{
	const char *at = mail->bytes, *end = mail->bytes + mail->length;
	size_t dots = 0;

	for (; at != NULL && at < end; at = memchr(at, '\n', (size_t)(end - at))) {
		at += at != mail->bytes;
		dots += at < end && *at == '.';
	}
	return dots;
}

/*
 * What libesmtp has collected and not written once it has added a command's bytes to those of the
 * commands before: it writes where it has 2,048, first the commands that are whole.
 */
static size_t collected(size_t before, size_t command)
{
	return before + command < LIBESMTP_BUFFER ? before + command : command % LIBESMTP_BUFFER;
}

/*
 * The mail goes in two chunks (RFC 3030), its header and its body, behind a RCPT, with a DSN's
 * words or without, that nobody has counted: libesmtp no longer calls the monitor. The end is a
 * command of its own, which a server takes for the end of what has arrived. A relay without
 * PIPELINING has got all before; where it has it, no more may be missing than libesmtp still
 * collects.
 */
static bool chunks_written(const struct session *session)
{
	static const char end[] = "BDAT 0 LAST\r\n";
	const struct transaction *now = &session->now;
	const struct mail *mail = mail_in_turn(session);
	const char *text = memmem(mail->bytes, mail->length, "\r\n\r\n", 4);
	size_t rest = text != NULL && text + 4 < mail->bytes + mail->length ? now->piece : 0;
	size_t head = now->content - rest + strlen("\r\n"); /* which stands after it */
	size_t header = (size_t)snprintf(NULL, 0, "BDAT %zu\r\n", head) + head;
	size_t body = rest > 0 ? (size_t)snprintf(NULL, 0, "BDAT %zu\r\n", rest) + rest : 0;
	size_t recipient = strlen("RCPT TO:<>\r\n") + strlen(mail->recipient);
	size_t plain = collected(collected(recipient, header), body);
	size_t dsn = collected(collected(recipient + strlen(" NOTIFY=FAILURE"), header), body);
	size_t most = plain > dsn ? plain : dsn;

	write_watch_add(header + body + strlen(end));
	return !write_watch_lost((most > recipient ? most - recipient : 0) + strlen(end));
}

/*
 * libesmtp has written the mail but for what it still collects, and writes that with the mail's
 * end. True where all of it has gone out; a mail with a hole must not be ended.
 */
static bool content_written(const struct session *session)
{
	size_t content = session->now.content + strlen("\r\n"); /* after the header */

	if (session->now.chunked)
		return chunks_written(session);
	content += count_dots(mail_in_turn(session));
	write_watch_add(content + strlen(".\r\n"));
	return !write_watch_lost(content % LIBESMTP_BUFFER + strlen(".\r\n"));
}

/*
 * Hands the mail out as it is. libesmtp does not notice failed writes; where one fails before the
 * last, the server never sees the end and must forget the mail (RFC 5321 section 4.1.1.4). errno
 * is how libesmtp is told to stop.
 */
static const char *hand_out(void **ignored, int *length, void *context)
{
	struct session *session = context;
	struct transaction *now = &session->now;
	const struct mail *mail;
	const char *from;

	(void)ignored;
	if (session->turn == session->turn_count) { /* libesmtp asks for the rest of a mail that
						     * was refused halfway */
		errno = ECONNRESET;
		if (length != NULL)
			*length = 0;
		return NULL;
	}
	mail = mail_in_turn(session);
	from = mail->bytes + now->offset;
	if (length == NULL) {
		now->offset = now->content = now->piece = 0;
		now->chunked = session->transcript.last != PHASE_CONTENT;
		if (now->chunked) /* since an earlier mail's, nobody has counted */
			write_watch_resume();
		return NULL;
	}
	*length = (int)(mail->length - now->offset);
	now->offset = mail->length;
	hold_together(*length > 0 && !now->chunked); /* a BDAT's reply is waited for */
	if (*length > 0)
		return from;
	now->sent = content_written(session) && !connection_broken();
	errno = now->sent ? 0 : ECONNRESET;
	return NULL;
}

/* ---- TLS: trusted authorities and the expected name ---- */

/* Keeps what is wrong with the certificate; OpenSSL's error tells only that something is. */
static int note_verification(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct session *session = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (!good)
		session->verify_error = X509_STORE_CTX_get_error(store);
	return good;
}

static bool is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* What becomes of a write inside TLS, which libesmtp does not look at; a broken connection it
 * notices.
 */
static long note_write(BIO *bio, int operation, const char *bytes, size_t length, int number,
	long value, int result, size_t *processed)
{
	(void)bytes, (void)length, (void)number, (void)value, (void)processed;
	if (operation == (BIO_CB_WRITE | BIO_CB_RETURN) && result <= 0 && !BIO_should_retry(bio) &&
		!connection_broken()) {
		write_watch_fail();
		end_connection();
	}
	return result;
}

/* libesmtp sends no server name, without which some servers show a certificate that fits nobody.
 * OpenSSL declares ssl const for all its callbacks; at the start of a handshake it may be set up.
 */
static void handshake(const SSL *ssl, int where, int result)
{
	struct session *session = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct route_config *route = session->route;
	const char *name = route->server_name != NULL ? route->server_name : route->host;

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && result >> 8 == SSL3_AL_FATAL)
		session->tls_refused = !session->encrypted;
	if ((where & SSL_CB_HANDSHAKE_START) == 0)
		return;
	if (connection < 0)
		connection = SSL_get_fd(ssl);
	write_watch_end(); /* of what TLS writes, OpenSSL tells */
	BIO_set_callback_ex(SSL_get_wbio(ssl), note_write);
	if (session->refused != NULL)
		refuse(session, session->refusal, session->refused);
	if (!is_address(name))
		SSL_set_tlsext_host_name((SSL *)ssl, name);
}

static bool set_expected_name(SSL_CTX *context, const char *host)
{
	X509_VERIFY_PARAM *expected = SSL_CTX_get0_param(context);

	X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(expected, host) == 1;
	return X509_VERIFY_PARAM_set1_host(expected, host, 0) == 1;
}

/*
 * A context of our own, NULL where it cannot be set up: the ca_file. One for each connection:
 * libesmtp's is freed after the first and used again. Not above TLS 1.2: a server's TLS 1.3 session
 * tickets arrive unasked, libesmtp takes them for the reply to an EHLO that it has not sent yet,
 * and both sides wait until the timeout (seen in 14 of 20 tries against Postfix). A relay that
 * refuses TLS 1.2 gets its mail by libcurl. Client certificates are not used: libesmtp frees them
 * twice.
 */
static SSL_CTX *tls_context(struct session *session)
{
	const struct route_config *route = session->route;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL)
		return NULL;
	SSL_CTX_set_app_data(context, session);
	SSL_CTX_set_info_callback(context, handshake);
	if (route->tls == TLS_REQUIRED)
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER, note_verification);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
		SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) == 1 &&
		SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
		(route->tls != TLS_REQUIRED || set_expected_name(context, route->host)) &&
		(route->ca_file == NULL ? SSL_CTX_set_default_verify_paths(context)
					: SSL_CTX_load_verify_locations(
						  context, route->ca_file, NULL)) == 1)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

/* ---- a session ---- */

/*
 * Who asks for a realm is NTLM, which is not done: it gets nothing, and libesmtp goes on to the
 * next mechanism where the server refuses what it makes of that.
 */
static int give_credentials(auth_client_request_t request, char **result, int fields, void *context)
{
	static char nothing[] = "";
	const struct session *session = context;
	bool given = true;

	for (int i = 0; i < fields; i++)
		given = given && (request[i].flags & AUTH_REALM) == 0;
	for (int i = 0; i < fields; i++)
		result[i] = !given                                ? nothing
			    : (request[i].flags & AUTH_PASS) != 0 ? session->route->password
								  : session->route->user;
	return given;
}

/* The session as libesmtp is to hold it: its server, how long to wait for what, its mails. */
static void set_session(struct session *session, smtp_session_t esmtp)
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
	const struct route_config *route = session->route;
	char *server = memory_format("%s:%d", route->host, route->port);

	smtp_set_server(esmtp, server);
	free(server);
	smtp_set_hostname(esmtp, route_helo(route, &session->mails[session->turns[0]]));
	smtp_starttls_enable(esmtp, starttls[route->tls]);
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
		smtp_set_timeout(
			esmtp, waits[i].which | Timeout_OVERRIDE_RFC2822_MINIMUM, waits[i].wait);
	for (size_t i = 0; i < session->turn_count; i++) {
		const struct mail *mail = &session->mails[session->turns[i]];
		smtp_message_t message = smtp_add_message(esmtp);
		smtp_recipient_t recipient = smtp_add_recipient(message, mail->recipient);

		smtp_set_reverse_path(message, mail->sender);
		smtp_set_messagecb(message, hand_out, session);
		smtp_size_set_estimate(message, mail->length);
		smtp_dsn_set_notify(recipient, Notify_FAILURE);
	}
	smtp_set_eventcb(esmtp, event, session);
	smtp_set_monitorcb(esmtp, monitor, session, 0);
}

static void run_session(struct session *session, SSL_CTX *tls)
{
	auth_context_t credentials = NULL;
	smtp_session_t esmtp = smtp_create_session();
	int descriptor;

	set_session(session, esmtp);
	if (tls != NULL)
		smtp_starttls_set_ctx(esmtp, tls);
	if (session->route->user != NULL) {
		credentials = auth_create_context();
		auth_set_mechanism_flags(credentials, AUTH_PLUGIN_PLAIN, 0);
		auth_set_interact_cb(credentials, give_credentials, session);
		smtp_auth_set_context(esmtp, credentials);
	}
	descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
	session->lowest = descriptor >= 0 ? descriptor : 0;
	if (descriptor >= 0)
		close(descriptor);
	session->deadline = clock_milliseconds() + timeouts->total;
	session->last_turn = clock_milliseconds() + timeouts->session;
	arm(session, timeouts->connect);
	errno = 0;
	smtp_start_session(esmtp);
	session->number = errno;
	/* Without a word to its MAIL, the first of all has failed, a later one was not begun. */
	if (!session->over && session->turn < session->turn_count && !session->tls_refused &&
		(session->turn == 0 || session->now.mail.code != 0))
		end_turn(session);
	smtp_destroy_session(esmtp);
	if (credentials != NULL)
		auth_destroy_context(credentials);
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
	write_watch_end();
	connection = -1;
	sigaction(SIGALRM, &expire_before, NULL);
	sigaction(SIGPIPE, &pipe_before, NULL);
	smtp_transcript_forget(&session->transcript);
}

/* True where the relay refused libesmtp's TLS: nothing was sent, and nothing was reported. */
static bool run_refused(struct session *session)
{
	SSL_CTX *tls = session->route->tls != TLS_OFF ? tls_context(session) : NULL;

	if (tls != NULL || session->route->tls == TLS_OFF)
		run_guarded(session, tls);
	else
		report_fault(session->route, "TLS cannot be set up: is ca_file readable?",
			session->turns, session->turn_count, session->report);
	SSL_CTX_free(tls);
	return session->tls_refused && session->turn == 0;
}

void smtp_send(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report)
{
	struct session session = {.route = route,
		.mails = mails,
		.report = report,
		.turns = memory_zero(count, sizeof *session.turns),
		.verify_error = X509_V_OK};

	session.turn_count = mails_check(route, mails, count, report, session.turns);
	if (session.turn_count > 0 &&
		!smtp_route_refused(route, session.turns, session.turn_count, report) &&
		run_refused(&session))
		smtp_curl_session(route, mails, session.turns, session.turn_count, report);
	free(session.turns);
}
