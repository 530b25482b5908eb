/* SPDX-License-Identifier: ISC
 *
 * lampwatch ack PAGE [INDICATOR]: acknowledges what is red, or fails here. Subscribers get no more
 * reminders and updates about it; they are still told when it is over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "config/pattern.h"
#include "model/indicator_state.h"
#include "run/context.h"
#include "run/people.h"
#include "run/print.h"
#include "run/terminal.h"
#include "store/alarm.h"
#include "store/store.h"

/* The alarms of one page that are acknowledged. */
struct answer {
	const struct context *context;
	struct page_state *state;
	struct text_list patterns; /* of one indicator; empty: all that is red */
};

/* "overall" means the page's own level, which patterns never choose. */
static bool is_meant(const struct answer *answer, const struct alarm *alarm,
	const struct indicator_state *indicator)
{
	if (answer->patterns.count == 0)
		return true;
	if (alarm->indicator[0] == '\0')
		return text_equal(answer->patterns.list[0], "overall");
	return patterns_choose(&answer->patterns, alarm->indicator,
		indicator != NULL ? indicator->group : "",
		indicator != NULL ? indicator->name : "");
}

/* What is listed only in trouble may have no state of its own yet. */
static char *label_of(const struct alarm *alarm, const struct indicator_state *indicator)
{
	if (alarm->indicator[0] == '\0')
		return memory_string("overall");
	return indicator != NULL ? text_label(indicator->group, indicator->name)
				 : memory_string(alarm->indicator);
}

static void say(const struct answer *answer, const struct alarm *alarm,
	const struct indicator_state *indicator)
{
	const struct invocation *invocation = answer->context->invocation;
	char *label = label_of(alarm, indicator);

	store_add_event(answer->context->database, alarm->page, invocation->clock, "acknowledged",
		alarm->indicator, label, "", "", "");
	if (invocation->verbosity >= 0) {
		fputs("acknowledged: ", stdout);
		terminal_text(label, 0);
		putchar('\n');
	}
	free(label);
}

/* Acknowledges each alarm that is meant and not yet acknowledged. Returns how many are meant. */
static size_t acknowledge_all(const struct answer *answer)
{
	struct alarms alarms = {0};
	size_t meant = 0;

	alarms_load(answer->context->database, answer->state->name, &alarms);
	for (size_t i = 0; i < alarms.count; i++) {
		const struct alarm *alarm = &alarms.list[i];
		const struct indicator_state *indicator =
			indicator_states_find(&answer->state->indicators, alarm->indicator);

		if (!is_meant(answer, alarm, indicator))
			continue;
		meant++;
		if (alarm->acknowledged != 0)
			continue;
		alarm_acknowledge(
			answer->context->database, alarm->id, answer->context->invocation->clock);
		if (i == 0 || !text_equal(alarms.list[i - 1].indicator, alarm->indicator))
			say(answer, alarm, indicator); /* once, of red and of what fails here */
	}
	alarms_release(&alarms);
	return meant;
}

static int save(struct answer *answer)
{
	struct database *database = answer->context->database;
	struct error error;
	size_t meant;

	store_load(database, answer->state);
	database_begin(database);
	meant = acknowledge_all(answer);
	if (!database_commit(database, &error) ||
		!people_write(answer->context->config->archive, database, &error))
		return error_print(&error);
	if (meant > 0)
		return EXIT_DONE;
	fprintf(stderr, "lampwatch: ack: no alarm is open on %s%s\n", answer->state->name,
		answer->patterns.count > 0 ? " by that name" : "");
	return EXIT_USAGE;
}

int command_ack(struct context *context, const struct options *options, char **words)
{
	struct answer answer = {.context = context};
	struct page_states states = {0};
	int result;

	(void)options;
	if (context_page(context, words[0]) == NULL)
		return EXIT_USAGE;
	result = context_open_to_write(context, false);
	if (result != EXIT_DONE)
		return result;
	if (words[1] != NULL)
		text_list_add(&answer.patterns, words[1]);
	if (context->database != NULL)
		store_pages(context->database, &states);
	answer.state = page_states_find(&states, words[0]);
	if (answer.state != NULL) {
		result = save(&answer);
	} else {
		fprintf(stderr, "lampwatch: ack: %s has never been read\n", words[0]);
		result = EXIT_USAGE;
	}
	page_states_release(&states);
	text_list_release(&answer.patterns);
	return result;
}
