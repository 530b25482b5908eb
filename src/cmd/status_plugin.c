/* SPDX-License-Identifier: ISC */
#include "cmd/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"

enum {
	NAMED_MAX = 5,   /* of each state */
	NAME_BYTES = 56, /* of each: with the figures it is less than 1,024, where NRPE 2 cuts */
	PAGE_BYTES = 24, /* of those the page's, so that there is room for the indicator's */
};

/* How they exit is the plugins' convention. */
static const struct state {
	const char *word, *label;
	int exit_status;
} states[] = {
	[STATUS_RED] = {"CRITICAL", "red", 2},
	[STATUS_UNKNOWN] = {"UNKNOWN", "unknown", 3},
	[STATUS_YELLOW] = {"WARNING", "yellow", 1},
};

static void add_bad(struct status *status, int state, const struct page_config *page,
	const char *label, bool fails)
{
	char *name = memory_format("%.*s%s: %s%s", PAGE_BYTES, page->name,
		strlen(page->name) > PAGE_BYTES ? "…" : "", label, fails ? " (fails here)" : "");

	text_list_add(&status->bad[state], name);
	free(name);
}

/* True where it is not green. */
static bool sort_indicator(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator)
{
	enum colour colour = status_indicator_colour(page, indicator, true);
	bool red = colour == COLOUR_RED, fails = status_fails_here(status, page, indicator);
	char *label;

	if ((!red && colour != COLOUR_YELLOW && !fails) || indicator->id[0] == '\0')
		return false;
	label = text_label(indicator->group, indicator->name);
	add_bad(status, red || fails ? STATUS_RED : STATUS_YELLOW, page, label, fails && !red);
	free(label);
	return true;
}

/* The overall lamp counts where no indicator explains it. */
static void sort_overall(
	struct status *status, const struct page_config *page, const struct page_state *state)
{
	enum colour colour = status_page_colour(page, state, true);

	if (colour == COLOUR_RED)
		text_list_add(&status->bad[STATUS_RED], page->name);
	else if (colour == COLOUR_YELLOW)
		text_list_add(&status->bad[STATUS_YELLOW], page->name);
}

static void sort_unknown(
	struct status *status, const struct page_config *page, const char *observation)
{
	char *name = memory_format("%s (%s)", page->name, observation);

	text_list_add(&status->bad[STATUS_UNKNOWN], name);
	free(name);
}

void status_plugin_page(struct status *status, const struct page_config *page,
	const struct page_state *state, const char *observation)
{
	struct indicator_state unlisted;
	bool explained = false;

	if (state == NULL || !text_equal(observation, "fresh")) {
		sort_unknown(status, page, observation);
		return;
	}
	for (size_t i = 0; i < state->indicators.count; i++)
		explained = sort_indicator(status, page, &state->indicators.list[i]) || explained;
	for (size_t i = 0; i < status->alarms.count; i++)
		if (status_unlisted(state, &status->alarms.list[i], &unlisted))
			add_bad(status, STATUS_RED, page, unlisted.name, true);
	if (!explained)
		sort_overall(status, page, state);
}

/* Adds a name that others wrote. '|' would begin the figures, and Nagios puts the line into
 * commands for a shell: it has none of its illegal_macro_output_chars, and no backslash, which is
 * an escape there. */
static void add_name(const char *name, struct buffer *line)
{
	char *whole = text_visible_copy(name),
	     *visible = text_collapse(whole, strlen(whole), NAME_BYTES);

	for (char *c = visible; (c = strpbrk(c, "`~$&|'\"<>\\")) != NULL;)
		*c = '_';
	buffer_format(line, "%s%s", visible, strlen(whole) > NAME_BYTES ? "…" : "");
	free(visible);
	free(whole);
}

static void add_names(const struct text_list *names, struct buffer *line)
{
	for (size_t i = 0; i < names->count && i < NAMED_MAX; i++) {
		buffer_text(line, i > 0 ? ", " : "");
		add_name(names->list[i], line);
	}
	if (names->count > NAMED_MAX)
		buffer_format(line, " and %zu more", names->count - NAMED_MAX);
}

int status_plugin_print(const struct status *status)
{
	struct buffer line = {0};
	int worst = STATUS_STATES;

	for (int i = STATUS_STATES - 1; i >= 0; i--)
		worst = status->bad[i].count > 0 ? i : worst;
	buffer_format(&line, "LAMPWATCH %s: ", worst < STATUS_STATES ? states[worst].word : "OK");
	if (worst == STATUS_STATES)
		buffer_text(&line, "nothing is red or yellow");
	for (int i = worst; i < STATUS_STATES; i++) {
		if (status->bad[i].count == 0)
			continue;
		buffer_format(&line, "%s%s: ", i > worst ? "; " : "", states[i].label);
		add_names(&status->bad[i], &line);
	}
	buffer_text(&line, " |");
	for (int i = 0; i < STATUS_STATES; i++)
		buffer_format(&line, " %s=%zu", states[i].label, status->bad[i].count);
	puts(buffer_string(&line));
	buffer_release(&line);
	return worst < STATUS_STATES ? states[worst].exit_status : EXIT_DONE;
}

int status_unknown(void)
{
	const struct state *state = &states[STATUS_UNKNOWN];

	printf("LAMPWATCH %s: lampwatch itself is in trouble; lampwatch check says more\n",
		state->word);
	return state->exit_status;
}
