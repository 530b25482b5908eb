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
	return (size_t)snprintf(out, size, "%s", field) < size;
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

struct walk {
	int64_t sequence;
	char before[DIGEST_TEXT];
	bool (*each)(void *context, const struct chain_line *line, const char *text,
		struct error *error);
	void *context;
};

static bool walk_line(struct walk *walk, const char *text, struct error *error)
{
	struct chain_line line;

	if (!chain_line_parse(text, &line))
		return error_set(error, REMEDY_LOCAL, "line %" PRId64 " is no line of a chain",
			walk->sequence + 2);
	if (line.sequence != walk->sequence + 1)
		return error_set(error, REMEDY_LOCAL,
			"line %" PRId64 " has sequence %" PRId64 ", not %" PRId64,
			walk->sequence + 2, line.sequence, walk->sequence + 1);
	if (strcmp(line.before, walk->before) != 0)
		return error_set(error, REMEDY_LOCAL,
			"line %" PRId64 " (%s) does not carry the digest of the line before it",
			walk->sequence + 2, line.folder);
	if (!walk->each(walk->context, &line, text, error))
		return false;
	walk->sequence++;
	chain_line_digest(text, walk->before);
	return true;
}

bool chain_walk(const char *text, size_t length,
	bool (*each)(void *context, const struct chain_line *line, const char *text,
		struct error *error),
	void *context, struct error *error)
{
	struct walk walk = {0, "", each, context};
	const char *end = text + length;
	bool good = true, head = true;

	while (good && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		char *line;

		if (newline == NULL)
			return error_set(error, REMEDY_LOCAL, "the last line has no end");
		line = memory_bytes(text, (size_t)(newline - text));
		if (!head)
			good = walk_line(&walk, line, error);
		else if (strcmp(line, CHAIN_HEAD) != 0)
			good = error_set(
				error, REMEDY_LOCAL, "does not begin with \"%s\"", CHAIN_HEAD);
		else
			chain_line_digest(line, walk.before);
		head = false;
		free(line);
		text = newline + 1;
	}
	return good && (!head || error_set(error, REMEDY_LOCAL, "is empty"));
}
