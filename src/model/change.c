/* SPDX-License-Identifier: ISC */
#include "model/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "model/reading.h"

const char *const change_type_names[] = {
	[CHANGE_OVERALL] = "overall",
	[CHANGE_INDICATOR] = "indicator",
	[CHANGE_INDICATOR_NEW] = "indicator-new",
	[CHANGE_INDICATOR_GONE] = "indicator-gone",
	[CHANGE_INCIDENT] = "incident",
	[CHANGE_INCIDENT_NEW] = "incident-new",
	[CHANGE_INCIDENT_CLOSED] = "incident-closed",
	[CHANGE_MAINTENANCE] = "maintenance",
	[CHANGE_MAINTENANCE_NEW] = "maintenance-new",
	[CHANGE_MAINTENANCE_CLOSED] = "maintenance-closed",
	[CHANGE_UPDATE] = "update",
	[CHANGE_OTHER] = "other",
	[CHANGE_UNREADABLE] = "unreadable",
	[CHANGE_READABLE] = "readable",
	NULL,
};

const char *change_type_name(enum change_type type)
{
	return change_type_names[type];
}

struct change *changes_add(struct changes *changes, enum change_type type, const char *id,
	const char *name, const char *before, const char *after, const char *text)
{
	struct change *change = memory_append(&changes->list, &changes->count, sizeof *change);

	change->type = type;
	change->id = memory_string(id != NULL ? id : "");
	change->name = memory_string(name != NULL ? name : "");
	change->before = memory_string(before != NULL ? before : "");
	change->after = memory_string(after != NULL ? after : "");
	change->text = memory_string(text != NULL ? text : "");
	return change;
}

void changes_release(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->list[i].id);
		free(changes->list[i].name);
		free(changes->list[i].before);
		free(changes->list[i].after);
		free(changes->list[i].text);
	}
	free(changes->list);
	*changes = (struct changes){0};
}

void changes_write(const struct changes *changes, struct buffer *out)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->list[i];
		const char *fields[] = {
			change->id, change->name, change->before, change->after, change->text};

		buffer_text(out, change_type_names[change->type]);
		for (size_t j = 0; j < sizeof fields / sizeof fields[0]; j++) {
			buffer_byte(out, '\t');
			reading_escape(out, fields[j]);
		}
		buffer_byte(out, '\n');
	}
}

static bool parse_line(const char *line, const char *end, struct changes *changes)
{
	enum { FIELDS = 6 };
	char *fields[FIELDS] = {NULL};
	size_t count = 0;
	int type = 0;
	bool good;

	for (const char *at = line, *tab; at != NULL && count < FIELDS;
		at = tab != NULL ? tab + 1 : NULL) {
		tab = memchr(at, '\t', (size_t)(end - at));
		fields[count++] = reading_unescape(at, tab != NULL ? tab : end);
	}
	good = count == FIELDS;
	for (size_t i = 0; i < count; i++)
		good = good && fields[i] != NULL;
	while (good && change_type_names[type] != NULL &&
		strcmp(change_type_names[type], fields[0]) != 0)
		type++;
	if (good && change_type_names[type] != NULL)
		changes_add(changes, (enum change_type)type, fields[1], fields[2], fields[3],
			fields[4], fields[5]);
	for (size_t i = 0; i < count; i++)
		free(fields[i]);
	return good;
}

void changes_parse(const char *text, struct changes *changes)
{
	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
		parse_line(text, end, changes);
}
