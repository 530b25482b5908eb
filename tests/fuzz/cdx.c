/* SPDX-License-Identifier: ISC
 *
 * Lists of captures: whatever a CDX server says, what a reader makes of it can be taken and keeps
 * to its maxima; and whatever a reader says that was taken over does too.
 */
#include "publish/cdx.h"

#include "base/buffer.h"
#include "base/error.h"
#include "fuzz.h"

static void take(const char *lines, size_t length)
{
	struct cdx_page page;

	if (!cdx_page_take(lines, length, &page))
		return;
	MUST(page.count <= CDX_ROWS_MAX && page.others <= CDX_ROWS_MAX && page.odd <= CDX_ROWS_MAX);
	for (size_t i = 0; i < page.count; i++) {
		MUST(strlen(page.list[i].stamp) == CDX_STAMP - 1);
		MUST(strlen(page.list[i].digest) == DIGEST_BASE32 - 1);
		MUST(strlen(page.list[i].original) <= CDX_URL_MAX);
		MUST(strpbrk(page.list[i].original, " \t\r\n") == NULL);
	}
	MUST(page.resume == NULL || strpbrk(page.resume, "&#?\" \t\r\n") == NULL);
	cdx_page_release(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct buffer lines = {0};
	struct error error;

	take(text, size);
	if (cdx_read(text, size, &lines, &error)) {
		MUST(cdx_page_take(buffer_string(&lines), lines.length, NULL));
		take(buffer_string(&lines), lines.length);
	}
	buffer_release(&lines);
	free(text);
	return 0;
}
