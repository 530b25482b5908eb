/* SPDX-License-Identifier: ISC
 *
 * What a snapshot said, and until when it was seen to hold: the next one carries that
 * (lampwatch-archive(5)), so that it is part of the evidence.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/reading.h"
#include "publish/site_p.h"

char *site_file(const struct site *site, const char *page, const char *folder, const char *name)
{
	struct buffer text = {0}, repaired = {0};

	archive_read(site->archive, page, folder, name, &text, NULL);
	text_repair(&repaired, buffer_string(&text), text.length);
	buffer_release(&text);
	return buffer_take(&repaired);
}

char *site_capture_value(const char *capture, const char *key)
{
	char *start = memory_format("\n%s: ", key);
	const char *at = strstr(capture, start);
	char *value = NULL;

	if (at != NULL)
		value = memory_bytes(at + strlen(start), strcspn(at + strlen(start), "\n"));
	free(start);
	return value;
}

void site_put_held(const struct site *site, const struct page_state *state,
	const struct snapshot_row *row, struct value *map)
{
	int64_t until = state->last_confirmed, fetches = state->confirmed;
	struct snapshot_row next = {0};

	if (store_snapshot(site->database, state->name, row->sequence + 1, &next)) {
		char *capture = site_file(site, state->name, next.folder, "capture");
		char *time = site_capture_value(capture, "previous-last-confirmed");
		char *count = site_capture_value(capture, "previous-fetches");

		if (time == NULL || !date_parse(time, &until))
			until = row->time;
		fetches = count != NULL ? strtoll(count, NULL, 10) : 1;
		free(count);
		free(time);
		free(capture);
	}
	value_put(map, "held", site_time(site, until));
	value_put_number(map, "fetches", fetches);
	value_put_boolean(map, "once", fetches <= 1);
	snapshot_row_release(&next);
}

void site_put_said(const struct site *site, const char *page, const char *folder, struct value *map)
{
	const struct page_config *config = config_page(site->config, page);
	char *text = site_file(site, page, folder, "reading");
	struct reading reading = {0};

	if (text[0] != '\0' && reading_parse(text, strlen(text), &reading, NULL))
		value_put(map, "overall",
			site_lamp(level_colour(reading.level,
					  config != NULL ? (enum level)config->settings.red
							 : LEVEL_PARTIAL_OUTAGE),
				level_words(reading.level)));
	else
		value_put(map, "overall", site_lamp(COLOUR_GREY, "could not be read"));
	reading_release(&reading);
	free(text);
}
