/* SPDX-License-Identifier: ISC */
#include "tell/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "settings.h"
#include "tell/attempt.h"
#include "tell/delivery.h"
#include "tell/disabled.h"
#include "tell/operator.h"
#include "tell/dependence.h"
#include "tell/outbox.h"
#include "tell/routes.h"

enum {
	UNRECORDED_SECONDS = 3600,
	UNRECORDED_MARK = 777777777, /* nanoseconds that no clock shows */
	HTTP_GONE = 410              /* the status by which a webhook asks for no more */
};

/* ---- one attempt: a child of its own ---- */

static mail_transport *const transports[] = {
	[ROUTE_SMTP] = smtp_send,
	[ROUTE_SMTPS] = smtps_send,
	[ROUTE_SENDMAIL] = sendmail_send,
};

/* What an attempt needs to know. */
struct order {
	const char *sender; /* of the envelope */
	const struct config *config;
	const char *receiver;
	const struct route_config *route; /* of a mail */
	const char *message_id;
	const char *bytes;
	size_t length;
	int64_t now;
	int64_t posted; /* of a webhook's requests */
};

static void attempt_webhook(const struct order *order, struct attempt *attempt)
{
	const struct webhook_config *webhook =
		config_webhook(order->config, receiver_webhook_name(order->receiver));
	const char *contact = order->config->user_agent_contact;
	char *agent =
		memory_format("lampwatch/%s%s%s%s", LAMPWATCH_VERSION, contact != NULL ? " (+" : "",
			contact != NULL ? contact : "", contact != NULL ? ")" : "");
	char *id = memory_bytes(order->message_id + 1, strcspn(order->message_id + 1, "@"));
	char *templates = file_templates();
	struct webhook_message message = {.templates = templates,
		.id = id,
		.now = order->now,
		.body = order->bytes,
		.length = order->length,
		.posted = (size_t)order->posted,
		.user_agent = agent};

	webhook_send(webhook, &message, attempt);
	free(templates);
	free(id);
	free(agent);
}

static void attempt_here(const struct order *order, struct attempt *attempt)
{
	const char *address = receiver_address(order->receiver);

	if (address == NULL)
		attempt_webhook(order, attempt);
	else
		mail_send(transports[order->route->type], order->route,
			&(struct mail){order->sender, address, order->bytes, order->length},
			attempt);
}

struct runner {
	pid_t process;
	int result; /* the attempt comes out here */
	int64_t deadline;
};

static bool runner_start(struct runner *runner, const struct order *order)
{
	struct attempt attempt = {0};
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) != 0)
		return false;
	runner->process = fork();
	if (runner->process == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGTERM, SIG_DFL);
		attempt_here(order, &attempt);
		STEP("answered, not yet passed on");
		_exit(file_write_all(pair[1], &attempt, sizeof attempt) ? 0 : 1);
	}
	close(pair[1]);
	runner->result = pair[0];
	runner->deadline = clock_milliseconds() + COURIER_ATTEMPT_SECONDS * 1000;
	if (runner->process < 0)
		close(pair[0]);
	return runner->process > 0;
}

static void attempt_fail(struct attempt *attempt, enum outcome outcome, const char *text)
{
	*attempt = (struct attempt){.outcome = outcome};
	snprintf(attempt->text, sizeof attempt->text, "%s", text);
}

/* Ends the child; a child that died without a word may have sent everything before. */
static void runner_end(struct runner *runner, struct attempt *attempt)
{
	bool late = clock_milliseconds() >= runner->deadline;

	if (late)
		kill(runner->process, SIGKILL);
	if (read(runner->result, attempt, sizeof *attempt) != (ssize_t)sizeof *attempt)
		attempt_fail(attempt, OUTCOME_UNKNOWN,
			late ? "no answer within the attempt's time" : "the attempt crashed");
	close(runner->result);
	while (waitpid(runner->process, NULL, 0) < 0 && errno == EINTR)
		;
	runner->process = 0;
}

void courier_attempt(const struct config *config, const char *receiver, size_t route,
	const char *message_id, const char *bytes, size_t length, int64_t now,
	struct attempt *attempt)
{
	struct order order = {config->from, config, receiver,
		route < config->route_count ? &config->routes[route] : NULL, message_id, bytes,
		length, now, 0};
	struct runner runner;
	struct pollfd poll_result;

	if (!runner_start(&runner, &order)) {
		attempt_fail(attempt, OUTCOME_TEMPORARY, "no process can be made");
		return;
	}
	poll_result = (struct pollfd){runner.result, POLLIN, 0};
	while (poll(&poll_result, 1, 1000) <= 0 && clock_milliseconds() < runner.deadline)
		;
	runner_end(&runner, attempt);
}

/* ---- the courier's own process ---- */

/* One delivery on its round through the routes. */
struct round {
	struct delivery delivery; /* owned */
	size_t *order;            /* of routes; NULL for a webhook */
	size_t ways, next;        /* how many, and which one is tried now */
	struct runner runner;
};

struct office {
	const struct courier_settings *settings;
	struct database *database;
	struct dependences *dependences;
	int wake; /* readable when there may be news; at its end no more will come */
	bool closed;
	bool *failing; /* routes that did not answer in this run */
	struct round rounds[COURIER_ATTEMPTS];
	int64_t *tried; /* deliveries that had their round in this run */
	size_t tried_count;
	int64_t began; /* monotonic, milliseconds */
	enum {
		UNRECORDED_UNKNOWN,
		UNRECORDED_YES,
		UNRECORDED_NO
	} unrecorded; /* may be sent in this run */
};

/* The program's clock goes on from where it stood, simulated or not. */
static int64_t office_now(const struct office *office)
{
	return office->settings->clock + (clock_milliseconds() - office->began) / 1000;
}

static bool was_tried(const struct office *office, int64_t id)
{
	for (size_t i = 0; i < office->tried_count; i++)
		if (office->tried[i] == id)
			return true;
	return false;
}

static const char *way_name(const struct office *office, const struct round *round)
{
	return round->order != NULL
		       ? office->settings->config->routes[round->order[round->next]].name
		       : round->delivery.receiver;
}

static void round_free(struct round *round)
{
	struct deliveries one = {memory_new(sizeof *one.list), 1};

	*one.list = round->delivery;
	deliveries_release(&one);
	free(round->order);
	*round = (struct round){0};
}

/*
 * What a full disk keeps us from writing down goes out all the same, but not with each run: at
 * most hourly, remembered where it takes no space, in the lock's own time of change.
 */
static bool office_unrecorded(struct office *office)
{
	const char *lock = office->settings->lock;
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {office_now(office), UNRECORDED_MARK}};
	struct stat status;

	if (!database_full(office->database))
		return false;
	if (office->unrecorded == UNRECORDED_UNKNOWN) {
		bool due = stat(lock, &status) != 0 || status.st_mtim.tv_nsec != UNRECORDED_MARK ||
			   times[1].tv_sec < status.st_mtim.tv_sec ||
			   times[1].tv_sec - status.st_mtim.tv_sec >= UNRECORDED_SECONDS;

		office->unrecorded = due && utimensat(AT_FDCWD, lock, times, 0) == 0
					     ? UNRECORDED_YES
					     : UNRECORDED_NO;
	}
	return office->unrecorded == UNRECORDED_YES;
}

static bool round_attempt(struct office *office, struct round *round)
{
	const struct config *config = office->settings->config;
	struct order order = {
		round->delivery.sender != NULL ? round->delivery.sender : config->from, config,
		round->delivery.receiver,
		round->order != NULL ? &config->routes[round->order[round->next]] : NULL,
		round->delivery.message_id, round->delivery.bytes, round->delivery.length,
		office_now(office), outbox_posted(office->database, round->delivery.id)};

	if (!outbox_sending(office->database, round->delivery.id, way_name(office, round),
		    office_now(office)) &&
		!office_unrecorded(office))
		return false;
	STEP("intent to send committed");
	return runner_start(&round->runner, &order);
}

/* The ways of a delivery: all routes for a mail, itself for a webhook. */
static void round_plan(struct office *office, struct round *round)
{
	const struct config *config = office->settings->config;
	struct text_list pages = {0}, providers = {0};

	round->ways = 1;
	if (receiver_address(round->delivery.receiver) == NULL)
		return;
	office->settings->troubled(office->database, &pages);
	routes_providers(config, &pages, &providers);
	round->ways = config->route_count;
	round->order = memory_zero(config->route_count, sizeof *round->order);
	routes_order(office->dependences, config, &providers, office->failing, round->order);
	text_list_release(&pages);
	text_list_release(&providers);
}

/*
 * An operator who is told of a dead letter gets no second such mail when that
 * one dies itself: it would never end.
 */
static void tell_operator(
	struct office *office, const struct delivery *delivery, const struct attempt *attempt)
{
	struct value *data = json_parse(delivery->data, strlen(delivery->data), NULL);
	char *id = memory_format("u.%lld", (long long)delivery->id);
	char *what = memory_format("%s: %s", value_get_text(value_get(data, "headline"), "word"),
		value_get_text(value_get(data, "first"), "label"));
	struct operator_note note = {.type = EVENT_UNDELIVERED,
		.page = delivery->page,
		.label = delivery->receiver,
		.what = data != NULL ? what : NULL,
		.reason = attempt->text,
		.since = delivery->created,
		.id = id};

	database_begin(office->database);
	operator_tell(office->database, office->settings->config, office->settings->templates,
		&note, office_now(office));
	database_commit(office->database, NULL);
	value_free(data);
	free(what);
	free(id);
}

/* The operator is told first: a crash between the two tells twice, never not at all. */
static void round_give_up(
	struct office *office, const struct round *round, const struct attempt *attempt)
{
	const struct config *config = office->settings->config;
	const struct delivery *delivery = &round->delivery;

	if (config->operator!= NULL && delivery->page[0] !=
		'\0' && !text_equal(receiver_address(delivery->receiver), config->operator))
		tell_operator(office, delivery, attempt);
	outbox_dead(office->database, delivery->id, way_name(office, round), attempt,
		office_now(office));
}

static void forget_tried(struct office *office, int64_t id)
{
	for (size_t i = 0; i < office->tried_count; i++)
		if (office->tried[i] == id)
			office->tried[i] = 0;
}

/* The receiver's second way, from here on; false where there is none (left). */
static bool use_second(struct office *office, const struct delivery *delivery)
{
	const struct config *config = office->settings->config;
	const char *address = receiver_address(delivery->receiver), *second = NULL;
	struct buffer bytes = {0};
	struct error error;
	struct value *data;
	char *receiver;
	bool good;

	for (size_t i = 0; address != NULL && i < config->subscriber_count; i++)
		if (strcmp(config->subscribers[i].mail, address) == 0)
			second = config->subscribers[i].second;
	if (second == NULL || delivery->second)
		return false;
	receiver = text_starts(second, "webhook:") ? memory_string(second) : receiver_mail(second);
	data = json_parse(delivery->data, strlen(delivery->data), NULL);
	if (data != NULL)
		delivery_render(config, office->settings->templates, receiver, delivery->message_id,
			NULL, data, office_now(office), &bytes, &error);
	good = bytes.length > 0; /* also where a template is broken */
	if (good)
		outbox_readdress(
			office->database, delivery->id, receiver, bytes.data, bytes.length);
	buffer_release(&bytes);
	value_free(data);
	free(receiver);
	return good;
}

/* A receiver who will not have it: by the second way, else given up aloud. */
static void round_refused(struct office *office, struct round *round, const struct attempt *attempt)
{
	if (use_second(office, &round->delivery)) {
		forget_tried(office,
			round->delivery.id); /* its round at the new address is still to come */
		return;
	}
	round_give_up(office, round, attempt);
}

static void mark_failing(
	struct office *office, const struct round *round, const struct attempt *attempt)
{
	if (round->order != NULL && attempt->code == 0)
		office->failing[round->order[round->next]] = true;
}

/* Nothing more goes to a webhook that is gone, until the operator says so; the attempt says that
 * too from here on. */
static void disable(struct office *office, const struct round *round, struct attempt *attempt)
{
	const struct webhook_config *webhook = config_webhook(
		office->settings->config, receiver_webhook_name(round->delivery.receiver));
	struct attempt answer = *attempt;

	disabled_add(office->database, webhook, answer.text, office_now(office));
	attempt_set(attempt, answer.outcome, answer.code,
		"%s; it is disabled now, `lampwatch outbox retry` lifts that", answer.text);
}

/* True where the delivery is one to a webhook that is disabled: it is refused without any contact.
 */
static bool round_disabled(struct office *office, struct round *round)
{
	const char *name = receiver_webhook_name(round->delivery.receiver);
	struct disabled disabled = {0};
	struct attempt attempt;

	if (name == NULL || !disabled_find(office->database,
				    config_webhook(office->settings->config, name), &disabled))
		return false;
	attempt_set(&attempt, OUTCOME_RECEIVER, HTTP_GONE,
		"disabled, `lampwatch outbox retry` lifts that: %s", disabled.reason);
	round_refused(office, round, &attempt);
	disabled_release(&disabled);
	return true;
}

/* What came of one attempt decides how the round goes on; true once it is over. */
static bool round_outcome(struct office *office, struct round *round, const struct attempt *attempt)
{
	const char *way = way_name(office, round);
	struct attempt told;

	switch (attempt->outcome) {
	case OUTCOME_DELIVERED:
		STEP("accepted, not yet recorded");
		outbox_delivered(
			office->database, round->delivery.id, way, attempt, office_now(office));
		STEP("delivery recorded");
		return true;
	case OUTCOME_RECEIVER:
		told = *attempt;
		if (attempt->code == HTTP_GONE && round->order == NULL)
			disable(office, round, &told);
		round_refused(office, round, &told);
		return true;
	case OUTCOME_TEMPORARY:
	case OUTCOME_ROUTE:
	case OUTCOME_UNKNOWN:
		break;
	}
	mark_failing(office, round, attempt);
	outbox_note(office->database, round->delivery.id, way, attempt);
	while (++round->next < round->ways)
		if (round_attempt(office, round))
			return false;
	round->next = round->ways - 1;
	if (outbox_expired(&round->delivery, office_now(office)))
		round_give_up(office, round, attempt);
	else
		outbox_failed(office->database, &round->delivery, way, attempt, office_now(office));
	return true;
}

static struct round *free_round(struct office *office)
{
	for (size_t i = 0; i < COURIER_ATTEMPTS; i++)
		if (office->rounds[i].runner.process == 0)
			return &office->rounds[i];
	return NULL;
}

static bool deliverable(const struct office *office, const char *receiver)
{
	const struct config *config = office->settings->config;
	const char *name = receiver_webhook_name(receiver);

	return name != NULL ? config_webhook(config, name) != NULL : config->route_count > 0;
}

static bool round_begin(struct office *office, struct round *round, int64_t id)
{
	if (!outbox_get(office->database, id, &round->delivery))
		return false;
	round_plan(office, round);
	*(int64_t *)memory_append(&office->tried, &office->tried_count, sizeof *office->tried) = id;
	if (!round_disabled(office, round) && round_attempt(office, round))
		return true;
	round_free(round);
	return false;
}

/* Begins a round for whatever is due and has had none in this run. Returns how many began. */
static size_t office_begin(struct office *office)
{
	struct due *due;
	struct round *round = free_round(office);
	size_t begun = 0, count;

	if (round == NULL)
		return 0;
	outbox_due(office->database, office_now(office), &due, &count);
	for (size_t i = 0; i < count && round != NULL; i++) {
		if (was_tried(office, due[i].id) || !deliverable(office, due[i].receiver))
			continue;
		begun += round_begin(office, round, due[i].id);
		round = free_round(office);
	}
	outbox_due_release(due, count);
	return begun;
}

static size_t office_busy(const struct office *office)
{
	size_t busy = 0;

	for (size_t i = 0; i < COURIER_ATTEMPTS; i++)
		busy += office->rounds[i].runner.process > 0;
	return busy;
}

static void office_collect(struct office *office, const struct pollfd *polls)
{
	for (size_t i = 0; i < COURIER_ATTEMPTS; i++) {
		struct round *round = &office->rounds[i];
		struct attempt attempt;

		if (round->runner.process == 0)
			continue;
		if (polls[i].revents == 0 && clock_milliseconds() < round->runner.deadline)
			continue;
		runner_end(&round->runner, &attempt);
		if (round_outcome(office, round, &attempt))
			round_free(round);
	}
}

static void office_hear(struct office *office)
{
	char bytes[64];
	ssize_t got = read(office->wake, bytes, sizeof bytes);

	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		office->closed = true;
}

static void office_wait(struct office *office)
{
	struct pollfd polls[COURIER_ATTEMPTS + 1];

	for (size_t i = 0; i < COURIER_ATTEMPTS; i++)
		polls[i] = (struct pollfd){
			office->rounds[i].runner.process > 0 ? office->rounds[i].runner.result : -1,
			POLLIN, 0};
	polls[COURIER_ATTEMPTS] = (struct pollfd){office->closed ? -1 : office->wake, POLLIN, 0};
	poll(polls, COURIER_ATTEMPTS + 1, 1000);
	if (polls[COURIER_ATTEMPTS].revents != 0)
		office_hear(office);
	office_collect(office, polls);
}

/* Another run's courier may hold the lock: it will find our rows, or we its. Held until the process
 * ends. */
static bool office_lock(const char *path)
{
	return lock_take(path, false, COURIER_LOCK_SECONDS * 1000, NULL) >= 0;
}

static void office_open(struct office *office)
{
	while (!office->closed && office->database == NULL) {
		struct pollfd wake = {office->wake, POLLIN, 0};
		char byte;

		poll(&wake, 1, -1);
		if (read(office->wake, &byte, 1) == 0)
			office->closed = true; /* never woken: nothing is owed */
		else
			office->database =
				office_lock(office->settings->lock)
					? office->settings->open(office->settings->context)
					: NULL;
		if (office->database == NULL)
			return;
	}
}

static void office_run(struct office *office)
{
	size_t begun;

	office->began = clock_milliseconds();
	office_open(office);
	if (office->database == NULL)
		return;
	office->dependences = dependences_load(
		office->database, office->settings->config, office->settings->providers);
	outbox_take_up(office->database);
	do {
		begun = office_begin(office);
		if (begun == 0 && office->closed && office_busy(office) == 0)
			break;
		office_wait(office);
	} while (true);
	dependences_free(office->dependences);
	database_close(office->database);
}

struct courier {
	pid_t process;
	int wake;
};

struct courier *courier_new(const struct courier_settings *settings)
{
	struct courier *courier = memory_zero(1, sizeof *courier);
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) != 0) {
		free(courier);
		return NULL;
	}
	courier->process = fork();
	if (courier->process == 0) {
		struct office office = {.settings = settings, .wake = pair[0]};

		close(pair[1]);
		if (settings->run_lock >= 0)
			close(settings->run_lock); /* else it would stay locked for as long as we
						      are busy */
		setsid(); /* goes on when the terminal or cron ends the run */
		office.failing = memory_zero(settings->config->route_count, sizeof *office.failing);
		office_run(&office);
		_exit(0);
	}
	close(pair[0]);
	courier->wake = pair[1];
	if (courier->process < 0) {
		close(pair[1]);
		free(courier);
		return NULL;
	}
	return courier;
}

void courier_wake(struct courier *courier)
{
	if (courier != NULL)
		(void)!write(courier->wake, "w", 1);
}

void courier_finish(struct courier *courier, int seconds)
{
	int64_t until = clock_milliseconds() + (int64_t)seconds * 1000;

	if (courier == NULL)
		return;
	close(courier->wake);
	while (waitpid(courier->process, NULL, WNOHANG) == 0 && clock_milliseconds() < until)
		poll(NULL, 0, 2);
	free(courier);
}
