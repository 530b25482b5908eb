/* SPDX-License-Identifier: ISC
 *
 * TLS below libesmtp: trusted authorities, the expected name, and what it does not see.
 */
#include "tell/smtp_p.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/x509v3.h>

#include "config/config.h"
#include "tell/smtp_connection.h"
#include "tell/write_watch.h"

/* Keeps what is wrong with the certificate; OpenSSL's error tells only that something is. */
static int note_verification(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct smtp_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (!good)
		client->verify_error = X509_STORE_CTX_get_error(store);
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
		!smtp_connection_broken()) {
		write_watch_fail();
		smtp_connection_end();
	}
	return result;
}

/* libesmtp sends no server name, without which some servers show a certificate that fits nobody.
 * OpenSSL declares ssl const for all its callbacks; at the start of a handshake it may be set up.
 */
static void handshake(const SSL *ssl, int where, int result)
{
	struct smtp_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct route_config *route = client->route;
	const char *name = route->server_name != NULL ? route->server_name : route->host;

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && result >> 8 == SSL3_AL_FATAL)
		client->tls_refused = !client->encrypted;
	if ((where & SSL_CB_HANDSHAKE_START) == 0)
		return;
	smtp_connection_known(SSL_get_fd(ssl));
	write_watch_end(); /* of what TLS writes, OpenSSL tells */
	BIO_set_callback_ex(SSL_get_wbio(ssl), note_write);
	if (client->refused != NULL)
		smtp_refuse(client, client->refusal, client->refused);
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
 * Not above TLS 1.2: a server's TLS 1.3 session tickets arrive unasked, libesmtp takes them for the
 * reply to an EHLO that it has not sent yet, and both sides wait until the timeout (seen in 14 of
 * 20 tries against Postfix). A relay that refuses TLS 1.2 gets its mail by libcurl. Client
 * certificates are not used: libesmtp frees them twice.
 */
SSL_CTX *smtp_tls_context(struct smtp_client *client)
{
	const struct route_config *route = client->route;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL)
		return NULL;
	SSL_CTX_set_app_data(context, client);
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

/* What is only offered by a host that nobody vouches for is taken as it is. */
bool smtp_tls_accepts(const struct smtp_client *client, const SSL *ssl)
{
	return client->route->tls == TLS_OFFERED || SSL_get_verify_result(ssl) == X509_V_OK;
}
