/* SPDX-License-Identifier: ISC */
#include "archive/capture.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

void capture_parse(const char *text, struct capture_text *capture)
{
	struct capture_part *part;
	char *rest, *line;

	*capture = (struct capture_text){.text = memory_string(text)};
	part = memory_append(&capture->parts, &capture->count, sizeof *part);
	for (rest = capture->text; (line = strsep(&rest, "\n")) != NULL;) {
		char *colon = strstr(line, ": ");

		if (colon == NULL)
			continue;
		*colon = '\0';
		if (text_equal(line, "document"))
			part = memory_append(&capture->parts, &capture->count, sizeof *part);
		*(struct capture_line *)memory_append(&part->lines, &part->count,
			sizeof *part->lines) = (struct capture_line){line, colon + 2};
	}
}

void capture_release(struct capture_text *capture)
{
	for (size_t i = 0; i < capture->count; i++)
		free(capture->parts[i].lines);
	free(capture->parts);
	free(capture->text);
	*capture = (struct capture_text){0};
}

const char *capture_value(const struct capture_text *capture, size_t i, const char *key)
{
	for (size_t j = 0; i < capture->count && j < capture->parts[i].count; j++)
		if (text_equal(capture->parts[i].lines[j].key, key))
			return capture->parts[i].lines[j].value;
	return NULL;
}

void capture_request(const struct capture_text *capture, size_t i, struct buffer *out)
{
	for (size_t j = 0; i < capture->count && j < capture->parts[i].count; j++)
		if (text_equal(capture->parts[i].lines[j].key, CAPTURE_REQUEST))
			buffer_format(out, "%s\n", capture->parts[i].lines[j].value);
}
