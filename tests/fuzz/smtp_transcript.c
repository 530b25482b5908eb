/* SPDX-License-Identifier: ISC
 *
 * What a relay says, in pieces: each line of the input is what it sends, or
 * after ">" what we do.
 */
#include "tell/smtp_transcript.h"

#include "base/text.h"
#include "fuzz.h"

static void check(const struct smtp_transcript *transcript)
{
	MUST(transcript->length <= REPLY_LINE_MAX && transcript->waiting <= DIALOGUE_PENDING_MAX);
	MUST(transcript->received <= DIALOGUE_BYTES_MAX || transcript->fault != NULL);
	for (size_t i = 0; i < PHASE_COUNT; i++)
		MUST(memchr(transcript->replies[i].text, '\0', REPLY_TEXT_MAX) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct smtp_transcript transcript;
	struct smtp_codes codes = {0};
	const uint8_t *end = data + size;
	bool good = true;

	smtp_transcript_begin(&transcript);
	while (data < end && good) {
		const uint8_t *newline = memchr(data, '\n', (size_t)(end - data));
		size_t length = (size_t)((newline != NULL ? newline + 1 : end) - data);
		char *piece = fuzz_text(data, length);

		if (piece[0] == '>')
			smtp_transcript_wrote(&transcript, piece + 1, length - 1);
		else
			good = smtp_transcript_read(&transcript, piece, length);
		MUST(good || transcript.fault != NULL);
		check(&transcript);
		free(piece);
		data += length;
	}
	smtp_transcript_codes(&transcript, &codes);
	smtp_outcome(&codes, NULL);
	phase_words(smtp_transcript_phase(&transcript));
	return 0;
}
