/* SPDX-License-Identifier: ISC
 *
 * What a snapshot said, and until when it was seen to hold: the next snapshot records that
 * (lampwatch-archive(5)), so it is part of the evidence.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/capture.h"
#include "archive/snapshot_reader.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/reading.h"
#include "publish/site_p.h"

/* Takes the bytes. */
static char *repaired(struct buffer *text)
{
	struct buffer out = {0};

	text_repair(&out, buffer_string(text), text->length);
	buffer_release(text);
	return buffer_take(&out);
}

char *site_file(const struct site *site, const char *page, const char *folder, const char *name)
{
	struct buffer text = {0};

	archive_read(site->archive, page, folder, name, &text, NULL);
	return repaired(&text);
}

char *site_file_listed(const struct site *site, const char *page, const char *folder,
	const struct snapshot_files *files, const char *name)
{
	struct buffer text = {0};

	snapshot_file_read(site->archive, page, folder, files, name, &text, NULL);
	return repaired(&text);
}

void site_put_held(const struct site *site, const struct page_state *state,
	const struct snapshot_row *row, struct value *map)
{
	int64_t until = state->last_confirmed, fetches = state->confirmed;
	struct snapshot_row next = {0};

	if (store_snapshot(site->database, state->name, row->sequence + 1, &next)) {
		char *text = site_file(site, state->name, next.folder, "capture");
		struct capture_text capture;
		const char *time, *count;

		capture_parse(text, &capture);
		time = capture_value(&capture, 0, "previous-last-confirmed");
		count = capture_value(&capture, 0, "previous-fetches");
		if (time == NULL || !date_parse(time, &until))
			until = row->time;
		fetches = count != NULL ? strtoll(count, NULL, 10) : 1;
		capture_release(&capture);
		free(text);
	}
	value_put(map, "held", site_time(site, until));
	value_put_number(map, "fetches", fetches);
	value_put_boolean(map, "once", fetches <= 1);
	snapshot_row_release(&next);
}

void site_put_said(const struct site *site, const char *page, const char *folder, struct value *map)
{
	char *text = site_file(site, page, folder, "reading");
	struct reading reading = {0};

	if (text[0] != '\0' && reading_parse(text, strlen(text), &reading, NULL))
		value_put(map, "overall",
			site_lamp(level_colour(reading.level, report_red(site->config, page)),
				level_label(reading.level)));
	else
		value_put(map, "overall", site_lamp(COLOUR_GREY, "could not be read"));
	reading_release(&reading);
	free(text);
}

void site_put_state(struct site_states *states, const struct site *site,
	const struct page_state *state, const struct snapshot_row *row, struct value *map)
{
	struct site_state *found = &states->list[row->sequence % SITE_STATES_KEPT];

	if (found->map == NULL || found->sequence != row->sequence) {
		value_free(found->map);
		*found = (struct site_state){row->sequence, value_map()};
		site_put_held(site, state, row, found->map);
		site_put_said(site, state->name, row->folder, found->map);
	}
	for (size_t i = 0; i < found->map->count; i++)
		value_put(map, found->map->keys[i], value_copy(found->map->members[i]));
}

void site_states_release(struct site_states *states)
{
	for (size_t i = 0; i < SITE_STATES_KEPT; i++)
		value_free(states->list[i].map);
	*states = (struct site_states){0};
}
