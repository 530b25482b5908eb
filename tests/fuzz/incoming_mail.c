/* SPDX-License-Identifier: ISC
 *
 * Letters to mail-in: whatever somebody writes, what is taken of it can stand in an answer.
 */
#include "tell/incoming_mail.h"

#include "base/text.h"
#include "config/config.h"
#include "fuzz.h"
#include "tell/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), token[TOKEN_TEXT];
	enum token_purpose purpose;
	struct letter letter;
	long long number;

	letter_parse(text, size, &letter);
	MUST(letter.from[0] == '\0' || config_address_valid(letter.from));
	MUST(letter.recipient[0] == '\0' || config_address_valid(letter.recipient));
	MUST(letter.words.count <= LETTER_WORDS_MAX);
	for (size_t i = 0; i < letter.words.count; i++)
		MUST(text_valid(letter.words.list[i], strlen(letter.words.list[i])));
	MUST(strspn(letter.status, "0123456789.") == strlen(letter.status));
	if (token_parse(text, &purpose, &number, token))
		MUST(strlen(token) < TOKEN_TEXT);
	letter_release(&letter);
	free(text);
	return 0;
}
