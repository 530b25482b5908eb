/* SPDX-License-Identifier: ISC */
#include "run/mail_command_p.h"

#include <stdlib.h>

#include "base/database.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/indicator_state.h"
#include "net/http.h"
#include "store/store.h"
#include "tell/admin_notice.h"
#include "tell/incoming_mail.h"
#include "tell/token_owners.h"

enum { LAMPS_TOLD = 8 /* of a page, in an answer to "status" */ };

/* ---- what came to one of our tokens: it confirms, unsubscribes, or brings a mail back ---- */

static bool confirm_subscription(
	const struct matter *matter, const char *token, struct error *error)
{
	return matter->incoming->automatic || consent_settle(matter, token, NULL, error);
}

/* The operator hears of every receiver that is suspended. */
static bool bounce(const struct matter *matter, const char *token, struct error *error)
{
	const struct mail_command *with = matter->with;
	const struct token_owner *owner = token_owners_find(matter->owners, TOKEN_BOUNCE, token);
	const char *mail = owner != NULL ? owner->mail : NULL;
	const struct subscriber *known =
		mail != NULL ? subscribers_find(&matter->subscribers, mail) : NULL;
	struct admin_notice note = {.type = EVENT_SUSPENDED, .label = mail};
	char *reason, *word, *id;

	(void)error;
	if (mail == NULL || (known != NULL && known->state != SUBSCRIBER_ACTIVE) ||
		!subscriber_bounced(with->database, mail, matter->incoming->status, with->now))
		return true;
	reason = memory_format(
		"mail to it came back twice within a week (%s)", matter->incoming->status);
	word = digest_random_word(DIGEST_BYTES / 2);
	id = memory_format("b.%s", word);
	note.reason = reason;
	note.id = id;
	admin_notice_send(with->database, with->config, with->templates, &note, with->now);
	free(reason);
	free(word);
	free(id);
	return true;
}

/* ---- commands ---- */

/* Lists the commands; unknown is a word that is no command and no page, NULL: there is none. */
static bool help_about(
	const struct matter *matter, const char *kind, const char *unknown, struct error *error)
{
	const struct config *config = matter->with->config;
	struct value *data = answer_new(matter, "is_help", matter->asker), *pages;

	value_put_text(data, kind, unknown);
	pages = value_put(data, "pages", value_list());
	for (size_t i = 0; i < config->page_count; i++)
		value_put_text(value_append(pages, value_map()), "name", config->pages[i].name);
	return answer_give(matter, matter->asker, data, error);
}

static bool help(const struct matter *matter, struct error *error)
{
	return help_about(matter, "unknown", NULL, error);
}

/* The pages that the words name; returns the first word that is not a page, NULL: all are. */
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

static bool subscribe(const struct matter *matter, struct error *error)
{
	const char *asker = matter->asker, *unknown;
	struct pending_subscription question = {
		.mail = (char *)asker, .wants = subscription_default, .asked = matter->with->now};
	bool good = true;

	unknown = read_pages(matter, &question.wants.pages);
	if (unknown != NULL)
		good = help_about(matter, "unknown_page", unknown, error);
	else if (consent_is_told(matter, asker))
		good = answer_give(matter, asker, answer_new(matter, "is_already", asker), error);
	else if (matter->questions.count < PENDING_SUBSCRIPTION_MAX &&
		 !consent_is_asked(matter, asker))
		good = consent_ask(matter, &question, error);
	text_list_release(&question.wants.pages);
	return good;
}

/* Without a token nobody is unsubscribed: instructions go to the address itself. */
static bool leave(const struct matter *matter, struct error *error)
{
	const char *asker = matter->asker;

	return answer_give(matter, asker,
		answer_new(
			matter, consent_is_told(matter, asker) ? "is_leave" : "is_stranger", asker),
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
	char *url = http_url_public(page->url);

	value_put_text(map, "name", page->name);
	value_put_text(map, "url", url);
	free(url);
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
	data = answer_new(matter, "is_status", matter->asker);
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
	return answer_give(matter, matter->asker, data, error);
}

static const struct command {
	const char *word;
	bool (*obey)(const struct matter *matter, struct error *error);
} commands[] = {
	{"subscribe", subscribe},
	{"unsubscribe", leave},
	{"status", status},
	{"help", help},
};

/* NULL: the words are no command. */
static const struct command *command_in(const struct text_list *words)
{
	for (size_t i = 0; words->count > 0 && i < sizeof commands / sizeof commands[0]; i++)
		if (text_equal(words->list[0], commands[i].word))
			return &commands[i];
	return NULL;
}

/* In the subject, else in the first line of the text. */
static bool receive_command(struct matter *matter, struct error *error)
{
	const struct incoming_mail *incoming = matter->incoming;
	const struct command *command = command_in(&incoming->words),
			     *in_text = command_in(&incoming->line);

	matter->words = &incoming->words;
	if (command == NULL && (incoming->words.count == 0 || in_text != NULL)) {
		matter->words = &incoming->line;
		command = in_text;
	}
	if (!answer_wanted(matter, matter->asker))
		return true;
	if (!consent_allowed(matter))
		return answer_give(matter, matter->asker,
			answer_new(matter, "is_refused", matter->asker), error);
	if (command != NULL)
		return command->obey(matter, error);
	return help_about(
		matter, "unknown", matter->words->count > 0 ? matter->words->list[0] : NULL, error);
}

bool mail_command_receive(const struct mail_command *command, const struct incoming_mail *incoming,
	const char *recipient, struct error *error)
{
	static bool (*const tokens[TOKEN_PURPOSES])(
		const struct matter *matter, const char *token, struct error *error) = {
		[TOKEN_CONFIRM] = confirm_subscription,
		[TOKEN_UNSUBSCRIBE] = consent_end,
		[TOKEN_BOUNCE] = bounce,
	};
	struct matter matter = {.with = command,
		.incoming = incoming,
		.asker = incoming->has_sender ? incoming->sender : incoming->from};
	enum token_purpose purpose;
	char token[TOKEN_TEXT];
	long long number;
	bool good;

	database_begin(command->database);
	pending_subscriptions_expire(command->database, command->now - QUESTION_KEPT_SECONDS);
	matter_load(&matter);
	good = token_parse(recipient, &purpose, &number, token)
		       ? tokens[purpose](&matter, token, error)
		       : receive_command(&matter, error);
	good = matter_commit(command, good, error);
	matter_release(&matter);
	return good;
}
