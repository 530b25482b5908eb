/* SPDX-License-Identifier: ISC
 *
 * The file `capture` out of an archive that somebody has altered: what is understood of it, written
 * in lines again, means the same.
 */
#include "archive/capture.h"

#include "base/buffer.h"
#include "base/text.h"
#include "fuzz.h"

static void write_lines(const struct capture_text *capture, struct buffer *out)
{
	for (size_t i = 0; i < capture->count; i++)
		for (size_t j = 0; j < capture->parts[i].count; j++)
			buffer_format(out, "%s: %s\n", capture->parts[i].lines[j].key,
				capture->parts[i].lines[j].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct capture_text capture, again;
	struct buffer once = {0}, twice = {0};

	capture_parse(text, &capture);
	MUST(capture.count >= 1);
	for (size_t i = 1; i < capture.count; i++)
		MUST(text_equal(capture.parts[i].lines[0].key, "document") &&
			capture_value(&capture, i, "document") == capture.parts[i].lines[0].value);
	MUST(capture_value(&capture, capture.count, "document") == NULL);
	write_lines(&capture, &once);
	capture_parse(buffer_string(&once), &again);
	write_lines(&again, &twice);
	MUST(capture.count == again.count &&
		text_equal(buffer_string(&once), buffer_string(&twice)));
	buffer_clear(&once);
	capture_request(&capture, capture.count - 1, &once);
	capture_release(&again);
	capture_release(&capture);
	buffer_release(&once);
	buffer_release(&twice);
	free(text);
	return 0;
}
