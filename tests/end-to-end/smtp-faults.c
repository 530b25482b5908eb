/* SPDX-License-Identifier: ISC
 *
 * Each fault that a relay can have, and what smtp_send() and smtp_curl_send() make
 * of it: the same, as far as they can tell. The server is tests/servers/smtp.c, told by its script
 * what to do wrong.
 */
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "config/config.h"
#include "servers/mail.h"
#include "servers/sink.h"
#include "tell/attempt.h"
#include "tell/hosts.h"
#include "tell/smtp.h"
#include "tell/write_watch.h"

enum { PATIENCE = 60 /* seconds for one attempt: longer than every limit that it has */ };

#define SENDER "lampwatch@example.org"
#define RECIPIENT "ops@example.com"

static const char message[] = "From: Lampwatch <lampwatch@example.org>\r\n"
			      "To: ops@example.com\r\n"
			      "Subject: [RED] a page\r\n"
			      "Date: Fri, 24 Jan 2014 19:20:00 +0000\r\n"
			      "Message-ID: <e.1.red.0011223344556677@example.org>\r\n"
			      "Auto-Submitted: auto-generated\r\n"
			      "X-Folded: one\r\n two\r\n"
			      "\r\n"
			      "body\r\n"
			      ".\r\n"
			      "..two dots\r\n"
			      "\r\n"
			      "end\r\n";

static char loopback[] = "127.0.0.1", user[] = "alerts", password[] = "open sesame";

/* Short, so that silence is over soon; libesmtp allows no less than a second. */
static const struct smtp_timeouts quick = {
	.connect = 1000,
	.greeting = 1000,
	.envelope = 1000,
	.data = 1000,
	.transfer = 1000,
	.reply = 1000,
	.quit = 500,
	.total = 4000,
	.session = 4000,
};

/* For a server that answers, on a machine that is busy. */
static const struct smtp_timeouts patient = {
	.connect = 20000,
	.greeting = 20000,
	.envelope = 20000,
	.data = 20000,
	.transfer = 20000,
	.reply = 20000,
	.quit = 20000,
	.total = 40000,
	.session = 40000,
};

/* Only where the server keeps silent is anything waited for in vain. */
static void follow(struct sink *sink, const char *script)
{
	bool silent = strstr(script, "silent") != NULL || strstr(script, "drip") != NULL;

	smtp_set_timeouts(silent ? &quick : &patient);
	sink_script(sink, script);
}

/* Runs the attempt as the courier does, in a process of its own with a deadline. */
static void attempt_in_child(mail_transport *send, const struct route_config *route,
	const struct mail *mail, struct attempt *attempt)
{
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		alarm(getenv("LAMPWATCH_SLOW") != NULL ? 5 * PATIENCE : PATIENCE);
		memset(attempt, 0, sizeof *attempt);
		mail_send(send, route, mail, attempt);
		_exit(write(ends[1], attempt, sizeof *attempt) == sizeof *attempt ? 0 : 1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], attempt, sizeof *attempt), sizeof *attempt);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static struct route_config route_to(const struct sink *sink)
{
	return (struct route_config){
		.type = sink->tls == SINK_IMPLICIT ? ROUTE_SMTPS : ROUTE_SMTP,
		.host = loopback,
		.port = sink->port,
		.ca_file = sink->certificate,
		.tls = sink->tls == SINK_PLAIN ? TLS_OFF : TLS_REQUIRED,
	};
}

static struct attempt send_by(
	mail_transport *send, const struct route_config *route, const char *recipient)
{
	struct mail mail = {SENDER, recipient, message, sizeof message - 1, NULL};
	struct attempt attempt;

	attempt_in_child(send, route, &mail, &attempt);
	return attempt;
}

static void assert_result(struct attempt attempt, enum outcome outcome, int code, const char *words)
{
	if (attempt.outcome != outcome || attempt.code != code)
		print_message("# %s\n", attempt.text);
	assert_string_equal(outcome_name(attempt.outcome), outcome_name(outcome));
	assert_int_equal(attempt.code, code);
	if (strstr(attempt.text, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, attempt.text);
	assert_null(strstr(attempt.text, RECIPIENT));
	assert_null(strstr(attempt.text, SENDER));
}

/* One row of a table: a script, and what must come of it. */
struct fault {
	const char *script;
	enum outcome outcome;
	int code;
	const char *words; /* in the attempt's text */
	size_t mails;      /* that the server keeps */
};

/* One comment line, so that a failure shows which row it was. */
static void announce(const char *script)
{
	char *line = memory_string(script);

	for (char *newline = line; (newline = strchr(newline, '\n')) != NULL;)
		*newline = ';';
	print_message("# %s\n", line);
	free(line);
}

/* Starts the sink, which the caller stops. login: the route has a user and a password. */
static void assert_fault(struct sink *sink, mail_transport *send, enum sink_tls tls, bool login,
	const struct fault *fault)
{
	struct route_config route;

	sink_start(sink, tls, "127.0.0.1", 2);
	follow(sink, fault->script);
	route = route_to(sink);
	route.user = login ? user : NULL;
	route.password = login ? password : NULL;
	announce(fault->script);
	assert_result(send_by(send, &route, RECIPIENT), fault->outcome, fault->code, fault->words);
}

static void assert_faults(
	mail_transport *send, enum sink_tls tls, const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sink sink;

		assert_fault(&sink, send, tls, false, &faults[i]);
		assert_int_equal(sink_count(&sink), faults[i].mails);
		sink_stop(&sink);
	}
}

#define ASSERT_FAULTS(send, tls, ...)                                                              \
	do {                                                                                       \
		static const struct fault faults[] = {__VA_ARGS__};                                \
		assert_faults(send, tls, faults, sizeof faults / sizeof *faults);                  \
	} while (0)

static void assert_arrives_as_it_is(mail_transport *send, enum sink_tls tls, const char *script)
{
	static const char envelope[] =
		"X-Envelope-From: " SENDER "\nX-Envelope-To: " RECIPIENT "\n";
	struct sink sink;
	struct route_config route;
	char *mail;

	sink_start(&sink, tls, "127.0.0.1", 2);
	follow(&sink, script);
	route = route_to(&sink);
	assert_result(send_by(send, &route, RECIPIENT), OUTCOME_DELIVERED, 250, "250 2.0.0 kept");
	assert_int_equal(sink_count(&sink), 1);
	mail = sink_mail(&sink, 1);
	assert_memory_equal(mail, envelope, sizeof envelope - 1);
	assert_string_equal(mail + sizeof envelope - 1, message);
	free(mail);
	sink_stop(&sink);
}

static void test_mail_arrives_byte_for_byte(void **state)
{
	(void)state;
	assert_arrives_as_it_is(smtp_send, SINK_STARTTLS, "");
	assert_arrives_as_it_is(smtp_send, SINK_PLAIN, "");
	assert_arrives_as_it_is(
		smtp_send, SINK_PLAIN, "without DSN\nwithout SIZE\nwithout 8BITMIME\n");
	assert_arrives_as_it_is(smtp_send, SINK_PLAIN, "with CHUNKING\n");
	assert_arrives_as_it_is(smtp_send, SINK_PLAIN, "without PIPELINING\nwith CHUNKING\n");
	assert_arrives_as_it_is(
		smtp_send, SINK_PLAIN, "hello first 1 reply 502 5.5.2 no EHLO here\n");
	assert_arrives_as_it_is(smtp_curl_send, SINK_IMPLICIT, "");
	assert_arrives_as_it_is(smtp_curl_send, SINK_STARTTLS, "");
	assert_arrives_as_it_is(smtp_curl_send, SINK_PLAIN, "with CHUNKING\n");
}

/*
 * Sends bytes over TLS from the first byte and expects them to be kept as they are, and known to
 * be: an accepted mail that counts as failed is sent again.
 */
static void assert_smtps_delivers(const char *bytes, size_t length)
{
	static const char envelope[] =
		"X-Envelope-From: " SENDER "\nX-Envelope-To: " RECIPIENT "\n";
	struct mail mail = {SENDER, RECIPIENT, bytes, length, NULL};
	struct attempt attempt;
	struct sink sink;
	struct route_config route;
	char *kept;

	sink_start(&sink, SINK_IMPLICIT, "127.0.0.1", 2);
	route = route_to(&sink);
	attempt_in_child(smtp_curl_send, &route, &mail, &attempt);
	assert_result(attempt, OUTCOME_DELIVERED, 250, "250 2.0.0 kept");
	kept = sink_mail(&sink, 1);
	assert_int_equal(strlen(kept), sizeof envelope - 1 + length);
	assert_memory_equal(kept + sizeof envelope - 1, bytes, length);
	free(kept);
	sink_stop(&sink);
}

enum { LIBCURL_READS = 65536 /* bytes at a time */ };

/* first, and as many lines as make size bytes of it. */
static void fill_mail(struct buffer *bytes, const char *first, size_t size)
{
	buffer_text(bytes, first);
	while (bytes->length < size - 2)
		buffer_add(bytes, bytes->length % 78 < 76 ? "x" : "\r\n",
			bytes->length % 78 < 76 ? 1 : 2);
	buffer_text(bytes, "\r\n");
}

/* The lines that begin with a dot, of which libcurl makes longer ones, and the length of the whole
 * decide when it knows that it has sent all. */
static void test_smtps_knows_that_a_mail_was_taken(void **state)
{
	static const char plain[] = "Subject: x\r\n\r\nno line begins with a dot\r\n";
	static const char *const beginnings[] = {
		"Subject: x\r\n\r\n", "Subject: x\r\n\r\n.\r\n..\r\n.x\r\n"};

	(void)state;
	assert_smtps_delivers(plain, sizeof plain - 1);
	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
		for (int more = -3; more <= 3; more++) {
			struct buffer bytes = {0};

			fill_mail(&bytes, beginnings[i], (size_t)(LIBCURL_READS + more));
			assert_smtps_delivers(bytes.data, bytes.length);
			buffer_release(&bytes);
		}
	}
}

static void test_twenty_mails_over_starttls_do_not_hang(void **state)
{
	struct sink sink;
	struct route_config route;

	(void)state;
	sink_start(&sink, SINK_STARTTLS, "127.0.0.1", 2);
	route = route_to(&sink);
	for (int i = 0; i < 20; i++)
		assert_result(
			send_by(smtp_send, &route, RECIPIENT), OUTCOME_DELIVERED, 250, "kept");
	assert_int_equal(sink_count(&sink), 20);
	sink_stop(&sink);
}

static void test_relay_that_is_not_there_is_temporary(void **state)
{
	struct sink sink;
	struct route_config route;

	(void)state;
	sink_start(&sink, SINK_PLAIN, "127.0.0.1", 2);
	route = route_to(&sink);
	kill(sink.pid, SIGTERM);
	waitpid(sink.pid, NULL, 0);
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_TEMPORARY, 0,
		"while connecting: Connection refused");
	sink.pid = fork();
	if (sink.pid == 0)
		_exit(0);
	sink_stop(&sink);
}

/* A listener whose queue is full lets connection attempts wait, as a dead host does. */
static void test_relay_that_never_accepts_is_left_after_the_connect_time(void **state)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof name;
	int listener = socket(AF_INET, SOCK_STREAM, 0), fillers[8];
	struct route_config route = {.host = loopback, .tls = TLS_OFF};
	struct smtp_timeouts timeouts = patient;
	time_t began = time(NULL);

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &length), 0);
	for (int i = 0; i < 8; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i], (struct sockaddr *)&name, sizeof name);
	}
	route.port = ntohs(name.sin_port);
	timeouts.connect = 1000;
	smtp_set_timeouts(&timeouts);
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_TEMPORARY, 0,
		"while connecting: no answer in time");
	assert_true(time(NULL) - began < patient.total / 1000);
	smtp_set_timeouts(&patient);
	for (int i = 0; i < 8; i++)
		close(fillers[i]);
	close(listener);
}

static void test_name_without_address_is_temporary(void **state)
{
	struct route_config route = {.host = (char[]){"relay.invalid"}, .port = 25, .tls = TLS_OFF};

	(void)state;
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_TEMPORARY, 0,
		"relay.invalid:25: while connecting");
}

static void test_relay_that_hangs_up_or_refuses_at_once_is_temporary(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"refuse\n", OUTCOME_TEMPORARY, 0, "while waiting for the greeting", 0},
		{"greeting drop\n", OUTCOME_TEMPORARY, 0, "while waiting for the greeting", 0},
		{"greeting reset\n", OUTCOME_TEMPORARY, 0, "while waiting for the greeting", 0},
		{"greeting reply 421 4.3.2 not now\n", OUTCOME_TEMPORARY, 421, "421 4.3.2 not now",
			0},
		{"greeting reply 554 5.3.2 no service\n", OUTCOME_TEMPORARY, 554,
			"554 5.3.2 no service", 0},
		{"hello reply 550 5.7.1 bad name\n", OUTCOME_TEMPORARY, 550, "550 5.7.1 bad name",
			0},
		{"hello reply 421 4.3.2 later\n", OUTCOME_TEMPORARY, 421, "421 4.3.2 later", 0});
}

static void test_silence_before_the_end_of_the_message_is_temporary(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"greeting silent\n", OUTCOME_TEMPORARY, 0, "while waiting for the greeting", 0},
		{"hello silent\n", OUTCOME_TEMPORARY, 0, "after EHLO", 0},
		{"mail silent\n", OUTCOME_TEMPORARY, 0, "after MAIL", 0},
		{"rcpt silent\n", OUTCOME_TEMPORARY, 0, "after RCPT", 0},
		{"data silent\n", OUTCOME_TEMPORARY, 0, "after DATA", 0});
	ASSERT_FAULTS(smtp_send, SINK_STARTTLS,
		{"starttls silent\n", OUTCOME_TEMPORARY, 0, "while starting TLS", 0},
		{"mail silent\n", OUTCOME_TEMPORARY, 0, "after MAIL", 0});
}

static void test_silence_after_the_message_is_unknown(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"content silent\n", OUTCOME_UNKNOWN, 0, "after the message", 0},
		{"content keep-silent\n", OUTCOME_UNKNOWN, 0, "after the message", 1},
		{"content drop\n", OUTCOME_UNKNOWN, 0, "after the message", 0},
		{"content keep-drop\n", OUTCOME_UNKNOWN, 0, "after the message", 1},
		{"content reset\n", OUTCOME_UNKNOWN, 0, "after the message", 0},
		{"content cut\n", OUTCOME_UNKNOWN, 0, "after the message", 0});
	ASSERT_FAULTS(smtp_send, SINK_STARTTLS,
		{"content keep-drop\n", OUTCOME_UNKNOWN, 0, "after the message", 1});
}

static void test_refused_recipient(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"rcpt for *@example.com reply 450 4.2.0 busy\n", OUTCOME_TEMPORARY, 450,
			"450 4.2.0 busy", 0},
		{"rcpt for *@example.com reply 550 5.1.1 <" RECIPIENT "> unknown\n",
			OUTCOME_RECEIVER, 550, "550 5.1.1 <[recipient]> unknown", 0},
		{"rcpt reply 554 5.7.1 relay access denied\n", OUTCOME_ROUTE, 554,
			"relay access denied", 0},
		{"without PIPELINING\nrcpt reply 550 no such user\n", OUTCOME_RECEIVER, 550,
			"no such user", 0},
		{"rcpt reply 550-5.1.1 first\\n550 5.1.1 second\n", OUTCOME_RECEIVER, 550,
			"first second", 0},
		{"with CHUNKING\nrcpt reply 450 4.2.0 busy\n", OUTCOME_TEMPORARY, 450,
			"450 4.2.0 busy", 0},
		{"with CHUNKING\nrcpt reply 550 5.1.1 unknown\n", OUTCOME_RECEIVER, 550,
			"550 5.1.1", 0},
		{"rcpt for *@elsewhere reply 550 5.1.1 unknown\n", OUTCOME_DELIVERED, 250, "kept",
			1});
}

static void test_refused_sender_is_temporary_or_the_route(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"mail reply 451 4.3.0 try later\n", OUTCOME_TEMPORARY, 451, "451 4.3.0 try later",
			0},
		{"mail reply 550 5.7.1 <" SENDER "> go away\n", OUTCOME_ROUTE, 550,
			"<[sender]> go away", 0},
		{"mail reply 552 5.3.4 too big\n", OUTCOME_ROUTE, 552, "552 5.3.4 too big", 0},
		{"require auth\n", OUTCOME_ROUTE, 530, "530 5.7.0 authentication required", 0});
}

static void test_refused_message_is_temporary_or_the_route(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"data reply 451 4.3.0 later\n", OUTCOME_TEMPORARY, 451, "451 4.3.0 later", 0},
		{"data reply 554 5.3.0 never\n", OUTCOME_ROUTE, 554, "554 5.3.0 never", 0},
		{"data reply 250 2.0.0 out of step\n", OUTCOME_TEMPORARY, 0, "after DATA", 0},
		{"content reply 452 4.3.1 disk full\n", OUTCOME_TEMPORARY, 452,
			"452 4.3.1 disk full", 0},
		{"content reply 554 5.7.1 looks like spam\n", OUTCOME_ROUTE, 554, "looks like spam",
			0},
		{"content reply 550 5.1.1 no such user\n", OUTCOME_RECEIVER, 550, "no such user",
			0});
}

static void test_chunks_that_are_not_all_acknowledged_are_not_delivered(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"with CHUNKING\ncontent silent\n", OUTCOME_UNKNOWN, 0, "", 0},
		{"with CHUNKING\ncontent drop\n", OUTCOME_UNKNOWN, 0, "", 0},
		{"with CHUNKING\ncontent keep-drop\n", OUTCOME_UNKNOWN, 0, "", 1},
		{"with CHUNKING\ncontent reply 452 4.3.1 full\n", OUTCOME_TEMPORARY, 452,
			"452 4.3.1 full", 0},
		{"with CHUNKING\nchunk first 1 reply 452 4.3.1 full\n", OUTCOME_TEMPORARY, 551,
			"551", 0},
		{"with CHUNKING\nchunk reply 552 5.3.4 too big\n", OUTCOME_TEMPORARY, 551, "551",
			0});
}

/* Larger than what the sockets hold, so that the break comes before the end. */
static void test_break_in_the_middle_of_the_message_is_temporary(void **state)
{
	static const char *const scripts[] = {"body reset\n", "body drop\n"};
	struct buffer bytes = {0};
	struct mail mail = {SENDER, RECIPIENT, NULL, 0, NULL};
	struct attempt attempt;

	(void)state;
	buffer_text(&bytes, message);
	while (bytes.length < MAIL_BYTES_MAX - 100)
		buffer_text(&bytes, "one more line of a long message, which fills the sockets\r\n");
	mail.bytes = bytes.data;
	mail.length = bytes.length;
	for (size_t i = 0; i < 2 * sizeof scripts / sizeof *scripts; i++) {
		enum sink_tls tls = i % 2 == 0 ? SINK_PLAIN : SINK_STARTTLS;
		struct sink sink;
		struct route_config route;

		sink_start(&sink, tls, "127.0.0.1", 2);
		follow(&sink, scripts[i / 2]);
		route = route_to(&sink);
		attempt_in_child(smtp_send, &route, &mail, &attempt);
		assert_result(attempt, OUTCOME_TEMPORARY, 0, "after the message");
		assert_int_equal(sink_count(&sink), 0);
		sink_stop(&sink);
	}
	buffer_release(&bytes);
}

/* More than the sockets hold, so that writing has to wait. */
static void test_large_mail_to_a_slow_server_arrives(void **state)
{
	static const char *const scripts[] = {
		"with CHUNKING\nrcpt delay 500\n", "data delay 500\n"};
	struct buffer bytes = {0};
	struct mail mail = {SENDER, RECIPIENT, NULL, 0, NULL};
	struct attempt attempt;

	(void)state;
	buffer_text(&bytes, message);
	while (bytes.length < 3000000)
		buffer_text(&bytes, "one more line of a long message, which fills the sockets\r\n");
	mail.bytes = bytes.data;
	mail.length = bytes.length;
	for (size_t i = 0; i < 2 * sizeof scripts / sizeof *scripts; i++) {
		enum sink_tls tls = i % 2 == 0 ? SINK_PLAIN : SINK_STARTTLS;
		struct sink sink;
		struct route_config route;

		sink_start(&sink, tls, "127.0.0.1", 2);
		follow(&sink, scripts[i / 2]);
		route = route_to(&sink);
		announce(scripts[i / 2]);
		attempt_in_child(smtp_send, &route, &mail, &attempt);
		assert_result(attempt, OUTCOME_DELIVERED, 250, "kept");
		sink_stop(&sink);
	}
	buffer_release(&bytes);
}

static void test_server_that_drips_is_left_at_the_total(void **state)
{
	time_t began = time(NULL);

	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"greeting drip 900\n", OUTCOME_TEMPORARY, 0, "timed out", 0},
		{"mail drip 900\n", OUTCOME_TEMPORARY, 0, "timed out", 0},
		{"content drip 900\n", OUTCOME_UNKNOWN, 0, "timed out", 1});
	assert_true(time(NULL) - began >= 3 * 4 - 3);
}

static void test_slow_server_within_its_time_delivers(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"rcpt delay 700\ncontent drip 20\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{"quit silent\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{"quit drop\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{"quit garbage\n", OUTCOME_DELIVERED, 250, "kept", 1});
}

static void test_replies_out_of_bounds_end_the_session(void **state)
{
	(void)state;
	ASSERT_FAULTS(smtp_send, SINK_PLAIN,
		{"greeting long 5000\n", OUTCOME_TEMPORARY, 0, "too long", 0},
		{"hello long 5000\n", OUTCOME_TEMPORARY, 0, "too long", 0},
		{"rcpt long 2000\n", OUTCOME_TEMPORARY, 0, "too long", 0},
		{"greeting flood\n", OUTCOME_TEMPORARY, 0, "while waiting for the greeting", 0},
		{"hello flood\n", OUTCOME_TEMPORARY, 0, "do not end", 0},
		{"mail flood\n", OUTCOME_TEMPORARY, 0, "after MAIL", 0},
		{"content flood\n", OUTCOME_UNKNOWN, 0, "after the message", 0},
		{"greeting garbage\n", OUTCOME_TEMPORARY, 0, "while waiting for the greeting", 0},
		{"hello garbage\n", OUTCOME_TEMPORARY, 0, "after EHLO", 0},
		{"rcpt garbage\n", OUTCOME_TEMPORARY, 0, "", 0},
		{"content garbage\n", OUTCOME_UNKNOWN, 0, "after the message", 0},
		{"content long 3000\n", OUTCOME_UNKNOWN, 0, "too long", 1});
}

static void test_greylisting_is_over_after_its_time(void **state)
{
	struct sink sink;
	struct route_config route;

	(void)state;
	sink_start(&sink, SINK_PLAIN, "127.0.0.1", 2);
	follow(&sink, "rcpt greylist 2\n");
	route = route_to(&sink);
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_TEMPORARY, 450, "greylisted");
	sleep(3);
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_DELIVERED, 250, "kept");
	sink_stop(&sink);
}

static void test_server_that_fails_twice_takes_the_third_try(void **state)
{
	struct sink sink;
	struct route_config route;

	(void)state;
	sink_start(&sink, SINK_PLAIN, "127.0.0.1", 2);
	follow(&sink, "mail first 2 reply 451 4.3.0 not yet\n");
	route = route_to(&sink);
	for (int i = 0; i < 2; i++)
		assert_result(
			send_by(smtp_send, &route, RECIPIENT), OUTCOME_TEMPORARY, 451, "not yet");
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_DELIVERED, 250, "kept");
	sink_stop(&sink);
}

/* What must never be: a mail, or a command after STARTTLS, in clear text. */
static void assert_nothing_sent(struct sink *sink)
{
	char *log = sink_log(sink);

	assert_int_equal(sink_count(sink), 0);
	assert_null(strstr(log, "\tC\tMAIL"));
	assert_null(strstr(log, "\tC\tAUTH"));
	free(log);
}

/* Each happens where a password would follow; nothing is sent. */
static void assert_starttls_faults(
	mail_transport *transport, const struct fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sink sink;

		assert_fault(&sink, transport, SINK_STARTTLS, true, &faults[i]);
		assert_nothing_sent(&sink);
		sink_stop(&sink);
	}
}

static void test_missing_or_failing_starttls_sends_nothing(void **state)
{
	static const struct fault faults[] = {
		{"without STARTTLS\n", OUTCOME_ROUTE, 0, "does not offer STARTTLS", 0},
		{"hello reply 502 5.5.2 no EHLO\n", OUTCOME_TEMPORARY, 502, "502", 0},
		{"hello first 1 reply 502 5.5.2 no EHLO\n", OUTCOME_ROUTE, 0,
			"does not offer STARTTLS", 0},
		{"starttls reply 454 4.7.0 not now\n", OUTCOME_TEMPORARY, 454, "454 4.7.0 not now",
			0},
		{"starttls reply 220 2.0.0 ha\\n220 2.0.0 ha\n", OUTCOME_ROUTE, 0,
			"after the reply", 0},
		{"starttls drop\n", OUTCOME_TEMPORARY, 0, "while starting TLS", 0},
		{"starttls long 1100\n", OUTCOME_TEMPORARY, 0, "too long", 0},
	};

	(void)state;
	assert_starttls_faults(smtp_send, faults, sizeof faults / sizeof *faults);
}

static void test_missing_or_failing_starttls_sends_nothing_by_libcurl(void **state)
{
	static const struct fault faults[] = {
		{"without STARTTLS\n", OUTCOME_ROUTE, 0, "does not offer STARTTLS", 0},
		{"hello reply 502 5.5.2 no EHLO\n", OUTCOME_TEMPORARY, 502, "502", 0},
		{"hello first 1 reply 502 5.5.2 no EHLO\n", OUTCOME_TEMPORARY, 502, "502", 0},
		{"starttls reply 454 4.7.0 not now\n", OUTCOME_TEMPORARY, 454, "454 4.7.0 not now",
			0},
		{"starttls drop\n", OUTCOME_TEMPORARY, 0, "while starting TLS", 0},
		{"starttls silent\n", OUTCOME_TEMPORARY, 0, "while starting TLS", 0},
		{"starttls inject 250-injected\\r\\n250 AUTH PLAIN\\r\\n235 in\\r\\n250 "
		 "ok\\r\\n\n",
			OUTCOME_ROUTE, 0, "after the reply to STARTTLS", 0},
	};

	(void)state;
	assert_starttls_faults(smtp_curl_send, faults, sizeof faults / sizeof *faults);
}

/* The bytes behind "220" would be the first that libesmtp reads inside TLS. */
static void test_injection_behind_the_reply_to_starttls_sends_nothing(void **state)
{
	struct sink sink;
	struct route_config route;

	(void)state;
	sink_start(&sink, SINK_STARTTLS, "127.0.0.1", 2);
	follow(&sink,
		"starttls inject 250-injected\\r\\n250 AUTH PLAIN\\r\\n235 in\\r\\n250 ok\\r\\n\n");
	route = route_to(&sink);
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_ROUTE, 0,
		"after the reply to STARTTLS");
	assert_nothing_sent(&sink);
	sink_stop(&sink);
}

/* The ways over TLS; the last is libesmtp's until the relay refuses TLS 1.2. */
static const struct way {
	mail_transport *send;
	enum sink_tls tls;
	const char *script;
	bool libcurl; /* in the end */
} ways[] = {
	{smtp_send, SINK_STARTTLS, "", false},
	{smtp_curl_send, SINK_STARTTLS, "", true},
	{smtp_curl_send, SINK_IMPLICIT, "", true},
	{smtp_send, SINK_STARTTLS, "tls1.3\n", true},
};

enum { WAYS = sizeof ways / sizeof *ways };

static void test_bad_certificate_sends_nothing(void **state)
{
	static const struct {
		const char *name;
		int days;
		bool trusted;
		const char *words;
	} rows[] = {
		{"127.0.0.9", 2, true, "IP address mismatch"},
		{"mail.example.org", 2, true, "IP address mismatch"},
		{"127.0.0.1", -1, true, "certificate has expired"},
		{"127.0.0.1", 2, false, "self-signed certificate"},
	};

	(void)state;
	for (size_t i = 0; i < WAYS * sizeof rows / sizeof *rows; i++) {
		const struct way *way = &ways[i % WAYS];
		struct sink sink;
		struct route_config route;

		sink_start(&sink, way->tls, rows[i / WAYS].name, rows[i / WAYS].days);
		follow(&sink, way->script);
		route = route_to(&sink);
		if (!rows[i / WAYS].trusted)
			route.ca_file = NULL;
		assert_result(send_by(way->send, &route, RECIPIENT), OUTCOME_ROUTE, 0,
			way->libcurl ? "ertificate" : rows[i / WAYS].words);
		assert_nothing_sent(&sink);
		sink_stop(&sink);
	}
}

static void test_configured_name_is_sent_and_checked(void **state)
{
	struct sink sink;
	struct route_config route;
	char *log;

	(void)state;
	sink_start(&sink, SINK_STARTTLS, "localhost", 2);
	follow(&sink, "");
	route = route_to(&sink);
	route.host = (char[]){"localhost"};
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_DELIVERED, 250, "kept");
	log = sink_log(&sink);
	assert_non_null(strstr(log, "C\t(name)\n1\tC\tlocalhost\n"));
	assert_non_null(strstr(log, "EHLO example.org\n"));
	assert_non_null(strstr(log, "RCPT TO:<" RECIPIENT "> NOTIFY=FAILURE\n"));
	free(log);
	sink_stop(&sink);
}

static void test_unreadable_ca_file_is_the_route(void **state)
{
	struct route_config route = {.host = (char[]){"127.0.0.1"},
		.port = 1,
		.tls = TLS_REQUIRED,
		.ca_file = (char[]){"/nonexistent/ca.pem"}};

	(void)state;
	assert_result(send_by(smtp_send, &route, RECIPIENT), OUTCOME_ROUTE, 0, "ca_file");
}

/* Row by row: the script, and how often AUTH may be tried. */
static void assert_password(char *name, const struct fault *fault)
{
	for (size_t i = 0; i < WAYS; i++) {
		char *script = memory_format("%s%s", fault->script, ways[i].script);
		struct sink sink;
		struct route_config route;
		struct attempt attempt;
		char *log;

		sink_start(&sink, ways[i].tls, "127.0.0.1", 2);
		follow(&sink, script);
		route = route_to(&sink);
		route.user = name;
		route.password = password;
		announce(script);
		attempt = send_by(ways[i].send, &route, RECIPIENT);
		assert_result(attempt, fault->outcome, fault->code, fault->words);
		assert_null(strstr(attempt.text, "sesame"));
		assert_null(strstr(attempt.text, "AGFsZXJ0cwBvcGVuIHNlc2FtZQ"));
		assert_int_equal(sink_count(&sink), fault->mails);
		log = sink_log(&sink);
		if (fault->mails == 0)
			assert_null(strstr(log, "\tC\tMAIL"));
		free(log);
		sink_stop(&sink);
		free(script);
	}
}

static void test_refused_password_is_the_route_and_sends_nothing(void **state)
{
	static const struct fault faults[] = {
		{"user alerts open sesame\nrequire auth\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{"user alerts other\n", OUTCOME_ROUTE, 535, "535 5.7.8 authentication failed", 0},
		{"auth reply 535 5.7.8 AGFsZXJ0cwBvcGVuIHNlc2FtZQ==? open sesame?\n", OUTCOME_ROUTE,
			535, "535", 0},
		{"auth reply 454 4.7.0 not now\n", OUTCOME_TEMPORARY, 454, "454 4.7.0 not now", 0},
		{"auth reply 534 5.7.9 too weak\n", OUTCOME_ROUTE, 534, "534", 0},
		{"auth drop\n", OUTCOME_TEMPORARY, 0, "while authenticating", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		assert_password(user, &faults[i]);
}

/* GSSAPI is tried by libcurl where the user's name has a domain. */
static void test_mechanisms_that_we_do_not_do_are_stepped_over(void **state)
{
	static char with_domain[] = "alerts@example.org";
#define OPEN "user alerts open sesame\nrequire auth\nwithout AUTH\n"
#define OPEN_DOMAIN "user alerts@example.org open sesame\nrequire auth\nwithout AUTH\n"
	static const struct fault good[] = {
		{OPEN "with AUTH LOGIN\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{OPEN "with AUTH GSSAPI NTLM LOGIN\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{OPEN "with AUTH GSSAPI NTLM PLAIN\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{OPEN "with AUTH NTLM LOGIN\nmechanism for NTLM* reply 334 TlRMTQ==\n",
			OUTCOME_DELIVERED, 250, "kept", 1},
		{OPEN "with AUTH NTLM LOGIN\nmechanism for NTLM* reply 535 5.7.8 no\n",
			OUTCOME_DELIVERED, 250, "kept", 1},
		{OPEN "with AUTH SCRAM-SHA-256 DIGEST-MD5 EXTERNAL XOAUTH2 OAUTHBEARER LOGIN\n",
			OUTCOME_DELIVERED, 250, "kept", 1},
		{OPEN "with AUTH PLAIN LOGIN\nmechanism for PLAIN* reply 504 5.5.4 no\n",
			OUTCOME_DELIVERED, 250, "kept", 1},
		{OPEN "with AUTH PLAIN LOGIN\nmechanism for PLAIN* reply 502 5.5.1 no\n",
			OUTCOME_DELIVERED, 250, "kept", 1},
		{OPEN "with AUTH GSSAPI SCRAM-SHA-1\n", OUTCOME_ROUTE, 0,
			"no supported AUTH mechanism", 0},
		{OPEN, OUTCOME_ROUTE, 0, "no supported AUTH mechanism", 0},
	};
	static const struct fault domain = {
		OPEN_DOMAIN "with AUTH GSSAPI NTLM LOGIN\n", OUTCOME_DELIVERED, 250, "kept", 1};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_password(user, &good[i]);
	assert_password(with_domain, &domain);
}

enum { MAILS = 50 };

/* What came of each of many mails in one session; "" where it was never reported. */
struct session_result {
	const char *outcomes[MAILS];
	size_t reported;
};

static void keep_outcome(void *context, size_t index, const struct attempt *attempt)
{
	struct session_result *result = context;

	assert_string_equal(result->outcomes[index], "");
	result->outcomes[index] = outcome_name(attempt->outcome);
	result->reported++;
}

/* Fifty mails in one session; the recipient at each place is "mN@example.com". */
static struct session_result send_many(
	mail_transport *send, enum sink_tls tls, const char *script, size_t *kept, char **log)
{
	struct session_result result = {.reported = 0};
	struct mail_report report = {keep_outcome, &result};
	struct mail mails[MAILS];
	char recipients[MAILS][32];
	struct route_config route;
	struct sink sink;

	announce(script);
	sink_start(&sink, tls, "127.0.0.1", 2);
	follow(&sink, script);
	route = route_to(&sink);
	for (size_t i = 0; i < MAILS; i++) {
		snprintf(recipients[i], sizeof recipients[i], "m%zu@example.com", i);
		mails[i] = (struct mail){.sender = SENDER,
			.recipient = recipients[i],
			.bytes = message,
			.length = sizeof message - 1};
		result.outcomes[i] = "";
	}
	send(&route, mails, MAILS, &report);
	*kept = sink_count(&sink);
	*log = sink_log(&sink);
	sink_stop(&sink);
	return result;
}

static size_t count_words(const char *text, const char *words)
{
	size_t count = 0;

	while ((text = strstr(text, words)) != NULL) {
		count++;
		text += strlen(words);
	}
	return count;
}

static void test_refused_password_is_not_tried_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < WAYS; i++) {
		struct sink sink;
		struct route_config route;
		char *log;
		char *script = memory_format("user alerts other\n%s", ways[i].script);

		sink_start(&sink, ways[i].tls, "127.0.0.1", 2);
		follow(&sink, script);
		route = route_to(&sink);
		route.user = user;
		route.password = password;
		assert_result(send_by(ways[i].send, &route, RECIPIENT), OUTCOME_ROUTE, 535, "535");
		log = sink_log(&sink);
		assert_int_equal(count_words(log, "\tC\tAUTH "), 1);
		free(log);
		free(script);
		sink_stop(&sink);
	}
}

static struct attempt send_with_token(
	struct sink *sink, enum sink_tls tls, const char *script, char *token)
{
	struct route_config route;

	sink_start(sink, tls, "127.0.0.1", 2);
	follow(sink, script);
	route = route_to(sink);
	route.user = user;
	route.token = token;
	return send_by(route_transport(&route), &route, RECIPIENT);
}

static void test_token_goes_by_what_the_relay_offers(void **state)
{
	static char token[] = "open.sesame-0123456789";
#define TOKEN "token alerts open.sesame-0123456789\nrequire auth\nwithout AUTH\n"
#define OTHER "token alerts other\nrequire auth\nwithout AUTH\n"
	static const struct fault faults[] = {
		{TOKEN "with AUTH PLAIN LOGIN XOAUTH2\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{TOKEN "with AUTH GSSAPI OAUTHBEARER\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{TOKEN "with AUTH XOAUTH2 OAUTHBEARER\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{TOKEN "with AUTH XOAUTH2 OAUTHBEARER\nmechanism for OAUTHBEARER* reply 504 5.5.4 "
		       "no\n",
			OUTCOME_DELIVERED, 250, "kept", 1},
		{OTHER "with AUTH XOAUTH2\n", OUTCOME_ROUTE, 334,
			"the server refuses the token: {\"status\":\"401\"", 0},
		{OTHER "with AUTH OAUTHBEARER\n", OUTCOME_ROUTE, 535, "535 5.7.8", 0},
		{OTHER "with AUTH OAUTHBEARER\nauth reply 535 5.7.8 open.sesame-0123456789?\n",
			OUTCOME_ROUTE, 535, "535 5.7.8 [token]?", 0},
		{OTHER "with AUTH OAUTHBEARER\nauth reply 454 4.7.0 not now\n", OUTCOME_TEMPORARY,
			454, "454 4.7.0 not now", 0},
		{TOKEN "with AUTH PLAIN LOGIN\n", OUTCOME_ROUTE, 0, "no supported AUTH mechanism",
			0},
		{TOKEN, OUTCOME_ROUTE, 0, "no supported AUTH mechanism", 0},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof faults / sizeof *faults; i++) {
		const struct fault *fault = &faults[i / 2];
		struct sink sink;
		struct attempt attempt;
		char *log;

		announce(fault->script);
		attempt = send_with_token(
			&sink, i % 2 == 0 ? SINK_STARTTLS : SINK_IMPLICIT, fault->script, token);
		assert_result(attempt, fault->outcome, fault->code, fault->words);
		assert_null(strstr(attempt.text, "sesame"));
		assert_int_equal(sink_count(&sink), fault->mails);
		log = sink_log(&sink);
		if (fault->mails == 0)
			assert_null(strstr(log, "\tC\tMAIL"));
		assert_null(strstr(log, "\tC\tAUTH PLAIN"));
		free(log);
		sink_stop(&sink);
	}
}

static void test_long_token_arrives_and_is_never_repeated(void **state)
{
	char *token = memory_zero(CONFIG_TOKEN_MAX + 1, 1), *script;
	struct attempt attempt;
	struct sink sink;

	(void)state;
	for (size_t i = 0; i < CONFIG_TOKEN_MAX; i++)
		token[i] = (char)('a' + (i * i + i / 7) % 26);
	script = memory_format("token alerts %s\nwithout AUTH\nwith AUTH XOAUTH2\n", token);
	assert_result(send_with_token(&sink, SINK_STARTTLS, script, token), OUTCOME_DELIVERED, 250,
		"kept");
	sink_stop(&sink);
	free(script);
	script = memory_format("token alerts %s\nwithout AUTH\nwith AUTH XOAUTH2\n"
			       "auth reply 535 5.7.8 %.600s\n",
		token, token + 700);
	attempt = send_with_token(&sink, SINK_STARTTLS, script, token);
	assert_result(attempt, OUTCOME_ROUTE, 535, "535 5.7.8 [token]");
	assert_null(strstr(attempt.text, token + CONFIG_TOKEN_MAX - 20));
	sink_stop(&sink);
	free(script);
	free(token);
}

static void test_relay_that_speaks_tls_1_3_only(void **state)
{
	size_t kept;
	char *log;
	struct session_result result;

	(void)state;
	assert_arrives_as_it_is(smtp_send, SINK_STARTTLS, "tls1.3\n");
	assert_arrives_as_it_is(smtp_curl_send, SINK_IMPLICIT, "tls1.3\n");
	result = send_many(smtp_send, SINK_STARTTLS, "tls1.3\n", &kept, &log);
	assert_int_equal(result.reported, MAILS);
	assert_int_equal(kept, MAILS);
	free(log);
}

static void test_a_session_interrupts_nothing_afterwards(void **state)
{
	struct mail mail = {SENDER, RECIPIENT, message, sizeof message - 1, NULL};
	struct attempt attempt = {0};
	struct sink sink;
	struct route_config route;

	(void)state;
	sink_start(&sink, SINK_PLAIN, loopback, 2);
	follow(&sink, "");
	route = route_to(&sink);
	mail_send(smtp_send, &route, &mail, &attempt);
	assert_result(attempt, OUTCOME_DELIVERED, 250, "kept");
	assert_int_equal(poll(NULL, 0, 2 * WRITE_WATCH_MILLISECONDS), 0);
	sink_stop(&sink);
}

static void test_relay_at_an_ipv6_address(void **state)
{
	static char six[] = "::1";

	(void)state;
	if (!sink_has_ipv6())
		skip();
	for (int tls = SINK_PLAIN; tls <= SINK_IMPLICIT; tls++) {
		struct sink sink;
		struct route_config route;

		sink_start(&sink, (enum sink_tls)tls, six, 2);
		follow(&sink, "");
		route = route_to(&sink);
		route.host = six;
		assert_result(send_by(route_transport(&route), &route, RECIPIENT),
			OUTCOME_DELIVERED, 250, "kept");
		assert_int_equal(sink_count(&sink), 1);
		sink_stop(&sink);
	}
}

/* Whatever its certificate says; and under its own name. */
static void test_exchanger_with_nothing_but_an_ipv6_address(void **state)
{
	static char domain[] = "example.com", exchanger[] = "mx.example.com", six[] = "::1";
	struct dns_record records[] = {
		{.type = DNS_MX, .owner = domain, .value = exchanger, .preference = 10},
		{.type = DNS_AAAA, .owner = exchanger, .value = six},
	};
	struct host host = {.role = HOST_DOMAIN,
		.name = domain,
		.status = DNS_FOUND,
		.checked = 1,
		.records = records,
		.count = 2};

	(void)state;
	if (!sink_has_ipv6())
		skip();
	for (int tls = SINK_PLAIN; tls <= SINK_STARTTLS; tls++) {
		struct mail mail = {SENDER, RECIPIENT, message, sizeof message - 1, &host};
		struct route_config route = {.type = ROUTE_MX, .tls = TLS_OFFERED};
		struct attempt attempt;
		struct sink sink;
		char *log;

		sink_start(&sink, (enum sink_tls)tls, six, 2);
		follow(&sink, "");
		route.port = sink.port;
		attempt_in_child(mx_send, &route, &mail, &attempt);
		assert_result(attempt, OUTCOME_DELIVERED, 250, "kept");
		log = sink_log(&sink);
		assert_int_equal(count_words(log, "C\tmx.example.com\n"), tls == SINK_STARTTLS);
		free(log);
		sink_stop(&sink);
	}
}

static void test_libcurl_makes_the_same_of_the_same_faults(void **state)
{
	static const struct fault faults[] = {{"refuse\n", OUTCOME_TEMPORARY, 0, "while", 0},
		{"greeting reply 421 4.3.2 not now\n", OUTCOME_TEMPORARY, 421, "421 4.3.2 not now",
			0},
		{"greeting reply 554 5.3.2 no service\n", OUTCOME_TEMPORARY, 554, "554", 0},
		{"greeting silent\n", OUTCOME_TEMPORARY, 0, "while", 0},
		{"greeting flood\n", OUTCOME_TEMPORARY, 0, "", 0},
		{"greeting long 300000\n", OUTCOME_TEMPORARY, 0, "", 0},
		{"greeting garbage\n", OUTCOME_TEMPORARY, 0, "", 0},
		{"mail reply 451 4.3.0 later\n", OUTCOME_TEMPORARY, 451, "451", 0},
		{"mail reply 550 5.7.1 go away\n", OUTCOME_ROUTE, 550, "550", 0},
		{"mail silent\n", OUTCOME_TEMPORARY, 0, "after MAIL", 0},
		{"rcpt reply 450 4.2.0 busy\n", OUTCOME_TEMPORARY, 450, "450", 0},
		{"rcpt reply 550 5.1.1 <" RECIPIENT "> unknown\n", OUTCOME_RECEIVER, 550,
			"<[recipient]>", 0},
		{"data reply 451 4.3.0 later\n", OUTCOME_TEMPORARY, 451, "451", 0},
		{"content reply 452 4.3.1 full\n", OUTCOME_TEMPORARY, 452, "452", 0},
		{"content reply 554 5.7.1 spam\n", OUTCOME_ROUTE, 554, "554", 0},
		{"content keep-drop\n", OUTCOME_UNKNOWN, 0, "after the message", 1},
		{"content keep-silent\n", OUTCOME_UNKNOWN, 0, "after the message", 1},
		{"quit silent\n", OUTCOME_DELIVERED, 250, "kept", 1},
		{"quit drop\n", OUTCOME_DELIVERED, 250, "kept", 1}};

	(void)state;
	for (int tls = SINK_PLAIN; tls <= SINK_IMPLICIT; tls++)
		assert_faults(
			smtp_curl_send, (enum sink_tls)tls, faults, sizeof faults / sizeof *faults);
}

/* The outcome of one place, and of all places before and after it. */
static void assert_session(mail_transport *send, enum sink_tls tls, const char *script,
	size_t place, const char *before, const char *at, const char *after, size_t mails)
{
	size_t kept;
	char *log;
	struct session_result result = send_many(send, tls, script, &kept, &log);

	for (size_t i = 0; i < MAILS; i++)
		assert_string_equal(result.outcomes[i], i < place   ? before
							: i > place ? after
								    : at);
	assert_int_equal(kept, mails);
	assert_int_equal(count_words(log, "\tC\tEHLO"), tls == SINK_STARTTLS ? 2 : 1);
	free(log);
}

static void test_fifty_mails_go_in_one_session(void **state)
{
	(void)state;
	assert_session(smtp_send, SINK_PLAIN, "", 0, "", "delivered", "delivered", MAILS);
	assert_session(smtp_send, SINK_STARTTLS, "", 0, "", "delivered", "delivered", MAILS);
	assert_session(
		smtp_send, SINK_PLAIN, "with CHUNKING\n", 0, "", "delivered", "delivered", MAILS);
	assert_session(smtp_curl_send, SINK_IMPLICIT, "", 0, "", "delivered", "delivered", MAILS);
}

static void test_one_bad_recipient_among_fifty_costs_only_itself(void **state)
{
	static const char *const replies[][2] = {
		{"rcpt for m7@* reply 550 5.1.1 unknown\n", "receiver"},
		{"rcpt for m7@* reply 450 4.2.0 busy\n", "temporary"},
		{"with CHUNKING\nrcpt for m7@* reply 550 5.1.1 unknown\n", "receiver"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
		assert_session(smtp_send, SINK_PLAIN, replies[i][0], 7, "delivered", replies[i][1],
			"delivered", MAILS - 1);
}

/* What the relay had no turn for is not begun: it may be handed in again at once. */
static void test_a_session_that_breaks_costs_only_the_mail_in_turn(void **state)
{
	(void)state;
	assert_session(
		smtp_send, SINK_PLAIN, "rcpt for m7@* drop\n", 7, "delivered", "temporary", "", 7);
	assert_session(smtp_send, SINK_PLAIN, "rcpt for m7@* silent\n", 7, "delivered", "temporary",
		"", 7);
	assert_session(smtp_curl_send, SINK_IMPLICIT, "rcpt for m7@* drop\n", 7, "delivered",
		"temporary", "", 7);
}

static void test_a_relay_that_accepts_and_then_drops_leaves_one_unknown(void **state)
{
	(void)state;
	assert_session(
		smtp_send, SINK_PLAIN, "content first 1 keep-drop\n", 0, "", "unknown", "", 1);
	assert_session(smtp_curl_send, SINK_IMPLICIT, "content first 1 keep-drop\n", 0, "",
		"unknown", "", 1);
}

static void test_a_session_that_never_begins_reports_one_for_all(void **state)
{
	(void)state;
	assert_session(smtp_send, SINK_PLAIN, "hello reply 421 4.3.2 not now\n", 0, "", "temporary",
		"", 0);
}

static int set_patient(void **state)
{
	(void)state;
	smtp_set_timeouts(&patient);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail_arrives_byte_for_byte),
		cmocka_unit_test(test_smtps_knows_that_a_mail_was_taken),
		cmocka_unit_test(test_twenty_mails_over_starttls_do_not_hang),
		cmocka_unit_test(test_relay_that_is_not_there_is_temporary),
		cmocka_unit_test(test_relay_that_never_accepts_is_left_after_the_connect_time),
		cmocka_unit_test(test_name_without_address_is_temporary),
		cmocka_unit_test(test_relay_that_hangs_up_or_refuses_at_once_is_temporary),
		cmocka_unit_test(test_silence_before_the_end_of_the_message_is_temporary),
		cmocka_unit_test(test_silence_after_the_message_is_unknown),
		cmocka_unit_test(test_refused_recipient),
		cmocka_unit_test(test_refused_sender_is_temporary_or_the_route),
		cmocka_unit_test(test_refused_message_is_temporary_or_the_route),
		cmocka_unit_test(test_chunks_that_are_not_all_acknowledged_are_not_delivered),
		cmocka_unit_test(test_break_in_the_middle_of_the_message_is_temporary),
		cmocka_unit_test(test_large_mail_to_a_slow_server_arrives),
		cmocka_unit_test(test_server_that_drips_is_left_at_the_total),
		cmocka_unit_test(test_slow_server_within_its_time_delivers),
		cmocka_unit_test(test_replies_out_of_bounds_end_the_session),
		cmocka_unit_test(test_greylisting_is_over_after_its_time),
		cmocka_unit_test(test_server_that_fails_twice_takes_the_third_try),
		cmocka_unit_test(test_missing_or_failing_starttls_sends_nothing),
		cmocka_unit_test(test_missing_or_failing_starttls_sends_nothing_by_libcurl),
		cmocka_unit_test(test_injection_behind_the_reply_to_starttls_sends_nothing),
		cmocka_unit_test(test_bad_certificate_sends_nothing),
		cmocka_unit_test(test_configured_name_is_sent_and_checked),
		cmocka_unit_test(test_unreadable_ca_file_is_the_route),
		cmocka_unit_test(test_refused_password_is_the_route_and_sends_nothing),
		cmocka_unit_test(test_mechanisms_that_we_do_not_do_are_stepped_over),
		cmocka_unit_test(test_refused_password_is_not_tried_twice),
		cmocka_unit_test(test_token_goes_by_what_the_relay_offers),
		cmocka_unit_test(test_long_token_arrives_and_is_never_repeated),
		cmocka_unit_test(test_relay_that_speaks_tls_1_3_only),
		cmocka_unit_test(test_a_session_interrupts_nothing_afterwards),
		cmocka_unit_test(test_relay_at_an_ipv6_address),
		cmocka_unit_test(test_exchanger_with_nothing_but_an_ipv6_address),
		cmocka_unit_test(test_libcurl_makes_the_same_of_the_same_faults),
		cmocka_unit_test(test_fifty_mails_go_in_one_session),
		cmocka_unit_test(test_one_bad_recipient_among_fifty_costs_only_itself),
		cmocka_unit_test(test_a_session_that_breaks_costs_only_the_mail_in_turn),
		cmocka_unit_test(test_a_relay_that_accepts_and_then_drops_leaves_one_unknown),
		cmocka_unit_test(test_a_session_that_never_begins_reports_one_for_all),
	};

	return cmocka_run_group_tests(tests, set_patient, NULL);
}
