/* SPDX-License-Identifier: ISC */
#include "run/mail_command_p.h"

#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/pattern.h"
#include "model/indicator_state.h"
#include "store/store.h"

enum { LAMPS_TOLD = 8 /* of a page, in an answer to "status" */ };

/* What can be written to us; unknown is a word that is no command and no page, NULL: there is none.
 */
static bool help_about(
	const struct matter *matter, const char *kind, const char *unknown, struct error *error)
{
	const struct config *config = matter->with->config;
	struct value *data = answer_new(matter, "is_help", matter->incoming->from), *pages;

	value_put_text(data, kind, unknown);
	pages = value_put(data, "pages", value_list());
	for (size_t i = 0; i < config->page_count; i++)
		value_put_text(value_append(pages, value_map()), "name", config->pages[i].name);
	return answer_give(matter, matter->incoming->from, data, error);
}

static bool help(const struct matter *matter, struct error *error)
{
	const struct text_list *words = matter->words;
	bool asked = words->count == 0 || text_equal(words->list[0], "help");

	return help_about(matter, "unknown", asked ? NULL : words->list[0], error);
}

/* The pages that the words name; returns a word that is none, NULL where all are. */
static const char *read_pages(const struct matter *matter, struct text_list *pages)
{
	const struct text_list *words = matter->words;

	for (size_t i = 1; i < words->count; i++) {
		if (config_page(matter->with->config, words->list[i]) == NULL)
			return words->list[i];
		text_list_add(pages, words->list[i]);
	}
	return NULL;
}

static bool is_told(const struct matter *matter, const char *mail)
{
	const struct config *config = matter->with->config;
	const struct subscriber *known = subscribers_find(&matter->subscribers, mail);

	return known != NULL ? known->state == SUBSCRIBER_ACTIVE
			     : config_subscriber(config, mail) != NULL;
}

/* Nothing is told, and nothing changes, before whoever reads the address has said yes to it (double
 * opt-in). A question that is not sent, for there were too many, is none. */
static bool ask_to_confirm(
	const struct matter *matter, struct pending_subscription *question, struct error *error)
{
	struct value *data;
	char *about, *reply_to;
	bool good;

	if (!answer_fits(matter, question->mail))
		return true;
	data = answer_new(matter, "is_confirm", question->mail);
	question->id = pending_subscription_add(matter->with->database, question);
	about = question_about(question);
	reply_to = answer_token(matter, TOKEN_CONFIRM, about);
	answer_put_pages(data, &question->pages);
	value_put_text(data, "confirm", reply_to);
	good = answer_send(matter, question->mail, data, reply_to, error);
	free(reply_to);
	free(about);
	return good;
}

static bool subscribe(const struct matter *matter, struct error *error)
{
	const struct mail_command *with = matter->with;
	const char *from = matter->incoming->from, *unknown;
	struct pending_subscription question = {.mail = (char *)from, .asked = with->now};
	bool good = true;

	unknown = read_pages(matter, &question.pages);
	if (!patterns_choose_name(&with->config->mail_in_allow, from))
		good = answer_give(matter, from, answer_new(matter, "is_refused", from), error);
	else if (unknown != NULL)
		good = help_about(matter, "unknown_page", unknown, error);
	else if (is_told(matter, from))
		good = answer_give(matter, from, answer_new(matter, "is_already", from), error);
	else if (matter->questions.count < PENDING_SUBSCRIPTION_MAX)
		good = ask_to_confirm(matter, &question, error);
	text_list_release(&question.pages);
	return good;
}

/* Without a token nobody is taken off: the way to do it goes to the address itself. */
static bool leave(const struct matter *matter, struct error *error)
{
	const char *from = matter->incoming->from;

	return answer_give(matter, from,
		answer_new(matter, is_told(matter, from) ? "is_leave" : "is_stranger", from),
		error);
}

static void add_indicators(struct value *map, const struct page_config *page,
	const struct indicator_states *indicators)
{
	struct value *list = value_put(map, "lamps", value_list());
	int64_t left = 0;

	for (size_t i = 0; i < indicators->count; i++) {
		const struct indicator_state *indicator = &indicators->list[i];
		enum colour colour = level_colour(indicator->level, (enum level)page->settings.red);
		struct value *one;
		char *label;

		if (indicator->id[0] == '\0' || indicator->gone || colour == COLOUR_GREEN)
			continue;
		if (list->count >= LAMPS_TOLD) {
			left++;
			continue;
		}
		one = value_append(list, value_map());
		label = text_label(indicator->group, indicator->name);
		value_put_text(one, "words", level_label(indicator->level));
		value_put_text(one, "label", label);
		free(label);
	}
	value_put_number(map, "lamps_left", left);
}

/* What one page says now, counted by its colour: red where anything on it is; one that is lost says
 * nothing. */
static void add_page(const struct matter *matter, const struct page_config *page,
	struct page_state *state, struct value *list, int64_t counts[static COLOURS])
{
	static const char *const words[COLOURS] = {
		[COLOUR_GREEN] = "GREEN  ",
		[COLOUR_YELLOW] = "YELLOW ",
		[COLOUR_RED] = "RED    ",
		[COLOUR_BLUE] = "BLUE   ",
		[COLOUR_GREY] = "UNKNOWN",
	};
	struct value *map = value_append(list, value_map());
	enum colour colour = COLOUR_GREY;
	bool seen = state != NULL && state->known;

	value_put_text(map, "name", page->name);
	value_put_text(map, "url", page->url);
	if (seen) {
		const struct indicator_state *overall;

		store_load(matter->with->database, state);
		overall = indicator_states_find(&state->indicators, INDICATOR_OVERALL);
		if (state->failures == 0)
			colour = state->red        ? COLOUR_RED
				 : overall != NULL ? level_colour(overall->level,
							     (enum level)page->settings.red)
						   : COLOUR_GREEN;
		add_indicators(map, page, &state->indicators);
		store_unload(state);
	}
	counts[colour]++;
	value_put_text(map, "words", seen ? words[colour] : "not seen yet");
}

static bool status(const struct matter *matter, struct error *error)
{
	const struct config *config = matter->with->config;
	struct value *data, *list;
	struct page_states states = {0};
	struct text_list wanted = {0};
	int64_t counts[COLOURS] = {0};
	const char *unknown = read_pages(matter, &wanted);

	if (unknown != NULL) {
		text_list_release(&wanted);
		return help_about(matter, "unknown_page", unknown, error);
	}
	data = answer_new(matter, "is_status", matter->incoming->from);
	list = value_put(data, "pages", value_list());
	store_pages(matter->with->database, &states);
	for (size_t i = 0; i < config->page_count; i++)
		if (wanted.count == 0 || text_list_has(&wanted, config->pages[i].name))
			add_page(matter, &config->pages[i],
				page_states_find(&states, config->pages[i].name), list, counts);
	value_put_number(data, "red", counts[COLOUR_RED]);
	value_put_number(data, "unknown", counts[COLOUR_GREY]);
	value_put_number(data, "count", (int64_t)list->count);
	page_states_release(&states);
	text_list_release(&wanted);
	return answer_give(matter, matter->incoming->from, data, error);
}

static const struct {
	const char *word;
	bool (*obey)(const struct matter *matter, struct error *error);
} commands[] = {
	{"subscribe", subscribe},
	{"unsubscribe", leave},
	{"status", status},
	{"help", help},
};

static size_t command_in(const struct text_list *words)
{
	size_t i = 0;

	while (i < sizeof commands / sizeof commands[0] &&
		(words->count == 0 || !text_equal(words->list[0], commands[i].word)))
		i++;
	return i;
}

/* In the subject, else in the first line of the text. */
static bool receive_command(struct matter *matter, struct error *error)
{
	const size_t none = sizeof commands / sizeof commands[0];
	const struct incoming_mail *incoming = matter->incoming;
	bool in_text = command_in(&incoming->words) == none &&
		       (incoming->words.count == 0 || command_in(&incoming->line) < none);
	size_t command;

	matter->words = in_text ? &incoming->line : &incoming->words;
	command = command_in(matter->words);
	if (!answer_wanted(matter, incoming->from))
		return true;
	return command < none ? commands[command].obey(matter, error) : help(matter, error);
}

bool mail_command_receive(const struct mail_command *correspondence,
	const struct incoming_mail *incoming, const char *recipient, struct error *error)
{
	struct matter matter = {.with = correspondence, .incoming = incoming};
	enum token_purpose purpose;
	char token[TOKEN_TEXT];
	long long number;
	bool good;

	database_begin(correspondence->database);
	pending_subscriptions_expire(
		correspondence->database, correspondence->now - QUESTION_KEPT_SECONDS);
	pending_subscriptions_load(correspondence->database, &matter.questions);
	subscribers_load(correspondence->database, &matter.subscribers);
	good = token_parse(recipient, &purpose, &number, token)
		       ? obey_token(&matter, purpose, token, error)
		       : receive_command(&matter, error);
	if (good)
		good = database_commit(correspondence->database, error);
	else
		database_rollback(correspondence->database);
	subscribers_release(&matter.subscribers);
	pending_subscriptions_release(&matter.questions);
	return good;
}
