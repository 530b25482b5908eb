/* SPDX-License-Identifier: ISC */
#include "archive/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

enum { CHAIN_FIELDS = 6, CHAIN_LINE_MAX = 1024 };

char *chain_line_write(const struct chain_line *line)
{
	return memory_format("%s\t%" PRId64 "\t%s\t%s\t%s\t%s", line->type, line->sequence,
		line->time, line->folder, line->sums, line->before);
}

static bool take(char *out, size_t size, const char *field)
{
	return memccpy(out, field, '\0', size) != NULL;
}

bool chain_line_parse(const char *text, struct chain_line *line)
{
	char copy[CHAIN_LINE_MAX], *fields[CHAIN_FIELDS], *end;
	size_t count = 0;

	if (!take(copy, sizeof copy, text))
		return false;
	for (char *field = copy; count < CHAIN_FIELDS; field = end + 1) {
		fields[count++] = field;
		end = strchr(field, '\t');
		if (end == NULL)
			break;
		*end = '\0';
	}
	if (count != CHAIN_FIELDS)
		return false;
	line->sequence = strtoll(fields[1], &end, 10);
	return *end == '\0' && end != fields[1] && take(line->type, sizeof line->type, fields[0]) &&
	       take(line->time, sizeof line->time, fields[2]) &&
	       take(line->folder, sizeof line->folder, fields[3]) &&
	       take(line->sums, sizeof line->sums, fields[4]) &&
	       take(line->before, sizeof line->before, fields[5]);
}

void chain_line_digest(const char *text, char out[static DIGEST_TEXT])
{
	digest_sha256(text, strlen(text), out);
}

bool chain_walk(const char *text, size_t length,
	bool (*each)(void *context, const struct chain_line *line, const char *text,
		struct error *error),
	void *context, struct error *error)
{
	const char *end = text + length;
	char before[DIGEST_TEXT] = "";
	int64_t number = 0; /* of the line; the head line's is 0 */
	bool good = true;

	for (; good && text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct chain_line line;
		char *copy;

		if (newline == NULL)
			return error_set(error, REMEDY_LOCAL, "the last line has no end");
		copy = memory_bytes(text, (size_t)(newline - text));
		if (strlen(copy) != (size_t)(newline - text))
			good = error_set(error, REMEDY_LOCAL,
				"line %" PRId64 " has a NUL, and something behind it", number + 1);
		else if (number == 0)
			good = strcmp(copy, CHAIN_HEAD) == 0 ||
			       error_set(error, REMEDY_LOCAL, "does not begin with \"%s\"",
				       CHAIN_HEAD);
		else if (!chain_line_parse(copy, &line))
			good = error_set(error, REMEDY_LOCAL,
				"line %" PRId64 " is not a line of a chain", number + 1);
		else if (line.sequence != number)
			good = error_set(error, REMEDY_LOCAL,
				"line %" PRId64 " has sequence %" PRId64 ", not %" PRId64,
				number + 1, line.sequence, number);
		else if (strcmp(line.before, before) != 0)
			good = error_set(error, REMEDY_LOCAL,
				"line %" PRId64
				" (%s) does not carry the digest of the line before it",
				number + 1, line.folder);
		else
			good = each(context, &line, copy, error);
		chain_line_digest(copy, before);
		free(copy);
		text = newline + 1;
	}
	return good && (number > 0 || error_set(error, REMEDY_LOCAL, "is empty"));
}
