/* SPDX-License-Identifier: ISC */
#include "base/timestamp.h"

#include <time.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"

/* Before OpenSSL 3.4 the functions that take ownership of a store and data have other names. */
#if OPENSSL_VERSION_NUMBER < 0x30400000L
#define TS_VERIFY_CTX_set0_store TS_VERIFY_CTX_set_store
#define TS_VERIFY_CTX_set0_data TS_VERIFY_CTX_set_data
#endif

enum { NONCE_BYTES = 8 };

static void require(bool done)
{
	if (!done)
		error_fatal("libcrypto cannot make a request for a time stamp");
}

/* Sets the error with libcrypto's first queued error, which names the cause; empties the queue. */
static bool refuse(struct error *error, enum remedy remedy, const char *what)
{
	unsigned long first = ERR_get_error();
	const char *reason = first != 0 ? ERR_reason_error_string(first) : NULL;

	ERR_clear_error();
	return error_set(error, remedy, "%s%s%s", what, reason != NULL ? ": " : "",
		reason != NULL ? reason : "");
}

static TS_MSG_IMPRINT *imprint_of(const void *bytes, size_t length)
{
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	require(imprint != NULL && algorithm != NULL &&
		EVP_Digest(bytes, length, digest, &size, EVP_sha256(), NULL) == 1);
	X509_ALGOR_set_md(algorithm, EVP_sha256());
	require(TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
		TS_MSG_IMPRINT_set_msg(imprint, digest, (int)size) == 1);
	X509_ALGOR_free(algorithm);
	return imprint;
}

void timestamp_request(const void *bytes, size_t length, struct buffer *out)
{
	TS_REQ *request = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = imprint_of(bytes, length);
	unsigned char random[NONCE_BYTES], *der = NULL;
	ASN1_INTEGER *nonce;
	BIGNUM *number;
	int size;

	digest_random(random, sizeof random);
	random[0] |= 0x40; /* so that it has its full length */
	number = BN_bin2bn(random, sizeof random, NULL);
	nonce = BN_to_ASN1_INTEGER(number, NULL);
	require(request != NULL && nonce != NULL && TS_REQ_set_version(request, 1) == 1 &&
		TS_REQ_set_msg_imprint(request, imprint) == 1 &&
		TS_REQ_set_nonce(request, nonce) == 1 && TS_REQ_set_cert_req(request, 1) == 1);
	size = i2d_TS_REQ(request, &der);
	require(size > 0);
	buffer_add(out, der, (size_t)size);
	OPENSSL_free(der);
	BN_free(number);
	ASN1_INTEGER_free(nonce);
	TS_MSG_IMPRINT_free(imprint);
	TS_REQ_free(request);
}

/* Bytes after the structure are not signed: they are refused. */
static TS_RESP *parse_reply(const struct buffer *reply)
{
	const unsigned char *at = (const unsigned char *)buffer_string(reply);
	const unsigned char *end = at + reply->length;
	TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)reply->length);

	if (response != NULL && at != end) {
		TS_RESP_free(response);
		return NULL;
	}
	return response;
}

static bool token_time(TS_RESP *response, int64_t *time)
{
	TS_TST_INFO *info = TS_RESP_get_tst_info(response);
	const ASN1_GENERALIZEDTIME *given = info != NULL ? TS_TST_INFO_get_time(info) : NULL;
	struct tm parts;

	if (given == NULL || ASN1_TIME_to_tm(given, &parts) != 1)
		return false;
	*time = timegm(&parts);
	return true;
}

/* Takes ownership of context, which may be NULL. at: the time at which the certificates must be
 * valid; 0: now. */
static bool verify_response(TS_VERIFY_CTX *context, TS_RESP *response, const char *ca_file,
	int64_t at, enum remedy remedy, struct error *error)
{
	X509_STORE *store = X509_STORE_new();
	bool good;

	require(store != NULL);
	if (at != 0)
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)at);
	if (X509_STORE_load_file(store, ca_file) != 1 || context == NULL) {
		TS_VERIFY_CTX_free(context);
		X509_STORE_free(store);
		refuse(error, remedy, "cannot be read, or holds no certificate in PEM");
		return error_prefix(error, "%s", ca_file);
	}
	TS_VERIFY_CTX_set0_store(context, store);
	good = TS_RESP_verify_response(context, response) == 1;
	TS_VERIFY_CTX_free(context);
	return good || refuse(error, remedy, "is not a trustworthy time stamp");
}

bool timestamp_granted(const struct buffer *request, const struct buffer *reply,
	const char *ca_file, int64_t *time, struct error *error)
{
	const unsigned char *at = (const unsigned char *)buffer_string(request);
	TS_REQ *asked = d2i_TS_REQ(NULL, &at, (long)request->length);
	TS_RESP *response = parse_reply(reply);
	TS_VERIFY_CTX *context;
	bool good = false;

	require(asked != NULL);
	if (response == NULL) {
		refuse(error, REMEDY_LATER, "is not a reply to a time stamp request");
		goto out;
	}
	context = TS_REQ_to_TS_VERIFY_CTX(asked, NULL);
	if (context != NULL)
		TS_VERIFY_CTX_add_flags(context, TS_VFY_SIGNATURE);
	good = verify_response(context, response, ca_file, 0, REMEDY_LATER, error) &&
	       (token_time(response, time) || error_set(error, REMEDY_LATER, "says no time"));
out:
	TS_RESP_free(response);
	TS_REQ_free(asked);
	return good;
}

/* Whether the stamp is over these bytes, by SHA-256. */
static bool covers(TS_RESP *response, const void *bytes, size_t length)
{
	TS_TST_INFO *info = TS_RESP_get_tst_info(response);
	TS_MSG_IMPRINT *imprint = info != NULL ? TS_TST_INFO_get_msg_imprint(info) : NULL;
	TS_MSG_IMPRINT *ours = imprint_of(bytes, length);
	bool same = imprint != NULL &&
		    OBJ_obj2nid(TS_MSG_IMPRINT_get_algo(imprint)->algorithm) == NID_sha256 &&
		    ASN1_OCTET_STRING_cmp(
			    TS_MSG_IMPRINT_get_msg(imprint), TS_MSG_IMPRINT_get_msg(ours)) == 0;

	TS_MSG_IMPRINT_free(ours);
	return same;
}

bool timestamp_proves(const struct buffer *reply, const void *bytes, size_t length,
	const char *ca_file, int64_t *time, struct error *error)
{
	TS_RESP *response = parse_reply(reply);
	TS_VERIFY_CTX *context;
	bool good = false;

	if (response == NULL || !token_time(response, time)) {
		refuse(error, REMEDY_LOCAL, "is not a time stamp");
	} else if (!covers(response, bytes, length)) {
		error_set(error, REMEDY_LOCAL, "is a time stamp over something else");
	} else if (ca_file == NULL) {
		/* Signed by the certificate that it carries, whoever owns that. */
		PKCS7 *token = TS_RESP_get_token(response);

		good = (token != NULL &&
			       PKCS7_verify(token, NULL, NULL, NULL, NULL, PKCS7_NOVERIFY) == 1) ||
		       refuse(error, REMEDY_LOCAL, "its signature is not right");
	} else {
		context = TS_VERIFY_CTX_new();
		require(context != NULL);
		TS_VERIFY_CTX_set_flags(context, TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNATURE);
		TS_VERIFY_CTX_set0_data(context, BIO_new_mem_buf(bytes, (int)length));
		good = verify_response(context, response, ca_file, *time, REMEDY_LOCAL, error);
	}
	TS_RESP_free(response);
	return good;
}
