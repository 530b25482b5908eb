/* SPDX-License-Identifier: ISC
 *
 * lampwatch status: what every watched page says now, and how well we know it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/webhooks.h"
#include "net/http.h"
#include "run/causes.h"
#include "run/context.h"
#include "run/facts.h"
#include "run/freshness.h"
#include "run/route_survey.h"
#include "run/suppression.h"
#include "run/terminal.h"
#include "store/alarm.h"
#include "store/silence.h"
#include "store/store.h"
#include "tell/outbox.h"

enum {
	LABEL_BEGIN = 2 + TERMINAL_LAMP_COLUMNS + 1,
	LABEL_COLUMNS = 26,
	NAMED_MAX = 5,   /* with --nagios, of each state */
	NAME_BYTES = 56, /* of each: with the figures it is less than 1,024, where NRPE 2 cuts */
	PAGE_BYTES = 24, /* of those the page's, so that there is room for the indicator's */
};

/* What monitoring plugins tell apart, the worst first; how they exit is the plugins' convention. */
static const struct state {
	const char *word, *label;
	int exit_status;
} plugin_states[] = {{"CRITICAL", "red", 2}, {"UNKNOWN", "unknown", 3}, {"WARNING", "yellow", 1}};

enum { STATE_RED, STATE_UNKNOWN, STATE_YELLOW, STATES };

struct status {
	const struct context *context;
	bool all; /* also indicators that are green */
	int64_t now;
	bool silent;           /* --nagios: nothing is printed of a page */
	struct value *pages;   /* --json */
	struct text_list *bad; /* --nagios and --fail: the names by state, STATES of them */
	struct silences silences;
	struct alarms alarms;      /* of the page that is shown */
	struct known_states known; /* of the probes */
};

/* When the indicator's alarm was acknowledged; 0: it was not. */
static int64_t acknowledged(const struct status *status, const struct indicator_state *indicator)
{
	const struct alarm *alarm = alarms_find(&status->alarms, indicator->id);

	return alarm != NULL && (indicator->alarm || alarm->early) ? alarm->acknowledged : 0;
}

/* What our own checks say of the indicator, where they are its facts; else false. */
static bool find_fact(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator, struct known_fact *fact)
{
	const struct fact_config *facts =
		config_facts(page, indicator->id, indicator->group, indicator->name);

	if (facts == NULL || indicator->id[0] == '\0')
		return false;
	fact_look_up(&status->known, status->context->config, page, facts, fact);
	return true;
}

/* What the indicator follows from; NULL: nothing. Owned by the caller. */
static char *find_cause(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator)
{
	return status->known.database != NULL && page->cause_count > 0 && indicator->alarm
		       ? cause_followed(
				 &status->known, status->context->config, page->name, indicator->id)
		       : NULL;
}

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

static enum colour indicator_colour(
	const struct page_config *page, const struct indicator_state *indicator, bool fresh)
{
	if (!fresh || indicator->gone)
		return COLOUR_GREY;
	return level_colour(indicator->level, (enum level)page->settings.red);
}

/* The colour of the worst indicator is the page's. */
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

	if (!fresh || state->indicators.count == 0)
		return COLOUR_GREY;
	for (size_t i = 0; i < state->indicators.count; i++) {
		enum colour colour = indicator_colour(page, &state->indicators.list[i], fresh);

		if (badness[colour] > badness[worst])
			worst = colour;
	}
	return worst;
}

/* What fails here, and stands on a page that lists only what it takes to be in trouble: as all that
 * it does not list. False where the page lists it. */
static bool is_unlisted(
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
	terminal_lamp(indicator_colour(page, indicator, fresh));
	putchar(' ');
	terminal_label(label, LABEL_COLUMNS);
	date_write_short(indicator->since, status->context->config->timezone, since);
	buffer_format(&line, "%s%s", indicator->gone ? "no longer listed, was " : "",
		level_label(indicator->level));
	if (is_check(page, indicator) && indicator->level != LEVEL_OPERATIONAL)
		buffer_format(&line, " (%s)", indicator->word);
	buffer_format(&line, "%s%s%s%s", indicator->since != 0 ? " since " : ", not listed",
		indicator->since != 0 ? since : "", indicator->flapping ? ", flapping" : "",
		acknowledged(status, indicator) != 0 ? ", acknowledged" : "");
	buffer_text(&line, indicator->count > 0 && !indicator->flapping && !suppressed
				   ? ", not confirmed"
				   : "");
	if (find_fact(status, page, indicator, &fact)) {
		add_fact(status, &fact, &line);
		known_fact_release(&fact);
	}
	cause = find_cause(status, page, indicator);
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

/* True where our own checks are its facts and do not say that it works. */
static bool fails_here(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator)
{
	struct known_fact fact;
	bool fails = find_fact(status, page, indicator, &fact);

	if (!fails)
		return false;
	fails = fact.is.state == FACT_BAD;
	known_fact_release(&fact);
	return fails;
}

static void print_page(struct status *status, const struct page_config *page,
	struct page_state *state, const char *observation)
{
	bool fresh = text_equal(observation, "fresh"), suppressed;
	char time[DATE_TEXT_MAX];
	struct buffer line = {0};

	terminal_lamp(state != NULL ? page_colour(page, state, fresh) : COLOUR_GREY);
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
			indicator_colour(page, indicator, true) != COLOUR_GREEN ||
			fails_here(status, page, indicator))
			print_lamp(status, page, indicator, fresh, suppressed);
	}
	for (size_t i = 0; i < status->alarms.count; i++) {
		struct indicator_state unlisted;

		if (is_unlisted(state, &status->alarms.list[i], &unlisted))
			print_lamp(status, page, &unlisted, fresh, suppressed);
	}
}

/* ---- as a plugin for Nagios and its relatives ---- */

/* Of an indicator, or what is like one. Owned by the caller. */
static char *name_on(const struct page_config *page, const char *label, bool fails)
{
	return memory_format("%.*s%s: %s%s", PAGE_BYTES, page->name,
		strlen(page->name) > PAGE_BYTES ? "…" : "", label, fails ? " (fails here)" : "");
}

/* Sorts what is not green under its state. */
static void sort_page(struct status *status, const struct page_config *page,
	const struct page_state *state, const char *observation)
{
	bool explained = false; /* the overall lamp is, by an indicator */
	bool fails;

	if (state == NULL || !text_equal(observation, "fresh")) {
		char *name = memory_format("%s (%s)", page->name, observation);

		text_list_add(&status->bad[STATE_UNKNOWN], name);
		free(name);
		return;
	}
	for (size_t i = 0; i < state->indicators.count; i++) {
		const struct indicator_state *indicator = &state->indicators.list[i];
		enum colour colour = indicator_colour(page, indicator, true);
		char *label, *name;

		fails = fails_here(status, page, indicator);
		if ((colour != COLOUR_RED && colour != COLOUR_YELLOW && !fails) ||
			indicator->id[0] == '\0')
			continue;
		label = text_label(indicator->group, indicator->name);
		name = name_on(page, label, fails && colour != COLOUR_RED);
		text_list_add(
			&status->bad[colour == COLOUR_RED || fails ? STATE_RED : STATE_YELLOW],
			name);
		free(name);
		free(label);
		explained = true;
	}
	for (size_t i = 0; i < status->alarms.count; i++) {
		struct indicator_state unlisted;
		char *name;

		if (!is_unlisted(state, &status->alarms.list[i], &unlisted))
			continue;
		name = name_on(page, unlisted.name, true);
		text_list_add(&status->bad[STATE_RED], name);
		free(name);
	}
	if (!explained && page_colour(page, state, true) == COLOUR_RED)
		text_list_add(&status->bad[STATE_RED], page->name);
	else if (!explained && page_colour(page, state, true) == COLOUR_YELLOW)
		text_list_add(&status->bad[STATE_YELLOW], page->name);
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

/* One line and its figures, as the Monitoring Plugins Development Guidelines have them. */
static int print_states(const struct status *status)
{
	struct buffer line = {0};
	int worst = STATES;

	for (int i = STATES - 1; i >= 0; i--)
		worst = status->bad[i].count > 0 ? i : worst;
	buffer_format(&line, "LAMPWATCH %s: ", worst < STATES ? plugin_states[worst].word : "OK");
	if (worst == STATES)
		buffer_text(&line, "nothing is red or yellow");
	for (int i = worst; i < STATES; i++) {
		if (status->bad[i].count == 0)
			continue;
		buffer_format(&line, "%s%s: ", i > worst ? "; " : "", plugin_states[i].label);
		add_names(&status->bad[i], &line);
	}
	buffer_text(&line, " |");
	for (int i = 0; i < STATES; i++)
		buffer_format(&line, " %s=%zu", plugin_states[i].label, status->bad[i].count);
	puts(buffer_string(&line));
	buffer_release(&line);
	return worst < STATES ? plugin_states[worst].exit_status : EXIT_DONE;
}

static void put_time(struct value *map, const char *key, int64_t time)
{
	char text[DATE_TEXT_MAX] = "";

	if (time != 0)
		date_write(time, text);
	value_put_text(map, key, text);
}

/* {state: "good", "bad" or "unknown"; since; checks: a list of {check, state, word, since}}. */
static void put_fact(struct value *map, const struct known_fact *fact)
{
	static const char *const states[] = {
		[FACT_UNKNOWN] = "unknown", [FACT_GOOD] = "good", [FACT_BAD] = "bad"};
	struct value *inner = value_put(map, "fact", value_map()), *checks;

	value_put_text(inner, "state", states[fact->is.state]);
	put_time(inner, "since", fact->is.since);
	checks = value_put(inner, "checks", value_list());
	for (size_t i = 0; i < fact->count; i++) {
		const struct known_check *check = &fact->checks[i];

		inner = value_append(checks, value_map());
		value_put_text(inner, "check", check->check);
		value_put_text(inner, "state", states[check->is.state]);
		value_put_text(inner, "word", check->word);
		put_time(inner, "since", check->is.since);
	}
}

static struct value *indicator_value(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator, bool fresh)
{
	struct known_fact fact;
	struct value *map = value_map();
	char *cause;

	value_put_text(map, "id", indicator->id);
	value_put_boolean(map, "overall", indicator->id[0] == '\0');
	value_put_text(map, "group", indicator->group);
	value_put_text(map, "name", indicator->name);
	value_put_text(map, "level", level_name(indicator->level));
	value_put_text(map, "word", indicator->word);
	value_put_text(map, "colour", colour_name(indicator_colour(page, indicator, fresh)));
	value_put_boolean(map, "gone", indicator->gone);
	value_put_boolean(map, "alarm", indicator->alarm);
	value_put_boolean(map, "flapping", indicator->flapping);
	put_time(map, "acknowledged", acknowledged(status, indicator));
	put_time(map, "since", indicator->since);
	cause = find_cause(status, page, indicator);
	if (cause != NULL)
		value_put_text(map, "follows", cause);
	free(cause);
	if (find_fact(status, page, indicator, &fact)) {
		put_fact(map, &fact);
		known_fact_release(&fact);
	}
	return map;
}

static void add_page(struct status *status, const struct page_config *page,
	struct page_state *state, const char *observation)
{
	struct value *map = value_append(status->pages, value_map()), *indicators;
	bool fresh = text_equal(observation, "fresh");
	char *url = http_url_public(page->url);
	struct suppression suppression;

	suppression_holds(
		status->context->config, &status->silences, page->name, status->now, &suppression);
	value_put_text(map, "name", page->name);
	value_put_text(map, "url", url);
	free(url);
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
	put_time(map, "silent_until", suppression.until);
	indicators = value_put(map, "indicators", value_list());
	for (size_t i = 0; state != NULL && i < state->indicators.count; i++)
		value_append(indicators,
			indicator_value(status, page, &state->indicators.list[i], fresh));
	for (size_t i = 0; i < status->alarms.count; i++) {
		struct indicator_state unlisted;

		if (is_unlisted(state, &status->alarms.list[i], &unlisted))
			value_append(indicators, indicator_value(status, page, &unlisted, fresh));
	}
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
		sort_page(status, page, state, observation);
	if (status->pages != NULL)
		add_page(status, page, state, observation);
	else if (!status->silent)
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
	webhooks_disabled(context, NULL);
}

/* What nobody looks at is not green. */
static void show_no_page(const struct status *status)
{
	if (status->bad != NULL)
		text_list_add(&status->bad[STATE_UNKNOWN], "no page is watched");
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
			text_list_add(&status->bad[STATE_UNKNOWN], *names);
	}
	silences_release(&status->silences);
	known_states_release(&status->known);
	page_states_release(&states);
	return result;
}

int status_unknown(void)
{
	const struct state *state = &plugin_states[STATE_UNKNOWN];

	printf("LAMPWATCH %s: lampwatch itself is in trouble; lampwatch check says more\n",
		state->word);
	return state->exit_status;
}

static int show_states(struct status *status, char **names)
{
	status->silent = true;
	show(status, names);
	return print_states(status);
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
	struct text_list bad[STATES] = {0};
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
	if (options->fail && bad[STATE_RED].count + bad[STATE_UNKNOWN].count > 0)
		result = exit_status_worse(result, EXIT_PENDING);
	for (size_t i = 0; i < STATES; i++)
		text_list_release(&bad[i]);
	return result;
}
