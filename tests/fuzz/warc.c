/* SPDX-License-Identifier: ISC
 *
 * WARC files of foreign origin: the records, and the responses in them.
 */
#include "publish/warc_read.h"

#include "base/buffer.h"
#include "base/error.h"
#include "fuzz.h"
#include "publish/warc_http.h"

enum { BLOCK_MAX = 100000, BODY_MAX = 200000 };

static void take_block(const struct buffer *block)
{
	struct message_head head = {0};
	struct buffer body = {.maximum = BODY_MAX}, written = {0};
	struct error error = {0};

	message_head_parse(buffer_string(block), block->length, &head);
	MUST(head.length <= block->length);
	if (!message_body(&head, buffer_string(block) + head.length, block->length - head.length,
		    &body, &error))
		MUST(error.remedy == REMEDY_PAGE && error.text[0] != '\0');
	MUST(body.length <= BODY_MAX);
	message_write_response(&head, 200, body.length, &written);
	/* One blank line, at the end: nothing breaks out of its line. */
	MUST(strstr(buffer_string(&written), "\r\n\r\n") == written.data + written.length - 4);
	message_head_release(&head);
	buffer_release(&body);
	buffer_release(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = {0};
	struct warc_reader *reader = warc_reader_new(open(fuzz_file(data, size), O_RDONLY));
	struct gzip_position last = {-1, 0};
	enum warc_next next;

	MUST(reader != NULL);
	do {
		struct warc_head head = {0};
		struct buffer block = {.maximum = BLOCK_MAX};

		next = warc_reader_next(reader, &head, &error);
		if (next == WARC_RECORD) {
			MUST(head.length >= 0);
			MUST(head.position.offset > last.offset ||
				head.position.within > last.within);
			last = head.position;
			if (warc_reader_block(reader, SIZE_MAX, &block, &error))
				take_block(&block);
			else
				MUST(error.remedy == REMEDY_PAGE);
		}
		MUST(next != WARC_DAMAGED || error.text[0] != '\0');
		buffer_release(&block);
		warc_head_release(&head);
	} while (next == WARC_RECORD);
	/* What was found is found again. */
	if (last.offset >= 0) {
		struct warc_head head = {0};

		MUST(warc_reader_seek(reader, &last, &error));
		MUST(warc_reader_next(reader, &head, &error) == WARC_RECORD);
		MUST(head.position.offset == last.offset && head.position.within == last.within);
		warc_head_release(&head);
	}
	warc_reader_free(reader);
	return 0;
}
