/* SPDX-License-Identifier: ISC */
#include "run/delay_warning.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/date.h"
#include "base/list.h"
#include "base/memory.h"
#include "store/store.h"
#include "tell/outbox.h"

#define FACT_SAID "delayed"

static void add_line(const struct outbox_delay *delay, const char *zone, struct text_list *lines)
{
	char since[DATE_TEXT_MAX], *line;

	date_write_local(delay->since, zone, since);
	line = memory_format("%s: %" PRId64
			     " message%s owed since %s: %s; `lampwatch outbox` has %s",
		delay->way, delay->count, delay->count == 1 ? " is" : "s are", since, delay->reason,
		delay->count == 1 ? "it" : "them");
	text_list_add(lines, line);
	free(line);
}

void delay_warnings_find(
	struct database *database, const char *zone, int64_t now, struct text_list *lines)
{
	char *fact = store_fact(database, FACT_SAID);
	struct text_list said = {0}, ways = {0}; /* whose names have no blanks */
	struct outbox_delays delays = {0};
	char *names;

	text_list_add_words(&said, fact);
	outbox_delay_warnings(database, now - DELAY_WARNING_SECONDS, &delays);
	for (size_t i = 0; i < delays.count; i++) {
		text_list_add(&ways, delays.list[i].way);
		if (!text_list_has(&said, delays.list[i].way))
			add_line(&delays.list[i], zone, lines);
	}
	names = text_list_words(&ways);
	if (strcmp(names, fact) != 0) {
		database_begin(database);
		store_set_fact(database, FACT_SAID, names);
		database_commit(database, NULL);
	}
	outbox_delays_release(&delays);
	text_list_release(&said);
	text_list_release(&ways);
	free(names);
	free(fact);
}
