/* SPDX-License-Identifier: ISC */
#include "tell/page_set.h"

#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/list.h"
#include "config/config.h"

enum { DIGITS = 8 /* of the digest */, BITS = 4 /* of a digit */ };

static const char hexadecimal[] = "0123456789abcdef";

/* Of names and order: a bit is a page's only while both are what they were. */
static void names_digest(const struct config *config, char out[static DIGEST_TEXT])
{
	struct buffer names = {0};

	for (size_t i = 0; i < config->page_count; i++)
		buffer_format(&names, "%s\n", config->pages[i].name);
	digest_sha256(buffer_string(&names), names.length, out);
	buffer_release(&names);
}

void page_set_write(const struct config *config, const struct text_list *names, struct buffer *out)
{
	char digest[DIGEST_TEXT];

	names_digest(config, digest);
	buffer_add(out, digest, DIGITS);
	for (size_t i = 0; i < config->page_count; i += BITS) {
		int digit = 0;

		for (size_t j = i; j < i + BITS; j++)
			digit = digit << 1 | (j < config->page_count &&
						     text_list_has(names, config->pages[j].name));
		buffer_byte(out, hexadecimal[digit]);
	}
}

bool page_set_read(const struct config *config, const char *text, struct text_list *names)
{
	char digest[DIGEST_TEXT];

	names_digest(config, digest);
	if (strlen(text) != DIGITS + (config->page_count + BITS - 1) / BITS ||
		memcmp(text, digest, DIGITS) != 0 || text[strspn(text, hexadecimal)] != '\0')
		return false;
	for (size_t i = 0; i < config->page_count; i++) {
		long digit = strchr(hexadecimal, text[DIGITS + i / BITS]) - hexadecimal;

		if ((digit >> (BITS - 1 - i % BITS) & 1) != 0)
			text_list_add(names, config->pages[i].name);
	}
	return true;
}
