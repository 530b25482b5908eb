/* SPDX-License-Identifier: ISC */
#include "tell/subscribers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/database.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "tell/outbox.h"
#include "tell/pending_subscription.h"
#include "tell/receivers.h"

const struct schema_step subscribers_schema[] = {
	{4, "CREATE TABLE subscriber (mail TEXT PRIMARY KEY COLLATE NOCASE, second TEXT,"
	    "  pages TEXT NOT NULL, indicators TEXT NOT NULL, floor TEXT NOT NULL,"
	    " wanted INTEGER,  state TEXT NOT NULL, created INTEGER, changed INTEGER,"
	    " reason TEXT NOT NULL)  WITHOUT ROWID;"
	    "CREATE TABLE bounce (id INTEGER PRIMARY KEY, mail TEXT NOT NULL COLLATE NOCASE,"
	    "  time INTEGER);"
	    "CREATE TABLE answer (id INTEGER PRIMARY KEY, sender TEXT NOT NULL, time INTEGER);"},
	/* who has only asked stands in a table of its own (tell/pending_subscription.h) */
	{11, "DELETE FROM subscriber WHERE state = 'asked';"},
	/* who wants red wants incidents too (bits 0 and 5) */
	{13, "UPDATE subscriber SET wanted = wanted | 32 WHERE wanted & 1;"},
	/* and what we see ourselves (bit 6) */
	{15, "UPDATE subscriber SET wanted = wanted | 64 WHERE wanted & 1;"},
	{0},
};

static const char *const state_names[SUBSCRIBER_STATES + 1] = {
	[SUBSCRIBER_ACTIVE] = "active",
	[SUBSCRIBER_SUSPENDED] = "suspended",
	[SUBSCRIBER_UNSUBSCRIBED] = "unsubscribed",
};

const char *subscriber_state_name(enum subscriber_state state)
{
	return state_names[state];
}

/* A state that is none of ours is of a newer program: nobody is told on a guess. */
static const struct column columns[] = {
	COLUMN("mail", struct subscriber, is.mail, COLUMN_TEXT),
	COLUMN("second", struct subscriber, is.second, COLUMN_OPTIONAL),
	COLUMN_OF_WORDS(
		"floor", struct subscriber, is.subscription.floor, level_names, LEVEL_DEGRADED),
	COLUMN("wanted", struct subscriber, is.subscription.on, COLUMN_INT),
	COLUMN_OF_WORDS("state", struct subscriber, state, state_names, SUBSCRIBER_SUSPENDED),
	COLUMN("created", struct subscriber, created, COLUMN_INTEGER),
	COLUMN("changed", struct subscriber, changed, COLUMN_INTEGER),
	COLUMN("reason", struct subscriber, reason, COLUMN_TEXT),
	{0},
};

/* ---- lists as JSON ---- */

static void read_list(const char *text, struct text_list *texts)
{
	struct value *list = json_parse(text, strlen(text), NULL);

	for (size_t i = 0; list != NULL && list->type == VALUE_LIST && i < list->count; i++)
		if (list->members[i]->type == VALUE_TEXT)
			text_list_add(texts, list->members[i]->text);
	value_free(list);
}

static char *write_list(const struct text_list *texts)
{
	struct value *list = value_list();
	struct buffer out = {0};

	for (size_t i = 0; i < texts->count; i++)
		value_append(list, value_text(texts->list[i]));
	json_write(list, 0, &out);
	value_free(list);
	return buffer_take(&out);
}

/* ---- rows ---- */

void subscribers_load(struct database *database, struct subscribers *subscribers)
{
	struct statement *row = database_query(database,
		"SELECT pages, indicators, * FROM subscriber ORDER BY mail COLLATE NOCASE", "*",
		columns);

	while (statement_row(row)) {
		struct subscriber *subscriber = memory_append(
			&subscribers->list, &subscribers->count, sizeof *subscribers->list);
		struct subscription *subscription = &subscriber->is.subscription;

		*subscription = subscription_default;
		row_read(row, 2, subscriber);
		read_list(statement_text(row, 0), &subscription->pages);
		read_list(statement_text(row, 1), &subscription->indicators);
	}
	statement_end(row);
}

void subscriber_release(struct subscriber *subscriber)
{
	row_release(columns, subscriber);
	subscription_release(&subscriber->is.subscription);
}

void subscribers_release(struct subscribers *subscribers)
{
	for (size_t i = 0; i < subscribers->count; i++)
		subscriber_release(&subscribers->list[i]);
	free(subscribers->list);
	*subscribers = (struct subscribers){0};
}

static int by_mail(const void *key, const void *subscriber)
{
	return strcasecmp(key, ((const struct subscriber *)subscriber)->is.mail);
}

struct subscriber *subscribers_find(const struct subscribers *subscribers, const char *mail)
{
	if (subscribers->count == 0)
		return NULL;
	return bsearch(
		mail, subscribers->list, subscribers->count, sizeof *subscribers->list, by_mail);
}

/* Quiet hours can be said in the configuration alone. */
static void apply_active(const struct subscriber_config *is, struct receivers *receivers)
{
	char *name = receiver_mail(is->mail);
	char *otherwise = is->second != NULL ? receiver_parse(is->second) : NULL;
	const struct receiver *filed = receivers_find(receivers, name);
	const struct windows *quiet = filed != NULL ? filed->quiet : &is->subscription.quiet;

	receivers_remove(receivers, name);
	receivers_add(receivers, name, otherwise, &is->subscription)->quiet = quiet;
	free(name);
	free(otherwise);
}

/* Silence comes last, for it also holds for the second ways of those that are added. */
void subscribers_apply(const struct subscribers *subscribers, struct receivers *receivers)
{
	for (size_t i = 0; i < subscribers->count; i++)
		if (subscribers->list[i].state == SUBSCRIBER_ACTIVE)
			apply_active(&subscribers->list[i].is, receivers);
	for (size_t i = 0; i < subscribers->count; i++) {
		char *name = receiver_mail(subscribers->list[i].is.mail);

		if (subscribers->list[i].state != SUBSCRIBER_ACTIVE) /* suspended, unsubscribed */
			receivers_silence(receivers, name);
		free(name);
	}
}

void subscriber_forget(struct database *database, const char *mail)
{
	database_do(database, "DELETE FROM subscriber WHERE mail = ? COLLATE NOCASE", "t", mail);
}

void subscriber_save(struct database *database, const struct subscriber *subscriber)
{
	char *pages = write_list(&subscriber->is.subscription.pages);
	char *indicators = write_list(&subscriber->is.subscription.indicators);

	database_do(database,
		"INSERT OR REPLACE INTO subscriber (pages, indicators, *) VALUES (?, ?, *)", "rtt",
		columns, subscriber, pages, indicators);
	free(pages);
	free(indicators);
}

/* Changes the state of the address, making a row where there is none (as for one that only the
 * configuration knows). */
static void set_state(struct database *database, const char *mail, enum subscriber_state state,
	const char *reason, int64_t now)
{
	database_do(database,
		"UPDATE subscriber SET state = ?, changed = ?, reason = ?"
		" WHERE mail = ? COLLATE NOCASE",
		"titt", state_names[state], now, reason, mail);
	if (database_changed(database) == 0) {
		struct subscriber subscriber = {
			.is = {.mail = memory_string(mail), .subscription = subscription_default},
			.state = state,
			.created = now,
			.changed = now,
			.reason = memory_string(reason)};

		subscriber_save(database, &subscriber);
		subscriber_release(&subscriber);
	}
}

void subscriber_unsubscribe(struct database *database, const char *mail, const char *admin,
	const char *reason, int64_t now)
{
	char *receiver = receiver_mail(mail);

	set_state(database, mail, SUBSCRIBER_UNSUBSCRIBED, reason, now);
	pending_subscriptions_forget(database, mail);
	if (admin == NULL || strcasecmp(admin, mail) != 0)
		outbox_drop_receiver(database, receiver, now);
	free(receiver);
}

bool subscriber_bounced(
	struct database *database, const char *mail, const char *status, int64_t now)
{
	/* 5.1.x says that there is no such mailbox, 5.2.1 that it is closed; the rest may be our
	 * doing. */
	if (!text_starts(status, "5.1.") && !text_equal(status, "5.2.1"))
		return false;
	database_do(database, "DELETE FROM bounce WHERE time < ?", "i", now - BOUNCES_SECONDS);
	database_do(database, "INSERT INTO bounce (mail, time) VALUES (?, ?)", "ti", mail, now);
	if (statement_number(database_query(database,
		    "SELECT count(*) FROM bounce WHERE mail = ? COLLATE NOCASE", "t", mail)) <
		BOUNCES_TO_SUSPEND)
		return false;
	set_state(database, mail, SUBSCRIBER_SUSPENDED,
		"mail to it was permanently refused twice within a week", now);
	return true;
}

char *mailbox_key(const char *address)
{
	static const struct {
		const char *domain, *same;
	} dotless[] = {{"@gmail.com", "@gmail.com"}, {"@googlemail.com", "@gmail.com"}};
	char *lower = text_lower(address), *at = strchr(lower, '@'), *key;
	const char *domain = at != NULL ? at : "";
	struct buffer local = {0};
	bool dots = true;

	for (size_t i = 0; i < sizeof dotless / sizeof *dotless; i++)
		if (strcmp(domain, dotless[i].domain) == 0) {
			domain = dotless[i].same;
			dots = false;
		}
	for (const char *c = lower; *c != '\0' && c != at && (*c != '+' || c == lower); c++)
		if (dots || *c != '.')
			buffer_byte(&local, *c);
	key = memory_format("%s%s", buffer_string(&local), domain);
	buffer_release(&local);
	free(lower);
	return key;
}

bool answers_spent(struct database *database)
{
	return statement_number(database_query(database, "SELECT count(*) FROM answer", "")) >=
	       ANSWERS_MAX;
}

bool answer_allowed(struct database *database, const char *key, const char *sender, int64_t now)
{
	unsigned char digest[DIGEST_BYTES];
	char text[DIGEST_TEXT], *mailbox = mailbox_key(sender);

	digest_hmac(key, strlen(key), mailbox, strlen(mailbox), digest);
	text_hexadecimal(digest, sizeof digest, text);
	free(mailbox);
	database_do(database, "DELETE FROM answer WHERE time < ? OR time > ?", "ii",
		now - ANSWERS_SECONDS, now);
	if (answers_spent(database) || statement_number(database_query(database,
					       "SELECT count(*) FROM answer WHERE sender = ?", "t",
					       text)) >= ANSWERS_PER_SENDER)
		return false;
	database_do(database, "INSERT INTO answer (sender, time) VALUES (?, ?)", "ti", text, now);
	return true;
}
