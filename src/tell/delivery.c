/* SPDX-License-Identifier: ISC */
#include "tell/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "tell/message.h"
#include "tell/plan.h"

/* "google.alerts.example.org" (RFC 2919): what a mail reader sorts by. */
static char *list_id(const struct config *config, const struct value *data)
{
	const char *page = value_get_text(value_get(data, "page"), "name");
	const char *at = strchr(config->from, '@');

	return memory_format("%s%salerts.%s", page, text_empty(page) ? "" : ".", at + 1);
}

static bool render_mail(const struct config *config, const char *templates, const char *address,
	const char *message_id, const char *in_reply_to, const struct value *data, int64_t now,
	struct buffer *out, struct error *error)
{
	char *list;
	bool good;

	if (config->from == NULL)
		return error_set(error, REMEDY_CONFIGURATION, "%s: \"from\" is missing", config->path);
	list = list_id(config, data);
	good = message_mail(templates,
		&(struct mail_header){config->from, address, message_id, in_reply_to, list, now}, data, out, error);
	free(list);
	return good;
}

bool delivery_render(const struct config *config, const char *templates, const char *receiver,
	const char *message_id, const char *in_reply_to, const struct value *data, int64_t now,
	struct buffer *out, struct error *error)
{
	const char *name = receiver_webhook_name(receiver);
	const struct webhook_config *webhook;

	if (name == NULL)
		return render_mail(config, templates, receiver_address(receiver), message_id, in_reply_to, data, now,
			out, error);
	webhook = config_webhook(config, name);
	if (webhook == NULL)
		return error_set(error, REMEDY_CONFIGURATION, "%s: no webhook \"%s\"", config->path, name);
	return message_webhook(templates, webhook->template, data, out, error);
}
