/* SPDX-License-Identifier: ISC */
#include "cmd/status.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/suppression.h"
#include "run/terminal.h"

enum { LABEL_BEGIN = 2 + TERMINAL_LAMP_COLUMNS + 1, LABEL_COLUMNS = 26 };

/* "fails here since 2014-01-24 19:02 UTC (mail/web: HTTP 500)". */
static void add_fact(
	const struct status *status, const struct known_fact *fact, struct buffer *line)
{
	const char *between = " (";
	char since[DATE_TEXT_MAX];

	date_write_short(fact->is.since, status->context->config->timezone, since);
	if (fact->is.state == FACT_UNKNOWN)
		buffer_text(line, ", here: unknown");
	else
		buffer_format(line, ", %s here since %s",
			fact->is.state == FACT_BAD ? "fails" : "works", since);
	for (size_t i = 0; i < fact->count && fact->is.state == FACT_BAD; i++) {
		const struct known_check *check = &fact->checks[i];

		if (check->is.state != FACT_BAD)
			continue;
		buffer_format(line, "%s%s%s%s", between, check->check,
			text_empty(check->word) ? "" : ": ", check->word);
		between = "; ";
	}
	if (fact->is.state == FACT_BAD)
		buffer_text(line, ")");
}

/* Its word is ours: "HTTP 500". */
static bool is_check(const struct page_config *page, const struct indicator_state *indicator)
{
	return page->check_count > 0 && !text_empty(indicator->word);
}

static void print_lamp(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator, bool fresh, bool suppressed)
{
	struct known_fact fact;
	char *label = indicator->id[0] != '\0' ? text_label(indicator->group, indicator->name)
					       : memory_string("(overall)");
	char since[DATE_TEXT_MAX];
	struct buffer line = {0};
	char *cause;

	fputs("  ", stdout);
	terminal_lamp(status_indicator_colour(page, indicator, fresh));
	putchar(' ');
	terminal_label(label, LABEL_COLUMNS);
	date_write_short(indicator->since, status->context->config->timezone, since);
	buffer_format(&line, "%s%s", indicator->gone ? "no longer listed, was " : "",
		level_label(indicator->level));
	if (is_check(page, indicator) && indicator->level != LEVEL_OPERATIONAL)
		buffer_format(&line, " (%s)", indicator->word);
	buffer_format(&line, "%s%s%s%s", indicator->since != 0 ? " since " : ", not listed",
		indicator->since != 0 ? since : "", indicator->flapping ? ", flapping" : "",
		status_acknowledged(status, indicator) != 0 ? ", acknowledged" : "");
	buffer_text(&line, indicator->count > 0 && !indicator->flapping && !suppressed
				   ? ", not confirmed"
				   : "");
	if (status_fact(status, page, indicator, &fact)) {
		add_fact(status, &fact, &line);
		known_fact_release(&fact);
	}
	cause = status_cause(status, page, indicator);
	if (cause != NULL)
		buffer_format(&line, ", follows from %s", cause);
	free(cause);
	terminal_wrap_rest(buffer_string(&line), LABEL_BEGIN + LABEL_COLUMNS, LABEL_BEGIN);
	buffer_release(&line);
	free(label);
}

/* Prints the silence or maintenance that holds now; false where none does. */
static bool print_suppression(const struct status *status, const struct page_config *page)
{
	struct suppression suppression;
	char until[DATE_TEXT_MAX], *line;

	if (!suppression_holds(status->context->config, &status->silences, page->name, status->now,
		    &suppression))
		return false;
	date_write_short(suppression.until, status->context->config->timezone, until);
	line = memory_format("%s: nobody is told until %s%s%s",
		suppression.silence ? "silence" : "maintenance", until,
		suppression.reason[0] != '\0' ? ": " : "", suppression.reason);
	terminal_wrap(line, 2);
	free(line);
	return true;
}

void status_print_page(struct status *status, const struct page_config *page,
	const struct page_state *state, const char *observation)
{
	bool fresh = text_equal(observation, "fresh"), suppressed;
	char time[DATE_TEXT_MAX];
	struct buffer line = {0};

	terminal_lamp(state != NULL ? status_page_colour(page, state, fresh) : COLOUR_GREY);
	buffer_format(&line, ": %s", observation);
	if (state != NULL && state->last_success != 0) {
		date_write_short(state->last_success, status->context->config->timezone, time);
		buffer_format(&line, ", %s %s", fresh ? "read" : "last seen", time);
	}
	if (state != NULL && !text_empty(state->failure))
		buffer_format(&line, "; %s", state->failure);
	putchar(' ');
	terminal_parts((const struct terminal_part[]){{page->name, TERMINAL_NAME},
			       {buffer_string(&line), TERMINAL_WORDS}},
		2, TERMINAL_LAMP_COLUMNS + 1, TERMINAL_LAMP_COLUMNS + 1);
	buffer_release(&line);
	suppressed = print_suppression(status, page);
	for (size_t i = 0; state != NULL && i < state->indicators.count; i++) {
		const struct indicator_state *indicator = &state->indicators.list[i];

		if (status->all || indicator->gone || indicator->alarm || indicator->flapping ||
			status_indicator_colour(page, indicator, true) != COLOUR_GREEN ||
			status_fails_here(status, page, indicator))
			print_lamp(status, page, indicator, fresh, suppressed);
	}
	for (size_t i = 0; i < status->alarms.count; i++) {
		struct indicator_state unlisted;

		if (status_unlisted(state, &status->alarms.list[i], &unlisted))
			print_lamp(status, page, &unlisted, fresh, suppressed);
	}
}
