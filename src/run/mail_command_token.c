/* SPDX-License-Identifier: ISC
 *
 * What a letter to one of our tokens does: it confirms, unsubscribes, or brings a mail back.
 */
#include "run/mail_command_p.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tell/admin_notice.h"

static bool token_is(const struct matter *matter, enum token_purpose purpose, const char *mail,
	const char *token)
{
	char *lower = text_lower(mail);
	bool same = token_check(matter->with->key, purpose, lower, token);

	free(lower);
	return same;
}

/* The address of these, first or second (where that is one), whose token it is; NULL: none. */
static const char *owner_in(const struct matter *matter, enum token_purpose purpose,
	const char *token, const struct subscriber_config *subscriber)
{
	const char *second = subscriber->second;

	if (token_is(matter, purpose, subscriber->mail, token))
		return subscriber->mail;
	return second != NULL && strchr(second, '@') != NULL &&
			       token_is(matter, purpose, second, token)
		       ? second
		       : NULL;
}

/* Whose token it is, of the file and of the database; NULL where nobody's. */
static const char *token_owner(
	const struct matter *matter, enum token_purpose purpose, const char *token)
{
	const struct config *config = matter->with->config;
	const char *owner = NULL;

	for (size_t i = 0; owner == NULL && i < matter->subscribers.count; i++)
		owner = owner_in(matter, purpose, token, &matter->subscribers.list[i].is);
	for (size_t i = 0; owner == NULL && i < config->subscriber_count; i++)
		owner = owner_in(matter, purpose, token, &config->subscribers[i]);
	return owner;
}

char *question_about(const struct pending_subscription *question)
{
	char *lower = text_lower(question->mail);
	char *about =
		memory_format("%s|%" PRId64 "|%" PRId64, lower, question->id, question->asked);

	free(lower);
	return about;
}

/* Of an address that the file names, and that asks for nothing else, what the file says holds. */
static void confirmed(const struct matter *matter, const struct pending_subscription *question)
{
	struct database *database = matter->with->database;
	struct subscriber subscriber = {
		.is = {.mail = question->mail, .subscription = subscription_default},
		.state = SUBSCRIBER_ACTIVE,
		.created = matter->with->now,
		.changed = matter->with->now,
		.reason = (char *)"confirmed by mail"};

	subscriber.is.subscription.pages = question->pages;
	if (question->pages.count == 0 &&
		config_subscriber(matter->with->config, question->mail) != NULL)
		subscriber_forget(database, question->mail);
	else
		subscriber_save(database, &subscriber);
	pending_subscriptions_forget(database, question->mail);
}

/* Only a person confirms: a vacation's answer to our question is none. */
static bool confirm_subscription(
	const struct matter *matter, const char *token, struct error *error)
{
	const struct mail_command *with = matter->with;

	for (size_t i = 0; i < matter->questions.count && !matter->incoming->automatic; i++) {
		const struct pending_subscription *question = &matter->questions.list[i];
		bool late = with->now - question->asked > TOKEN_CONFIRM_SECONDS;
		char *about = question_about(question);
		bool right = token_check(with->key, TOKEN_CONFIRM, about, token);
		struct value *data;

		free(about);
		if (!right)
			continue;
		data = answer_new(matter, late ? "is_late" : "is_welcome", question->mail);
		answer_put_pages(data, &question->pages);
		if (!late)
			confirmed(matter, question);
		return answer_give(matter, question->mail, data, error);
	}
	return true;
}

static bool unsubscribe(const struct matter *matter, const char *token, struct error *error)
{
	const struct mail_command *with = matter->with;
	const char *mail = token_owner(matter, TOKEN_UNSUBSCRIBE, token);
	const struct subscriber *known =
		mail != NULL ? subscribers_find(&matter->subscribers, mail) : NULL;

	if (mail == NULL || (known != NULL && known->state == SUBSCRIBER_UNSUBSCRIBED))
		return true;
	subscriber_unsubscribe(with->database, mail, with->config->admin, "by mail", with->now);
	if (!answer_wanted(matter, mail))
		return true;
	return answer_give(matter, mail, answer_new(matter, "is_farewell", mail), error);
}

/* The operator hears of who is suspended, as of everybody who is not told any more. */
static bool bounce(const struct matter *matter, const char *token, struct error *error)
{
	const struct mail_command *with = matter->with;
	const char *mail = token_owner(matter, TOKEN_BOUNCE, token);
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
	word = answer_word();
	id = memory_format("b.%s", word);
	note.reason = reason;
	note.id = id;
	admin_notice_send(with->database, with->config, with->templates, &note, with->now);
	free(reason);
	free(word);
	free(id);
	return true;
}

bool obey_token(const struct matter *matter, enum token_purpose purpose, const char *token,
	struct error *error)
{
	static bool (*const actions[TOKEN_PURPOSES])(
		const struct matter *matter, const char *token, struct error *error) = {
		[TOKEN_CONFIRM] = confirm_subscription,
		[TOKEN_UNSUBSCRIBE] = unsubscribe,
		[TOKEN_BOUNCE] = bounce,
	};

	return actions[purpose](matter, token, error);
}
