/* SPDX-License-Identifier: ISC */
#include "tell/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/message.h"
#include "tell/receivers.h"
#include "tell/service.h"

enum { PLAIN_SUBJECT_MAX = 400 /* bytes */ };

void content_release(struct content *content)
{
	free(content->bytes);
	*content = (struct content){0};
}

/* "google.alerts.example.org" (RFC 2919): what a mail reader sorts by. */
static char *list_id(const struct config *config, const struct value *data)
{
	const char *page = value_get_text(value_get(data, "page"), "name");
	const char *at = strchr(config->from, '@');

	return memory_format("%s%salerts.%s", page, text_empty(page) ? "" : ".", at + 1);
}

/*
 * What is sent when a template is broken: the news in few words and the data as
 * they are. An alert that looks poor is better than one that is not there.
 */
static bool write_plain(
	const struct mail_header *header, const struct value *data, struct buffer *out)
{
	const struct value *first = value_get(data, "first");
	struct buffer text = {0};
	char *words = memory_format("%s: %s (%s)",
		value_get_text(value_get(data, "headline"), "word"), value_get_text(first, "label"),
		value_get_text(value_get(data, "page"), "name"));
	char *visible = text_visible_copy(words);
	char *subject = text_collapse(visible, strlen(visible), PLAIN_SUBJECT_MAX);
	bool good;

	buffer_text(&text,
		"A template of this lampwatch is broken. This is what it would have told:\n\n");
	json_write(data, 2, &text);
	good = mail_write(header, subject, buffer_string(&text), NULL, out, NULL);
	buffer_release(&text);
	free(subject);
	free(visible);
	free(words);
	return good;
}

static bool render_mail(const struct config *config, const char *templates, bool ends,
	const struct value *data, int64_t now, struct buffer *out, struct error *error)
{
	struct mail_header header = {.from = config->from, .date = now};
	char *list;
	bool good;

	if (config->from == NULL)
		return error_set(
			error, REMEDY_CONFIGURATION, "%s: \"from\" is missing", config->path);
	list = list_id(config, data);
	header.list_id = list;
	good = message_mail(templates, &header, data, ends, out, error);
	if (!good) {
		buffer_clear(out);
		write_plain(&header, data, out);
	}
	free(list);
	return good;
}

/* A webhook gets the data with its message's own identity; where its template is broken, the data
 * on one line. */
static bool render_webhook(const char *templates, const struct webhook_config *webhook,
	const char *message_id, const struct value *data, struct buffer *out, struct error *error)
{
	struct problems problems = {0};
	struct service *service = service_load(templates, webhook, &problems);
	struct value *own = value_copy(data);
	char *bare = memory_bytes(message_id + 1, strcspn(message_id + 1, ">"));
	bool good = service != NULL;

	value_put_text(own, "message_id", bare);
	bare[strcspn(bare, "@")] = '\0';
	value_put_text(own, "webhook_id", bare);
	if (good)
		good = message_webhook(templates, service, own, out, error);
	else
		error_set(error, REMEDY_CONFIGURATION, "%s: %s", problems.list[0].file,
			problems.list[0].text);
	if (!good) {
		buffer_clear(out);
		json_write(own, 0, out);
	}
	free(bare);
	value_free(own);
	service_free(service);
	problems_release(&problems);
	return good;
}

bool content_render(const struct config *config, const char *templates,
	const struct content_copy *copy, const struct value *data, int64_t now,
	struct content *content, struct error *error)
{
	const char *name = receiver_webhook_name(copy->receiver);
	const struct webhook_config *webhook = name != NULL ? config_webhook(config, name) : NULL;
	struct buffer out = {0};
	bool good;

	if (name == NULL)
		good = render_mail(
			config, templates, !text_empty(copy->unsubscribe), data, now, &out, error);
	else if (webhook != NULL)
		good = render_webhook(templates, webhook, copy->message_id, data, &out, error);
	else
		good = error_set(
			error, REMEDY_CONFIGURATION, "%s: no webhook \"%s\"", config->path, name);
	content->whole = receiver_address(copy->receiver) == NULL;
	content->length = out.length;
	content->bytes = buffer_take(&out);
	return good;
}

bool content_address(const struct content *content, const struct content_copy *copy,
	struct buffer *out, struct error *error)
{
	struct mail_copy mail = {receiver_address(copy->receiver), copy->message_id,
		copy->in_reply_to, copy->unsubscribe};

	if (content->length == 0 || content->bytes == NULL)
		return error_set(error, REMEDY_LOCAL, "message: there is none");
	if (!content->whole)
		return mail_address(&mail, content->bytes, out, error);
	return buffer_add(out, content->bytes, content->length) ||
	       error_set(error, REMEDY_LOCAL, "message: too long");
}
