/* SPDX-License-Identifier: ISC
 *
 * Random schedules of faults against a model of what must be delivered, in simulated time: the real
 * plan, outbox and rounds, with a scripted world in place of sessions. Pages turn red and green,
 * and what they are about fails and works again, in any order, while relays are down, hang up, take
 * only so many, or accept and never answer; while receivers refuse for a time or for good; while
 * the disk is full, the clock goes back an hour and the courier is killed at any step. Then all is
 * well again, and the result is checked.
 *
 *   SEED=17        that schedule alone     (a failure prints its seed)
 *   SCHEDULES=N    seeds 1 to N            (as a soak; 40 where it is not set)
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "run/schema.h"
#include "store/alarm.h"
#include "store/store.h"
#include "tell/attempt.h"
#include "tell/outbox.h"
#include "tell/plan.h"
#include "tell/receivers.h"
#include "tell/scheduler.h"

enum {
	SCHEDULES = 40,
	STEPS = 40,       /* of trouble, a minute each */
	STEPS_WELL = 200, /* twenty minutes each, at most, until nothing is waiting */
	SESSIONS = 8,     /* open at a time, in this world */
	PAGES = 2,
	ROUTES = 2,
};

static const char yaml[] =
	"archive: archive\nfrom: lampwatch@example.org\noperator: admin@example.org\n"
	"timezone: UTC\n"
	"routes:\n"
	"  - {name: first, smtp: 'smtp://127.0.0.9:2525', tls: 'off'}\n"
	"  - {name: other, smtp: 'smtp://127.0.0.9:2526', tls: 'off', depends: [google]}\n"
	"pages:\n"
	"  - {name: one, url: 'https://one.example.com/', kind: statuspage, provider: google}\n"
	"  - {name: two, url: 'https://two.example.com/', kind: statuspage}\n"
	"subscribers:\n"
	"  - {mail: plain@example.org}\n"
	"  - {mail: strict@example.org, second: second@example.org}\n"
	"  - {mail: hosted@example.org, second: 'webhook:chat'}\n"
	"webhooks: [{name: chat, url: 'https://chat.example.org/x'}]\n";

/* Who is told, each by one or two ways. */
static const struct {
	const char *first, *second;
} people[] = {
	{"mail:plain@example.org", "mail:plain@example.org"},
	{"mail:strict@example.org", "mail:second@example.org"},
	{"mail:hosted@example.org", "webhook:chat"},
};

/* One event that reached a receiver. */
struct arrival {
	char *receiver, *message_id;
	int64_t alarm, early;
	enum event_type type;
};

/* A red, and the alarm of early that was open with it. */
struct follower {
	int64_t red, early;
};

struct world {
	uint64_t seed, random;
	char folder[64], *path;
	struct config *config;
	struct receivers receivers;
	struct database *database;
	struct scheduler *scheduler;
	struct batch open[SESSIONS];
	int64_t now;
	bool well;
	int64_t red[PAGES], early[PAGES]; /* open on each page; 0: none */
	struct follower *followers;
	size_t follower_count;
	struct arrival *arrivals;
	size_t arrival_count;
	struct text_list doubtful;   /* Message-IDs that may come twice: nobody could know */
	struct text_list unrecorded; /* likewise, since the disk was full */
	struct text_list poison;     /* of which no relay ever confirms the end */
	bool down[ROUTES], refusing, strict_refuses, second_refuses;
};

static struct world *world; /* for the callback, which has no room for it */

static uint64_t draw(struct world *self)
{
	uint64_t z = self->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* True in so many of a hundred cases; never once all is well. */
static bool chance(struct world *self, unsigned percent)
{
	return !self->well && draw(self) % 100 < percent;
}

static void wrong(const struct world *self, const char *what, const char *which)
{
	print_error("SEED=%" PRIu64 ": %s: %s\n", self->seed, what, which);
	fail_msg("%s", what);
}

/* ---- the world's own books ---- */

static void arrive(struct world *self, const struct delivery *delivery)
{
	struct value *data = outbox_data(self->database, delivery->content);
	const struct value *events = value_get(data, "events");

	for (size_t i = 0; i < self->arrival_count; i++) {
		const struct arrival *before = &self->arrivals[i];

		if (text_equal(before->receiver, delivery->receiver) &&
			text_equal(before->message_id, delivery->message_id) &&
			!text_list_has(&self->doubtful, delivery->message_id))
			wrong(self, "came twice though nothing was unknown", delivery->message_id);
	}
	for (size_t i = 0; i < events->count; i++) {
		struct arrival *arrival = memory_append(
			&self->arrivals, &self->arrival_count, sizeof *self->arrivals);

		arrival->receiver = memory_string(delivery->receiver);
		arrival->message_id = memory_string(delivery->message_id);
		arrival->alarm = value_get_number(events->members[i], "alarm");
		arrival->early = value_get_number(events->members[i], "early");
		event_type_parse(value_get_text(events->members[i], "type"), &arrival->type);
	}
	value_free(data);
}

static const struct arrival *first_arrival(
	const struct world *self, const char *receiver, int64_t alarm, enum event_type type)
{
	for (size_t i = 0; i < self->arrival_count; i++)
		if (self->arrivals[i].alarm == alarm && self->arrivals[i].type == type &&
			text_equal(self->arrivals[i].receiver, receiver))
			return &self->arrivals[i];
	return NULL;
}

static void doubt(struct world *self, const struct delivery *delivery)
{
	text_list_add(&self->doubtful, delivery->message_id);
}

/* ---- what happens on pages ---- */

/* What happens next on a page where these alarms are open. */
static enum event_type choose(struct world *self, int64_t red, int64_t early)
{
	bool other = chance(self, 50);

	if (red == 0 && early == 0)
		return other ? EVENT_EARLY : EVENT_RED;
	if (red == 0)
		return other ? EVENT_RED : EVENT_RECOVERED;
	if (early == 0)
		return other ? EVENT_PREMATURE : EVENT_GREEN;
	return other ? EVENT_PREMATURE : EVENT_RECOVERED;
}

static int64_t open_alarm(struct world *self, size_t page, const char *kind)
{
	return store_open_alarm(
		self->database, self->config->pages[page].name, kind, "mail", self->now, "");
}

/* *red and *early become what is open from here on. */
static void happens(struct world *self, size_t page, struct events *events, struct owed_list *owed,
	int64_t *red, int64_t *early)
{
	struct event *event = events_add(events, choose(self, *red, *early));
	bool of_red = event_types[event->type].episode == EVENT_RED,
	     begins = event_types[event->type].part == PART_BEGIN;
	int64_t *alarm = of_red ? red : early;

	if (begins)
		*alarm = open_alarm(self, page, event_type_name(event->type));
	if (event->type == EVENT_PREMATURE && *early == 0)
		*early = open_alarm(self, page, "early");
	event->indicator = memory_string("mail");
	event->name = memory_string("Mail");
	event->before = begins ? LEVEL_OPERATIONAL : LEVEL_MAJOR_OUTAGE;
	event->after = begins ? LEVEL_MAJOR_OUTAGE : LEVEL_OPERATIONAL;
	event->impact = LEVEL_MAJOR_OUTAGE;
	event->seen = self->now;
	event->alarm = *alarm;
	event->early = of_red && event->type != EVENT_GREEN ? *early : 0;
	event->related = event->type == EVENT_RED ? *early : of_red ? 0 : *red;
	event->origin = store_alarm_origin(self->database, event->alarm);
	if (event->related != 0)
		outbox_pending(self->database, event->related, owed);
	if (begins)
		return;
	outbox_pending(self->database, event->alarm, owed);
	store_close_alarm(self->database, event->alarm, self->now);
	*alarm = 0;
}

/* As the classification does it: hosted is hosted at the provider that the first page is about. */
static void weigh(struct world *self, bool trouble)
{
	for (size_t i = 0; i < self->receivers.count; i++) {
		struct receiver *receiver = &self->receivers.list[i];

		receiver->endangered = trouble && text_equal(receiver->name, people[2].first);
		memory_set(&receiver->provider, receiver->endangered ? "google" : NULL);
	}
}

static void owe(struct world *self, size_t page, struct events *events, struct owed_list *owed)
{
	char bytes[] = "bytes";
	struct content says = {.whole = true, .bytes = bytes, .length = strlen(bytes)};
	int64_t *kept;
	struct plan plan = {0};
	struct plan_input input = {.config = self->config,
		.receivers = &self->receivers,
		.page = &self->config->pages[page],
		.title = "",
		.events = events,
		.owed = owed->list,
		.owed_count = owed->count,
		.now = self->now,
		.key = "key"};

	plan_make(&input, &plan);
	kept = memory_zero(plan.content_count, sizeof *kept);
	for (size_t i = 0; i < plan.count; i++) {
		size_t content = plan.list[i].content;

		if (chance(self, 10))
			plan.list[i].held_until = self->now + 600;
		if (kept[content] == 0)
			kept[content] = outbox_keep(self->database, &plan.contents[content], &says);
		outbox_add(
			self->database, input.page->name, &plan.list[i], kept[content], self->now);
	}
	free(kept);
	plan_release(&plan);
}

/* A page turns; what cannot be written has not happened, and is found again by the next run. */
static void transition(struct world *self, size_t page)
{
	int64_t red = self->red[page], early = self->early[page], former = red;
	struct events events = {0};
	struct owed_list owed = {0};

	database_begin(self->database);
	happens(self, page, &events, &owed, &red, &early);
	weigh(self, page == 0 ? red != 0 || early != 0 : self->red[0] != 0 || self->early[0] != 0);
	owe(self, page, &events, &owed);
	if (database_commit(self->database, NULL)) {
		self->red[page] = red;
		self->early[page] = early;
		if (events.list[0].early != 0)
			*(struct follower *)memory_append(
				&self->followers, &self->follower_count, sizeof *self->followers) =
				(struct follower){red != 0 ? red : former, events.list[0].early};
	}
	events_release(&events);
	outbox_pending_release(&owed);
}

static void troubled(struct database *database, struct text_list *pages)
{
	(void)database;
	for (size_t i = 0; i < PAGES; i++)
		if (world->red[i] != 0 || world->early[i] != 0)
			text_list_add(pages, world->config->pages[i].name);
}

/* ---- the courier, and its end ---- */

static void begin_rounds(struct world *self)
{
	struct scheduler_settings settings = {.config = self->config,
		.templates = "templates",
		.database = self->database,
		.troubled = troubled};

	outbox_take_up(self->database);
	self->scheduler = scheduler_new(&settings);
}

static void open_world(struct world *self)
{
	self->database = database_open(self->path, schema, false, NULL);
	assert_non_null(self->database);
	begin_rounds(self);
}

/* Ended at any step: what is in memory is gone, and what was under way nobody knows. */
static void crash(struct world *self)
{
	database_rollback(self->database);
	for (size_t i = 0; i < SESSIONS; i++) {
		for (size_t j = 0; j < self->open[i].deliveries.count; j++)
			doubt(self, &self->open[i].deliveries.list[j]);
		batch_release(&self->open[i]);
	}
	scheduler_free(self->scheduler);
	database_close(self->database);
	open_world(self);
}

/* ---- the relays ---- */

static bool refuses_for_good(const struct world *self, const char *receiver)
{
	return (self->strict_refuses && text_equal(receiver, people[1].first)) ||
	       (self->second_refuses && text_equal(receiver, people[1].second));
}

/* What comes of one delivery; *over where the session ends with it. */
static struct attempt attempt_one(struct world *self, const struct delivery *delivery, bool *over)
{
	struct attempt attempt = {.outcome = OUTCOME_DELIVERED, .code = 250};
	bool poison = text_list_has(&self->poison, delivery->message_id);

	if (refuses_for_good(self, delivery->receiver)) {
		attempt = (struct attempt){.outcome = OUTCOME_RECEIVER, .code = 550};
	} else if (self->refusing && chance(self, 50)) {
		attempt = (struct attempt){.outcome = OUTCOME_TEMPORARY, .code = 450};
	} else if (chance(self, 5)) {
		attempt = (struct attempt){.outcome = OUTCOME_ROUTE, .code = 554};
	} else if (chance(self, 5)) {
		attempt = (struct attempt){.outcome = OUTCOME_TEMPORARY};
		*over = true;
	} else if (poison || chance(self, 8)) {
		attempt = (struct attempt){.outcome = OUTCOME_UNKNOWN};
		*over = true;
		if (!poison && draw(self) % 2 == 0)
			arrive(self, delivery);
		doubt(self, delivery);
	} else {
		arrive(self, delivery);
	}
	return attempt;
}

/* False where the courier was ended on the way. */
static bool answer(struct world *self, struct batch *batch, size_t index, struct attempt *attempt)
{
	if (chance(self, 2)) {
		crash(self);
		return false;
	}
	database_begin(self->database);
	scheduler_answer(self->scheduler, batch, index, attempt, self->now);
	if (!database_commit(self->database, NULL)) {
		doubt(self, &batch->deliveries.list[index]);
		text_list_add(&self->unrecorded, batch->deliveries.list[index].message_id);
	}
	return true;
}

static bool run_session(struct world *self, struct batch *batch)
{
	const char *how = chance(self, 3) ? "the attempt crashed" : NULL;
	bool down = batch->route != NULL && self->down[batch->next_hop] && !self->well;
	bool over = down, lives = true;
	struct attempt attempt = {.outcome = OUTCOME_TEMPORARY, .of_session = true};

	if (down)
		lives = answer(self, batch, 0, &attempt);
	for (size_t i = 0; lives && !over && i < batch->deliveries.count; i++) {
		if (i > 0 && chance(self, 10))
			break; /* the relay accepts no more in this session */
		attempt = attempt_one(self, &batch->deliveries.list[i], &over);
		if (how != NULL) {
			doubt(self, &batch->deliveries.list[i]);
			break;
		}
		lives = answer(self, batch, i, &attempt);
	}
	if (!lives)
		return false;
	database_begin(self->database);
	scheduler_close(self->scheduler, batch, how, self->now);
	database_commit(self->database, NULL);
	return true;
}

/* All that may go, several sessions open at a time, ended in any order. */
static void deliver(struct world *self)
{
	size_t open;

	scheduler_wake(self->scheduler);
	do {
		for (open = 0; open < SESSIONS; open++) {
			if (!scheduler_next(self->scheduler, self->now, &self->open[open]))
				break;
		}
		for (size_t left = open; left > 0; left--) {
			size_t chosen = draw(self) % left;

			if (chance(self, 1)) {
				crash(self);
				return;
			}
			if (!run_session(self, &self->open[chosen]))
				return;
			self->open[chosen] = self->open[left - 1];
			self->open[left - 1] = (struct batch){0};
		}
	} while (open > 0);
}

/* ---- a schedule ---- */

/* Whether the database can grow. */
static void set_disk(struct world *self, bool full)
{
	struct statement *row = database_query(self->database,
		full ? "PRAGMA max_page_count = 1" : "PRAGMA max_page_count = 1000000", "");

	statement_row(row);
	statement_end(row);
}

static void trouble(struct world *self)
{
	for (size_t i = 0; i < ROUTES; i++)
		if (chance(self, 15))
			self->down[i] = !self->down[i];
	if (chance(self, 10))
		self->refusing = !self->refusing;
	if (chance(self, 5))
		self->now -= 3600;
	if (chance(self, 5))
		self->now += 6 * 3600;
	if (chance(self, 3))
		crash(self);
}

/* The next run, with a courier of its own: one that was not ended has come to its end. */
static void next_run(struct world *self, int64_t pause)
{
	struct text_list receivers = {0};

	self->now += pause;
	scheduler_free(self->scheduler);
	begin_rounds(self);
	database_begin(self->database);
	outbox_digest_waiting(self->database, self->now, 0, &receivers);
	for (size_t i = 0; i < receivers.count; i++)
		outbox_release(self->database, receivers.list[i], self->now);
	text_list_release(&receivers);
	outbox_unhold(self->database, "google",
		self->red[0] != 0 || self->early[0] != 0 ? self->now - OUTBOX_HELD_SECONDS
							 : self->now,
		self->now);
	database_commit(self->database, NULL);
}

static void poison_some(struct world *self)
{
	struct deliveries all = {0};

	outbox_list(self->database, false, &all);
	for (size_t i = 0; i < all.count; i++)
		if (strstr(all.list[i].receiver, "admin") == NULL && chance(self, 3))
			text_list_add(&self->poison, all.list[i].message_id);
	deliveries_release(&all);
}

static void print_owed(const struct world *self)
{
	struct deliveries all = {0};

	outbox_list(self->database, true, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct delivery *one = &all.list[i];

		print_error("%" PRId64 " %s %s %s, %" PRId64 " tries, perhaps %" PRId64 ", %s\n",
			one->id, one->state, one->receiver, one->page, one->tries, one->perhaps,
			one->message_id);
	}
	deliveries_release(&all);
}

static void run_schedule(struct world *self)
{
	self->strict_refuses = chance(self, 50);
	self->second_refuses = chance(self, 30);
	for (size_t i = 0; i < STEPS; i++) {
		next_run(self, 60);
		trouble(self);
		if (chance(self, 8))
			set_disk(self, true);
		for (size_t page = 0; page < PAGES; page++)
			if (chance(self, 20))
				transition(self, page);
		poison_some(self);
		deliver(self);
		set_disk(self, false);
	}
	self->well = true;
	for (size_t page = 0; page < PAGES; page++)
		while (self->red[page] != 0 || self->early[page] != 0)
			transition(self, page);
	for (size_t i = 0; i < STEPS_WELL && outbox_count(self->database) > 0; i++) {
		deliver(self);
		next_run(self, 1200);
	}
	if (outbox_count(self->database) > 0)
		print_owed(self);
	if (outbox_count(self->database) > 0)
		wrong(self, "is still owed though all has been well for days", "outbox");
}

/* ---- the books ---- */

static bool reached_operator(const struct world *self, int64_t delivery)
{
	char *id = memory_format("<u.%" PRId64 ".", delivery); /* and when it was given up */
	bool found = false;

	for (size_t i = 0; i < self->arrival_count; i++)
		found = found || text_starts(self->arrivals[i].message_id, id);
	free(id);
	return found;
}

/* The operator was told of each dead message; and these three are the only ends. */
static void check_ends(const struct world *self, const struct deliveries *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct delivery *delivery = &all->list[i];

		if (text_equal(delivery->state, "dead")) {
			if (!reached_operator(self, delivery->id))
				wrong(self, "is dead, and the operator has not heard of it",
					delivery->message_id);
		} else if (!text_equal(delivery->state, "delivered") &&
			   !text_equal(delivery->state, "merged")) {
			wrong(self, "has no end", delivery->message_id);
		}
	}
}

/* Green never comes before its red, nor both where the red has surely come. */
static void check_order(const struct world *self, const char *receiver, int64_t alarm)
{
	const struct arrival *red = first_arrival(self, receiver, alarm, EVENT_RED),
			     *green = first_arrival(self, receiver, alarm, EVENT_GREEN),
			     *early = first_arrival(self, receiver, alarm, EVENT_EARLY),
			     *over = first_arrival(self, receiver, alarm, EVENT_RECOVERED);

	if (red != NULL && first_arrival(self, receiver, alarm, EVENT_BOTH) > red &&
		!text_list_has(&self->unrecorded, red->message_id))
		wrong(self, "red and green came after the red", receiver);
	if (red != NULL && green != NULL && green < red)
		wrong(self, "green came before its red", receiver);
	if (early != NULL && over != NULL && over < early)
		wrong(self, "that it works again came before that it fails", receiver);
	for (size_t i = 0; i < self->arrival_count; i++) {
		const struct arrival *one = &self->arrivals[i];
		const struct arrival *first =
			first_arrival(self, one->receiver, one->alarm, one->type);

		if (one->alarm == alarm && alarm != 0 && text_equal(one->receiver, receiver) &&
			!text_equal(one->message_id, first->message_id) &&
			!text_list_has(&self->doubtful, first->message_id))
			wrong(self, "a repeat has another Message-ID", one->message_id);
	}
}

static bool heard(const struct world *self, size_t person, int64_t alarm, enum event_type type)
{
	return first_arrival(self, people[person].first, alarm, type) != NULL ||
	       first_arrival(self, people[person].second, alarm, type) != NULL;
}

static bool died(const struct world *self, size_t person, int64_t alarm)
{
	struct statement *row = database_query(self->database,
		"SELECT 1 FROM owed o JOIN delivery d ON d.content = o.content WHERE o.alarm = ?"
		" AND d.state = 'dead' AND d.receiver IN (?, ?)",
		"itt", alarm, people[person].first, people[person].second);
	bool found = statement_row(row);

	statement_end(row);
	return found;
}

/*
 * A red ends by its green; one that came too soon goes on as what fails here, and is left out of a
 * message that says that this works again. What fails here ends by itself, or by the green of a red
 * that was open with it, which may have come too soon for what has failed once more. What was given
 * up is somebody else's to tell.
 */
static bool heard_of_early(const struct world *self, size_t person, int64_t alarm)
{
	bool over = heard(self, person, alarm, EVENT_RECOVERED) || died(self, person, alarm);

	for (size_t i = 0; i < self->follower_count && !over; i++) {
		int64_t red = self->followers[i].red;

		if (self->followers[i].early != alarm)
			continue;
		over = heard(self, person, red, EVENT_GREEN) ||
		       heard(self, person, red, EVENT_BOTH) || died(self, person, red);
		for (size_t j = i + 1; j < self->follower_count && !over; j++)
			over = self->followers[j].red == red && self->followers[j].early > alarm &&
			       heard_of_early(self, person, self->followers[j].early);
	}
	return over;
}

static bool heard_of_red(const struct world *self, size_t person, int64_t alarm)
{
	bool over = heard(self, person, alarm, EVENT_BOTH) ||
		    heard(self, person, alarm, EVENT_PREMATURE) ||
		    (heard(self, person, alarm, EVENT_RED) &&
			    heard(self, person, alarm, EVENT_GREEN)) ||
		    died(self, person, alarm);

	for (size_t i = 0; i < self->follower_count; i++)
		over = over || (self->followers[i].red == alarm &&
				       heard_of_early(self, person, self->followers[i].early));
	return over;
}

/* Each person has heard of the beginning and of the end, or of both at once. */
static void check_person(const struct world *self, size_t person, int64_t alarm, bool early)
{
	if (!(early ? heard_of_early : heard_of_red)(self, person, alarm)) {
		print_error("alarm %" PRId64 "%s\n", alarm, early ? ", early" : "");
		wrong(self, "never heard of it all", people[person].first);
	}
	check_order(self, people[person].first, alarm);
	check_order(self, people[person].second, alarm);
}

static void check(const struct world *self)
{
	struct deliveries all = {0};
	struct statement *row = database_query(self->database,
		"SELECT id, kind = 'early' FROM alarm WHERE closed IS NOT NULL ORDER BY id", "");

	outbox_list(self->database, true, &all);
	check_ends(self, &all);
	while (statement_row(row)) {
		int64_t alarm = statement_integer(row, 0);

		for (size_t person = 0; person < sizeof people / sizeof *people; person++)
			check_person(self, person, alarm, statement_integer(row, 1) != 0);
	}
	statement_end(row);
	deliveries_release(&all);
}

/* ---- the test ---- */

static void world_open(struct world *self, uint64_t seed)
{
	struct problems problems = {0};
	char *file;

	/* In memory where the system has such a folder: a thousand schedules sync a hundred
	 * thousand times. */
	*self = (struct world){.seed = seed, .random = seed, .now = 1390590000};
	snprintf(self->folder, sizeof self->folder, "%s/lampwatch-soak-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(self->folder));
	file = file_join(self->folder, "lampwatch.yaml");
	assert_true(file_write(file, yaml, sizeof yaml - 1, 0600, NULL));
	self->config = config_load(file, NULL, &problems);
	assert_non_null(self->config);
	self->path = file_join(self->folder, "lampwatch.db");
	receivers_of_config(self->config, &self->receivers);
	problems_release(&problems);
	free(file);
	world = self;
	open_world(self);
}

static void world_close(struct world *self)
{
	scheduler_free(self->scheduler);
	database_close(self->database);
	receivers_release(&self->receivers);
	config_free(self->config);
	assert_true(file_remove_tree(self->folder, NULL));
	for (size_t i = 0; i < self->arrival_count; i++) {
		free(self->arrivals[i].receiver);
		free(self->arrivals[i].message_id);
	}
	free(self->arrivals);
	free(self->followers);
	text_list_release(&self->doubtful);
	text_list_release(&self->unrecorded);
	text_list_release(&self->poison);
	free(self->path);
}

static void try_seed(uint64_t seed)
{
	struct world self;

	world_open(&self, seed);
	run_schedule(&self);
	check(&self);
	world_close(&self);
}

static void test_whatever_fails_nothing_owed_is_lost_and_hardly_any_comes_twice(void **state)
{
	const char *seed = getenv("SEED"), *count = getenv("SCHEDULES");
	uint64_t last = count != NULL ? strtoull(count, NULL, 10) : SCHEDULES;

	(void)state;
	if (seed != NULL) {
		try_seed(strtoull(seed, NULL, 10));
		return;
	}
	for (uint64_t i = 1; i <= last; i++)
		try_seed(i);
	print_message("# %" PRIu64 " schedules\n", last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_whatever_fails_nothing_owed_is_lost_and_hardly_any_comes_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
