/* SPDX-License-Identifier: ISC
 *
 * JSON: what is begun is ended, what we write is what we read, and the quick walk tells what
 * jansson tells.
 */
#include "base/json.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/json_scan.h"
#include "base/text.h"
#include "fuzz.h"

/* What a visitor is told, as one text, in which each beginning has its end. */
struct told {
	struct buffer text;
	int depth;
};

static void begin(
	void *context, enum value_type type, const char *key, const char *text, size_t length)
{
	struct told *told = context;

	MUST(key == NULL || text_valid(key, strlen(key)));
	MUST(text == NULL || text_valid(text, length));
	buffer_format(&told->text, "%d %s ", (int)type, key != NULL ? key : "-");
	buffer_add(&told->text, text, text != NULL ? length : 0);
	buffer_byte(&told->text, '\n');
	told->depth += type == VALUE_LIST || type == VALUE_MAP;
}

static void end(void *context)
{
	struct told *told = context;

	MUST(--told->depth >= 0);
	buffer_text(&told->text, "end\n");
}

/* What a visitor would be told of what jansson has made of the text. */
static void tell(const struct value *value, const char *key, struct told *told)
{
	begin(told, value->type, key, value->text, value->text != NULL ? strlen(value->text) : 0);
	for (size_t i = 0; i < value->count; i++)
		tell(value->members[i], value->type == VALUE_MAP ? value->keys[i] : NULL, told);
	if (value->type == VALUE_LIST || value->type == VALUE_MAP)
		end(told);
}

static void check_quick_walk(const char *text, size_t size, const struct value *value)
{
	struct told quick = {0}, slow = {0};
	struct json_visitor visitor = {begin, end, &quick};

	if (json_scan(text, size, false, &visitor)) {
		MUST(value != NULL);
		tell(value, NULL, &slow);
		MUST(strcmp(buffer_string(&quick.text), buffer_string(&slow.text)) == 0);
	}
	buffer_release(&quick.text);
	buffer_release(&slow.text);
}

static void check_written(const struct value *value)
{
	struct buffer once = {0}, twice = {0};
	struct error error = {0};
	struct value *again;

	json_write(value, 0, &once);
	again = json_parse(buffer_string(&once), once.length, &error);
	MUST(again != NULL);
	json_write(again, 0, &twice);
	MUST(strcmp(buffer_string(&once), buffer_string(&twice)) == 0);
	value_free(again);
	buffer_release(&once);
	buffer_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct error error = {0};
	struct value *value = json_parse(text, size, &error);

	for (int prefix = 0; prefix < 2; prefix++) {
		struct told told = {0};
		struct json_visitor visitor = {begin, end, &told};

		if (json_visit(text, size, prefix, &visitor, &error))
			MUST(told.depth == 0);
		buffer_release(&told.text);
	}
	check_quick_walk(text, size, value);
	if (value != NULL)
		check_written(value);
	value_free(value);
	free(text);
	return 0;
}
