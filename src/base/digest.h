/* SPDX-License-Identifier: ISC
 *
 * SHA-256, HMAC, base64 and random bytes, by OpenSSL (libcrypto); and SHA-1, by which web archives
 * name what they hold: not proof against somebody who makes two that are the same. Where OpenSSL
 * cannot give one, the program ends (error_fatal()).
 */
#ifndef LAMPWATCH_DIGEST_H
#define LAMPWATCH_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

enum {
	DIGEST_BYTES = 32,  /* of SHA-256 */
	DIGEST_TEXT = 65,   /* its hexadecimal digits, and a NUL */
	DIGEST_BASE32 = 33, /* the letters of SHA-1, and a NUL */
};

/* Begins the library, so that no later call does; error_fatal() where that fails, after which
 * OpenSSL 3 would crash. */
void digest_start(void);

/* SHA-256 of length bytes, as 64 lower-case hexadecimal digits. */
void digest_sha256(const void *bytes, size_t length, char out[static DIGEST_TEXT]);

/* The same for bytes that come piece by piece; digest_end() frees the stream. */
struct digest_stream;

struct digest_stream *digest_begin(void);
void digest_add(struct digest_stream *stream, const void *bytes, size_t length);
void digest_end(struct digest_stream *stream, char out[static DIGEST_TEXT]);

/* Adds SHA-256 of length bytes in base64. */
void digest_sha256_base64(const void *bytes, size_t length, struct buffer *out);

/* HMAC-SHA-256 (RFC 2104). */
void digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
	unsigned char out[static DIGEST_BYTES]);

/* SHA-1 of length bytes in base32 (RFC 4648 section 6), as a CDX index has it: 32 characters. */
void digest_sha1_base32(const void *bytes, size_t length, char out[static DIGEST_BASE32]);

/* Adds base64 (RFC 4648 section 4, no line breaks). */
void digest_base64(const void *bytes, size_t length, struct buffer *out);

/* Decodes base64 and adds the bytes; false, with the bytes of out unchanged, if text is not base64
 * or does not fit. */
bool digest_base64_decode(const char *text, struct buffer *out);

/*
 * SHA-256 of the certificate (DER) that the peer of an OpenSSL connection
 * (an SSL *, borrowed) presented. False if it presented none.
 */
bool digest_certificate(void *ssl, char out[static DIGEST_TEXT]);

/* Unpredictable bytes; ends the program where the system has none. */
void digest_random(void *bytes, size_t length);

/* A word of that many such bytes (at most DIGEST_BYTES), two hexadecimal digits each. Owned by the
 * caller. */
char *digest_random_word(size_t length);

#endif
