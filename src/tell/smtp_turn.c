/* SPDX-License-Identifier: ISC
 *
 * What came of each mail of a session: its replies as libesmtp has them, and where there are none,
 * why there are none.
 */
#include "tell/smtp_p.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/system_error.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/smtp.h"
#include "tell/smtp_connection.h"
#include "tell/write_watch.h"

void smtp_note_refusal(struct smtp_client *client, enum outcome outcome, const char *reason)
{
	if (client->refused != NULL)
		return;
	client->refusal = outcome;
	client->refused = reason;
}

void smtp_refuse(struct smtp_client *client, enum outcome outcome, const char *reason)
{
	smtp_note_refusal(client, outcome, reason);
	smtp_connection_end();
}

const struct mail *smtp_mail_in_turn(const struct smtp_client *client)
{
	return &client->mails[client->turns[client->turn]];
}

/* After BDAT libesmtp no longer calls the monitor: how far it got is then told by its statuses. */
static enum phase phase_of(const struct smtp_client *client)
{
	const struct smtp_transaction *now = &client->now;

	if (client->turn == 0 || !now->chunked)
		return smtp_transcript_phase(&client->transcript);
	if (now->mail.code == 0)
		return PHASE_MAIL;
	return now->recipient.code == 0 ? PHASE_RECIPIENT : PHASE_CONTENT;
}

/* What libesmtp says about a session that we did not end; only where no reply tells. */
static void describe_failure(const struct smtp_client *client, struct attempt *attempt)
{
	const struct route_config *route = client->route;
	enum phase phase = phase_of(client);
	int number = smtp_errno(), own;
	char reason[128] = "";

	if (client->verify_error != X509_V_OK) {
		attempt_set(attempt, OUTCOME_ROUTE, 0, "%s: the server's certificate: %s",
			route->host, X509_verify_cert_error_string(client->verify_error));
		return;
	}
	if (smtp_connection_late())
		snprintf(reason, sizeof reason, "timed out");
	else if (write_watch_lost(SIZE_MAX))
		snprintf(reason, sizeof reason, "a write failed");
	else if (number == SMTP_ERR_DROPPED_CONNECTION)
		snprintf(reason, sizeof reason, "no answer in time, or the connection was closed");
	else if (phase == PHASE_CONNECT && number == -EINTR)
		snprintf(reason, sizeof reason, "no answer in time");
	else
		smtp_strerror(number, reason, sizeof reason);
	attempt_set(attempt, attempt->outcome, 0, "%s:%d: %s: %s", route->host, route->port,
		phase_words(phase), reason);
	own = phase == PHASE_CONNECT && number < 0 ? -number : client->number;
	attempt->local = system_error_local_connection(own) ? own : 0;
}

/* The outcome, by the reply that decided, our own refusal, or what libesmtp says. */
static void conclude(struct smtp_client *client, struct attempt *attempt)
{
	struct smtp_transcript *transcript = &client->transcript;
	struct smtp_transaction *now = &client->now;
	struct smtp_codes codes = {.sent = now->sent, .chunked = now->chunked};
	enum smtp_stage stage;

	/* libesmtp's own statuses: while BDAT runs it does not call the monitor. */
	transcript->replies[PHASE_MAIL] = now->mail;
	transcript->replies[PHASE_RECIPIENT] = now->recipient;
	transcript->replies[PHASE_DATA] = (struct reply){.subject = -1};
	transcript->replies[PHASE_CONTENT] = now->transfer;
	smtp_transcript_codes(transcript, &codes);
	attempt->outcome = smtp_outcome(&codes, &stage);
	/* What is answered is not what was meant to be said; and the end of the mail stands in its
	 * last write, or is kept back after a lost one. */
	if (write_watch_lost(0)) {
		stage = STAGE_COUNT;
		attempt->outcome = OUTCOME_TEMPORARY;
		now->sent = false;
	}
	if (stage != STAGE_COUNT) {
		const struct reply *reply = smtp_transcript_reply(transcript, stage);

		attempt_set(attempt, attempt->outcome, reply->code, "%s", reply->text);
	} else if (client->refused != NULL) {
		attempt_set(attempt, now->sent ? OUTCOME_UNKNOWN : client->refusal, 0, "%s: %s",
			client->route->host, client->refused);
	} else {
		describe_failure(client, attempt);
	}
	attempt->of_session = client->turn == 0 && transcript->last < PHASE_MAIL;
	smtp_transcript_conceal(transcript, client->route, smtp_mail_in_turn(client), attempt);
}

static void begin_turn(struct smtp_client *client)
{
	const struct smtp_timeouts *timeouts = smtp_timeouts();

	client->now = (struct smtp_transaction){0};
	smtp_transcript_next(&client->transcript);
	smtp_connection_set_deadline(timeouts->total);
	if (client->turn == client->turn_count) {
		smtp_connection_wait(timeouts->quit);
	} else if (client->refused == NULL && clock_milliseconds() < client->last_turn) {
		smtp_connection_wait(timeouts->total);
	} else {
		client->over = true;
		smtp_refuse(client, OUTCOME_TEMPORARY, "the session was over");
	}
}

void smtp_end_turn(struct smtp_client *client)
{
	struct attempt attempt = {0};

	conclude(client, &attempt);
	client->report->each(client->report->context, client->turns[client->turn++], &attempt);
	begin_turn(client);
}

/* An incomplete reply has no text, or one without a line's end, whatever its code says. */
static void set_reply(struct reply *reply, const smtp_status_t *status)
{
	char text[REPLY_TEXT_MAX];

	if (status == NULL || status->text == NULL || !text_ends(status->text, "\n"))
		return;
	if (status->enh_class != 0)
		snprintf(text, sizeof text, "%03d %d.%d.%d %s", status->code, status->enh_class,
			status->enh_subject, status->enh_detail, status->text);
	else
		snprintf(text, sizeof text, "%03d %s", status->code, status->text);
	reply_set(reply, text);
}

/*
 * Some relays take only so many mails in a session, and then refuse the next one's sender, or say
 * that they close (421): that one is not refused, it is to come in another session.
 */
static bool limit_reached(const struct smtp_client *client, int code)
{
	return client->turn > 0 && !client->now.sent &&
	       (code == 421 || (code >= 400 && code < 500 && client->now.recipient.code == 0));
}

void smtp_take_reply(
	struct smtp_client *client, struct reply *reply, const smtp_status_t *status, bool last)
{
	set_reply(reply, status);
	if (client->over)
		return;
	if (limit_reached(client, reply->code)) {
		client->over = true;
		smtp_refuse(
			client, OUTCOME_TEMPORARY, "the relay takes no more mails in this session");
	} else if (last) {
		smtp_end_turn(client);
	}
}
