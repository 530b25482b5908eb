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
