/* SPDX-License-Identifier: ISC */
#include "run/mail_command_p.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "settings.h"
#include "store/store.h"
#include "tell/admin_notice.h"
#include "tell/incoming_mail.h"
#include "tell/mail_templates.h"
#include "tell/message_data.h"
#include "tell/outbox.h"
#include "tell/plan.h"
#include "tell/receivers.h"

char *answer_token(const struct matter *matter, enum token_purpose purpose, const char *about)
{
	char token[TOKEN_TEXT];

	token_make(matter->with->key, purpose, about, token);
	return token_address(matter->with->config->mail_in, purpose, 0, token);
}

void answer_put_wants(struct value *data, const struct subscription *wants)
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

void answer_put_link(const struct matter *matter, struct value *data, enum form form,
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

struct value *answer_new(const struct matter *matter, const char *kind, const char *address)
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

bool answer_send(const struct matter *matter, const char *to, struct value *data,
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

bool answer_fits(const struct matter *matter, const char *to)
{
	const struct mail_command *with = matter->with;

	if (answer_allowed(with->database, with->key, to, with->now))
		return true;
	if (answers_spent(with->database))
		tell_limit(matter);
	return false;
}

bool answer_give(
	const struct matter *matter, const char *to, struct value *data, struct error *error)
{
	if (answer_fits(matter, to))
		return answer_send(matter, to, data, NULL, error);
	value_free(data);
	return true;
}

bool answer_wanted(const struct matter *matter, const char *to)
{
	const struct config *config = matter->with->config;

	return !matter->incoming->automatic && !text_empty(to) &&
	       strcasecmp(to, config->from) != 0 && strcasecmp(to, config->mail_in) != 0;
}
