/* SPDX-License-Identifier: ISC */
#include "correspondence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/database.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/pattern.h"
#include "base/template.h"
#include "base/text.h"
#include "keep/store.h"
#include "settings.h"
#include "tell/letter.h"
#include "tell/message.h"
#include "tell/operator.h"
#include "tell/outbox.h"
#include "tell/plan.h"
#include "tell/receivers.h"
#include "tell/token.h"

enum { LAMPS_TOLD = 8 /* of a page, in an answer to "status" */ };

/* One letter and what is known around it. */
struct matter {
	const struct correspondence *with;
	const struct letter *letter;
	struct subscribers subscribers;
};

/* ---- the answer ---- */

static char *token_of(const struct matter *matter, enum token_purpose purpose, const char *about)
{
	char token[TOKEN_TEXT];

	token_make(matter->with->key, purpose, about, token);
	return token_address(matter->with->config->mail_in, purpose, 0, token);
}

static void put_token(const struct matter *matter, struct value *data, const char *name,
	enum token_purpose purpose, const char *about)
{
	char *address = token_of(matter, purpose, about);

	value_put_text(data, name, address != NULL ? address : "");
	free(address);
}

static void put_pages(struct value *data, const struct text_list *names)
{
	struct value *list = value_put(data, "pages", value_list());

	for (size_t i = 0; i < names->count; i++)
		value_put_text(value_append(list, value_map()), "name", names->list[i]);
}

/* What every answer can say; kind is "is_help" and its like. Owned by the caller. */
static struct value *answer_new(const struct matter *matter, const char *kind, const char *address)
{
	const struct config *config = matter->with->config;
	char *lower = text_lower(address);
	struct value *data = value_map();

	value_put_boolean(data, kind, true);
	value_put_text(data, "address", address);
	value_put_text(data, "mail_in", config->mail_in);
	value_put_text(data, "operator", config->operator);
	value_put_text(data, "version", LAMPWATCH_VERSION);
	value_put_boolean(data, "simulated", matter->with->simulated);
	put_token(matter, data, "unsubscribe", TOKEN_UNSUBSCRIBE, lower);
	free(lower);
	return data;
}

static char *answer_id(const struct config *config)
{
	unsigned char random[DIGEST_BYTES / 2];
	char text[2 * sizeof random + 1];

	digest_random(random, sizeof random);
	text_hexadecimal(random, sizeof random, text);
	return memory_format("<a.%s@%s>", text, strchr(config->from, '@') + 1);
}

static bool render(const struct matter *matter, const struct mail_header *header,
	const struct value *data, struct content *content, struct error *error)
{
	char *folder = memory_format("%s/mail", matter->with->templates);
	struct value *shown = message_visible(data);
	struct buffer subject = {0}, text = {0}, bytes = {0};
	char *line = NULL;
	bool good = template_render_file(folder, "answer-subject.txt", shown, &subject, error) &&
		    template_render_file(folder, "answer.txt", shown, &text, error);

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
	free(folder);
	return good;
}

/* Puts the answer into the outbox; data is taken. Nobody is answered more often than the limits
 * allow: whoever floods us learns nothing, and cannot make us flood somebody else. */
static bool answer(const struct matter *matter, const char *to, struct value *data,
	const char *reply_to, struct error *error)
{
	const struct correspondence *with = matter->with;
	const char *asked = matter->letter->message_id;
	struct content_plan says = {.data = data};
	struct delivery_plan plan = {.receiver = receiver_mail(to),
		.message_id = answer_id(with->config),
		.in_reply_to = memory_string(text_empty(asked) ? NULL : asked)};
	struct mail_header header = {.from = with->config->from,
		.reply_to = reply_to,
		.answer = true,
		.date = with->now};
	struct content content = {0};
	bool good = true;

	if (answer_allowed(with->database, with->key, to, with->now)) {
		good = render(matter, &header, data, &content, error);
		if (good)
			outbox_add(with->database, "", &plan,
				outbox_keep(with->database, &says, &content), with->now);
	}
	content_release(&content);
	content_plan_release(&says);
	delivery_plan_release(&plan);
	return good;
}

/* A letter that no person wrote, or whose writer cannot be written to, gets none. */
static bool may_answer(const struct matter *matter, const char *to)
{
	const struct config *config = matter->with->config;

	return !matter->letter->automatic && !text_empty(to) && strcasecmp(to, config->from) != 0 &&
	       strcasecmp(to, config->mail_in) != 0;
}

/* ---- tokens ---- */

static bool token_is(const struct matter *matter, enum token_purpose purpose, const char *mail,
	const char *token)
{
	char *lower = text_lower(mail);
	bool same = token_check(matter->with->key, purpose, lower, token);

	free(lower);
	return same;
}

/* Whose token it is, of the file and of the database; NULL where nobody's. */
static const char *token_owner(
	const struct matter *matter, enum token_purpose purpose, const char *token)
{
	const struct config *config = matter->with->config;

	for (size_t i = 0; i < matter->subscribers.count; i++)
		if (token_is(matter, purpose, matter->subscribers.list[i].is.mail, token))
			return matter->subscribers.list[i].is.mail;
	for (size_t i = 0; i < config->subscriber_count; i++)
		if (token_is(matter, purpose, config->subscribers[i].mail, token))
			return config->subscribers[i].mail;
	return NULL;
}

static char *confirm_about(const struct subscriber *subscriber)
{
	char *lower = text_lower(subscriber->is.mail);
	char *about = memory_format("%s|%" PRId64, lower, subscriber->created);

	free(lower);
	return about;
}

/* Only a person confirms: a vacation's answer to our question is none. */
static bool confirm_subscription(
	const struct matter *matter, const char *token, struct error *error)
{
	const struct correspondence *with = matter->with;

	for (size_t i = 0; i < matter->subscribers.count && !matter->letter->automatic; i++) {
		const struct subscriber *subscriber = &matter->subscribers.list[i];
		char *about = confirm_about(subscriber);
		bool right = subscriber->state == SUBSCRIBER_ASKED &&
			     token_check(with->key, TOKEN_CONFIRM, about, token);
		struct value *data;

		free(about);
		if (!right || with->now - subscriber->created > TOKEN_CONFIRM_SECONDS)
			continue;
		subscriber_set_state(with->database, subscriber->is.mail, SUBSCRIBER_ACTIVE,
			"confirmed by mail", with->now);
		data = answer_new(matter, "is_welcome", subscriber->is.mail);
		put_pages(data, &subscriber->is.subscription.pages);
		return answer(matter, subscriber->is.mail, data, NULL, error);
	}
	return true;
}

static bool unsubscribe(const struct matter *matter, const char *token, struct error *error)
{
	const struct correspondence *with = matter->with;
	const char *mail = token_owner(matter, TOKEN_UNSUBSCRIBE, token);
	const struct subscriber *known =
		mail != NULL ? subscribers_find(&matter->subscribers, mail) : NULL;

	if (mail == NULL || (known != NULL && known->state == SUBSCRIBER_UNSUBSCRIBED))
		return true;
	subscriber_set_state(with->database, mail, SUBSCRIBER_UNSUBSCRIBED, "by mail", with->now);
	if (!may_answer(matter, mail))
		return true;
	return answer(matter, mail, answer_new(matter, "is_farewell", mail), NULL, error);
}

static void tell_suspended(const struct matter *matter, const char *mail)
{
	const struct correspondence *with = matter->with;
	char *reason = memory_format(
		"suspended: mail to it came back twice within a week (%s)", matter->letter->status);
	char *id = memory_format("b.%" PRId64, with->now);
	struct operator_note note = {
		.type = EVENT_UNDELIVERED, .label = mail, .reason = reason, .id = id};

	operator_tell(with->database, with->config, with->templates, &note, with->now);
	free(reason);
	free(id);
}

/* The operator hears of who is suspended, as of everybody who is not told any more. */
static bool bounce(const struct matter *matter, const char *token, struct error *error)
{
	const struct correspondence *with = matter->with;
	const char *mail = token_owner(matter, TOKEN_BOUNCE, token);
	const struct subscriber *known =
		mail != NULL ? subscribers_find(&matter->subscribers, mail) : NULL;

	(void)error;
	if (mail != NULL && (known == NULL || known->state == SUBSCRIBER_ACTIVE) &&
		subscriber_bounced(with->database, mail, matter->letter->status, with->now))
		tell_suspended(matter, mail);
	return true;
}

static bool receive_token(const struct matter *matter, enum token_purpose purpose,
	const char *token, struct error *error)
{
	static bool (*const actions[TOKEN_PURPOSES])(
		const struct matter *matter, const char *token, struct error *error) = {
		[TOKEN_CONFIRM] = confirm_subscription,
		[TOKEN_UNSUBSCRIBE] = unsubscribe,
		[TOKEN_BOUNCE] = bounce,
	};

	return actions[purpose](matter, token, error);
}

/* ---- commands ---- */

static bool help(const struct matter *matter, struct error *error)
{
	const struct config *config = matter->with->config;
	const struct text_list *words = &matter->letter->words;
	struct value *data = answer_new(matter, "is_help", matter->letter->from), *pages;
	bool asked = words->count > 0 && text_equal(words->list[0], "help");

	if (words->count > 0 && !asked)
		value_put_text(data, "unknown", words->list[0]);
	pages = value_put(data, "pages", value_list());
	for (size_t i = 0; i < config->page_count; i++)
		value_put_text(value_append(pages, value_map()), "name", config->pages[i].name);
	return answer(matter, matter->letter->from, data, NULL, error);
}

/* The pages that the words name; false where one is none. */
static bool read_pages(const struct matter *matter, struct text_list *pages)
{
	const struct text_list *words = &matter->letter->words;

	for (size_t i = 1; i < words->count; i++) {
		if (config_page(matter->with->config, words->list[i]) == NULL)
			return false;
		text_list_add(pages, words->list[i]);
	}
	return true;
}

static bool is_told(const struct matter *matter, const char *mail)
{
	const struct config *config = matter->with->config;
	const struct subscriber *known = subscribers_find(&matter->subscribers, mail);

	if (known != NULL)
		return known->state == SUBSCRIBER_ACTIVE;
	for (size_t i = 0; i < config->subscriber_count; i++)
		if (strcasecmp(config->subscribers[i].mail, mail) == 0)
			return true;
	return false;
}

/* Nothing is told before whoever reads the address has said yes to it (double opt-in). */
static bool ask_to_confirm(
	const struct matter *matter, struct subscriber *subscriber, struct error *error)
{
	struct value *data = answer_new(matter, "is_confirm", subscriber->is.mail);
	char *about = confirm_about(subscriber), *reply_to = token_of(matter, TOKEN_CONFIRM, about);
	bool good;

	subscriber_save(matter->with->database, subscriber);
	put_pages(data, &subscriber->is.subscription.pages);
	value_put_text(data, "confirm", reply_to);
	good = answer(matter, subscriber->is.mail, data, reply_to, error);
	free(reply_to);
	free(about);
	return good;
}

static size_t count_asked(const struct subscribers *subscribers)
{
	size_t count = 0;

	for (size_t i = 0; i < subscribers->count; i++)
		count += subscribers->list[i].state == SUBSCRIBER_ASKED;
	return count;
}

static bool subscribe(const struct matter *matter, struct error *error)
{
	const struct correspondence *with = matter->with;
	const char *from = matter->letter->from;
	struct subscriber subscriber = {
		.is = {.mail = (char *)from, .subscription = subscription_default},
		.state = SUBSCRIBER_ASKED,
		.created = with->now,
		.changed = with->now};
	struct text_list pages = {0};
	bool known = read_pages(matter, &pages), good = true;

	subscriber.is.subscription.pages = pages;
	if (!patterns_choose_name(&with->config->mail_in_allow, from))
		good = answer(matter, from, answer_new(matter, "is_refused", from), NULL, error);
	else if (!known)
		good = help(matter, error);
	else if (is_told(matter, from))
		good = answer(matter, from, answer_new(matter, "is_already", from), NULL, error);
	else if (count_asked(&matter->subscribers) < SUBSCRIBERS_ASKED_MAX)
		good = ask_to_confirm(matter, &subscriber, error);
	text_list_release(&pages);
	return good;
}

/* Without a token nobody is taken off: the way to do it goes to the address itself. */
static bool leave(const struct matter *matter, struct error *error)
{
	const char *from = matter->letter->from;

	if (!is_told(matter, from))
		return help(matter, error);
	return answer(matter, from, answer_new(matter, "is_leave", from), NULL, error);
}

static void add_lamps(struct value *map, const struct page_config *page, const struct lamps *lamps)
{
	struct value *list = value_put(map, "lamps", value_list());
	int64_t left = 0;

	for (size_t i = 0; i < lamps->count; i++) {
		const struct lamp *lamp = &lamps->list[i];
		enum colour colour = level_colour(lamp->level, (enum level)page->settings.red);
		struct value *one;
		char *label;

		if (lamp->id[0] == '\0' || lamp->gone || colour == COLOUR_GREEN)
			continue;
		if (list->count >= LAMPS_TOLD) {
			left++;
			continue;
		}
		one = value_append(list, value_map());
		label = text_label(lamp->group, lamp->name);
		value_put_text(one, "words", level_words(lamp->level));
		value_put_text(one, "label", label);
		free(label);
	}
	value_put_number(map, "lamps_left", left);
}

/* What one page says now: a page that is lost says nothing. */
static void add_page(const struct matter *matter, const struct page_config *page,
	struct page_state *state, struct value *list)
{
	struct value *map = value_append(list, value_map());
	const char *words = "not seen yet";

	value_put_text(map, "name", page->name);
	value_put_text(map, "url", page->url);
	if (state != NULL && state->known) {
		store_load(matter->with->database, state);
		words = state->failures > 0 ? "UNKNOWN" : state->red ? "RED    " : "GREEN  ";
		add_lamps(map, page, &state->lamps);
		store_unload(state);
	}
	value_put_text(map, "words", words);
}

static bool status(const struct matter *matter, struct error *error)
{
	const struct config *config = matter->with->config;
	struct value *data = answer_new(matter, "is_status", matter->letter->from);
	struct value *list = value_put(data, "pages", value_list());
	struct page_states states = {0};
	struct text_list wanted = {0};
	int64_t red = 0;
	bool all = !read_pages(matter, &wanted) || wanted.count == 0;

	store_pages(matter->with->database, &states);
	for (size_t i = 0; i < config->page_count; i++) {
		struct page_state *state = page_states_find(&states, config->pages[i].name);

		if (!all && !text_list_has(&wanted, config->pages[i].name))
			continue;
		add_page(matter, &config->pages[i], state, list);
		red += state != NULL && state->red;
	}
	value_put_number(data, "red", red);
	value_put_number(data, "count", (int64_t)list->count);
	page_states_release(&states);
	text_list_release(&wanted);
	return answer(matter, matter->letter->from, data, NULL, error);
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

static bool receive_command(const struct matter *matter, struct error *error)
{
	const struct text_list *words = &matter->letter->words;

	if (!may_answer(matter, matter->letter->from))
		return true;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0] && words->count > 0; i++)
		if (text_equal(words->list[0], commands[i].word))
			return commands[i].obey(matter, error);
	return help(matter, error);
}

bool letter_receive(const struct correspondence *correspondence, const struct letter *letter,
	const char *recipient, struct error *error)
{
	struct matter matter = {.with = correspondence, .letter = letter};
	enum token_purpose purpose;
	char token[TOKEN_TEXT];
	long long number;
	bool good;

	database_begin(correspondence->database);
	subscribers_expire(correspondence->database, correspondence->now - TOKEN_CONFIRM_SECONDS);
	subscribers_load(correspondence->database, &matter.subscribers);
	good = token_parse(recipient, &purpose, &number, token)
		       ? receive_token(&matter, purpose, token, error)
		       : receive_command(&matter, error);
	if (good)
		good = database_commit(correspondence->database, error);
	else
		database_rollback(correspondence->database);
	subscribers_release(&matter.subscribers);
	return good;
}
