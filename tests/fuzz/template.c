/* SPDX-License-Identifier: ISC
 *
 * Templates: the first byte is the type, a line "----" stands between the text
 * and its data.
 */
#include "base/template.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "fuzz.h"

static const char *load(void *context, const char *name)
{
	(void)name;
	return context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct template_partials partials = {.load = load};
	struct buffer out = {0};
	struct error error = {0};
	struct value *value = NULL;
	char *text, *line;

	if (size == 0)
		return 0;
	text = fuzz_string(data + 1, size - 1);
	line = strstr(text, "\n----\n");
	if (line != NULL) {
		*line = '\0';
		value = json_parse(line + 6, strlen(line + 6), &error);
	}
	if (value == NULL)
		value = value_map();
	partials.context = text; /* each partial is the template itself */
	template_render(text, (enum template_type)(data[0] % 3), value, &partials, &out, &error);
	MUST(out.length <= TEMPLATE_OUTPUT_MAX);
	buffer_release(&out);
	value_free(value);
	free(text);
	return 0;
}
