/* SPDX-License-Identifier: ISC
 *
 * What is answered to a letter.
 */
#include "run/mail_command_p.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "settings.h"
#include "tell/message.h"
#include "tell/outbox.h"
#include "tell/plan.h"
#include "tell/receivers.h"

char *answer_token(const struct matter *matter, enum token_purpose purpose, const char *about)
{
	char token[TOKEN_TEXT];

	token_make(matter->with->key, purpose, about, token);
	return token_address(matter->with->config->mail_in, purpose, 0, token);
}

void answer_put_pages(struct value *data, const struct text_list *names)
{
	struct value *list = value_put(data, "pages", value_list());

	for (size_t i = 0; i < names->count; i++)
		value_put_text(value_append(list, value_map()), "name", names->list[i]);
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
	value_put_boolean(data, "simulated", matter->with->simulated);
	unsubscribe = answer_token(matter, TOKEN_UNSUBSCRIBE, lower);
	value_put_text(data, "unsubscribe", unsubscribe != NULL ? unsubscribe : "");
	free(unsubscribe);
	free(lower);
	return data;
}

char *answer_word(void)
{
	return digest_random_word(DIGEST_BYTES / 2);
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

bool answer_send(const struct matter *matter, const char *to, struct value *data,
	const char *reply_to, struct error *error)
{
	const struct mail_command *with = matter->with;
	const char *asked = matter->incoming->message_id;
	char *word = answer_word();
	struct content_plan says = {.data = data};
	struct delivery_plan plan = {.receiver = receiver_mail(to),
		.message_id = memory_format("<a.%s@%s>", word, strchr(with->config->from, '@') + 1),
		.in_reply_to = memory_string(text_empty(asked) ? NULL : asked)};
	struct mail_header header = {.from = with->config->from,
		.reply_to = reply_to,
		.answer = true,
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

/* Nobody is answered more often than the limits allow: whoever floods us learns nothing, and
 * cannot make us flood somebody else. */
bool answer_fits(const struct matter *matter, const char *to)
{
	return answer_allowed(matter->with->database, matter->with->key, to, matter->with->now);
}

bool answer_give(
	const struct matter *matter, const char *to, struct value *data, struct error *error)
{
	if (answer_fits(matter, to))
		return answer_send(matter, to, data, NULL, error);
	value_free(data);
	return true;
}

/* A letter that no person wrote, or whose writer cannot be written to, gets none. */
bool answer_wanted(const struct matter *matter, const char *to)
{
	const struct config *config = matter->with->config;

	return !matter->incoming->automatic && !text_empty(to) &&
	       strcasecmp(to, config->from) != 0 && strcasecmp(to, config->mail_in) != 0;
}
