/* SPDX-License-Identifier: ISC
 *
 * What a relay says, in pieces: each line of the input is what it sends, or
 * after ">" what we do.
 */
#include "tell/smtp_transcript.h"

#include "base/text.h"
#include "fuzz.h"

static void check(const struct dialogue *dialogue)
{
	MUST(dialogue->length <= REPLY_LINE_MAX && dialogue->waiting <= DIALOGUE_PENDING_MAX);
	MUST(dialogue->received <= DIALOGUE_BYTES_MAX || dialogue->fault != NULL);
	for (size_t i = 0; i < PHASE_COUNT; i++)
		MUST(memchr(dialogue->replies[i].text, '\0', REPLY_TEXT_MAX) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dialogue dialogue;
	struct smtp_codes codes = {0};
	const uint8_t *end = data + size;
	bool good = true;

	dialogue_begin(&dialogue);
	while (data < end && good) {
		const uint8_t *newline = memchr(data, '\n', (size_t)(end - data));
		size_t length = (size_t)((newline != NULL ? newline + 1 : end) - data);
		char *piece = fuzz_text(data, length);

		if (piece[0] == '>')
			dialogue_wrote(&dialogue, piece + 1, length - 1);
		else
			good = dialogue_read(&dialogue, piece, length);
		MUST(good || dialogue.fault != NULL);
		check(&dialogue);
		free(piece);
		data += length;
	}
	dialogue_codes(&dialogue, &codes);
	smtp_outcome(&codes, NULL);
	phase_words(dialogue_phase(&dialogue));
	return 0;
}
