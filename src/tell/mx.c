/* SPDX-License-Identifier: ISC
 *
 * Mail to its receiver's own exchangers, without a relay between. TLS where they offer it, but
 * their certificates cannot be judged (RFC 7672 section 1.3.2): who can read and change DNS
 * could do so to the mail as well.
 */
#include "tell/mx.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/attempt.h"
#include "tell/hosts.h"
#include "tell/smtp.h"

/* ---- where to ---- */

static const struct dns_record *find_record(
	const struct host *host, enum dns_type type, const char *owner)
{
	for (size_t i = 0; i < host->count; i++)
		if (host->records[i].type == type && strcmp(host->records[i].owner, owner) == 0)
			return &host->records[i];
	return NULL;
}

/* The address of a name or of what its aliases lead to; NULL where there is none. */
static const char *address_of(const struct host *host, const char *name, enum dns_type type)
{
	const struct dns_record *address = find_record(host, type, name), *alias;

	for (size_t i = 0; address == NULL && i < host->count; i++) {
		alias = find_record(host, DNS_CNAME, name);
		if (alias == NULL)
			return NULL;
		name = alias->value;
		address = find_record(host, type, name);
	}
	return address != NULL ? address->value : NULL;
}

/* Among equals the first stays the first: name servers turn their order. */
static void insert(struct mx_host *mx_host_list, size_t *count, struct mx_host one)
{
	size_t place = *count < MX_HOSTS_TRIED ? (*count)++ : MX_HOSTS_TRIED;

	while (place > 0 && mx_host_list[place - 1].preference > one.preference) {
		if (place < MX_HOSTS_TRIED)
			mx_host_list[place] = mx_host_list[place - 1];
		place--;
	}
	if (place < MX_HOSTS_TRIED)
		mx_host_list[place] = one;
}

/* The host's addresses, by IPv4 first: that is how most receivers know their senders. */
static void insert_host(const struct host *host, const char *name, int preference,
	struct mx_host *mx_host_list, size_t *count)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const char *address = address_of(host, name, types[i]);

		if (address != NULL)
			insert(mx_host_list, count, (struct mx_host){preference, name, address});
	}
}

size_t mx_hosts(const struct host *host, struct mx_host *mx_host_list)
{
	size_t count = 0;
	bool any = false;

	for (size_t i = 0; i < host->count; i++) {
		const struct dns_record *record = &host->records[i];

		if (record->type != DNS_MX)
			continue;
		any = true;
		insert_host(host, record->value, record->preference, mx_host_list, &count);
	}
	if (!any)
		insert_host(host, host->name, 0, mx_host_list, &count);
	return count;
}

/* ---- one domain ---- */

/* The mails of one domain, and how far they are. */
struct domain_batch {
	const struct route_config *route;
	const struct mail_report *report; /* of whoever asked us */
	struct mail *mails;
	size_t *places; /* of mails in what we were given */
	bool *ended;    /* reported */
	size_t *turn;   /* places in mails of those that are handed in now */
	size_t count;
	bool failed; /* the last session did not get as far as a mail */
	struct attempt failure;
};

/* Tells the caller what came of a mail, except that other domains by this route may do better. */
static void end(struct domain_batch *batch, size_t i, const struct attempt *attempt)
{
	struct attempt own = *attempt;

	own.of_session = false;
	batch->ended[i] = true;
	batch->report->each(batch->report->context, batch->places[i], &own);
}

/* The next exchanger may do better where this one did not get as far as the mail. */
static void heard(void *context, size_t index, const struct attempt *attempt)
{
	struct domain_batch *batch = context;

	if (attempt->of_session) {
		batch->failed = true;
		batch->failure = *attempt;
	} else {
		end(batch, batch->turn[index], attempt);
	}
}

/* One session with one exchanger. True where it failed before any mail. */
static bool session_fails(struct domain_batch *batch, const struct mx_host *mx_host, enum tls tls)
{
	struct route_config route = *batch->route; /* to this host, as by a relay */
	struct mail *mails = memory_zero(batch->count, sizeof *mails);
	struct mail_report report = {heard, batch};
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++)
		if (!batch->ended[i]) {
			batch->turn[count] = i;
			mails[count++] = batch->mails[i];
		}
	route.host = memory_string(mx_host->address);
	route.server_name = memory_string(mx_host->name);
	route.type = ROUTE_SMTP;
	route.tls = tls;
	batch->failed = false;
	if (count > 0)
		route_transport (&route)(&route, mails, count, &report);
	free(route.host);
	free(route.server_name);
	free(mails);
	return batch->failed;
}

/*
 * What the last exchanger said, or that there is none, holds for all that are left. Where TLS was
 * offered and did not come about, in the clear (RFC 7435); but a host that gave no sign of life is
 * not waited for twice, and after the time of a session no other is tried.
 */
static void send_batch(struct domain_batch *batch, const struct host *host)
{
	struct mx_host mx_host_list[MX_HOSTS_TRIED];
	size_t count = host != NULL ? mx_hosts(host, mx_host_list) : 0;
	const char *why = "its mail servers are not known yet";
	enum outcome outcome = OUTCOME_TEMPORARY;
	int64_t last = clock_milliseconds() + smtp_timeouts()->session;
	bool failed = true;

	if (host != NULL && host->checked != 0)
		why = "DNS knows no mail server of it";
	for (size_t i = 0; host != NULL && host->checked != 0 && i < host->count; i++)
		if (host->records[i].type == DNS_MX && host->records[i].value[0] == '\0') {
			why = "the domain takes no mail (null MX)";
			outcome = OUTCOME_RECEIVER;
		}
	attempt_set(&batch->failure, outcome, 0, "%s: %s",
		strrchr(batch->mails[0].recipient, '@') + 1, why);
	for (size_t i = 0; failed && i < count && clock_milliseconds() < last; i++) {
		int64_t began = clock_milliseconds();

		failed = session_fails(batch, &mx_host_list[i], TLS_OFFERED) &&
			 (clock_milliseconds() - began >= smtp_timeouts()->connect ||
				 session_fails(batch, &mx_host_list[i], TLS_OFF));
	}
	for (size_t i = 0; failed && i < batch->count; i++)
		if (!batch->ended[i])
			end(batch, i, &batch->failure);
}

/* ---- all of them ---- */

static const char *domain_of(const struct mail *mail)
{
	const char *at = strrchr(mail->recipient, '@');

	return at != NULL ? at + 1 : "";
}

void mx_send(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report)
{
	size_t *turns = memory_zero(count, sizeof *turns);
	size_t left = mails_check(route, mails, count, report, turns);
	struct domain_batch batch = {.route = route, .report = report};

	batch.mails = memory_zero(count, sizeof *batch.mails);
	batch.places = memory_zero(count, sizeof *batch.places);
	batch.turn = memory_zero(count, sizeof *batch.turn);
	batch.ended = memory_zero(count, sizeof *batch.ended);
	while (left > 0) {
		const struct mail *first = &mails[turns[0]];
		size_t kept = 0;

		batch.count = 0;
		for (size_t i = 0; i < left; i++) {
			if (strcasecmp(domain_of(&mails[turns[i]]), domain_of(first)) != 0) {
				turns[kept++] = turns[i];
				continue;
			}
			batch.mails[batch.count] = mails[turns[i]];
			batch.places[batch.count] = turns[i];
			batch.ended[batch.count++] = false;
		}
		left = kept;
		send_batch(&batch, first->domain);
	}
	free(batch.mails);
	free(batch.places);
	free(batch.turn);
	free(batch.ended);
	free(turns);
}
