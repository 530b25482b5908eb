/* SPDX-License-Identifier: ISC */
#include "run/mail_command_p.h"

#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/json.h"
#include "base/memory.h"
#include "config/pattern.h"
#include "run/people.h"
#include "tell/token_owners.h"

void matter_load(struct matter *matter)
{
	pending_subscriptions_load(matter->with->database, &matter->questions);
	subscribers_load(matter->with->database, &matter->subscribers);
	matter->owners = memory_zero(1, sizeof *matter->owners);
	*matter->owners = (struct token_owners){.config = matter->with->config,
		.key = matter->with->key,
		.subscribers = &matter->subscribers,
		.questions = &matter->questions};
}

void matter_release(struct matter *matter)
{
	subscribers_release(&matter->subscribers);
	pending_subscriptions_release(&matter->questions);
	if (matter->owners != NULL)
		token_owners_release(matter->owners);
	free(matter->owners);
	matter->owners = NULL;
}

bool matter_commit(const struct mail_command *command, bool good, struct error *error)
{
	if (!good)
		database_rollback(command->database);
	return good && database_commit(command->database, error) &&
	       people_write(command->config->archive, command->database, error);
}

bool consent_is_told(const struct matter *matter, const char *mail)
{
	const struct config *config = matter->with->config;
	const struct subscriber *known = subscribers_find(&matter->subscribers, mail);

	return known != NULL ? known->state == SUBSCRIBER_ACTIVE
			     : config_subscriber(config, mail) != NULL;
}

bool consent_allowed(const struct matter *matter)
{
	return patterns_choose_name(&matter->with->config->mail_in_allow, matter->asker) ||
	       consent_is_told(matter, matter->asker);
}

bool consent_ask(
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

bool consent_is_asked(const struct matter *matter, const char *mail)
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

bool consent_settle(const struct matter *matter, const char *token,
	const struct subscription *instead, struct error *error)
{
	const struct token_owner *owner = token_owners_find(matter->owners, TOKEN_CONFIRM, token);
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

bool consent_end(const struct matter *matter, const char *token, struct error *error)
{
	const struct mail_command *with = matter->with;
	const struct token_owner *owner =
		token_owners_find(matter->owners, TOKEN_UNSUBSCRIBE, token);
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
