/* SPDX-License-Identifier: ISC */
#include "model/impact.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

struct impact *impacts_add(struct impacts *impacts, const char *indicator)
{
	struct impact *impact = memory_append(&impacts->list, &impacts->count, sizeof *impact);

	impact->indicator = memory_string(indicator);
	impact->title = memory_string("");
	return impact;
}

bool impacts_unconfirmed(const struct impacts *impacts)
{
	for (size_t i = 0; i < impacts->count; i++)
		if (impacts->list[i].count > 0)
			return true;
	return false;
}

void impact_release(struct impact *impact)
{
	free(impact->indicator);
	free(impact->title);
	text_list_release(&impact->known);
}

void impacts_release(struct impacts *impacts)
{
	for (size_t i = 0; i < impacts->count; i++)
		impact_release(&impacts->list[i]);
	free(impacts->list);
	*impacts = (struct impacts){0};
}

char *impact_known_write(const struct impact *impact)
{
	struct buffer text = {0};

	for (size_t i = 0; i < impact->known.count; i++)
		buffer_format(&text, "%s%s", i > 0 ? "\t" : "", impact->known.list[i]);
	return buffer_take(&text);
}

void impact_known_parse(struct impact *impact, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\t");
		char *id = memory_bytes(text, length);

		text_list_add(&impact->known, id);
		free(id);
		text += length + (text[length] == '\t');
	}
}
