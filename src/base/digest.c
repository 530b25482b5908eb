/* SPDX-License-Identifier: ISC */
#include "base/digest.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

/* To look it up for each digest takes as long as digesting 2 kB. */
static const EVP_MD *sha256;

void digest_start(void)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
		error_fatal("out of memory");
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static const EVP_MD *algorithm(void)
{
	return sha256 != NULL ? sha256 : EVP_sha256();
}

static void digest_of(const void *bytes, size_t length, unsigned char out[static DIGEST_BYTES])
{
	if (EVP_Digest(length > 0 ? bytes : "", length, out, NULL, algorithm(), NULL) != 1)
		error_fatal("libcrypto cannot give SHA-256");
}

void digest_sha256(const void *bytes, size_t length, char out[static DIGEST_TEXT])
{
	unsigned char digest[DIGEST_BYTES];

	digest_of(bytes, length, digest);
	text_hexadecimal(digest, sizeof digest, out);
}

void digest_sha256_base64(const void *bytes, size_t length, struct buffer *out)
{
	unsigned char digest[DIGEST_BYTES];

	digest_of(bytes, length, digest);
	digest_base64(digest, sizeof digest, out);
}

void digest_sha1_base32(const void *bytes, size_t length, char out[static DIGEST_BASE32])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned char digest[EVP_MAX_MD_SIZE];
	uint32_t bits = 0;
	int have = 0;
	size_t at = 0;

	if (EVP_Digest(length > 0 ? bytes : "", length, digest, NULL, EVP_sha1(), NULL) != 1)
		error_fatal("libcrypto cannot give SHA-1");
	for (size_t i = 0; at < DIGEST_BASE32 - 1; have -= 5) { /* 160 bits are 32 letters */
		if (have < 5) {
			bits = bits << 8 | digest[i++];
			have += 8;
		}
		out[at++] = letters[bits >> (have - 5) & 0x1f];
	}
	out[at] = '\0';
}

struct digest_stream {
	EVP_MD_CTX *context;
};

struct digest_stream *digest_begin(void)
{
	struct digest_stream *stream = memory_zero(1, sizeof *stream);

	stream->context = EVP_MD_CTX_new();
	if (stream->context == NULL || EVP_DigestInit_ex(stream->context, algorithm(), NULL) != 1)
		error_fatal("libcrypto cannot give SHA-256");
	return stream;
}

void digest_add(struct digest_stream *stream, const void *bytes, size_t length)
{
	if (EVP_DigestUpdate(stream->context, bytes, length) != 1)
		error_fatal("libcrypto cannot give SHA-256");
}

void digest_end(struct digest_stream *stream, char out[static DIGEST_TEXT])
{
	unsigned char digest[DIGEST_BYTES];

	if (EVP_DigestFinal_ex(stream->context, digest, NULL) != 1)
		error_fatal("libcrypto cannot give SHA-256");
	text_hexadecimal(digest, sizeof digest, out);
	EVP_MD_CTX_free(stream->context);
	free(stream);
}

void digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
	unsigned char out[static DIGEST_BYTES])
{
	/* For HMAC(), a NULL key means the same key as last time. */
	const void *safe_key = key_length > 0 ? key : "";

	if (key_length > INT_MAX ||
		HMAC(EVP_sha256(), safe_key, (int)key_length, length > 0 ? bytes : (const void *)"",
			length, out, NULL) == NULL)
		error_fatal("libcrypto cannot give HMAC-SHA-256");
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/*
 * Our own code, because OpenSSL's EVP_DecodeBlock accepts white space and counts the
 * padding as bytes.
 */
void digest_base64(const void *bytes, size_t length, struct buffer *out)
{
	const unsigned char *from = bytes;

	for (size_t i = 0; i < length; i += 3) {
		size_t have = length - i < 3 ? length - i : 3;
		uint32_t group = (uint32_t)from[i] << 16;
		char text[4] = {'=', '=', '=', '='};

		if (have > 1)
			group |= (uint32_t)from[i + 1] << 8;
		if (have > 2)
			group |= from[i + 2];
		for (size_t j = 0; j <= have; j++)
			text[j] = alphabet[group >> (18 - 6 * j) & 0x3f];
		buffer_add(out, text, sizeof text);
	}
}

bool digest_base64_decode(const char *text, struct buffer *out)
{
	size_t length = strlen(text), before = out->length;
	bool good = length % 4 == 0;

	for (size_t i = 0; good && i < length; i += 4) {
		size_t have = 4;
		uint32_t group = 0;
		unsigned char bytes[3];

		if (i + 4 == length && text[i + 3] == '=')
			have = text[i + 2] == '=' ? 2 : 3;
		for (size_t j = 0; j < have; j++) {
			const char *place = strchr(alphabet, text[i + j]);

			good = good && place != NULL;
			group |= good ? (uint32_t)(place - alphabet) << (18 - 6 * j) : 0;
		}
		bytes[0] = (unsigned char)(group >> 16);
		bytes[1] = (unsigned char)(group >> 8);
		bytes[2] = (unsigned char)group;
		good = good && buffer_add(out, bytes, have - 1);
	}
	if (!good) {
		out->length = before;
		if (out->data != NULL)
			out->data[before] = '\0';
	}
	return good;
}

bool digest_certificate(void *ssl, char out[static DIGEST_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	unsigned length = 0;

	if (certificate == NULL || X509_digest(certificate, EVP_sha256(), digest, &length) != 1)
		return false;
	text_hexadecimal(digest, length, out);
	return true;
}

void digest_random(void *bytes, size_t length)
{
	if (length > INT_MAX || RAND_bytes(bytes, (int)length) != 1)
		error_fatal("libcrypto cannot give random bytes");
}

char *digest_random_word(size_t length)
{
	unsigned char random[DIGEST_BYTES];
	char text[DIGEST_TEXT];

	digest_random(random, length);
	text_hexadecimal(random, length, text);
	return memory_string(text);
}
