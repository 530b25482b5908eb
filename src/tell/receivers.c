/* SPDX-License-Identifier: ISC */
#include "tell/receivers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"

#define MAIL "mail:"
#define WEBHOOK "webhook:"

char *receiver_mail(const char *address)
{
	return memory_format(MAIL "%s", address);
}

char *receiver_webhook(const char *name)
{
	return memory_format(WEBHOOK "%s", name);
}

char *receiver_parse(const char *text)
{
	return text_starts(text, WEBHOOK) ? memory_string(text) : receiver_mail(text);
}

const char *receiver_address(const char *receiver)
{
	return text_starts(receiver, MAIL) ? receiver + strlen(MAIL) : NULL;
}

const char *receiver_webhook_name(const char *receiver)
{
	return text_starts(receiver, WEBHOOK) ? receiver + strlen(WEBHOOK) : NULL;
}

const char *receiver_shown(const char *receiver)
{
	const char *address = receiver_address(receiver);

	return address != NULL ? address : receiver;
}

struct receiver *receivers_add(struct receivers *receivers, const char *name, const char *otherwise,
	const struct subscription *subscription)
{
	struct receiver *receiver =
		memory_append(&receivers->list, &receivers->count, sizeof *receiver);

	receiver->name = memory_string(name);
	receiver->otherwise = otherwise != NULL ? memory_string(otherwise) : NULL;
	receiver->subscription = subscription;
	receiver->quiet = &subscription->quiet;
	return receiver;
}

void receivers_of_config(const struct config *config, struct receivers *receivers)
{
	for (size_t i = 0; i < config->subscriber_count; i++) {
		const struct subscriber_config *subscriber = &config->subscribers[i];
		char *name = receiver_mail(subscriber->mail);
		char *otherwise =
			subscriber->second != NULL ? receiver_parse(subscriber->second) : NULL;

		receivers_add(receivers, name, otherwise, &subscriber->subscription);
		free(name);
		free(otherwise);
	}
	for (size_t i = 0; i < config->webhook_count; i++) {
		char *name = receiver_webhook(config->webhooks[i].name);

		receivers_add(receivers, name, NULL, &config->webhooks[i].subscription);
		free(name);
	}
}

static void receiver_release(struct receiver *receiver)
{
	free(receiver->name);
	free(receiver->otherwise);
	free(receiver->provider);
}

struct receiver *receivers_find(const struct receivers *receivers, const char *name)
{
	for (size_t i = 0; i < receivers->count; i++)
		if (strcasecmp(receivers->list[i].name, name) == 0)
			return &receivers->list[i];
	return NULL;
}

void receivers_remove(struct receivers *receivers, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < receivers->count; i++) {
		if (strcasecmp(receivers->list[i].name, name) == 0)
			receiver_release(&receivers->list[i]);
		else
			receivers->list[kept++] = receivers->list[i];
	}
	receivers->count = kept;
}

void receivers_silence(struct receivers *receivers, const char *name)
{
	receivers_remove(receivers, name);
	for (size_t i = 0; i < receivers->count; i++) {
		const char *otherwise = receivers->list[i].otherwise;

		if (otherwise != NULL && strcasecmp(otherwise, name) == 0)
			memory_set(&receivers->list[i].otherwise, NULL);
	}
}

void receivers_release(struct receivers *receivers)
{
	for (size_t i = 0; i < receivers->count; i++)
		receiver_release(&receivers->list[i]);
	free(receivers->list);
	*receivers = (struct receivers){0};
}
