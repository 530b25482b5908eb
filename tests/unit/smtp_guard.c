/* SPDX-License-Identifier: ISC
 *
 * What smtp_send() does where libesmtp, or OpenSSL below it, does not stop by itself: they do
 * today, so no server can show it. libesmtp's session is played in place of the real one, with a
 * connection of TCP whose other end tells what has arrived.
 */
#include "tell/smtp.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* In this order: libesmtp.h declares what concerns TLS only after OpenSSL. */
#include <openssl/ssl.h>
#include <auth-client.h>
#include <libesmtp.h>

#include <cmocka.h>

#include "config/config.h"
#include "servers/mail.h"
#include "tell/attempt.h"

#define GREETED "EHLO example.org\r\n"

/* Replaces libesmtp: which callbacks it calls, and what it does. */
static struct {
	smtp_eventcb_t event;
	smtp_monitorcb_t monitor;
	void *event_context, *monitor_context;
	void (*session)(void);
	int own, other; /* the ends of the connection */
} played;

int smtp_set_eventcb(smtp_session_t session, smtp_eventcb_t callback, void *context)
{
	(void)session;
	played.event = callback;
	played.event_context = context;
	return 1;
}

int smtp_set_monitorcb(
	smtp_session_t session, smtp_monitorcb_t callback, void *context, int with_headers)
{
	(void)session;
	(void)with_headers;
	played.monitor = callback;
	played.monitor_context = context;
	return 1;
}

static void connect_ends(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (const struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	played.own = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(played.own, (const struct sockaddr *)&address, length), 0);
	played.other = accept(listener, NULL, NULL);
	assert_true(played.other >= 0);
	close(listener);
}

#define happens(...) played.event(NULL, __VA_ARGS__)

static void hear(const char *words)
{
	played.monitor(words, (int)strlen(words), SMTP_CB_READING, played.monitor_context);
}

/* As libesmtp does: it tells the bytes, and then writes them. */
static void say(const char *words)
{
	played.monitor(words, (int)strlen(words), SMTP_CB_WRITING, played.monitor_context);
	(void)!send(played.own, words, strlen(words), MSG_NOSIGNAL);
}

int smtp_start_session(smtp_session_t session)
{
	(void)session;
	connect_ends();
	happens(SMTP_EV_CONNECT, played.event_context);
	hear("220 relay.example\r\n");
	say(GREETED);
	hear("250 relay.example\r\n");
	played.session();
	shutdown(played.own, SHUT_WR);
	happens(SMTP_EV_DISCONNECT, played.event_context);
	close(played.own);
	return 0;
}

/* What came of a mail by such a session. */
static struct attempt send_by(const struct route_config *route, void (*session)(void))
{
	struct mail mail = {"a@example.org", "b@example.org", "Subject: x\r\n\r\n", 14, NULL};
	struct attempt attempt = {.outcome = OUTCOME_DELIVERED};

	played.session = session;
	mail_send(smtp_send, route, &mail, &attempt);
	return attempt;
}

static void assert_arrived(const char *words)
{
	char bytes[1024];
	size_t length = 0;
	ssize_t got;

	while ((got = recv(played.other, bytes + length, sizeof bytes - 1 - length, 0)) > 0)
		length += (size_t)got;
	bytes[length] = '\0';
	assert_string_equal(bytes, words);
	close(played.other);
}

static struct route_config encrypted_route(void)
{
	static char host[] = "127.0.0.1", user[] = "alerts", password[] = "open sesame";

	return (struct route_config){
		.host = host, .port = 1, .tls = TLS_REQUIRED, .user = user, .password = password};
}

static void mail_in_plain(void)
{
	say("MAIL FROM:<a@example.org>\r\n");
}

static void password_in_plain(void)
{
	say("AUTH PLAIN AGFsZXJ0cwBvcGVuIHNlc2FtZQ==\r\n");
}

static void mail_in_tls(void)
{
	happens(SMTP_EV_STARTTLS_OK, played.event_context);
	mail_in_plain();
}

static void assert_no_tls(const struct route_config *route, void (*session)(void))
{
	struct attempt attempt = send_by(route, session);

	assert_arrived(GREETED);
	assert_int_equal(attempt.outcome, OUTCOME_ROUTE);
	assert_string_equal(attempt.text, "127.0.0.1: TLS is required but was not started");
}

static void test_nothing_goes_out_in_plain_where_tls_is_required(void **state)
{
	struct route_config route = encrypted_route();

	(void)state;
	assert_no_tls(&route, password_in_plain);
	route.user = NULL;
	assert_no_tls(&route, mail_in_plain);
}

static void test_a_mail_goes_out_once_tls_has_begun(void **state)
{
	struct route_config route = encrypted_route();

	(void)state;
	route.user = NULL;
	send_by(&route, mail_in_tls);
	assert_arrived(GREETED "MAIL FROM:<a@example.org>\r\n");
}

static long verified;   /* what OpenSSL says of the certificate */
static int accepted[2]; /* where it names another host; where it is not valid */

static void certificate_in_doubt(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);

	SSL_set_verify_result(ssl, verified);
	accepted[0] = accepted[1] = -1;
	happens(SMTP_EV_WRONG_PEER_CERTIFICATE, played.event_context, &accepted[0], "other.example",
		ssl);
	happens(SMTP_EV_INVALID_PEER_CERTIFICATE, played.event_context, verified, &accepted[1],
		ssl);
	SSL_free(ssl);
	SSL_CTX_free(context);
}

static void test_a_certificate_is_accepted_only_where_openssl_has_verified_it(void **state)
{
	static const struct {
		enum tls tls;
		long verified;
		int accepted;
	} rows[] = {
		{TLS_REQUIRED, X509_V_OK, 1}, {TLS_REQUIRED, X509_V_ERR_CERT_HAS_EXPIRED, 0},
		{TLS_REQUIRED, X509_V_ERR_HOSTNAME_MISMATCH, 0},
		{TLS_OFFERED, X509_V_ERR_CERT_HAS_EXPIRED, 1}, /* encrypted is better than not */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct route_config route = encrypted_route();

		route.user = NULL;
		route.tls = rows[i].tls;
		verified = rows[i].verified;
		send_by(&route, certificate_in_doubt);
		assert_arrived(GREETED);
		assert_int_equal(accepted[0], rows[i].accepted);
		assert_int_equal(accepted[1], rows[i].accepted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_goes_out_in_plain_where_tls_is_required),
		cmocka_unit_test(test_a_mail_goes_out_once_tls_has_begun),
		cmocka_unit_test(test_a_certificate_is_accepted_only_where_openssl_has_verified_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
