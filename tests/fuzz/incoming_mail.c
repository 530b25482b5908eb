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
	struct incoming_mail incoming;
	long long number;

	incoming_mail_parse(text, size, &incoming);
	MUST(incoming.from[0] == '\0' || config_address_valid(incoming.from));
	MUST(incoming.recipient[0] == '\0' || config_address_valid(incoming.recipient));
	MUST(incoming.words.count <= INCOMING_WORDS_MAX);
	for (size_t i = 0; i < incoming.words.count; i++)
		MUST(text_valid(incoming.words.list[i], strlen(incoming.words.list[i])));
	MUST(strspn(incoming.status, "0123456789.") == strlen(incoming.status));
	if (token_parse(text, &purpose, &number, token))
		MUST(strlen(token) < TOKEN_TEXT);
	incoming_mail_release(&incoming);
	free(text);
	return 0;
}
