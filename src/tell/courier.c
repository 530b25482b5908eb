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
		inquire(config->resolver, DOMAIN_MILLISECONDS, NULL, &host, 1);
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
struct errand {
	struct child session;
	struct batch batch;
};

struct office {
	const struct courier_settings *settings;
	struct database *database;
	struct dependences *dependences;
	struct rounds *rounds;
	int wake; /* readable when there may be news; at its end no more will come */
	bool closed;
	struct errand errands[ROUNDS_SESSIONS];
	int64_t began; /* monotonic, milliseconds */
};

/* The program's clock goes on from where it stood, simulated or not. */
static int64_t office_now(const struct office *office)
{
	return office->settings->clock + (clock_milliseconds() - office->began) / 1000;
}

static struct errand *free_errand(struct office *office)
{
	size_t i = 0;

	while (office->errands[i].session.process != 0)
		i++;
	return &office->errands[i];
}

static void close_errand(struct office *office, struct errand *errand, const char *crash)
{
	rounds_close(office->rounds, &errand->batch, crash, office_now(office));
}

static void no_process(struct office *office, struct errand *errand)
{
	struct attempt attempt;

	attempt_set(&attempt, OUTCOME_TEMPORARY, 0, "no process can be made");
	attempt.of_session = true;
	database_begin(office->database);
	rounds_answer(office->rounds, &errand->batch, 0, &attempt, office_now(office));
	close_errand(office, errand, NULL);
	database_commit(office->database, NULL);
}

/* Begins whatever may begin now. */
static void office_begin(struct office *office)
{
	struct batch batch;

	while (rounds_next(office->rounds, office_now(office), &batch)) {
		struct errand *errand = free_errand(office);
		struct session_order order = {office->settings->config, office->settings->templates,
			batch.route, batch.deliveries.list, batch.deliveries.count, &batch.contents,
			office_now(office), office->dependences};

		errand->batch = batch;
		for (size_t i = 0; i < batch.deliveries.count; i++)
			STEP("intent to send committed");
		if (!session_start(&errand->session, &order))
			no_process(office, errand);
	}
}

static size_t office_busy(const struct office *office)
{
	size_t busy = 0;

	for (size_t i = 0; i < ROUNDS_SESSIONS; i++)
		busy += office->errands[i].session.process > 0;
	return busy;
}

/* All that one session has to say by now; returns how many were delivered. */
static size_t errand_collect(struct office *office, struct errand *errand)
{
	struct session_answer answer;
	const char *crash = NULL;
	enum session_news news;
	size_t delivered = 0;

	while ((news = session_read(&errand->session, &answer, &crash)) == SESSION_ANSWER) {
		if (answer.attempt.outcome == OUTCOME_DELIVERED) {
			delivered++;
			STEP("accepted, not yet recorded");
		}
		rounds_answer(office->rounds, &errand->batch, answer.index, &answer.attempt,
			office_now(office));
	}
	if (news == SESSION_OVER)
		close_errand(office, errand, crash);
	return delivered;
}

/* What all sessions have to say by now is one transaction: it costs as much as one answer. */
static void office_collect(struct office *office, const struct pollfd *polls)
{
	bool any = false;
	size_t delivered = 0;

	for (size_t i = 0; i < ROUNDS_SESSIONS; i++) {
		struct errand *errand = &office->errands[i];

		if (errand->session.process == 0 ||
			(polls[i].revents == 0 && !child_late(&errand->session)))
			continue;
		if (!any)
			database_begin(office->database);
		any = true;
		delivered += errand_collect(office, errand);
	}
	if (!any)
		return;
	database_commit(office->database, NULL);
	while (delivered-- > 0)
		STEP("delivery recorded");
}

static void office_hear(struct office *office)
{
	char bytes[64];
	ssize_t got = read(office->wake, bytes, sizeof bytes);

	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		office->closed = true;
	rounds_wake(office->rounds);
}

/*
 * A commit costs as much for one answer as for a hundred: while so many are still to come, those of
 * a few milliseconds are written down together.
 */
static void office_gather(const struct office *office, struct pollfd *polls)
{
	size_t unanswered = 0;

	for (size_t i = 0; i < ROUNDS_SESSIONS; i++)
		unanswered += office->errands[i].batch.unanswered;
	if (unanswered < GATHERED_FROM)
		return;
	poll(NULL, 0, GATHERED_MILLISECONDS);
	poll(polls, ROUNDS_SESSIONS + 1, 0);
}

static void office_wait(struct office *office)
{
	struct pollfd polls[ROUNDS_SESSIONS + 1];

	for (size_t i = 0; i < ROUNDS_SESSIONS; i++)
		polls[i] = (struct pollfd){office->errands[i].session.process > 0
						   ? office->errands[i].session.from
						   : -1,
			POLLIN, 0};
	polls[ROUNDS_SESSIONS] = (struct pollfd){office->closed ? -1 : office->wake, POLLIN, 0};
	poll(polls, ROUNDS_SESSIONS + 1, 1000);
	office_gather(office, polls);
	if (polls[ROUNDS_SESSIONS].revents != 0)
		office_hear(office);
	office_collect(office, polls);
}

/* Another run's courier may hold the lock: it will find our rows, or we its. Held until the process
 * ends. */
static bool office_lock(const char *path)
{
	return lock_take(path, false, COURIER_LOCK_SECONDS * 1000, NULL) >= 0;
}

/* Waits until it is woken for the first time: never, where nothing is owed. */
static bool office_open(struct office *office)
{
	const struct courier_settings *settings = office->settings;
	struct pollfd wake = {office->wake, POLLIN, 0};
	char byte;

	poll(&wake, 1, -1);
	if (read(office->wake, &byte, 1) == 1 && office_lock(settings->lock))
		office->database = settings->open(settings->context);
	return office->database != NULL;
}

static void office_run(struct office *office)
{
	const struct courier_settings *settings = office->settings;

	office->began = clock_milliseconds();
	if (!office_open(office))
		return;
	outbox_take_up(office->database);
	office->dependences =
		dependences_load(office->database, settings->config, settings->providers);
	office->rounds = rounds_new(&(struct rounds_settings){settings->config, settings->templates,
		settings->lock, office->database, office->dependences, settings->troubled});
	office_begin(office);
	while (!office->closed || office_busy(office) > 0) {
		office_wait(office);
		office_begin(office);
	}
	outbox_forget(office->database);
	rounds_free(office->rounds);
	dependences_free(office->dependences);
	database_close(office->database);
}

static void office_process(const void *context, int in, int out)
{
	struct office office = {.settings = context, .wake = in};

	(void)out;
	office_run(&office);
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

	if (child_start(&courier->child, &role, office_process, settings))
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
