/* SPDX-License-Identifier: ISC */
#include "run/mail_command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/database.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/pattern.h"
#include "model/indicator_state.h"
#include "net/http.h"
#include "run/people.h"
#include "settings.h"
#include "store/store.h"
#include "tell/admin_notice.h"
#include "tell/form_request.h"
#include "tell/incoming_mail.h"
#include "tell/mail_templates.h"
#include "tell/message.h"
#include "tell/message_data.h"
#include "tell/outbox.h"
#include "tell/pending_subscription.h"
#include "tell/plan.h"
#include "tell/receivers.h"
#include "tell/token.h"
#include "tell/token_owners.h"

enum {
	LAMPS_TOLD = 8,  /* of a page, in an answer to "status" */
	LINK_PAGES = 20, /* named in a link: mail readers break long ones */
};

/* One mail, or what a form asks for, and what is known around it. */
struct matter {
	const struct mail_command *with;
	const struct incoming_mail *incoming; /* of a form: one that says nothing */
	bool by_form;
	const char *asker; /* who is answered: the envelope's sender (RFC 3834 section 4), or where
			    * the mail server does not say who that is, who the mail is from */
	const struct text_list *words; /* of the mail's command */
	struct subscribers subscribers;
	struct pending_subscriptions questions; /* that wait for an answer */
	struct token_owners *owners;            /* of what is known here */
};

/* ---- answers ---- */

/* Our address with a token over what it is about; NULL where it would be too long. Owned by the
 * caller. */
static char *answer_token(
	const struct matter *matter, enum token_purpose purpose, const char *about)
{
	char token[TOKEN_TEXT];

	token_make(matter->with->key, purpose, about, token);
	return token_address(matter->with->config->mail_in, purpose, 0, token);
}

/* What an answer speaks of: no pages stand for all; events and floor only where they are not what
 * is usual. */
static void answer_put_wants(struct value *data, const struct subscription *wants)
{
	struct value *list = value_put(data, "pages", value_list());
	struct buffer events = {0};

	for (size_t i = 0; i < wants->pages.count; i++)
		value_put_text(value_append(list, value_map()), "name", wants->pages.list[i]);
	config_wanted_write(wants->on, &events);
	if (wants->on != subscription_default.on)
		value_put_text(data, "events", buffer_string(&events));
	if (wants->floor != subscription_default.floor)
		value_put_text(data, "floor", level_label((enum level)wants->floor));
	buffer_release(&events);
}

/* Puts the address of a form, where there are some; purpose TOKEN_PURPOSES: without a token. */
static void answer_put_link(const struct matter *matter, struct value *data, enum form form,
	enum token_purpose purpose, const char *about)
{
	const struct config *config = matter->with->config;
	char *name = memory_format("%s_link", form_name(form)), *link;
	char token[TOKEN_TEXT];

	if (purpose != TOKEN_PURPOSES)
		token_make(matter->with->key, purpose, about, token);
	if (config->subscribe) {
		link = form_link(config->site_url, form, purpose != TOKEN_PURPOSES ? token : NULL);
		value_put_text(data, name, link);
		free(link);
	}
	free(name);
}

/* What every answer can say; kind is "is_help" and its like. Owned by the caller. */
static struct value *answer_new(const struct matter *matter, const char *kind, const char *address)
{
	const struct config *config = matter->with->config;
	char *lower = text_lower(address), *unsubscribe;
	struct value *data = value_map();

	value_put_boolean(data, kind, true);
	value_put_text(data, "address", address);
	value_put_text(data, "mail_in", config->mail_in);
	value_put_text(data, "operator", config->admin);
	value_put_text(data, "version", LAMPWATCH_VERSION);
	value_put_boolean(data, "measured", config_probe_count(config) > 0);
	value_put_boolean(data, "simulated", matter->with->simulated);
	unsubscribe = answer_token(matter, TOKEN_UNSUBSCRIBE, lower);
	value_put_text(data, "unsubscribe", unsubscribe != NULL ? unsubscribe : "");
	answer_put_link(matter, data, FORM_UNSUBSCRIBE, TOKEN_UNSUBSCRIBE, lower);
	answer_put_link(matter, data, FORM_SUBSCRIBE, TOKEN_PURPOSES, "");
	free(unsubscribe);
	free(lower);
	return data;
}

static bool render(const struct matter *matter, const struct mail_header *header,
	const struct value *data, struct content *content, struct error *error)
{
	const char *own = matter->with->config->mail_templates,
		   *templates = matter->with->templates;
	struct value *shown = message_visible(data);
	struct buffer subject = {0}, text = {0}, bytes = {0};
	char *line = NULL;
	bool good = mail_template_render(
			    own, templates, "answer-subject.txt", shown, &subject, error) &&
		    mail_template_render(own, templates, "answer.txt", shown, &text, error);

	if (good) {
		line = text_collapse(buffer_string(&subject), subject.length, 900);
		good = mail_write(header, line, buffer_string(&text), NULL, &bytes, error);
	}
	content->length = bytes.length;
	content->bytes = buffer_take(&bytes);
	value_free(shown);
	free(line);
	buffer_release(&subject);
	buffer_release(&text);
	return good;
}

/* Puts the answer into the outbox; data is taken. reply_to may be NULL. */
static bool answer_send(const struct matter *matter, const char *to, struct value *data,
	const char *reply_to, struct error *error)
{
	const struct mail_command *with = matter->with;
	const char *asked = matter->incoming->message_id;
	char *word = digest_random_word(DIGEST_BYTES / 2);
	struct content_plan says = {.data = data};
	struct delivery_plan plan = {.receiver = receiver_mail(to),
		.message_id = memory_format("<a.%s@%s>", word, strchr(with->config->from, '@') + 1),
		.in_reply_to = memory_string(text_empty(asked) ? NULL : asked)};
	struct mail_header header = {.from = with->config->from,
		.reply_to = reply_to,
		.answer = !matter->by_form,
		.date = with->now};
	struct content content = {0};
	bool good = render(matter, &header, data, &content, error);

	if (good)
		outbox_add(with->database, "", &plan, outbox_keep(with->database, &says, &content),
			with->now);
	content_release(&content);
	content_plan_release(&says);
	delivery_plan_release(&plan);
	free(word);
	return good;
}

/* The operator hears once a day that letters stay unanswered. */
static void tell_limit(const struct matter *matter)
{
	static const char fact[] = "answers limit told";
	const struct mail_command *with = matter->with;
	char *told = store_fact(with->database, fact), *id = NULL, *text = NULL;
	struct admin_notice note = {.type = EVENT_LETTERS,
		.label = with->config->mail_in,
		.reason = "as many letters and forms as may be were answered within a day, and no "
			  "others are before the day is over"};

	if (with->now - strtoll(told, NULL, 10) >= ANSWERS_SECONDS) {
		text = memory_format("%" PRId64, with->now);
		id = memory_format("l.%s", text);
		note.id = id;
		store_set_fact(with->database, fact, text);
		admin_notice_send(with->database, with->config, with->templates, &note, with->now);
	}
	free(text);
	free(id);
	free(told);
}

/* Nobody is answered more often than the limits allow: whoever floods us learns nothing, and
 * cannot make us flood somebody else. */
static bool answer_fits(const struct matter *matter, const char *to)
{
	const struct mail_command *with = matter->with;

	if (answer_allowed(with->database, with->key, to, with->now))
		return true;
	if (answers_spent(with->database))
		tell_limit(matter);
	return false;
}

/* The same where the limits allow one more, else nothing. */
static bool answer_give(
	const struct matter *matter, const char *to, struct value *data, struct error *error)
{
	if (answer_fits(matter, to))
		return answer_send(matter, to, data, NULL, error);
	value_free(data);
	return true;
}

/* Mail that no person wrote, or whose sender cannot be written to, gets no answer. */
static bool answer_wanted(const struct matter *matter, const char *to)
{
	const struct config *config = matter->with->config;

	return !matter->incoming->automatic && !text_empty(to) &&
	       strcasecmp(to, config->from) != 0 && strcasecmp(to, config->mail_in) != 0;
}

/* ---- what came to one of our tokens: it confirms, unsubscribes, or brings a mail back ---- */

static const struct token_owner *token_owner(
	const struct matter *matter, enum token_purpose purpose, const char *token)
{
	return token_owners_find(matter->owners, purpose, token);
}

static bool is_usual(const struct subscription *wants)
{
	return wants->pages.count == 0 && wants->on == subscription_default.on &&
	       wants->floor == subscription_default.floor;
}

/* For an address in the file that asks for nothing of its own, the file's entry applies again.
 * Where the address was told before, what no letter and no form can say stays as it was. */
static void confirmed(
	const struct matter *matter, const char *mail, const struct subscription *wants, bool own)
{
	struct database *database = matter->with->database;
	const struct subscriber *known = subscribers_find(&matter->subscribers, mail);
	const struct subscriber_config *filed = config_subscriber(matter->with->config, mail),
				       *before = known == NULL                       ? filed
						 : known->state == SUBSCRIBER_ACTIVE ? &known->is
										     : NULL;
	struct subscriber subscriber = {.is = {.mail = (char *)mail, .subscription = *wants},
		.state = SUBSCRIBER_ACTIVE,
		.created = matter->with->now,
		.changed = matter->with->now,
		.reason = (char *)(matter->by_form ? "confirmed by a form" : "confirmed by mail")};

	if (before != NULL) {
		subscriber.is.second = before->second;
		subscriber.is.subscription.indicators = before->subscription.indicators;
		subscriber.is.subscription.on =
			config_wanted_keep(wants->on, before->subscription.on);
	}
	if (!own && is_usual(wants) && filed != NULL)
		subscriber_forget(database, mail);
	else
		subscriber_save(database, &subscriber);
	pending_subscriptions_forget(database, mail);
}

/* instead: what is wanted in place of what was asked for; NULL: that. */
static bool settle_question(const struct matter *matter, const char *token,
	const struct subscription *instead, struct error *error)
{
	const struct token_owner *owner = token_owner(matter, TOKEN_CONFIRM, token);
	const struct pending_subscription *question = owner != NULL ? owner->question : NULL;
	const struct subscription *wants = instead;
	struct value *data;
	bool late;

	if (question == NULL)
		return true;
	if (wants == NULL)
		wants = &question->wants;
	late = matter->with->now - question->asked > TOKEN_CONFIRM_SECONDS;
	data = answer_new(matter, late ? "is_late" : "is_welcome", question->mail);
	answer_put_wants(data, wants);
	if (!late)
		confirmed(matter, question->mail, wants, instead != NULL);
	return answer_give(matter, question->mail, data, error);
}

/* Only a person confirms: a vacation's answer to our question is none. */
static bool confirm_subscription(
	const struct matter *matter, const char *token, struct error *error)
{
	return matter->incoming->automatic || settle_question(matter, token, NULL, error);
}

static bool unsubscribe(const struct matter *matter, const char *token, struct error *error)
{
	const struct mail_command *with = matter->with;
	const struct token_owner *owner = token_owner(matter, TOKEN_UNSUBSCRIBE, token);
	const char *mail = owner != NULL ? owner->mail : NULL;
	const struct subscriber *known =
		mail != NULL ? subscribers_find(&matter->subscribers, mail) : NULL;

	if (mail == NULL || (known != NULL && known->state == SUBSCRIBER_UNSUBSCRIBED))
		return true;
	subscriber_unsubscribe(with->database, mail, with->config->admin,
		matter->by_form ? "by a form" : "by mail", with->now);
	if (!answer_wanted(matter, mail))
		return true;
	return answer_give(matter, mail, answer_new(matter, "is_farewell", mail), error);
}

/* The operator hears of every receiver that is suspended. */
static bool bounce(const struct matter *matter, const char *token, struct error *error)
{
	const struct mail_command *with = matter->with;
	const struct token_owner *owner = token_owner(matter, TOKEN_BOUNCE, token);
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

static bool is_told(const struct matter *matter, const char *mail)
{
	const struct config *config = matter->with->config;
	const struct subscriber *known = subscribers_find(&matter->subscribers, mail);

	return known != NULL ? known->state == SUBSCRIBER_ACTIVE
			     : config_subscriber(config, mail) != NULL;
}

/* Nothing changes before the owner of the address has confirmed it (double opt-in). Where the
 * limits do not allow a question, none is asked. */
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
	about = pending_subscription_about(question);
	reply_to = answer_token(matter, TOKEN_CONFIRM, about);
	answer_put_wants(data, &question->wants);
	answer_put_link(matter, data, FORM_CONFIRM, TOKEN_CONFIRM, about);
	value_put_text(data, "confirm", reply_to);
	good = answer_send(matter, question->mail, data, reply_to, error);
	free(reply_to);
	free(about);
	return good;
}

/* A question that the mailbox may still answer is the only one: nobody is asked by mail after
 * mail what somebody else may have written in his name. */
static bool is_asked(const struct matter *matter, const char *mail)
{
	char *mailbox = mailbox_key(mail);
	bool asked = false;

	for (size_t i = 0; i < matter->questions.count && !asked; i++) {
		const struct pending_subscription *question = &matter->questions.list[i];
		char *other = mailbox_key(question->mail);

		asked = strcmp(mailbox, other) == 0 &&
			matter->with->now - question->asked <= TOKEN_CONFIRM_SECONDS;
		free(other);
	}
	free(mailbox);
	return asked;
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
	else if (is_told(matter, asker))
		good = answer_give(matter, asker, answer_new(matter, "is_already", asker), error);
	else if (matter->questions.count < PENDING_SUBSCRIPTION_MAX && !is_asked(matter, asker))
		good = ask_to_confirm(matter, &question, error);
	text_list_release(&question.wants.pages);
	return good;
}

/* Without a token nobody is unsubscribed: instructions go to the address itself. */
static bool leave(const struct matter *matter, struct error *error)
{
	const char *asker = matter->asker;

	return answer_give(matter, asker,
		answer_new(matter, is_told(matter, asker) ? "is_leave" : "is_stranger", asker),
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

/* Strangers learn nothing of what is watched; whoever is told of it may also ask. */
static bool may_ask(const struct matter *matter)
{
	return patterns_choose_name(&matter->with->config->mail_in_allow, matter->asker) ||
	       is_told(matter, matter->asker);
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
	if (!may_ask(matter))
		return answer_give(matter, matter->asker,
			answer_new(matter, "is_refused", matter->asker), error);
	if (command != NULL)
		return command->obey(matter, error);
	return help_about(
		matter, "unknown", matter->words->count > 0 ? matter->words->list[0] : NULL, error);
}

/* ---- what forms ask for ---- */

/* What is wanted by a form; pages are borrowed. False where it names a page that is none by now. */
static bool wanted_by(
	const struct matter *matter, const struct form_request *request, struct subscription *wants)
{
	*wants = subscription_default;
	wants->pages = request->pages;
	wants->floor = request->floor;
	if (request->on != 0)
		wants->on = config_wanted_settle(request->on);
	for (size_t i = 0; i < request->pages.count; i++)
		if (config_page(matter->with->config, request->pages.list[i]) == NULL)
			return false;
	return true;
}

/* What the address is told of now, with the pages' names where it has patterns. The caller releases
 * the pages. */
static struct subscription present(const struct matter *matter, const char *mail)
{
	const struct config *config = matter->with->config;
	const struct subscriber *known = subscribers_find(&matter->subscribers, mail);
	const struct subscription *now = known != NULL
						 ? &known->is.subscription
						 : &config_subscriber(config, mail)->subscription;
	struct subscription wants = {.floor = now->floor, .on = now->on};

	for (size_t i = 0; now->pages.count > 0 && i < config->page_count; i++)
		if (patterns_choose_name(&now->pages, config->pages[i].name))
			text_list_add(&wants.pages, config->pages[i].name);
	return wants;
}

/* Who is told already gets the links by which that is changed and ended; and no second ones while
 * the first are good. The form shows what the link says, so it says what is so now. */
static bool offer_links(const struct matter *matter, const char *mail, struct error *error)
{
	struct pending_subscription question = {
		.mail = (char *)mail, .wants = present(matter, mail), .asked = matter->with->now};
	struct buffer link = {0};
	struct value *data = NULL;
	char *about, *manage;
	bool good = true;

	if (!is_asked(matter, mail) && answer_fits(matter, mail)) {
		question.id = pending_subscription_add(matter->with->database, &question);
		about = pending_subscription_about(&question);
		data = answer_new(matter, "is_links", mail);
		answer_put_wants(data, &question.wants);
		answer_put_link(matter, data, FORM_MANAGE, TOKEN_CONFIRM, about);
		buffer_text(&link, value_get_text(data, "manage_link"));
		if (question.wants.pages.count <= LINK_PAGES)
			form_add_choice(&question.wants.pages, question.wants.on,
				question.wants.floor, &link);
		manage = buffer_take(&link);
		value_put_text(data, "manage_link", manage);
		good = answer_send(matter, mail, data, NULL, error);
		free(manage);
		free(about);
	}
	text_list_release(&question.wants.pages);
	return good;
}

static bool form_subscribe(
	const struct matter *matter, const struct form_request *request, struct error *error)
{
	struct pending_subscription question = {.mail = request->mail, .asked = matter->with->now};

	if (is_told(matter, request->mail))
		return offer_links(matter, request->mail, error);
	if (!wanted_by(matter, request, &question.wants) ||
		matter->questions.count >= PENDING_SUBSCRIPTION_MAX ||
		is_asked(matter, request->mail))
		return true;
	return ask_to_confirm(matter, &question, error);
}

static bool form_confirm(
	const struct matter *matter, const struct form_request *request, struct error *error)
{
	return settle_question(matter, request->token, NULL, error);
}

static bool form_manage(
	const struct matter *matter, const struct form_request *request, struct error *error)
{
	struct subscription wants;

	if (request->token[0] != '\0')
		return !wanted_by(matter, request, &wants) ||
		       settle_question(matter, request->token, &wants, error);
	return !is_told(matter, request->mail) || offer_links(matter, request->mail, error);
}

static bool form_unsubscribe(
	const struct matter *matter, const struct form_request *request, struct error *error)
{
	return request->token[0] != '\0' ? unsubscribe(matter, request->token, error)
					 : form_manage(matter, request, error);
}

/* ---- the whole ---- */

static void matter_load(struct matter *matter)
{
	pending_subscriptions_load(matter->with->database, &matter->questions);
	subscribers_load(matter->with->database, &matter->subscribers);
	matter->owners = memory_zero(1, sizeof *matter->owners);
	*matter->owners = (struct token_owners){.config = matter->with->config,
		.key = matter->with->key,
		.subscribers = &matter->subscribers,
		.questions = &matter->questions};
}

static void matter_release(struct matter *matter)
{
	subscribers_release(&matter->subscribers);
	pending_subscriptions_release(&matter->questions);
	if (matter->owners != NULL)
		token_owners_release(matter->owners);
	free(matter->owners);
	matter->owners = NULL;
}

static bool commit(const struct mail_command *command, bool good, struct error *error)
{
	if (!good)
		database_rollback(command->database);
	return good && database_commit(command->database, error) &&
	       people_write(command->config->archive, command->database, error);
}

static bool obey_form(
	const struct matter *matter, const struct form_request *request, struct error *error)
{
	static bool (*const forms[FORMS])(const struct matter *matter,
		const struct form_request *request, struct error *error) = {
		[FORM_SUBSCRIBE] = form_subscribe,
		[FORM_CONFIRM] = form_confirm,
		[FORM_MANAGE] = form_manage,
		[FORM_UNSUBSCRIBE] = form_unsubscribe,
	};

	if (request->token[0] == '\0' &&
		(!answer_wanted(matter, request->mail) || !may_ask(matter)))
		return true;
	return forms[request->form](matter, request, error);
}

/* What is known is loaded again only where the request before has changed something: a flood of
 * what means nothing costs little. */
bool mail_command_forms(const struct mail_command *command, const struct form_request *requests,
	size_t count, struct error *error)
{
	static const struct incoming_mail none;
	struct matter matter = {.with = command, .incoming = &none, .by_form = true};
	int64_t changes = -1;
	bool good = true;

	database_begin(command->database);
	pending_subscriptions_expire(command->database, command->now - QUESTION_KEPT_SECONDS);
	for (size_t i = 0; good && i < count; i++) {
		if (changes != database_changes(command->database)) {
			matter_release(&matter);
			matter_load(&matter);
			changes = database_changes(command->database);
		}
		matter.asker = requests[i].mail;
		good = obey_form(&matter, &requests[i], error);
	}
	good = commit(command, good, error);
	matter_release(&matter);
	return good;
}

bool mail_command_receive(const struct mail_command *command, const struct incoming_mail *incoming,
	const char *recipient, struct error *error)
{
	static bool (*const tokens[TOKEN_PURPOSES])(
		const struct matter *matter, const char *token, struct error *error) = {
		[TOKEN_CONFIRM] = confirm_subscription,
		[TOKEN_UNSUBSCRIBE] = unsubscribe,
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
	good = commit(command, good, error);
	matter_release(&matter);
	return good;
}
