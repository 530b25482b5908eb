/* SPDX-License-Identifier: ISC
 *
 * Keys and signatures in files that somebody has altered: a key that is taken signs what its public
 * half proves, and nothing but the signature itself is one.
 */
#include "base/signature.h"

#include "base/buffer.h"
#include "base/error.h"
#include "fuzz.h"

static const char signed_text[] = "lampwatch heads 1 sha256\n";

static void check_key(const struct signature_key *key)
{
	unsigned char signature[SIGNATURE_BYTES];
	struct buffer public = {0}, bytes = {0};

	signature_public(key, &public);
	signature_sign(key, signed_text, sizeof signed_text, signature);
	buffer_add(&bytes, signature, sizeof signature);
	MUST(signature_right(&public, signed_text, sizeof signed_text, &bytes));
	MUST(!signature_right(&public, signed_text, sizeof signed_text - 1, &bytes));
	buffer_release(&public);
	buffer_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct signature_key *own;
	struct buffer input = {0}, public = {0};
	struct signature_key *key;
	struct error error = {0};

	if (own == NULL)
		own = signature_key_new();
	signature_public(own, &public);
	buffer_add(&input, data, size);
	MUST(!signature_right(&public, signed_text, sizeof signed_text, &input));
	signature_right(&input, signed_text, sizeof signed_text, &input);
	key = signature_key_load(fuzz_file(data, size), &error);
	if (key != NULL)
		check_key(key);
	else
		MUST(error.remedy == REMEDY_CONFIGURATION);
	signature_key_free(key);
	buffer_release(&public);
	buffer_release(&input);
	return 0;
}
