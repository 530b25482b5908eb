/* SPDX-License-Identifier: ISC
 *
 * Mails: 7-bit, every line ended by CRLF and short enough, no field that we did not
 * write, whatever the text.
 */
#include "tell/mime.h"

#include "base/buffer.h"
#include "base/error.h"
#include "fuzz.h"
#include "tell/attempt.h"

/* A field may go on over lines that begin with a blank; nothing else begins one. */
static void check(const struct buffer *out, const char *name)
{
	const char *text = buffer_string(out);
	size_t line = 0;

	for (size_t i = 0; i < out->length; i++) {
		unsigned char c = (unsigned char)text[i];

		MUST(c < 0x80 && c != '\0');
		MUST(c != '\r' || text[i + 1] == '\n');
		MUST(c != '\n' || (i > 0 && text[i - 1] == '\r'));
		if (i > 0 && text[i - 1] == '\n' && name != NULL)
			MUST(c == ' ' || c == '\t');
		line = c == '\n' ? 0 : line + 1;
		MUST(line <= MAIL_LINE_MAX + 1);
	}
	MUST(name == NULL || out->length == 0 || strncmp(text, name, strlen(name)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer out = {0};
	struct error error = {0};
	char *text = fuzz_string(data, size);

	if (!mime_text_field(&out, "Subject", text, &error))
		MUST(out.length == 0);
	check(&out, "Subject:");
	buffer_clear(&out);
	if (!mime_field(&out, "Message-ID", text, &error))
		MUST(out.length == 0);
	check(&out, "Message-ID:");
	buffer_clear(&out);
	mime_quoted_printable(&out, text);
	check(&out, NULL);
	buffer_clear(&out);
	mime_alternative(&out, text, text, text);
	check(&out, NULL);
	buffer_clear(&out);
	mime_read_text((const char *)data, size, &out);
	MUST(out.length <= size + MIME_PARTS_MAX); /* each part gets the end of its last line */
	buffer_release(&out);
	free(text);
	return 0;
}
