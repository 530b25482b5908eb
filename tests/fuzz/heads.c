/* SPDX-License-Identifier: ISC
 *
 * The file `heads`: what is taken is what lampwatch would write, byte for byte, so that nothing can
 * hide in what is signed.
 */
#include "archive/chain_heads.h"

#include "base/buffer.h"
#include "base/error.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct chain_heads heads = {0};
	struct buffer again = {0};
	struct error error = {0};

	if (chain_heads_parse(text, size, &heads, &error)) {
		chain_heads_write(&heads, &again);
		MUST(again.length == size && memcmp(again.data, text, size) == 0);
		for (size_t i = 0; i < heads.count; i++)
			MUST(chain_heads_find(&heads, heads.list[i].page) == &heads.list[i]);
	} else {
		MUST(error.remedy == REMEDY_LOCAL && error.text[0] != '\0');
	}
	chain_heads_release(&heads);
	buffer_release(&again);
	free(text);
	return 0;
}
