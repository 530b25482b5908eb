/* SPDX-License-Identifier: ISC
 *
 * JSON: what is begun is ended, and what we write is what we read.
 */
#include "base/json.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "fuzz.h"

static void begin(
	void *context, enum value_type type, const char *key, const char *text, size_t length)
{
	int *depth = context;

	MUST(key == NULL || text_valid(key, strlen(key)));
	MUST(text == NULL || (text_valid(text, length) && text[length] == '\0'));
	*depth += type == VALUE_LIST || type == VALUE_MAP;
}

static void end(void *context)
{
	int *depth = context;

	MUST(--*depth >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int depth = 0;
	struct json_visitor visitor = {begin, end, &depth};
	struct buffer once = {0}, twice = {0};
	struct error error = {0};
	char *text = fuzz_text(data, size);
	struct value *value, *again;

	if (json_visit(text, size, false, &visitor, &error))
		MUST(depth == 0);
	depth = 0;
	json_visit(text, size, true, &visitor, &error);
	value = json_parse(text, size, &error);
	if (value != NULL) {
		json_write(value, 0, &once);
		again = json_parse(buffer_string(&once), once.length, &error);
		MUST(again != NULL);
		json_write(again, 0, &twice);
		MUST(strcmp(buffer_string(&once), buffer_string(&twice)) == 0);
		value_free(again);
	}
	value_free(value);
	buffer_release(&once);
	buffer_release(&twice);
	free(text);
	return 0;
}
