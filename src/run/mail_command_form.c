/* SPDX-License-Identifier: ISC */
#include "run/mail_command_p.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/database.h"
#include "base/json.h"
#include "config/pattern.h"
#include "tell/incoming_mail.h"

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

	if (!consent_is_asked(matter, mail) && answer_fits(matter, mail)) {
		question.id = pending_subscription_add(matter->with->database, &question);
		about = pending_subscription_about(&question);
		data = answer_new(matter, "is_links", mail);
		answer_put_wants(data, &question.wants);
		answer_put_link(matter, data, FORM_MANAGE, TOKEN_CONFIRM, about);
		buffer_text(&link, value_get_text(data, "manage_link"));
		form_add_choice(matter->with->config, &question.wants.pages, question.wants.on,
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

	if (consent_is_told(matter, request->mail))
		return offer_links(matter, request->mail, error);
	if (!wanted_by(matter, request, &question.wants) ||
		matter->questions.count >= PENDING_SUBSCRIPTION_MAX ||
		consent_is_asked(matter, request->mail))
		return true;
	return consent_ask(matter, &question, error);
}

static bool form_confirm(
	const struct matter *matter, const struct form_request *request, struct error *error)
{
	return consent_settle(matter, request->token, NULL, error);
}

static bool form_manage(
	const struct matter *matter, const struct form_request *request, struct error *error)
{
	struct subscription wants;

	if (request->token[0] != '\0')
		return !wanted_by(matter, request, &wants) ||
		       consent_settle(matter, request->token, &wants, error);
	return !consent_is_told(matter, request->mail) || offer_links(matter, request->mail, error);
}

static bool form_unsubscribe(
	const struct matter *matter, const struct form_request *request, struct error *error)
{
	return request->token[0] != '\0' ? consent_end(matter, request->token, error)
					 : form_manage(matter, request, error);
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
		(!answer_wanted(matter, request->mail) || !consent_allowed(matter)))
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
	good = matter_commit(command, good, error);
	matter_release(&matter);
	return good;
}
