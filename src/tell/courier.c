/* SPDX-License-Identifier: ISC
 *
 * The courier's process, and its sessions: child processes that hand messages to one relay or
 * webhook, one after the other, and tell what came of each as soon as they know. Processes of their
 * own, so that neither a relay that hangs nor a crash in a mail library costs more than itself.
 */
#include "tell/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/system_error.h"
#include "config/config.h"
#include "net/http.h"
#include "settings.h"
#include "tell/attempt.h"
#include "tell/dependence.h"
#include "tell/dns_lookup.h"
#include "tell/hosts.h"
#include "tell/launcher.h"
#include "tell/route_token.h"
#include "tell/scheduler.h"
#include "tell/service.h"

#define NO_PROCESS "cannot start a process"

enum {
	SESSION_SECONDS = 120, /* without an answer, whatever it waits for */
	DOMAIN_MILLISECONDS = 2000,
	GATHERED_FROM = 100, /* answers still to come */
	GATHERED_MILLISECONDS = 3,
	EXIT_UNWRITTEN = 3, /* of a courier whose outbox cannot be written */
};

/* What a session carries, borrowed until session_start() returns; of a delivery count its envelope
 * and what makes it a copy of its content. */
struct session_order {
	struct config *config;
	const char *templates;            /* folder */
	const struct route_config *route; /* of mails; NULL: the receiver's webhook */
	const struct delivery *deliveries;
	size_t count;
	const struct contents *contents; /* what they say */
	int64_t now;
	const struct dependences *dependences; /* where direct mail goes; NULL: not known */
	const struct courier_means *means;
};

/* What came of the delivery at index. */
struct session_answer {
	size_t index;
	struct attempt attempt;
};

/* ---- in a session ---- */

/* An answer is shorter than what a pipe takes at once (PIPE_BUF): it comes whole or not at all. */
static void pass_on(void *context, size_t index, const struct attempt *attempt)
{
	struct session_answer answer = {index, *attempt};

	STEP("answered, not yet passed on");
	if (!file_write_all(*(int *)context, &answer, sizeof answer))
		_exit(1);
}

/* Also what describes its service; file may be NULL. */
static void add_template(struct text_list *paths, const char *file)
{
	char *description = file != NULL ? service_description_path(file) : NULL;

	if (file != NULL) {
		text_list_add(paths, file);
		text_list_add(paths, description);
	}
	free(description);
}

/* From now on it has only the network and what it has read, and no other's secret. */
static void confine(const struct session_order *order, const struct webhook_config *webhook)
{
	struct text_list paths = {0};

	if (order->route != NULL && order->route->ca_file != NULL)
		text_list_add(&paths, order->route->ca_file);
	if (webhook != NULL)
		text_list_add(&paths, order->templates);
	if (webhook != NULL)
		add_template(&paths, webhook->template_file);
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

/* By the route as it is now, with its password or token. */
static void send_by_route(const struct session_order *order, const struct mail *mails,
	const struct mail_report *report)
{
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
		route_transport (&route)(&route, mails, order->count, report);
	} else {
		lack_secret(report, &error);
	}
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
		struct content_copy copy = delivery_copy(delivery);
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
			.user_agent = agent},
		&attempt);
	report->each(report->context, 0, &attempt);
	free(bare);
	free(agent);
}

static void tell_webhook(const struct session_order *order, const struct mail_report *report)
{
	const struct webhook_config *webhook =
		config_webhook(order->config, receiver_webhook_name(order->deliveries->receiver));
	struct webhook_config own;
	struct error error;

	route_tokens_leave(order->means->tokens);
	if (webhook_secrets_read(order->config, webhook, &own, &error))
		post_webhook(order, &own, report);
	else
		lack_secret(report, &error);
	webhook_secrets_wipe(&own);
}

/* What the route or webhook lacks now, in the copy of a configuration that was good once. */
static const char *order_trouble(const struct session_order *order)
{
	const struct webhook_config *webhook;

	if (order->route != NULL)
		return order->route->trouble;
	webhook = config_webhook(order->config, receiver_webhook_name(order->deliveries->receiver));
	return webhook != NULL ? webhook->trouble : NULL;
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
	if (order_trouble(order) != NULL)
		refuse(order, &report);
	else if (order->route != NULL)
		send_mails(order, &report);
	else
		tell_webhook(order, &report);
}

/* ---- a session, from outside ---- */

/* Only whoever needs a program may ask for one. */
static int launcher_socket(const struct session_order *order)
{
	const struct route_config *route = order->route;
	bool needed =
		route != NULL && (route->type == ROUTE_SENDMAIL || route->token_command.count > 0);

	return needed && order->means->launcher->socket >= 0 ? order->means->launcher->socket : 0;
}

/* False where no process can be made. session->from is readable where session_read() has news;
 * *role is its own, for as long as it lives. */
static bool session_start(
	struct child *session, struct child_role *role, const struct session_order *order)
{
	*role = (struct child_role){
		.milliseconds = SESSION_SECONDS * 1000, .keeps = launcher_socket(order)};
	return child_start(session, role, session_process, order);
}

enum session_news {
	SESSION_QUIET,  /* nothing (yet) */
	SESSION_ANSWER, /* one answer; there may be more */
	SESSION_OVER,   /* its process is gone, and with it what was not answered */
};

static const char unread[] = "its answer cannot be read";

/* False for what no session says: its relay or receiver has taken it over. answered: of the count
 * deliveries that it was given, which it has answered already. */
static bool is_answer(const struct session_answer *answer, const bool *answered, size_t count)
{
	const struct attempt *attempt = &answer->attempt;
	unsigned char of_session;

	memcpy(&of_session, &attempt->of_session, sizeof of_session);
	return of_session <= 1 && answer->index < count &&
	       (of_session == 1 || !answered[answer->index]) &&
	       attempt->outcome <= OUTCOME_UNKNOWN && attempt->retry_after >= 0 &&
	       attempt->retry_after <= HTTP_RETRY_AFTER_MAX &&
	       memchr(attempt->text, '\0', sizeof attempt->text) != NULL;
}

/* Its text goes to people, whoever wrote it. */
static void make_visible(struct attempt *attempt)
{
	struct attempt line;

	attempt_set(&line, attempt->outcome, attempt->code, "%s", attempt->text);
	memcpy(attempt->text, line.text, sizeof line.text);
}

/*
 * Does not wait. When it is over, *crash is why it did not end as it should (NULL: it
 * did): then whatever was in turn may have gone out whole; and refused is what its confinement has
 * refused it, or its remedy is 0. answered and count: as of is_answer().
 */
static enum session_news session_read(struct child *session, const bool *answered, size_t count,
	struct session_answer *answer, const char **crash, struct error *refused)
{
	ssize_t got = read(session->from, answer, sizeof *answer);
	bool broken = got < 0 && errno != EAGAIN && errno != EINTR;
	bool late = child_late(session); /* even if it ends by itself while we look */
	struct child_end end;

	if (got == (ssize_t)sizeof *answer && is_answer(answer, answered, count)) {
		make_visible(&answer->attempt);
		child_renew(session, session->role->milliseconds);
		return SESSION_ANSWER;
	}
	if (got < 0 && !broken && !late)
		return SESSION_QUIET;
	*refused = (struct error){0};
	child_unrefused(session, refused);
	kill(session->process, SIGKILL); /* no matter to one that is ending */
	child_finish(session, &end);
	*crash = broken                           ? unread
		 : got > 0                        ? "the attempt says what none can say"
		 : late || end.fate == CHILD_LATE ? "no answer within the attempt's time"
		 : end.fate == CHILD_SIGNALLED || end.code != 0 ? "the attempt crashed"
								: NULL;
	return SESSION_OVER;
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

/* One session for the delivery, waited for to its end. */
static void session_attempt(const struct session_order *order, struct attempt *attempt)
{
	struct child session;
	struct child_role role;
	struct session_answer answer;
	bool answered = false;
	const char *crash = "no answer at all";
	enum session_news news = SESSION_QUIET;
	struct error refused;

	*attempt = (struct attempt){0};
	if (!session_start(&session, &role, order)) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, NO_PROCESS);
		return;
	}
	while (news == SESSION_QUIET) {
		poll(&(struct pollfd){session.from, POLLIN, 0}, 1, 1000);
		news = session_read(&session, &answered, 1, &answer, &crash, &refused);
	}
	if (news == SESSION_OVER) {
		attempt_set(attempt, OUTCOME_UNKNOWN, 0, "%s",
			refused.remedy != 0 ? refused.text
			: crash != NULL     ? crash
					    : "the attempt ended without an answer");
		return;
	}
	*attempt = answer.attempt;
	answered = true;
	while (session_read(&session, &answered, 1, &answer, &crash, &refused) != SESSION_OVER)
		poll(&(struct pollfd){session.from, POLLIN, 0}, 1, 1000);
	if (refused.remedy != 0 && attempt->outcome != OUTCOME_DELIVERED)
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s", refused.text);
}

void courier_means_open(struct courier_means *means, struct config *config)
{
	means->launcher = launcher_new(config);
	means->tokens = route_tokens_new(config, means->launcher);
}

void courier_means_close(struct courier_means *means)
{
	route_tokens_free(means->tokens);
	launcher_free(means->launcher);
	*means = (struct courier_means){0};
}

void courier_attempt(struct config *config, const char *receiver, size_t route,
	const char *message_id, const char *bytes, size_t length, int64_t now,
	const struct courier_means *means, struct attempt *attempt)
{
	struct content content = {
		.whole = true, .bytes = memory_bytes(bytes, length), .length = length};
	struct contents contents = {&content, 1};
	struct delivery delivery = {
		.receiver = memory_string(receiver), .message_id = memory_string(message_id)};
	bool mail = receiver_address(receiver) != NULL;
	struct dependences *dependences = NULL;
	char *templates = file_templates();

	if (mail && config->routes[route].type == ROUTE_MX)
		dependences = ask_domain(config, receiver_address(receiver), now);
	session_attempt(
		&(struct session_order){config, templates, mail ? &config->routes[route] : NULL,
			&delivery, 1, &contents, now, dependences, means},
		attempt);
	dependences_free(dependences);
	free(delivery.receiver);
	free(delivery.message_id);
	content_release(&content);
	free(templates);
}

/* ---- the courier's own process ---- */

/* The run's side, and what its process begins with: what is written to it wakes it; what it writes
 * is a fault, and its end is the courier's. */
struct courier {
	struct child child;
	struct child_role role;
	struct courier_settings settings;
	struct launcher *launcher; /* only while it is started */
	int reason;                /* errno, where no process could be made */
};

/* A session and what it carries. */
struct open_session {
	struct child session;
	struct child_role role;
	struct batch batch;
};

struct courier_state {
	const struct courier_settings *settings;
	struct database *database;
	struct dependences *dependences;
	struct courier_means means;
	struct scheduler *scheduler;
	int wake; /* readable when there may be news; at its end no more will come */
	bool closed;
	struct open_session open_sessions[SCHEDULER_SESSIONS];
	int64_t began;      /* monotonic, milliseconds */
	struct error fault; /* this machine's, the first one; its remedy is 0 while there is none */
};

/* The program's clock goes on from where it stood, simulated or not. */
static int64_t courier_state_now(const struct courier_state *courier)
{
	return courier->settings->clock + (clock_milliseconds() - courier->began) / 1000;
}

/* Begins whatever may begin now. */
static void courier_state_begin(struct courier_state *courier)
{
	const struct courier_settings *settings = courier->settings;
	struct batch batch;

	while (scheduler_next(courier->scheduler, courier_state_now(courier), &batch)) {
		struct open_session *session = courier->open_sessions;
		struct session_order order = {settings->config, settings->templates, batch.route,
			batch.deliveries.list, batch.deliveries.count, &batch.contents,
			courier_state_now(courier), courier->dependences, &courier->means};
		struct attempt attempt;

		while (session->session.process != 0)
			session++;
		session->batch = batch;
		for (size_t i = 0; i < batch.deliveries.count; i++)
			STEP("intent to send committed");
		if (session_start(&session->session, &session->role, &order))
			continue;
		if (courier->fault.remedy == 0)
			child_unavailable(&courier->fault, errno);
		attempt_set(&attempt, OUTCOME_TEMPORARY, 0, NO_PROCESS);
		attempt.of_session = true;
		database_begin(courier->database);
		scheduler_answer(courier->scheduler, &session->batch, 0, &attempt,
			courier_state_now(courier));
		scheduler_close(
			courier->scheduler, &session->batch, NULL, courier_state_now(courier));
		database_commit(courier->database, NULL);
	}
}

static size_t courier_state_busy(const struct courier_state *courier)
{
	size_t busy = 0;

	for (size_t i = 0; i < SCHEDULER_SESSIONS; i++)
		busy += courier->open_sessions[i].session.process > 0;
	return busy;
}

/* What this machine did not give is said by the run, whatever becomes of the delivery. */
static void note_local(struct courier_state *courier, int number)
{
	if (number != 0 && courier->fault.remedy == 0)
		system_error_connection(&courier->fault, number);
}

/* All that one session has to say by now; returns how many were delivered. */
static size_t session_collect(
	struct courier_state *courier, struct open_session *session, struct text_list *accepted)
{
	struct session_answer answer;
	struct error refused;
	const char *crash = NULL;
	enum session_news news;
	size_t delivered = 0;

	while ((news = session_read(&session->session, session->batch.answered,
			session->batch.deliveries.count, &answer, &crash, &refused)) ==
		SESSION_ANSWER) {
		if (answer.attempt.outcome == OUTCOME_DELIVERED) {
			delivered++;
			text_list_add(
				accepted, session->batch.deliveries.list[answer.index].message_id);
			STEP("accepted, not yet recorded");
		}
		note_local(courier, answer.attempt.local);
		scheduler_answer(courier->scheduler, &session->batch, answer.index, &answer.attempt,
			courier_state_now(courier));
	}
	if (news != SESSION_OVER)
		return delivered;
	if (courier->fault.remedy == 0)
		courier->fault = refused;
	if (crash == unread && courier->fault.remedy == 0)
		error_set(&courier->fault, REMEDY_LOCAL, "a delivery: %s; try again", unread);
	scheduler_close(courier->scheduler, &session->batch, crash, courier_state_now(courier));
	return delivered;
}

/* What all sessions have to say by now is one transaction: it costs as much as one answer. */
static void courier_state_collect(struct courier_state *courier, const struct pollfd *polls)
{
	bool any = false;
	size_t delivered = 0;
	struct text_list accepted = {0};

	for (size_t i = 0; i < SCHEDULER_SESSIONS; i++) {
		struct open_session *session = &courier->open_sessions[i];

		if (session->session.process == 0 ||
			(polls[i].revents == 0 && !child_late(&session->session)))
			continue;
		if (!any)
			database_begin(courier->database);
		any = true;
		delivered += session_collect(courier, session, &accepted);
	}
	if (!any)
		return;
	if (!database_commit(courier->database, NULL) && accepted.count > 0 &&
		courier->settings->remember != NULL)
		courier->settings->remember(courier->settings->context, &accepted);
	text_list_release(&accepted);
	while (delivered-- > 0)
		STEP("delivery recorded");
}

/*
 * A commit costs as much for one answer as for a hundred: while so many are still to come, those of
 * a few milliseconds are written down together.
 */
static void courier_state_wait(struct courier_state *courier)
{
	struct pollfd polls[SCHEDULER_SESSIONS + 1], *wake = &polls[SCHEDULER_SESSIONS];
	size_t unanswered = 0;

	for (size_t i = 0; i < SCHEDULER_SESSIONS; i++) {
		const struct open_session *session = &courier->open_sessions[i];
		bool open = session->session.process > 0;

		polls[i] = (struct pollfd){open ? session->session.from : -1, POLLIN, 0};
		unanswered += session->batch.unanswered;
	}
	*wake = (struct pollfd){courier->closed ? -1 : courier->wake, POLLIN, 0};
	if (poll(polls, SCHEDULER_SESSIONS + 1, 1000) < 0) /* nothing blocks: all are asked */
		for (size_t i = 0; i <= SCHEDULER_SESSIONS; i++)
			polls[i].revents = polls[i].fd >= 0 ? POLLIN : 0;
	if (unanswered >= GATHERED_FROM) {
		poll(NULL, 0, GATHERED_MILLISECONDS);
		poll(polls, SCHEDULER_SESSIONS + 1, 0);
	}
	if (wake->revents != 0) {
		char bytes[64];
		ssize_t got = read(courier->wake, bytes, sizeof bytes);

		if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
			courier->closed = true;
		scheduler_wake(courier->scheduler);
	}
	courier_state_collect(courier, polls);
}

/* By its folder: the file may be replaced meanwhile. */
static void add_secret(struct text_list *paths, const char *file)
{
	char *folder = file != NULL ? file_folder(file) : NULL;

	if (folder != NULL && !text_list_has(paths, folder))
		text_list_add(paths, folder);
	free(folder);
}

/* All that its attempts read; it writes to the database, and where a lost record is remembered. */
static void confine_courier(const struct courier_settings *settings)
{
	const struct config *config = settings->config;
	struct text_list paths = {0}, written = {0};
	char *folder = file_folder(settings->lock);

	text_list_add(&paths, settings->templates);
	for (size_t i = 0; i < config->route_count; i++) {
		if (config->routes[i].ca_file != NULL)
			text_list_add(&paths, config->routes[i].ca_file);
		add_secret(&paths, config->routes[i].password_file);
		add_secret(&paths, config->routes[i].token_file);
	}
	for (size_t i = 0; i < config->webhook_count; i++) {
		const struct webhook_config *webhook = &config->webhooks[i];

		add_template(&paths, webhook->template_file);
		add_secret(&paths, webhook->url_file);
		add_secret(&paths, webhook->secret_file);
		for (size_t j = 0; j < webhook->with_count; j++)
			add_secret(&paths, webhook->with[j].file);
	}
	text_list_add(&written, folder);
	if (settings->folders != NULL)
		settings->folders(settings->context, &written);
	confine_enter_writing(CONFINE_COURIER, &paths, &written);
	free(folder);
	text_list_release(&paths);
	text_list_release(&written);
}

/* What kept it from its work, for the run to say; shorter than what a pipe takes at once. */
static void report(struct courier_state *courier, int out)
{
	struct error *fault = &courier->fault;

	if (courier->database != NULL && fault->remedy == 0 &&
		database_good(courier->database, fault))
		database_kept(courier->database, fault);
	if (fault->remedy != 0)
		(void)file_write_all(out, fault, sizeof *fault);
}

/* Waits for the first byte; false where there is none any more. */
static bool is_woken(int in)
{
	char byte;
	ssize_t got;

	while ((got = read(in, &byte, 1)) < 0 && errno == EINTR)
		;
	return got == 1;
}

/*
 * Waits until it is woken for the first time: never, where nothing is owed. Another run's courier
 * may hold the lock: it will find our rows, or we its. Held until the process ends.
 */
static void courier_process(const void *context, int in, int out)
{
	const struct courier *ours = context;
	const struct courier_settings *settings = &ours->settings;
	struct courier_state courier = {.settings = settings,
		.means = {.launcher = ours->launcher},
		.wake = in,
		.began = clock_milliseconds()};
	bool unwritten;

	if (!is_woken(in))
		return;
	confine_courier(settings);
	if (lock_take(settings->lock, false, COURIER_LOCK_SECONDS * 1000, &courier.fault) >= 0)
		courier.database = settings->open(settings->context, &courier.fault);
	if (courier.database == NULL) {
		report(&courier, out);
		return;
	}
	fcntl(in, F_SETFL, O_NONBLOCK);
	outbox_take_up(courier.database);
	courier.dependences =
		dependences_load(courier.database, settings->config, settings->providers);
	courier.means.tokens = route_tokens_new(settings->config, courier.means.launcher);
	courier.scheduler = scheduler_new(&(struct scheduler_settings){settings->config,
		settings->templates, courier.database, courier.dependences, settings->troubled});
	courier_state_begin(&courier);
	while (!courier.closed || courier_state_busy(&courier) > 0) {
		courier_state_wait(&courier);
		courier_state_begin(&courier);
	}
	outbox_forget(courier.database);
	unwritten = scheduler_unwritten(courier.scheduler, &courier.fault);
	report(&courier, out);
	scheduler_free(courier.scheduler);
	courier_means_close(&courier.means);
	dependences_free(courier.dependences);
	database_close(courier.database);
	if (unwritten)
		_exit(EXIT_UNWRITTEN);
}

/* ---- in the run ---- */

static void start(struct courier *courier)
{
	struct launcher *launcher = launcher_new(courier->settings.config);

	courier->launcher = launcher;
	courier->role = (struct child_role){
		.detached = true, /* goes on when the terminal or cron ends the run */
		.keeps = launcher != NULL && launcher->socket >= 0 ? launcher->socket : 0};
	courier->reason =
		child_start(&courier->child, &courier->role, courier_process, courier) ? 0 : errno;
	courier->launcher = NULL;
	launcher_free(launcher);
}

struct courier *courier_new(const struct courier_settings *settings)
{
	struct courier *courier = memory_zero(1, sizeof *courier);

	courier->settings = *settings;
	start(courier);
	return courier;
}

void courier_wake(struct courier *courier)
{
	if (courier != NULL && courier->child.process == 0)
		start(courier);
	if (courier != NULL && courier->child.process != 0)
		(void)!write(courier->child.to, "w", 1);
}

/* Whether it is over before that time of the monotonic clock, in milliseconds. */
static bool ends_before(const struct courier *courier, int64_t until)
{
	struct pollfd over = {courier->child.from, POLLIN, 0};
	int64_t left = until - clock_milliseconds();
	int found = 0;

	while (left > 0 && found == 0) {
		found = poll(&over, 1, left > 1000 ? 1000 : (int)left);
		found = found < 0 ? 0 : found;
		left = until - clock_milliseconds();
	}
	return found != 0;
}

/* Ends it, and takes what it has to say. */
static enum courier_end end(struct courier *courier, int64_t until, struct error *fault)
{
	struct child_end end;

	close(courier->child.to);
	courier->child.to = -1;
	if (!ends_before(courier, until)) {
		child_leave(&courier->child);
		return COURIER_DONE;
	}
	if (read(courier->child.from, fault, sizeof *fault) != (ssize_t)sizeof *fault)
		*fault = (struct error){0};
	if (fault->remedy == 0)
		child_unrefused(&courier->child, fault);
	child_finish(&courier->child, &end);
	if (end.fate == CHILD_EXITED && end.code == EXIT_UNWRITTEN && fault->remedy != 0)
		return COURIER_UNWRITTEN;
	if (fault->remedy == 0 && (end.fate != CHILD_EXITED || end.code != 0))
		error_set(fault, REMEDY_LOCAL, "the courier ended early: %s", end.reason);
	return fault->remedy == 0 ? COURIER_DONE : COURIER_FAULT;
}

enum courier_end courier_finish(struct courier *courier, int seconds, struct error *error)
{
	int64_t until = clock_milliseconds() + (int64_t)seconds * 1000;
	enum courier_end result = COURIER_FAULT;

	if (courier == NULL)
		return COURIER_DONE;
	if (courier->child.process != 0)
		result = end(courier, until, error);
	else
		child_unavailable(error, courier->reason);
	free(courier);
	return result;
}
