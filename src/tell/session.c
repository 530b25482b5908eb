/* SPDX-License-Identifier: ISC */
#include "tell/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/confine.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/step.h"
#include "config/config.h"
#include "config/secret.h"
#include "net/http.h"
#include "settings.h"
#include "tell/courier.h"
#include "tell/dependence.h"
#include "tell/dns_lookup.h"
#include "tell/hosts.h"
#include "tell/launcher.h"
#include "tell/message.h"
#include "tell/outbox.h"
#include "tell/receivers.h"
#include "tell/route_token.h"
#include "tell/save_page_now.h"
#include "tell/saves.h"
#include "tell/service.h"

enum {
	SESSION_SECONDS = 120,   /* without an answer, whatever it waits for */
	END_MILLISECONDS = 2000, /* from the end of its output to its own */
	DOMAIN_MILLISECONDS = 2000,
};

/* ---- in a session ---- */

/* That of an order that has no route. */
static const struct webhook_config *order_webhook(const struct session_order *order)
{
	return config_webhook(order->config, receiver_webhook_name(order->deliveries->receiver));
}

/* An answer is shorter than what a pipe takes at once (PIPE_BUF): it comes whole or not at all. */
static void pass_on(void *context, size_t index, const struct attempt *attempt)
{
	struct session_answer answer = {index, *attempt};

	STEP("answered, not yet passed on");
	if (!file_write_all(*(int *)context, &answer, sizeof answer))
		_exit(1);
}

void session_paths(const char *templates, const struct route_config *route,
	const struct webhook_config *webhook, struct text_list *paths)
{
	char *description;

	if (route != NULL && route->ca_file != NULL)
		text_list_add(paths, route->ca_file);
	if (webhook == NULL)
		return;
	text_list_add(paths, templates);
	if (webhook->template_file == NULL)
		return;
	description = service_description_path(webhook->template_file);
	text_list_add(paths, webhook->template_file);
	text_list_add(paths, description);
	free(description);
}

/* From now on it has only the network and what it has read, and no other's secret. */
static void confine(const struct session_order *order, const struct webhook_config *webhook)
{
	struct text_list paths = {0};

	session_paths(order->templates, order->route, webhook, &paths);
	config_wipe(order->config);
	confine_enter(CONFINE_ATTEMPT, &paths);
	text_list_release(&paths);
}

/* Without its secrets nothing is begun. They were there when the configuration was loaded, and may
 * be again. */
static void lack_secret(const struct mail_report *report, const struct error *error)
{
	struct attempt attempt;

	attempt_set(&attempt, OUTCOME_TEMPORARY, 0, "%s", error->text);
	attempt.of_session = true;
	attempt.local = error->remedy == REMEDY_LOCAL ? error->number : 0;
	report->each(report->context, 0, &attempt);
}

/* For one mail, whose domain nobody may have asked about before. */
static struct dependences *ask_domain(const struct config *config, const char *address, int64_t now)
{
	struct host host = {.role = HOST_DOMAIN, .tried = now};
	struct hosts hosts = {0};

	host.name = dns_name(strrchr(address, '@') + 1);
	if (host.name != NULL) {
		dns_lookup(config->resolver, DOMAIN_MILLISECONDS, NULL, &host, 1);
		hosts_put(&hosts, &host);
		hosts_sort(&hosts);
	}
	return dependences_new(&hosts, config, NULL);
}

/* By the route as it is now, with its password or token. */
static void send_by_route(
	const struct session_order *order, struct mail *mails, const struct mail_report *report)
{
	struct dependences *asked = NULL;
	struct route_config route;
	struct error error;

	if (route_secrets_read(order->config, order->route, &route, &error) &&
		route_token_take(order->means->tokens, &route, &error)) {
		route_tokens_leave(order->means->tokens);
		if (route.type == ROUTE_SENDMAIL)
			route.launcher = order->means->launcher;
		else
			launcher_free(order->means->launcher); /* it has its token */
		confine(order, NULL);
		if (order->asks)
			asked = ask_domain(order->config, mails->recipient, order->now);
		if (asked != NULL)
			mails->domain = dependences_domain(asked, mails->recipient);
		route_transport (&route)(&route, mails, order->count, report);
	} else {
		lack_secret(report, &error);
	}
	dependences_free(asked);
	route_secrets_wipe(&route);
}

/* An empty mail, which no transport takes, where what goes to the receiver cannot be made. Its
 * bytes are owned by the process. */
static void send_mails(const struct session_order *order, const struct mail_report *report)
{
	struct mail *mails = memory_zero(order->count, sizeof *mails);

	for (size_t i = 0; i < order->count; i++) {
		const struct delivery *delivery = &order->deliveries[i];
		const struct content *content = contents_find(order->contents, delivery->content);
		struct content_copy copy = delivery_copy(order->config, delivery);
		struct buffer bytes = {0};

		if (content != NULL)
			content_address(content, &copy, &bytes, NULL);
		mails[i] = (struct mail){
			.sender = delivery->sender != NULL ? delivery->sender : order->config->from,
			.recipient = receiver_address(delivery->receiver),
			.bytes = buffer_string(&bytes),
			.length = bytes.length,
		};
		if (order->dependences != NULL)
			mails[i].domain =
				dependences_domain(order->dependences, mails[i].recipient);
	}
	send_by_route(order, mails, report);
	free(mails);
}

static void post_webhook(const struct session_order *order, const struct webhook_config *webhook,
	const struct mail_report *report)
{
	const struct delivery *delivery = order->deliveries;
	const char *contact = order->config->user_agent_contact;
	const char *id = delivery->message_id + 1;
	char *agent =
		memory_format("lampwatch/%s%s%s%s", LAMPWATCH_VERSION, contact != NULL ? " (+" : "",
			contact != NULL ? contact : "", contact != NULL ? ")" : "");
	char *bare = memory_bytes(id, strcspn(id, "@"));
	const struct content *content = contents_find(order->contents, delivery->content);
	struct attempt attempt = {0};

	confine(order, webhook);
	webhook_send(webhook,
		&(struct webhook_message){.templates = order->templates,
			.id = bare,
			.now = order->now,
			.body = content->bytes,
			.length = content->length,
			.posted = (size_t)delivery->posted,
			.user_agent = agent,
			.launcher = order->means->launcher,
			.page = delivery->page,
			.event = content->type,
			.colour = content->colour,
			.attempt = delivery->tries + 1},
		&attempt);
	report->each(report->context, 0, &attempt);
	free(bare);
	free(agent);
}

static void tell_webhook(const struct session_order *order, const struct mail_report *report)
{
	const struct webhook_config *webhook = order_webhook(order);
	struct webhook_config own;
	struct error error;

	route_tokens_leave(order->means->tokens);
	if (webhook_secrets_read(order->config, webhook, &own, &error))
		post_webhook(order, &own, report);
	else
		lack_secret(report, &error);
	webhook_secrets_wipe(&own);
}

static void save_page(const struct session_order *order, const struct mail_report *report)
{
	struct error error = {0};
	const struct page_config *page = config_page(order->config, order->save->page);
	struct save_request request = {.base = memory_string(order->config->wayback_base),
		.url = memory_string(page->url),
		.job = order->save->job,
		.key = wayback_secret_read(order->config, &error),
		.contact = order->config->user_agent_contact};
	struct attempt attempt = {0};

	if (request.key != NULL) {
		confine(order, NULL);
		save_page_now(&request, &attempt);
		report->each(report->context, 0, &attempt);
	} else {
		lack_secret(report, &error);
	}
	secret_wipe(&request.key);
}

/* What the route or webhook lacks now, in the copy of a configuration that was good once; or that
 * it is no longer in there. */
static const char *order_trouble(const struct session_order *order)
{
	const struct webhook_config *webhook;

	if (order->route != NULL)
		return order->route->trouble;
	webhook = order_webhook(order);
	return webhook != NULL ? webhook->trouble : "the configuration has no such webhook";
}

static void refuse(const struct session_order *order, const struct mail_report *report)
{
	struct attempt attempt = {0};

	attempt_set(&attempt, OUTCOME_ROUTE, 0, "%s", order_trouble(order));
	attempt.of_session = true;
	for (size_t i = 0; i < order->count; i++)
		report->each(report->context, i, &attempt);
}

static void session_process(const void *context, int in, int out)
{
	const struct session_order *order = context;
	struct mail_report report = {pass_on, &out};

	(void)in;
	if (order->save != NULL)
		save_page(order, &report);
	else if (order_trouble(order) != NULL)
		refuse(order, &report);
	else if (order->route != NULL)
		send_mails(order, &report);
	else
		tell_webhook(order, &report);
}

/* ---- a session, from outside ---- */

static bool needs_program(const struct session_order *order)
{
	const struct route_config *route = order->route;
	const struct webhook_config *webhook;

	if (route != NULL || order->save != NULL)
		return route != NULL &&
		       (route->type == ROUTE_SENDMAIL || route->token_command.count > 0);
	webhook = order_webhook(order); /* NULL: it is in the configuration no more */
	return webhook != NULL && webhook->command.count > 0;
}

/* Only whoever needs a program may ask for one. */
static int launcher_socket(const struct session_order *order)
{
	return needs_program(order) && order->means->launcher->socket >= 0
		       ? order->means->launcher->socket
		       : 0;
}

bool session_start(struct session *session, const struct session_order *order)
{
	session->role = (struct child_role){
		.milliseconds = SESSION_SECONDS * 1000, .keeps = launcher_socket(order)};
	session->count = session->expected = order->count;
	return child_start(&session->child, &session->role, session_process, order);
}

/*
 * Whether it can be one that a session gives: it may have been taken over by whoever it talked to.
 * Its text becomes one line again.
 */
static bool answer_good(struct session *session, struct session_answer *answer)
{
	struct attempt given = answer->attempt;
	unsigned char flag;

	memcpy(&flag, &answer->attempt.of_session, sizeof flag);
	if (session->expected == 0 || answer->index >= session->count || flag > 1 ||
		(unsigned)given.outcome > OUTCOME_UNKNOWN || given.retry_after < 0 ||
		given.retry_after > HTTP_RETRY_AFTER_MAX || given.local < 0 ||
		memchr(given.text, '\0', sizeof given.text) == NULL)
		return false;
	session->expected--;
	attempt_set(&answer->attempt, given.outcome, given.code, "%s", given.text);
	answer->attempt.retry_after = given.retry_after;
	answer->attempt.of_session = given.of_session;
	answer->attempt.local = given.local;
	answer->attempt.posted = given.posted;
	return true;
}

enum session_news session_read(struct session *session, struct session_answer *answer,
	const char **crash, struct error *refused)
{
	struct child *child = &session->child;
	bool late = child_late(child); /* even if it ends by itself while we look */
	ssize_t got = read(child->from, answer, sizeof *answer);
	bool broken = got < 0 && errno != EAGAIN && errno != EINTR;
	struct child_end end;

	*refused = (struct error){0};
	if (got == (ssize_t)sizeof *answer && answer_good(session, answer)) {
		child_renew(child, session->role.milliseconds);
		return SESSION_ANSWER;
	}
	if (got < 0 && !broken && !late)
		return SESSION_QUIET;
	child_unrefused(child, refused);
	if (got > 0) {
		child_stop(child);
		*crash = "the attempt's answer makes no sense";
		error_set(refused, REMEDY_LOCAL, "a delivery: %s; please report it", *crash);
		return SESSION_OVER;
	}
	if (broken)
		error_set(
			refused, REMEDY_LOCAL, "a delivery: its answer cannot be read; try again");
	if (got == 0) /* what has closed its output has nothing left to do */
		child_renew(child, END_MILLISECONDS);
	child_finish(child, &end);
	*crash = broken                           ? "its answer cannot be read"
		 : late || end.fate == CHILD_LATE ? "no answer within the attempt's time"
		 : end.fate == CHILD_SIGNALLED || end.code != 0 ? "the attempt crashed"
								: NULL;
	return SESSION_OVER;
}

void session_attempt(const struct session_order *order, struct attempt *attempt)
{
	struct session session;
	struct session_answer answer;
	const char *crash = "no answer at all";
	enum session_news news = SESSION_QUIET;
	struct error refused;

	*attempt = (struct attempt){0};
	if (!session_start(&session, order)) {
		child_unavailable(&refused, errno);
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s", refused.text);
		return;
	}
	while (news == SESSION_QUIET) {
		poll(&(struct pollfd){session.child.from, POLLIN, 0}, 1, 1000);
		news = session_read(&session, &answer, &crash, &refused);
	}
	if (news == SESSION_OVER) {
		attempt_set(attempt, OUTCOME_UNKNOWN, 0, "%s",
			refused.remedy != 0 ? refused.text
			: crash != NULL     ? crash
					    : "the attempt ended without an answer");
		return;
	}
	*attempt = answer.attempt;
	while (session_read(&session, &answer, &crash, &refused) != SESSION_OVER)
		poll(&(struct pollfd){session.child.from, POLLIN, 0}, 1, 1000);
	if (refused.remedy != 0 && attempt->outcome != OUTCOME_DELIVERED)
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s", refused.text);
}
