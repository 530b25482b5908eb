/* SPDX-License-Identifier: ISC
 *
 * Ed25519 signatures (RFC 8032) by OpenSSL. A secret key is PKCS#8 in PEM (RFC 5958),
 * the public one SubjectPublicKeyInfo in PEM (RFC 8410), a signature 64 raw bytes: what
 * `openssl pkeyutl -verify -pubin -inkey PUBLIC -rawin -in FILE -sigfile SIGNATURE` takes.
 */
#ifndef LAMPWATCH_SIGNATURE_H
#define LAMPWATCH_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;
struct signature_key;

enum {
	SIGNATURE_BYTES = 64,
	SIGNATURE_PEM_MAX = 4096, /* bytes of a key's file */
};

/* A new key. Free it with signature_key_free(). */
struct signature_key *signature_key_new(void);

/*
 * Loads the secret key from the file. NULL with REMEDY_CONFIGURATION if it cannot be read, is
 * not an Ed25519 key, or others may read or change it (mode 0600 is right, or 0640 with the group
 * of the running process).
 */
struct signature_key *signature_key_load(const char *path, struct error *error);

/* Wipes it from memory and frees it; NULL does nothing. */
void signature_key_free(struct signature_key *key);

/* Writes the secret key to a new file of mode 0600, atomically and synced. REMEDY_LOCAL if that
 * fails; an existing file is never changed. */
bool signature_key_save(const struct signature_key *key, const char *path, struct error *error);

/* Adds the public key as PEM. */
void signature_public(const struct signature_key *key, struct buffer *out);

/* Signs the bytes. */
void signature_sign(const struct signature_key *key, const void *bytes, size_t length,
	unsigned char out[static SIGNATURE_BYTES]);

/* True if the signature over the bytes is valid for the public key in PEM. */
bool signature_right(const struct buffer *public, const void *bytes, size_t length,
	const struct buffer *signature);

#endif
