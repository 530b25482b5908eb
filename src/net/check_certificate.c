/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <time.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/check_p.h"

/* Seconds since 1970; 0 where it is no time. */
static int64_t time_of(const ASN1_TIME *time)
{
	struct tm parts;

	return time != NULL && ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

static void note_leaf(struct check_measure *measure, const X509 *leaf)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	measure->certificate[0] = '\0';
	if (X509_digest(leaf, EVP_sha256(), digest, &length) == 1 && length == DIGEST_BYTES)
		text_hexadecimal(digest, length, measure->certificate);
	measure->certificate_ends = time_of(X509_get0_notAfter(leaf));
}

/* Of the certificate at fault, which may be one above the leaf. */
static char *fault_word(int fault, const X509 *certificate)
{
	char date[DATE_TEXT_MAX];

	if (certificate != NULL && fault == X509_V_ERR_CERT_HAS_EXPIRED) {
		date_write(time_of(X509_get0_notAfter(certificate)), date);
		return memory_format("certificate expired %.10s", date);
	}
	if (certificate != NULL && fault == X509_V_ERR_CERT_NOT_YET_VALID) {
		date_write(time_of(X509_get0_notBefore(certificate)), date);
		return memory_format("certificate begins %.10s", date);
	}
	return memory_format("certificate not trusted: %s", X509_verify_cert_error_string(fault));
}

/* In place of OpenSSL's own, which does no more than the first line. */
static int verify(X509_STORE_CTX *context, void *argument)
{
	struct check_measure *measure = argument;
	int good = X509_verify_cert(context);
	const X509 *leaf = X509_STORE_CTX_get0_cert(context);
	int fault = X509_STORE_CTX_get_error(context);

	free(measure->certificate_fault);
	measure->certificate_fault = NULL;
	if (leaf != NULL)
		note_leaf(measure, leaf);
	if (good <= 0)
		measure->certificate_fault =
			fault_word(fault, X509_STORE_CTX_get_current_cert(context));
	return good;
}

static CURLcode set_context(CURL *easy, void *context, void *argument)
{
	(void)easy;
	SSL_CTX_set_cert_verify_callback(context, verify, argument);
	return CURLE_OK;
}

void check_certificate_watch(CURL *easy, struct check_measure *measure)
{
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_context);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, measure);
	/* A session that goes on shows no certificate. */
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}
