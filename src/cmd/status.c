/* SPDX-License-Identifier: ISC
 *
 * lampwatch status: what every watched page says now, and how well we know it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/webhooks.h"
#include "run/context.h"
#include "run/freshness.h"
#include "run/route_survey.h"
#include "run/suppression.h"
#include "run/terminal.h"
#include "store/alarm.h"
#include "store/silence.h"
#include "store/store.h"
#include "tell/outbox.h"

enum { LABEL_COLUMNS = 26 };

struct status {
	const struct context *context;
	bool all; /* lamps that are green too */
	int64_t now;
	struct value *pages; /* --json */
	struct silences silences;
	struct alarms alarms; /* of the page that is shown */
};

/* When somebody acknowledged the lamp's alarm; 0: nobody did. */
static int64_t acknowledged(const struct status *status, const struct lamp *lamp)
{
	const struct alarm *alarm = alarms_find(&status->alarms, lamp->id);

	return alarm != NULL && lamp->alarm ? alarm->acknowledged : 0;
}

static enum colour lamp_colour(const struct page_config *page, const struct lamp *lamp, bool fresh)
{
	if (!fresh || lamp->gone)
		return COLOUR_GREY;
	return level_colour(lamp->level, (enum level)page->settings.red);
}

/* The worst lamp's colour stands for the page. */
static enum colour page_colour(
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

	if (!fresh || state->lamps.count == 0)
		return COLOUR_GREY;
	for (size_t i = 0; i < state->lamps.count; i++) {
		enum colour colour = lamp_colour(page, &state->lamps.list[i], fresh);

		if (badness[colour] > badness[worst])
			worst = colour;
	}
	return worst;
}

static char *lamp_label(const struct lamp *lamp)
{
	if (lamp->id[0] == '\0')
		return memory_string("(overall)");
	return text_label(lamp->group, lamp->name);
}

static void print_lamp(const struct status *status, const struct page_config *page,
	const struct lamp *lamp, bool fresh, bool muted)
{
	char *label = lamp_label(lamp);

	fputs("  ", stdout);
	terminal_lamp(lamp_colour(page, lamp, fresh));
	putchar(' ');
	terminal_text(label, LABEL_COLUMNS);
	printf(" %s%s since ", lamp->gone ? "listed no longer, was " : "",
		level_words(lamp->level));
	terminal_time(lamp->since, status->context->config->timezone);
	printf("%s%s%s\n", lamp->flapping ? ", flapping" : "",
		acknowledged(status, lamp) != 0 ? ", acknowledged" : "",
		lamp->count > 0 && !lamp->flapping && !muted ? ", not confirmed" : "");
	free(label);
}

/* Whether the page is muted. */
static bool print_mute(const struct status *status, const struct page_config *page)
{
	struct mute mute;

	if (!mute_holds(status->context->config, &status->silences, page->name, status->now, &mute))
		return false;
	printf("  %s: nobody is told until ", mute.silence ? "silence" : "maintenance");
	terminal_time(mute.until, status->context->config->timezone);
	if (mute.reason[0] != '\0') {
		fputs(": ", stdout);
		terminal_text(mute.reason, 0);
	}
	putchar('\n');
	return true;
}

static void print_page(const struct status *status, const struct page_config *page,
	struct page_state *state, const char *observation)
{
	bool fresh = text_equal(observation, "fresh"), muted;

	terminal_lamp(state != NULL ? page_colour(page, state, fresh) : COLOUR_GREY);
	putchar(' ');
	terminal_text(page->name, 0);
	printf(": %s", observation);
	if (state != NULL && state->last_success != 0) {
		fputs(fresh ? ", read " : ", last seen ", stdout);
		terminal_time(state->last_success, status->context->config->timezone);
	}
	if (state != NULL && !text_empty(state->failure)) {
		fputs("; ", stdout);
		terminal_text(state->failure, 0);
	}
	putchar('\n');
	muted = print_mute(status, page);
	for (size_t i = 0; state != NULL && i < state->lamps.count; i++) {
		const struct lamp *lamp = &state->lamps.list[i];

		if (status->all || lamp->gone || lamp->alarm || lamp->flapping ||
			lamp_colour(page, lamp, true) != COLOUR_GREEN)
			print_lamp(status, page, lamp, fresh, muted);
	}
}

static void put_time(struct value *map, const char *key, int64_t time)
{
	char text[DATE_TEXT_MAX] = "";

	if (time != 0)
		date_write(time, text);
	value_put_text(map, key, text);
}

static struct value *lamp_value(const struct status *status, const struct page_config *page,
	const struct lamp *lamp, bool fresh)
{
	struct value *map = value_map();

	value_put_text(map, "id", lamp->id);
	value_put_boolean(map, "overall", lamp->id[0] == '\0');
	value_put_text(map, "group", lamp->group);
	value_put_text(map, "name", lamp->name);
	value_put_text(map, "level", level_name(lamp->level));
	value_put_text(map, "word", lamp->word);
	value_put_text(map, "colour", colour_name(lamp_colour(page, lamp, fresh)));
	value_put_boolean(map, "gone", lamp->gone);
	value_put_boolean(map, "alarm", lamp->alarm);
	value_put_boolean(map, "flapping", lamp->flapping);
	put_time(map, "acknowledged", acknowledged(status, lamp));
	put_time(map, "since", lamp->since);
	return map;
}

static void add_page(const struct status *status, const struct page_config *page,
	struct page_state *state, const char *observation)
{
	struct value *map = value_append(status->pages, value_map()), *lamps;
	bool fresh = text_equal(observation, "fresh");
	struct mute mute;

	mute_holds(status->context->config, &status->silences, page->name, status->now, &mute);
	value_put_text(map, "name", page->name);
	value_put_text(map, "url", page->url);
	value_put_text(map, "provider", page->provider);
	value_put_text(map, "kind", page->kind);
	value_put_text(map, "observation", observation);
	value_put_text(map, "colour",
		colour_name(state != NULL ? page_colour(page, state, fresh) : COLOUR_GREY));
	put_time(map, "last_success", state != NULL ? state->last_success : 0);
	put_time(map, "last_fetch", state != NULL ? state->last_fetch : 0);
	value_put_text(map, "failure", state != NULL ? state->failure : "");
	value_put_number(map, "failures", state != NULL ? state->failures : 0);
	value_put_boolean(map, "lost", state != NULL && state->lost);
	put_time(map, "silent_until", mute.until);
	lamps = value_put(map, "indicators", value_list());
	for (size_t i = 0; state != NULL && i < state->lamps.count; i++)
		value_append(lamps, lamp_value(status, page, &state->lamps.list[i], fresh));
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
	observation = page_condition(page, state, status->now);
	if (status->pages != NULL)
		add_page(status, page, state, observation);
	else
		print_page(status, page, state, observation);
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
	webhooks_print_disabled(context);
}

static int show(struct status *status, char **names)
{
	const struct context *context = status->context;
	struct page_states states = {0};
	int result = EXIT_DONE;

	if (context->database != NULL) {
		store_pages(context->database, &states);
		silences_load(context->database, status->now, &status->silences);
	}
	for (size_t i = 0; names[0] == NULL && i < context->config->page_count; i++)
		show_page(status, &states, &context->config->pages[i]);
	for (; *names != NULL; names++) {
		const struct page_config *page = context_page(context, *names);

		if (page != NULL)
			show_page(status, &states, page);
		else
			result = EXIT_USAGE;
	}
	silences_release(&status->silences);
	page_states_release(&states);
	return result;
}

int command_status(struct context *context, const struct options *options, char **words)
{
	const struct invocation *invocation = context->invocation;
	struct status status = {.context = context,
		.now = invocation->clock,
		.all = words[0] != NULL || invocation->verbosity > 0};
	struct value *root = value_map();
	struct survey survey; /* whom the trouble of now keeps from hearing of it */
	int result;

	(void)options;
	value_put_number(root, "format", 1);
	if (invocation->json)
		status.pages = value_put(root, "pages", value_list());
	result = show(&status, words);
	survey_open(&survey, context, false);
	if (invocation->json) {
		value_put_number(root, "owed",
			context->database != NULL ? outbox_count(context->database) : 0);
		value_put(root, "disabled", webhooks_disabled(context));
		value_put(root, "not_reached", survey_lost(&survey, &survey.troubled));
		terminal_json(root);
	} else {
		print_outbox(context);
		survey_print_lost(&survey, status.all);
	}
	survey_close(&survey);
	value_free(root);
	return result;
}
