/* SPDX-License-Identifier: ISC
 *
 * The courier's process; what goes out is carried by its sessions (session.h).
 */
#include "tell/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

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
#include "tell/attempt.h"
#include "tell/dependence.h"
#include "tell/launcher.h"
#include "tell/route_token.h"
#include "tell/saver.h"
#include "tell/saves.h"
#include "tell/scheduler.h"
#include "tell/session.h"

enum {
	GATHERED_FROM = 100, /* answers still to come */
	GATHERED_MILLISECONDS = 3,
	EXIT_UNWRITTEN = 3, /* of a courier whose outbox cannot be written */
};

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

void courier_attempt(struct config *config, const struct delivery *delivery,
	const struct content *content, size_t route, int64_t now, const struct courier_means *means,
	struct attempt *attempt)
{
	struct content one = *content;
	struct contents contents = {&one, 1};
	bool mail = receiver_address(delivery->receiver) != NULL;
	bool direct = mail && config->routes[route].type == ROUTE_MX;
	char *templates = file_templates();

	one.id = delivery->content;
	session_attempt(
		&(struct session_order){config, templates, mail ? &config->routes[route] : NULL,
			delivery, 1, &contents, now, NULL, means, direct, NULL},
		attempt);
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
	struct session session;
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
			courier_state_now(courier), courier->dependences, &courier->means, false,
			NULL};
		struct attempt attempt;
		struct error lack;

		while (session->session.child.process != 0)
			session++;
		session->batch = batch;
		for (size_t i = 0; i < batch.deliveries.count; i++)
			STEP("intent to send committed");
		if (session_start(&session->session, &order))
			continue;
		child_unavailable(&lack, errno);
		if (courier->fault.remedy == 0)
			courier->fault = lack;
		attempt_set(&attempt, OUTCOME_TEMPORARY, 0, "%s", lack.text);
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
		busy += courier->open_sessions[i].session.child.process > 0;
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

	while ((news = session_read(&session->session, &answer, &crash, &refused)) ==
		SESSION_ANSWER) {
		if (session->batch.answered[answer.index])
			continue; /* what was said first counts */
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

		if (session->session.child.process == 0 ||
			(polls[i].revents == 0 && !child_late(&session->session.child)))
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
		bool open = session->session.child.process > 0;

		polls[i] = (struct pollfd){open ? session->session.child.from : -1, POLLIN, 0};
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
		session_paths(settings->templates, &config->routes[i], NULL, &paths);
		add_secret(&paths, config->routes[i].password_file);
		add_secret(&paths, config->routes[i].token_file);
	}
	for (size_t i = 0; i < config->webhook_count; i++) {
		const struct webhook_config *webhook = &config->webhooks[i];

		session_paths(settings->templates, NULL, webhook, &paths);
		add_secret(&paths, webhook->url_file);
		add_secret(&paths, webhook->secret_file);
		for (size_t j = 0; j < webhook->with_count; j++)
			add_secret(&paths, webhook->with[j].file);
	}
	add_secret(&paths, config->wayback_key_file);
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
 * may hold the lock: it will find our rows, or we its.
 */
static void courier_process(const void *context, int in, int out)
{
	const struct courier *ours = context;
	const struct courier_settings *settings = &ours->settings;
	struct courier_state courier = {.settings = settings,
		.means = {.launcher = ours->launcher},
		.wake = in,
		.began = clock_milliseconds()};
	bool unwritten, saves;
	int lock;

	if (!is_woken(in))
		return;
	confine_courier(settings);
	lock = lock_take(settings->lock, false, COURIER_LOCK_SECONDS * 1000, &courier.fault);
	if (lock >= 0)
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
	saves = !unwritten && saves_due(courier.database, courier_state_now(&courier));
	report(&courier, out);
	scheduler_free(courier.scheduler);
	courier_means_close(&courier.means);
	dependences_free(courier.dependences);
	database_close(courier.database);
	lock_release(lock); /* the saver, which goes on, has a copy until it closes that */
	if (unwritten)
		_exit(EXIT_UNWRITTEN);
	if (saves) /* once all who are owed an alert have had their turn */
		saver_start(settings);
}

/* ---- in the run ---- */

struct courier *courier_new(const struct courier_settings *settings)
{
	struct courier *courier = memory_zero(1, sizeof *courier);
	struct launcher *launcher = launcher_new(settings->config);

	courier->settings = *settings;
	courier->launcher = launcher;
	courier->role = (struct child_role){
		.detached = true, /* goes on when the terminal or cron ends the run */
		.keeps = launcher != NULL && launcher->socket >= 0 ? launcher->socket : 0};
	courier->reason =
		child_start(&courier->child, &courier->role, courier_process, courier) ? 0 : errno;
	courier->launcher = NULL;
	launcher_free(launcher);
	return courier;
}

void courier_wake(struct courier *courier)
{
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
