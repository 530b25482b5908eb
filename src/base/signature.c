/* SPDX-License-Identifier: ISC */
#include "base/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/user.h"

struct signature_key {
	EVP_PKEY *key; /* owned */
};

struct signature_key *signature_key_new(void)
{
	struct signature_key *key = memory_new(sizeof *key);

	key->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (key->key == NULL)
		error_fatal("libcrypto cannot make an Ed25519 key");
	return key;
}

void signature_key_free(struct signature_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

/* Under cron nobody can enter a pass phrase. */
static int no_phrase(char *out, int size, int writing, void *context)
{
	(void)out, (void)size, (void)writing, (void)context;
	return -1;
}

/* Only for the owner, or also readable for the group of the running process. */
static bool mode_good(int descriptor, const char *path, struct error *error)
{
	struct stat status;
	mode_t others;

	if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
		return error_set(error, REMEDY_CONFIGURATION, "%s: is not a file", path);
	others = status.st_mode & 077;
	return others == 0 || (others == 040 && status.st_gid == getegid()) ||
	       error_set(error, REMEDY_CONFIGURATION,
		       "%s: has mode %04o, so others can read or change the key; chmod 600 %s",
		       path, (unsigned)status.st_mode & 07777, path);
}

struct signature_key *signature_key_load(const char *path, struct error *error)
{
	struct buffer pem = {.maximum = SIGNATURE_PEM_MAX};
	/* O_NONBLOCK: does not wait forever if it is a FIFO. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct signature_key *key = NULL;

	if (descriptor < 0) {
		int reason = errno;
		char *denied = reason == EACCES ? user_denied(path) : NULL;

		error_set(error, REMEDY_CONFIGURATION, "%s: cannot be opened: %s%s%s", path,
			strerror(reason), denied != NULL ? ": " : "",
			denied != NULL     ? denied
			: reason == ENOENT ? "; `lampwatch key` makes it"
					   : "");
		free(denied);
		return NULL;
	}
	if (mode_good(descriptor, path, error) &&
		file_read_descriptor(descriptor, path, &pem, error)) {
		BIO *bytes = BIO_new_mem_buf(buffer_string(&pem), (int)pem.length);

		key = memory_new(sizeof *key);
		key->key = PEM_read_bio_PrivateKey(bytes, NULL, no_phrase, NULL);
		BIO_free(bytes);
		if (key->key == NULL || !EVP_PKEY_is_a(key->key, "ED25519")) {
			error_set(error, REMEDY_CONFIGURATION,
				"%s: is not an Ed25519 key without a pass phrase (PEM, PKCS#8)",
				path);
			signature_key_free(key);
			key = NULL;
		}
	}
	close(descriptor);
	if (pem.data != NULL)
		OPENSSL_cleanse(pem.data, pem.capacity);
	buffer_release(&pem);
	return key;
}

bool signature_key_save(const struct signature_key *key, const char *path, struct error *error)
{
	BIO *pem = BIO_new(BIO_s_secmem());
	char *bytes = NULL;
	long length = 0;
	enum file_presence presence = file_presence(path, error);
	bool done = presence == FILE_ABSENT;

	if (presence == FILE_PRESENT)
		error_set(error, REMEDY_LOCAL, "%s: is there already", path);
	if (done && PEM_write_bio_PKCS8PrivateKey(pem, key->key, NULL, NULL, 0, NULL, NULL) != 1)
		error_fatal("libcrypto cannot write a key");
	if (done) {
		length = BIO_get_mem_data(pem, &bytes);
		done = file_write(path, bytes, (size_t)length, PRIVATE_FILE_MODE, error);
	}
	BIO_free(pem);
	return done;
}

void signature_public(const struct signature_key *key, struct buffer *out)
{
	BIO *pem = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	long length;

	if (PEM_write_bio_PUBKEY(pem, key->key) != 1)
		error_fatal("libcrypto cannot write a public key");
	length = BIO_get_mem_data(pem, &bytes);
	buffer_add(out, bytes, (size_t)length);
	BIO_free(pem);
}

void signature_sign(const struct signature_key *key, const void *bytes, size_t length,
	unsigned char out[static SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = SIGNATURE_BYTES;

	if (EVP_DigestSignInit(context, NULL, NULL, NULL, key->key) != 1 ||
		EVP_DigestSign(context, out, &size, bytes, length) != 1 || size != SIGNATURE_BYTES)
		error_fatal("libcrypto cannot sign");
	EVP_MD_CTX_free(context);
}

bool signature_right(const struct buffer *public, const void *bytes, size_t length,
	const struct buffer *signature)
{
	BIO *pem = BIO_new_mem_buf(buffer_string(public), (int)public->length);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(pem, NULL, no_phrase, NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool right = key != NULL && EVP_PKEY_is_a(key, "ED25519") &&
		     signature->length == SIGNATURE_BYTES &&
		     EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		     EVP_DigestVerify(context, (const unsigned char *)signature->data,
			     signature->length, bytes, length) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	BIO_free(pem);
	return right;
}
