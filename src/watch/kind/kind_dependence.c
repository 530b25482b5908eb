/* SPDX-License-Identifier: ISC */
#include "watch/kind/kind_dependence.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "watch/kind/kind_p.h"

enum {
	DEPTH_MAX = 8,    /* of lets in lets */
	PATHS_MAX = 1000, /* that one expression is a union of */
};

/* Behind the predicate or the string that begins at text. */
static const char *skip(const char *text)
{
	size_t depth = 0;

	do {
		if (*text == '"' || *text == '\'') {
			const char *end = strchr(text + 1, *text);

			text = end != NULL ? end : text + strlen(text) - 1;
		}
		depth += *text == '[';
		depth -= *text == ']' && depth > 0;
		text++;
	} while (depth > 0 && *text != '\0');
	return text;
}

/* Each path of the union, without predicates, white space and the brackets around a whole. */
static void paths_split(const char *text, struct text_list *paths)
{
	struct buffer path = {0};

	for (; *text != '\0';) {
		if (*text == '[' || *text == '"' || *text == '\'') {
			text = skip(text);
		} else if (*text == '|') {
			text_list_add(paths, buffer_string(&path));
			path.length = 0;
			text++;
		} else {
			if (strchr(" \t\r\n()", *text) == NULL)
				buffer_byte(&path, *text);
			text++;
		}
	}
	text_list_add(paths, buffer_string(&path));
	buffer_release(&path);
}

static const struct named *let_of(const struct kind *kind, const char *path, size_t length)
{
	for (size_t i = 0; path[0] == '$' && i < kind->lets.count; i++)
		if (strlen(kind->lets.list[i].name) == length - 1 &&
			strncmp(kind->lets.list[i].name, path + 1, length - 1) == 0 &&
			kind->lets.list[i].xpath != NULL)
			return &kind->lets.list[i];
	return NULL;
}

/* The same paths from where they begin: a value of `let` is what it says, wherever that leads. */
static void paths_expand(const struct kind *kind, const char *text, const char *rest, int depth,
	struct text_list *out)
{
	struct text_list paths = {0};

	paths_split(text, &paths);
	for (size_t i = 0; i < paths.count && out->count < PATHS_MAX; i++) {
		const char *path = paths.list[i];
		size_t length = strcspn(path, "/");
		const struct named *let = depth < DEPTH_MAX ? let_of(kind, path, length) : NULL;
		char *whole = memory_format("%s%s", let != NULL ? path + length : path, rest);

		if (let != NULL)
			paths_expand(kind, let->xpath->text, whole, depth + 1, out);
		else
			text_list_add(out, whole);
		free(whole);
	}
	text_list_release(&paths);
}

/* Not where it is one of them: a list may have a row for each service, in trouble or not. */
static bool has_part(const struct text_list *wholes, const char *path)
{
	if (text_list_has(wholes, path))
		return false;
	for (size_t i = 0; i < wholes->count; i++)
		if (text_starts(path, wholes->list[i]) && path[strlen(wholes->list[i])] == '/')
			return true;
	return false;
}

static bool depends(
	const struct kind *kind, const struct block *block, const struct text_list *incidents)
{
	struct text_list rows = {0};
	bool part = false;

	if (block->each != NULL)
		paths_expand(kind, block->each->text, "", 0, &rows);
	for (size_t i = 0; !part && i < rows.count; i++)
		part = has_part(incidents, rows.list[i]);
	text_list_release(&rows);
	return part;
}

void check_dependence(const struct kind *kind, struct problems *problems)
{
	struct text_list incidents = {0};

	for (size_t i = 0; i < kind->incidents.count; i++)
		if (kind->incidents.list[i].each != NULL)
			paths_expand(kind, kind->incidents.list[i].each->text, "", 0, &incidents);
	for (size_t i = 0; !kind_lists_troubles_only(kind) && i < kind->indicators.count; i++)
		if (depends(kind, &kind->indicators.list[i], &incidents))
			node_problem(problems, kind->indicators.list[i].node,
				"indicators: these rows are parts of incidents, and gone with "
				"them: "
				"\"others\" must say what level they have then");
	text_list_release(&incidents);
}
