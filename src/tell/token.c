/* SPDX-License-Identifier: ISC */
#include "tell/token.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"

enum { TOKEN_BYTES = 16, BASE32_BITS = 5 };

static const struct {
	char letter;
	const char *word; /* in what is hashed, so that no token serves another purpose */
} purposes[TOKEN_PURPOSES] = {
	[TOKEN_CONFIRM] = {'c', "confirm"},
	[TOKEN_UNSUBSCRIBE] = {'u', "unsubscribe"},
	[TOKEN_BOUNCE] = {'b', "bounce"},
};

static void base32(const unsigned char *bytes, size_t length, char *out)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint32_t bits = 0;
	int count = 0;

	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | bytes[i];
		for (count += 8; count >= BASE32_BITS; count -= BASE32_BITS)
			*out++ = digits[bits >> (count - BASE32_BITS) & 31];
	}
	if (count > 0)
		*out++ = digits[bits << (BASE32_BITS - count) & 31];
	*out = '\0';
}

void token_make(
	const char *key, enum token_purpose purpose, const char *about, char out[static TOKEN_TEXT])
{
	unsigned char digest[DIGEST_BYTES];
	char *text = memory_format("%s|%s", purposes[purpose].word, about);

	digest_hmac(key, strlen(key), text, strlen(text), digest);
	base32(digest, TOKEN_BYTES, out);
	free(text);
}

char *token_address(
	const char *address, enum token_purpose purpose, long long number, const char *token)
{
	const char *at = strchr(address, '@');
	char digits[24] = "", *result;

	if (at == NULL)
		return NULL;
	if (number != 0)
		snprintf(digits, sizeof digits, "%lld-", number);
	result = memory_format("%.*s+%c-%s%s%s", (int)(at - address), address,
		purposes[purpose].letter, digits, token, at);
	if (strchr(result, '@') - result <= TOKEN_LOCAL_PART_MAX)
		return result;
	free(result);
	return NULL;
}

bool token_parse(const char *address, enum token_purpose *purpose, long long *number,
	char token[static TOKEN_TEXT])
{
	const char *plus = strchr(address, '+'), *at = strrchr(address, '@'), *rest;
	size_t length;
	int which = 0;

	if (plus == NULL || at == NULL || plus + 2 >= at || plus[2] != '-')
		return false;
	while (which < TOKEN_PURPOSES && purposes[which].letter != (plus[1] | 0x20))
		which++;
	if (which == TOKEN_PURPOSES)
		return false;
	*purpose = (enum token_purpose)which;
	*number = 0;
	rest = plus + 3;
	length = strspn(rest, "0123456789");
	if (length > 0 && length < 19 && rest[length] == '-') {
		*number = strtoll(rest, NULL, 10);
		rest += length + 1;
	}
	length = (size_t)(at - rest) < TOKEN_TEXT ? (size_t)(at - rest) : 0;
	memcpy(token, rest, length);
	token[length] = '\0';
	return true;
}
