/* SPDX-License-Identifier: ISC */
#include "tell/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"
#include "config/config.h"
#include "settings.h"
#include "tell/dependence.h"
#include "tell/outbox.h"

static mail_transport *const transports[] = {
	[ROUTE_SMTP] = smtp_send,
	[ROUTE_SMTPS] = smtps_send,
	[ROUTE_SENDMAIL] = sendmail_send,
	[ROUTE_MX] = mx_send,
};

/* ---- in the child ---- */

/* An answer is shorter than what a pipe takes at once (PIPE_BUF): it comes whole or not at all. */
static void pass_on(void *context, size_t index, const struct attempt *attempt)
{
	struct session_answer answer = {index, *attempt};

	STEP("answered, not yet passed on");
	if (!file_write_all(*(int *)context, &answer, sizeof answer))
		_exit(1);
}

/* What goes to the receiver. Owned by the process; empty, which no transport takes, where it cannot
 * be made. */
static struct buffer bytes_of(const struct session_order *order, const struct delivery *delivery)
{
	const struct content *content = contents_find(order->contents, delivery->content);
	struct content_copy copy = delivery_copy(delivery);
	struct buffer bytes = {0};

	if (content != NULL)
		content_address(content, &copy, &bytes, NULL);
	return bytes;
}

static struct mail mail_of(const struct session_order *order, const struct delivery *delivery)
{
	struct buffer bytes = bytes_of(order, delivery);

	return (struct mail){
		.sender = delivery->sender != NULL ? delivery->sender : order->config->from,
		.recipient = receiver_address(delivery->receiver),
		.bytes = buffer_string(&bytes),
		.length = bytes.length,
		.domain = order->dependences != NULL ? dependences_domain(order->dependences,
							       receiver_address(delivery->receiver))
						     : NULL,
	};
}

static void send_mails(const struct session_order *order, const struct mail_report *report)
{
	struct mail *mails = memory_zero(order->count, sizeof *mails);

	for (size_t i = 0; i < order->count; i++)
		mails[i] = mail_of(order, &order->deliveries[i]);
	transports[order->route->type](order->route, mails, order->count, report);
	free(mails);
}

static void post_webhook(const struct session_order *order, const struct mail_report *report)
{
	const struct delivery *delivery = order->deliveries;
	const struct webhook_config *webhook =
		config_webhook(order->config, receiver_webhook_name(delivery->receiver));
	const char *contact = order->config->user_agent_contact;
	const char *id = delivery->message_id + 1;
	char *agent =
		memory_format("lampwatch/%s%s%s%s", LAMPWATCH_VERSION, contact != NULL ? " (+" : "",
			contact != NULL ? contact : "", contact != NULL ? ")" : "");
	char *bare = memory_bytes(id, strcspn(id, "@"));
	const struct content *content = contents_find(order->contents, delivery->content);
	struct attempt attempt = {0};

	webhook_send(webhook,
		&(struct webhook_message){.templates = order->templates,
			.id = bare,
			.now = order->now,
			.body = content->bytes,
			.length = content->length,
			.posted = (size_t)delivery->posted,
			.user_agent = agent},
		&attempt);
	report->each(report->context, 0, &attempt);
	free(bare);
	free(agent);
}

static void work(const void *context, int in, int out)
{
	const struct session_order *order = context;
	struct mail_report report = {pass_on, &out};

	(void)in;
	if (order->route != NULL)
		send_mails(order, &report);
	else
		post_webhook(order, &report);
}

/* ---- in the parent ---- */

bool session_start(struct child *session, const struct session_order *order)
{
	static const struct child_role role = {.milliseconds = SESSION_SECONDS * 1000};

	return child_start(session, &role, work, order);
}

enum session_news session_read(
	struct child *session, struct session_answer *answer, const char **crash)
{
	ssize_t got = read(session->from, answer, sizeof *answer);
	struct child_end end;

	if (got == (ssize_t)sizeof *answer) {
		child_renew(session);
		return SESSION_ANSWER;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR) && !child_late(session))
		return SESSION_QUIET;
	child_finish(session, &end);
	*crash = end.fate == CHILD_LATE ? "no answer within the attempt's time"
		 : end.fate == CHILD_SIGNALLED || end.code != 0 ? "the attempt crashed"
								: NULL;
	return SESSION_OVER;
}

void session_attempt(const struct session_order *order, struct attempt *attempt)
{
	struct child session;
	struct session_answer answer;
	const char *crash = "no answer at all";
	enum session_news news = SESSION_QUIET;

	*attempt = (struct attempt){0};
	if (!session_start(&session, order)) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "no process can be made");
		return;
	}
	while (news == SESSION_QUIET) {
		struct pollfd news_of = {session.from, POLLIN, 0};

		poll(&news_of, 1, 1000);
		news = session_read(&session, &answer, &crash);
	}
	if (news == SESSION_OVER) {
		attempt_set(attempt, OUTCOME_UNKNOWN, 0, "%s",
			crash != NULL ? crash : "the attempt ended without a word");
		return;
	}
	*attempt = answer.attempt;
	while (session_read(&session, &answer, &crash) != SESSION_OVER)
		poll(&(struct pollfd){session.from, POLLIN, 0}, 1, 1000);
}
