/* SPDX-License-Identifier: ISC
 *
 * What a session of libesmtp needs of OpenSSL: whom to trust, whom to expect.
 */
#include "tell/smtp_p.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include "config/config.h"

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

static const char *server_name(const struct route_config *route)
{
	return route->server_name != NULL ? route->server_name : route->host;
}

/* libesmtp sends no server name, without which some servers show a certificate that fits nobody. */
static void handshake(const SSL *ssl, int where, int result)
{
	struct session *session = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)result;
	if ((where & SSL_CB_HANDSHAKE_START) == 0)
		return;
	if (smtp_connection < 0)
		smtp_connection = SSL_get_fd(ssl);
	if (session->refused != NULL)
		smtp_refuse(session, session->refusal, session->refused);
	if (!is_address(server_name(session->route)))
		SSL_set_tlsext_host_name((SSL *)ssl, server_name(session->route));
}

static bool set_authorities(SSL_CTX *context, const char *ca_file)
{
	if (ca_file == NULL)
		return SSL_CTX_set_default_verify_paths(context) == 1;
	return SSL_CTX_load_verify_locations(context, ca_file, NULL) == 1;
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
 * A context of our own for each connection: libesmtp's is freed after the first
 * and used again. Not above TLS 1.2: a server's TLS 1.3 session tickets arrive
 * unasked, libesmtp takes them for the reply to an EHLO that it has not sent
 * yet, and both sides wait until the timeout (seen in 14 of 20 tries against Postfix).
 * Client certificates are not used: libesmtp frees them twice.
 */
SSL_CTX *smtp_tls_context(struct session *session)
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
		set_authorities(context, route->ca_file))
		return context;
	SSL_CTX_free(context);
	return NULL;
}
