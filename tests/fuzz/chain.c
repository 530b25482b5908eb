/* SPDX-License-Identifier: ISC
 *
 * Chains out of an archive that somebody has altered.
 */
#include "archive/chain.h"

#include "base/error.h"
#include "fuzz.h"

static bool each(
	void *context, const struct chain_line *line, const char *text, struct error *error)
{
	int64_t *last = context;
	char *written = chain_line_write(line);
	struct chain_line again;

	(void)text;
	(void)error;
	MUST(line->sequence == ++*last);
	MUST(chain_line_parse(written, &again) && strcmp(again.folder, line->folder) == 0);
	free(written);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct error error = {0};
	struct chain_line line;
	int64_t last = 0;

	if (!chain_walk(text, size, each, &last, &error))
		MUST(error.remedy == REMEDY_LOCAL && error.text[0] != '\0');
	chain_line_parse(text, &line);
	free(text);
	return 0;
}
