/* SPDX-License-Identifier: ISC */
#include "tell/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
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

static _Noreturn void work(const struct session_order *order, int answers)
{
	struct mail_report report = {pass_on, &answers};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	if (order->route != NULL)
		send_mails(order, &report);
	else
		post_webhook(order, &report);
	_exit(0);
}

/* ---- in the parent ---- */

static void give_time(struct session *session)
{
	session->deadline = clock_milliseconds() + SESSION_SECONDS * 1000;
}

bool session_start(struct session *session, const struct session_order *order)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) != 0)
		return false;
	session->process = fork();
	if (session->process == 0)
		work(order, pair[1]);
	close(pair[1]);
	session->answers = pair[0];
	fcntl(session->answers, F_SETFL, O_NONBLOCK);
	give_time(session);
	if (session->process > 0)
		return true;
	close(pair[0]);
	*session = (struct session){0};
	return false;
}

static enum session_news end(struct session *session, bool late, const char **crash)
{
	int status = 0;

	if (late)
		kill(session->process, SIGKILL);
	close(session->answers);
	while (waitpid(session->process, &status, 0) < 0 && errno == EINTR)
		;
	*crash = late          ? "no answer within the attempt's time"
		 : status != 0 ? "the attempt crashed"
			       : NULL;
	*session = (struct session){0};
	return SESSION_OVER;
}

enum session_news session_read(
	struct session *session, struct session_answer *answer, const char **crash)
{
	ssize_t got = read(session->answers, answer, sizeof *answer);

	if (got == (ssize_t)sizeof *answer) {
		give_time(session);
		return SESSION_ANSWER;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return clock_milliseconds() < session->deadline ? SESSION_QUIET
								: end(session, true, crash);
	return end(session, false, crash);
}

void session_attempt(const struct session_order *order, struct attempt *attempt)
{
	struct session session = {0};
	struct session_answer answer;
	const char *crash = "no answer at all";
	enum session_news news = SESSION_QUIET;

	*attempt = (struct attempt){0};
	if (!session_start(&session, order)) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "no process can be made");
		return;
	}
	while (news == SESSION_QUIET) {
		struct pollfd news_of = {session.answers, POLLIN, 0};

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
		poll(&(struct pollfd){session.answers, POLLIN, 0}, 1, 1000);
}
