/* SPDX-License-Identifier: ISC */
#include "tell/courier.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/step.h"
#include "config/config.h"
#include "tell/attempt.h"
#include "tell/dependence.h"
#include "tell/dns_lookup.h"
#include "tell/hosts.h"
#include "tell/scheduler.h"
#include "tell/session.h"

enum {
	DOMAIN_MILLISECONDS = 2000,
	GATHERED_FROM = 100, /* answers still to come */
	GATHERED_MILLISECONDS = 3,
};

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

void courier_attempt(const struct config *config, const char *receiver, size_t route,
	const char *message_id, const char *bytes, size_t length, int64_t now,
	struct attempt *attempt)
{
	struct content content = {.whole = true, .bytes = (char *)bytes, .length = length};
	struct contents contents = {&content, 1};
	struct delivery delivery = {.receiver = (char *)receiver, .message_id = (char *)message_id};
	bool mail = receiver_address(receiver) != NULL;
	struct dependences *dependences = NULL;
	char *templates = file_templates();

	if (mail && config->routes[route].type == ROUTE_MX)
		dependences = ask_domain(config, receiver_address(receiver), now);
	session_attempt(
		&(struct session_order){config, templates, mail ? &config->routes[route] : NULL,
			&delivery, 1, &contents, now, dependences},
		attempt);
	dependences_free(dependences);
	free(templates);
}

/* ---- the courier's own process ---- */

/* A session and what it carries. */
struct open_session {
	struct child session;
	struct batch batch;
};

struct courier_state {
	const struct courier_settings *settings;
	struct database *database;
	struct dependences *dependences;
	struct scheduler *scheduler;
	int wake; /* readable when there may be news; at its end no more will come */
	bool closed;
	struct open_session open_sessions[SCHEDULER_SESSIONS];
	int64_t began; /* monotonic, milliseconds */
};

/* The program's clock goes on from where it stood, simulated or not. */
static int64_t courier_state_now(const struct courier_state *courier)
{
	return courier->settings->clock + (clock_milliseconds() - courier->began) / 1000;
}

static struct open_session *free_session(struct courier_state *courier)
{
	size_t i = 0;

	while (courier->open_sessions[i].session.process != 0)
		i++;
	return &courier->open_sessions[i];
}

static void close_session(
	struct courier_state *courier, struct open_session *session, const char *crash)
{
	scheduler_close(courier->scheduler, &session->batch, crash, courier_state_now(courier));
}

static void no_process(struct courier_state *courier, struct open_session *session)
{
	struct attempt attempt;

	attempt_set(&attempt, OUTCOME_TEMPORARY, 0, "no process can be made");
	attempt.of_session = true;
	database_begin(courier->database);
	scheduler_answer(
		courier->scheduler, &session->batch, 0, &attempt, courier_state_now(courier));
	close_session(courier, session, NULL);
	database_commit(courier->database, NULL);
}

/* Begins whatever may begin now. */
static void courier_state_begin(struct courier_state *courier)
{
	struct batch batch;

	while (scheduler_next(courier->scheduler, courier_state_now(courier), &batch)) {
		struct open_session *session = free_session(courier);
		struct session_order order = {courier->settings->config,
			courier->settings->templates, batch.route, batch.deliveries.list,
			batch.deliveries.count, &batch.contents, courier_state_now(courier),
			courier->dependences};

		session->batch = batch;
		for (size_t i = 0; i < batch.deliveries.count; i++)
			STEP("intent to send committed");
		if (!session_start(&session->session, &order))
			no_process(courier, session);
	}
}

static size_t courier_state_busy(const struct courier_state *courier)
{
	size_t busy = 0;

	for (size_t i = 0; i < SCHEDULER_SESSIONS; i++)
		busy += courier->open_sessions[i].session.process > 0;
	return busy;
}

/* All that one session has to say by now; returns how many were delivered. */
static size_t session_collect(struct courier_state *courier, struct open_session *session)
{
	struct session_answer answer;
	const char *crash = NULL;
	enum session_news news;
	size_t delivered = 0;

	while ((news = session_read(&session->session, &answer, &crash)) == SESSION_ANSWER) {
		if (answer.attempt.outcome == OUTCOME_DELIVERED) {
			delivered++;
			STEP("accepted, not yet recorded");
		}
		scheduler_answer(courier->scheduler, &session->batch, answer.index, &answer.attempt,
			courier_state_now(courier));
	}
	if (news == SESSION_OVER)
		close_session(courier, session, crash);
	return delivered;
}

/* What all sessions have to say by now is one transaction: it costs as much as one answer. */
static void courier_state_collect(struct courier_state *courier, const struct pollfd *polls)
{
	bool any = false;
	size_t delivered = 0;

	for (size_t i = 0; i < SCHEDULER_SESSIONS; i++) {
		struct open_session *session = &courier->open_sessions[i];

		if (session->session.process == 0 ||
			(polls[i].revents == 0 && !child_late(&session->session)))
			continue;
		if (!any)
			database_begin(courier->database);
		any = true;
		delivered += session_collect(courier, session);
	}
	if (!any)
		return;
	database_commit(courier->database, NULL);
	while (delivered-- > 0)
		STEP("delivery recorded");
}

static void courier_state_hear(struct courier_state *courier)
{
	char bytes[64];
	ssize_t got = read(courier->wake, bytes, sizeof bytes);

	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		courier->closed = true;
	scheduler_wake(courier->scheduler);
}

/*
 * A commit costs as much for one answer as for a hundred: while so many are still to come, those of
 * a few milliseconds are written down together.
 */
static void courier_state_gather(const struct courier_state *courier, struct pollfd *polls)
{
	size_t unanswered = 0;

	for (size_t i = 0; i < SCHEDULER_SESSIONS; i++)
		unanswered += courier->open_sessions[i].batch.unanswered;
	if (unanswered < GATHERED_FROM)
		return;
	poll(NULL, 0, GATHERED_MILLISECONDS);
	poll(polls, SCHEDULER_SESSIONS + 1, 0);
}

static void courier_state_wait(struct courier_state *courier)
{
	struct pollfd polls[SCHEDULER_SESSIONS + 1];

	for (size_t i = 0; i < SCHEDULER_SESSIONS; i++)
		polls[i] = (struct pollfd){courier->open_sessions[i].session.process > 0
						   ? courier->open_sessions[i].session.from
						   : -1,
			POLLIN, 0};
	polls[SCHEDULER_SESSIONS] =
		(struct pollfd){courier->closed ? -1 : courier->wake, POLLIN, 0};
	poll(polls, SCHEDULER_SESSIONS + 1, 1000);
	courier_state_gather(courier, polls);
	if (polls[SCHEDULER_SESSIONS].revents != 0)
		courier_state_hear(courier);
	courier_state_collect(courier, polls);
}

/* Another run's courier may hold the lock: it will find our rows, or we its. Held until the process
 * ends. */
static bool courier_state_lock(const char *path)
{
	return lock_take(path, false, COURIER_LOCK_SECONDS * 1000, NULL) >= 0;
}

/* Waits until it is woken for the first time: never, where nothing is owed. */
static bool courier_state_open(struct courier_state *courier)
{
	const struct courier_settings *settings = courier->settings;
	struct pollfd wake = {courier->wake, POLLIN, 0};
	char byte;

	poll(&wake, 1, -1);
	if (read(courier->wake, &byte, 1) == 1 && courier_state_lock(settings->lock))
		courier->database = settings->open(settings->context);
	return courier->database != NULL;
}

static void courier_state_run(struct courier_state *courier)
{
	const struct courier_settings *settings = courier->settings;

	courier->began = clock_milliseconds();
	if (!courier_state_open(courier))
		return;
	outbox_take_up(courier->database);
	courier->dependences =
		dependences_load(courier->database, settings->config, settings->providers);
	courier->scheduler = scheduler_new(
		&(struct scheduler_settings){settings->config, settings->templates, settings->lock,
			courier->database, courier->dependences, settings->troubled});
	courier_state_begin(courier);
	while (!courier->closed || courier_state_busy(courier) > 0) {
		courier_state_wait(courier);
		courier_state_begin(courier);
	}
	outbox_forget(courier->database);
	scheduler_free(courier->scheduler);
	dependences_free(courier->dependences);
	database_close(courier->database);
}

static void courier_state_process(const void *context, int in, int out)
{
	struct courier_state courier = {.settings = context, .wake = in};

	(void)out;
	courier_state_run(&courier);
}

/* ---- in the run ---- */

/* What is written to it wakes it; what it writes, which is nothing, ends with it. */
struct courier {
	struct child child;
};

struct courier *courier_new(const struct courier_settings *settings)
{
	static const struct child_role role = {
		.detached = true}; /* goes on when the terminal or cron ends the run */
	struct courier *courier = memory_zero(1, sizeof *courier);

	if (child_start(&courier->child, &role, courier_state_process, settings))
		return courier;
	free(courier);
	return NULL;
}

void courier_wake(struct courier *courier)
{
	if (courier != NULL)
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
		found = found < 0 && errno == EINTR ? 0 : found;
		left = until - clock_milliseconds();
	}
	return found != 0;
}

void courier_finish(struct courier *courier, int seconds)
{
	int64_t until = clock_milliseconds() + (int64_t)seconds * 1000;
	struct child_end end;

	if (courier == NULL)
		return;
	close(courier->child.to);
	courier->child.to = -1;
	if (ends_before(courier, until))
		child_finish(&courier->child, &end);
	else
		child_leave(&courier->child);
	free(courier);
}
