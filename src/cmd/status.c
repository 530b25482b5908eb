/* SPDX-License-Identifier: ISC
 *
 * lampwatch status: what every watched page says now, and how well we know it.
 */
#include "cmd/status.h"

#include <stdio.h>

#include "base/json.h"
#include "base/list.h"
#include "cmd/command.h"
#include "cmd/webhooks.h"
#include "run/causes.h"
#include "run/freshness.h"
#include "run/route_survey.h"
#include "run/terminal.h"
#include "tell/outbox.h"

int64_t status_acknowledged(const struct status *status, const struct indicator_state *indicator)
{
	const struct alarm *alarm = alarms_find(&status->alarms, indicator->id);

	return alarm != NULL && (indicator->alarm || alarm->early) ? alarm->acknowledged : 0;
}

bool status_fact(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator, struct known_fact *fact)
{
	const struct fact_config *facts =
		config_facts(page, indicator->id, indicator->group, indicator->name);

	if (facts == NULL || indicator->id[0] == '\0')
		return false;
	fact_look_up(&status->known, status->context->config, page, facts, fact);
	return true;
}

char *status_cause(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator)
{
	return status->known.database != NULL && page->cause_count > 0 && indicator->alarm
		       ? cause_followed(
				 &status->known, status->context->config, page->name, indicator->id)
		       : NULL;
}

enum colour status_indicator_colour(
	const struct page_config *page, const struct indicator_state *indicator, bool fresh)
{
	if (!fresh || indicator->gone)
		return COLOUR_GREY;
	return level_colour(indicator->level, (enum level)page->settings.red);
}

enum colour status_page_colour(
	const struct page_config *page, const struct page_state *state, bool fresh)
{
	static const int badness[] = {
		[COLOUR_GREEN] = 0,
		[COLOUR_BLUE] = 1,
		[COLOUR_GREY] = 2,
		[COLOUR_YELLOW] = 3,
		[COLOUR_RED] = 4,
	};
	enum colour worst = COLOUR_GREEN;

	if (!fresh || state->indicators.count == 0)
		return COLOUR_GREY;
	for (size_t i = 0; i < state->indicators.count; i++) {
		enum colour colour =
			status_indicator_colour(page, &state->indicators.list[i], fresh);

		if (badness[colour] > badness[worst])
			worst = colour;
	}
	return worst;
}

bool status_unlisted(
	const struct page_state *state, const struct alarm *alarm, struct indicator_state *unlisted)
{
	static char none[] = "";

	*unlisted = (struct indicator_state){.id = alarm->indicator,
		.group = none,
		.name = alarm->indicator,
		.word = none,
		.level = LEVEL_OPERATIONAL};
	return alarm->early && state != NULL &&
	       indicator_states_find(&state->indicators, alarm->indicator) == NULL;
}

bool status_fails_here(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator)
{
	struct known_fact fact;
	bool fails = status_fact(status, page, indicator, &fact);

	if (!fails)
		return false;
	fails = fact.is.state == FACT_BAD;
	known_fact_release(&fact);
	return fails;
}

static void show_page(
	struct status *status, const struct page_states *states, const struct page_config *page)
{
	struct page_state *state = page_states_find(states, page->name);
	const char *observation;

	if (state != NULL) {
		store_load(status->context->database, state);
		alarms_load(status->context->database, page->name, &status->alarms);
	}
	observation = page_freshness(page, state, status->now);
	if (status->bad != NULL)
		status_plugin_page(status, page, state, observation);
	if (status->pages != NULL)
		status_json_page(status, page, state, observation);
	else if (!status->silent)
		status_print_page(status, page, state, observation);
	alarms_release(&status->alarms);
}

static void print_outbox(const struct context *context)
{
	struct outbox_totals totals = {0};

	if (context->database != NULL)
		outbox_total(context->database, &totals);
	if (totals.pending > 0)
		printf("%lld deliver%s still owed: lampwatch outbox\n", (long long)totals.pending,
			totals.pending == 1 ? "y is" : "ies are");
	if (totals.dead > 0)
		printf("%lld deliver%s given up: lampwatch outbox\n", (long long)totals.dead,
			totals.dead == 1 ? "y was" : "ies were");
	webhooks_disabled(context, NULL);
}

/* What nobody looks at is not green. */
static void show_no_page(const struct status *status)
{
	if (status->bad != NULL)
		text_list_add(&status->bad[STATUS_UNKNOWN], "no page is watched");
	if (status->pages == NULL && !status->silent)
		puts("no page is watched yet: `lampwatch add NAME` adds one");
}

static int show(struct status *status, char **names)
{
	const struct context *context = status->context;
	struct page_states states = {0};
	int result = EXIT_DONE;

	if (context->database != NULL) {
		store_pages(context->database, &states);
		silences_load(context->database, status->now, &status->silences);
		status->known =
			(struct known_states){.database = context->database, .now = status->now};
	}
	if (names[0] == NULL && context->config->page_count == 0)
		show_no_page(status);
	for (size_t i = 0; names[0] == NULL && i < context->config->page_count; i++)
		show_page(status, &states, &context->config->pages[i]);
	for (; *names != NULL; names++) {
		const struct page_config *page = context_page(context, *names);

		if (page != NULL)
			show_page(status, &states, page);
		else
			result = EXIT_USAGE;
		if (page == NULL && status->bad != NULL)
			text_list_add(&status->bad[STATUS_UNKNOWN], *names);
	}
	silences_release(&status->silences);
	known_states_release(&status->known);
	page_states_release(&states);
	return result;
}

static int show_states(struct status *status, char **names)
{
	status->silent = true;
	show(status, names);
	return status_plugin_print(status);
}

/* All of it, as text or JSON. */
static int show_all(struct status *status, char **names)
{
	const struct context *context = status->context;
	bool json = context->invocation->json;
	struct value *root = value_map();
	struct route_survey survey; /* who is not reached because of current outages */
	int result;

	value_put_number(root, "format", 1);
	if (json)
		status->pages = value_put(root, "pages", value_list());
	result = show(status, names);
	route_survey_open(&survey, context, false);
	if (json) {
		value_put_number(root, "owed",
			context->database != NULL ? outbox_count(context->database) : 0);
		webhooks_disabled(context, value_put(root, "disabled", value_list()));
		value_put(root, "not_reached", route_survey_lost(&survey, &survey.troubled));
		terminal_json(root);
	} else {
		print_outbox(context);
		route_survey_print_lost(&survey, status->all);
	}
	route_survey_close(&survey);
	value_free(root);
	return result;
}

int command_status(struct context *context, const struct options *options, char **words)
{
	const struct invocation *invocation = context->invocation;
	struct text_list bad[STATUS_STATES] = {0};
	struct status status = {.context = context,
		.now = invocation->clock,
		.all = words[0] != NULL || invocation->verbosity > 0};
	int result;

	if (options->nagios && (invocation->json || options->fail)) {
		usage_error(invocation);
		return status_unknown();
	}
	if (options->nagios || options->fail)
		status.bad = bad;
	result = options->nagios ? show_states(&status, words) : show_all(&status, words);
	if (options->fail && bad[STATUS_RED].count + bad[STATUS_UNKNOWN].count > 0)
		result = exit_status_worse(result, EXIT_PENDING);
	for (size_t i = 0; i < STATUS_STATES; i++)
		text_list_release(&bad[i]);
	return result;
}
