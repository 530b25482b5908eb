/* SPDX-License-Identifier: ISC */
#include "tell/token_owners.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/pending_subscription.h"
#include "tell/subscribers.h"

static int by_token(const void *left, const void *right)
{
	return strcmp(((const struct token_owner *)left)->token,
		((const struct token_owner *)right)->token);
}

static struct token_owner *add(
	struct token_owners *owners, enum token_purpose purpose, const char *about)
{
	struct token_owner *owner =
		memory_append(&owners->of[purpose].list, &owners->of[purpose].count, sizeof *owner);

	token_make(owners->key, purpose, about, owner->token);
	return owner;
}

/* A second way that is a webhook has none. */
static void add_mail(struct token_owners *owners, enum token_purpose purpose, const char *address)
{
	char *lower;

	if (address == NULL || strchr(address, '@') == NULL)
		return;
	lower = text_lower(address);
	add(owners, purpose, lower)->mail = address;
	free(lower);
}

static void add_people(struct token_owners *owners, enum token_purpose purpose)
{
	for (size_t i = 0; i < owners->subscribers->count; i++) {
		add_mail(owners, purpose, owners->subscribers->list[i].is.mail);
		add_mail(owners, purpose, owners->subscribers->list[i].is.second);
	}
	for (size_t i = 0; i < owners->config->subscriber_count; i++) {
		add_mail(owners, purpose, owners->config->subscribers[i].mail);
		add_mail(owners, purpose, owners->config->subscribers[i].second);
	}
}

static void add_questions(struct token_owners *owners)
{
	for (size_t i = 0; i < owners->questions->count; i++) {
		const struct pending_subscription *question = &owners->questions->list[i];
		char *about = pending_subscription_about(question);
		struct token_owner *owner = add(owners, TOKEN_CONFIRM, about);

		owner->mail = question->mail;
		owner->question = question;
		free(about);
	}
}

static void make(struct token_owners *owners, enum token_purpose purpose)
{
	if (purpose == TOKEN_CONFIRM)
		add_questions(owners);
	else
		add_people(owners, purpose);
	if (owners->of[purpose].count > 0)
		qsort(owners->of[purpose].list, owners->of[purpose].count,
			sizeof(struct token_owner), by_token);
	owners->of[purpose].made = true;
}

/* Case in ASCII alone: a locale's own rules would take letters out of a token. */
const struct token_owner *token_owners_find(
	struct token_owners *owners, enum token_purpose purpose, const char *token)
{
	struct token_owner key = {.mail = NULL}, *found = NULL;
	char *lower = text_lower(token);

	if (!owners->of[purpose].made)
		make(owners, purpose);
	if (strlen(lower) < sizeof key.token && owners->of[purpose].count > 0) {
		memcpy(key.token, lower, strlen(lower) + 1);
		found = bsearch(&key, owners->of[purpose].list, owners->of[purpose].count,
			sizeof key, by_token);
	}
	free(lower);
	return found;
}

void token_owners_release(struct token_owners *owners)
{
	for (int i = 0; i < TOKEN_PURPOSES; i++)
		free(owners->of[i].list);
	*owners = (struct token_owners){0};
}
