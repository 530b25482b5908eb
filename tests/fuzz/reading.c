/* SPDX-License-Identifier: ISC
 *
 * Canonical texts out of an archive that somebody has altered.
 */
#include "model/reading.h"

#include "base/buffer.h"
#include "base/error.h"
#include "fuzz.h"
#include "model/change.h"
#include "watch/diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading reading = {0}, again = {0};
	struct buffer once = {0}, twice = {0};
	struct changes changes = {0};
	struct error error = {0};
	char *text = fuzz_text(data, size);

	if (reading_parse(text, size, &reading, &error)) {
		reading_write(&reading, &once);
		MUST(reading_parse(buffer_string(&once), once.length, &again, &error));
		reading_write(&again, &twice);
		MUST(strcmp(buffer_string(&once), buffer_string(&twice)) == 0);
		diff(&reading, &again, &changes);
	} else {
		MUST(error.remedy == REMEDY_LOCAL);
	}
	changes_release(&changes);
	reading_release(&reading);
	reading_release(&again);
	buffer_release(&once);
	buffer_release(&twice);
	free(text);
	return 0;
}
