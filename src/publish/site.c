/* SPDX-License-Identifier: ISC
 *
 * Decides what has to be written. The table `site` holds, for each page, the last snapshot that is
 * written; the fact `site` holds the last change. So an interrupted pass is continued by the next
 * one.
 */
#include "publish/site.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "publish/site_p.h"

enum { TASKS_SHARED = 16 /* pages; a second thread costs as much as one of them */ };

/* Days (of any page's) whose pages are to be written, each once. */
struct days {
	int64_t *list;
	size_t count;
};

/* A page that is to be written. */
struct task {
	char *page;
	struct page_state *state; /* borrowed; NULL: there is none, or its turn comes later */
	struct site_states *said; /* borrowed, while it is written */
	bool known;               /* something was written of it before */
	int64_t done;             /* the last snapshot whose page is written */
	int64_t until;            /* the last one whose page is written this time */
	struct days days;
	int64_t failing;
	char *strip, *row; /* for the index */
};

/* How far all who write have come. */
struct progress {
	atomic_size_t next;    /* task */
	atomic_size_t written; /* snapshots */
};

/* One time through. */
struct pass {
	const struct site *site;
	struct page_states states;
	struct task *tasks;
	size_t task_count;
	int64_t last_change, last_event;
	int64_t day;        /* on which the index was written last */
	size_t budget, all; /* snapshots */
	struct progress *progress;
	bool good; /* of the second thread */
	struct error *error;
};

/* ---- which ---- */

static void add_day(struct days *days, int64_t day)
{
	for (size_t i = days->count; i > 0; i--)
		if (days->list[i - 1] == day)
			return;
	*(int64_t *)memory_append(&days->list, &days->count, sizeof *days->list) = day;
}

/*
 * The pages whose files may be out of date; with all, every page from its first snapshot on. Once a
 * day also the pages that were unseen for a while since the day of the last index: their strips
 * turn grey.
 */
static void find_tasks(struct pass *pass, bool all)
{
	const struct site *site = pass->site;
	bool new_day = pass->day != site_day(site, site->now);
	struct statement *row = database_query(site->database,
		"SELECT page.name, site.page IS NOT NULL, ifnull(site.snapshot, 0) FROM page LEFT "
		"JOIN site"
		" ON site.page = page.name WHERE ?1 OR site.page IS NULL"
		" OR site.snapshot <> page.snapshot OR site.failing <>"
		" (page.failures > 0) + 2 * page.unreadable + 4 * page.lost"
		" OR page.name IN (SELECT page FROM change WHERE id > ?2)"
		" OR page.name IN (SELECT page FROM event WHERE id > ?3)"
		" OR page.name IN (SELECT c.page FROM alarm f JOIN alarm c ON c.id = f.cause"
		"  WHERE f.kind = 'follows' AND f.page IN (SELECT page FROM event WHERE id > ?3))"
		" OR ?4 AND (page.last_success < ?5"
		"  OR page.name IN (SELECT page FROM gap WHERE ends >= ?6))"
		" ORDER BY page.name",
		"iiiiii", (int64_t)all, pass->last_change, pass->last_event, (int64_t)new_day,
		site->now - SITE_DAY_SECONDS, site_day_begin(site, pass->day));

	while (statement_row(row)) {
		struct task *task = memory_append(&pass->tasks, &pass->task_count, sizeof *task);

		task->page = memory_string(statement_text(row, 0));
		task->known = statement_integer(row, 1) != 0;
		task->done = all ? 0 : statement_integer(row, 2);
	}
	statement_end(row);
}

static struct task *find_task(const struct pass *pass, const char *page)
{
	for (size_t i = 0; i < pass->task_count; i++)
		if (text_equal(pass->tasks[i].page, page))
			return &pass->tasks[i];
	return NULL;
}

struct measured {
	const struct pass *pass;
	struct task *task;
	int64_t since; /* from when on the page's own days are to be written */
	bool changed;
};

static void note_probe(void *context, const char *probe)
{
	struct measured *measured = context;

	measured->changed = measured->changed || find_task(measured->pass, probe) != NULL;
}

/* Pages with facts change with what is measured, too. */
static void find_measured(struct pass *pass)
{
	const struct config *config = pass->site->config;

	for (size_t i = 0; i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];
		struct measured measured = {.pass = pass};
		struct statement *row;
		struct task *task;

		if (page->fact_count == 0 || find_task(pass, page->name) != NULL)
			continue;
		site_probes(pass->site, page, note_probe, &measured);
		if (!measured.changed)
			continue;
		row = database_query(pass->site->database,
			"SELECT snapshot FROM site WHERE page = ?", "t", page->name);
		task = memory_append(&pass->tasks, &pass->task_count, sizeof *task);
		*task = (struct task){.page = memory_string(page->name)};
		task->known = statement_row(row);
		task->done = task->known ? statement_integer(row, 0) : 0;
		statement_end(row);
	}
}

/* Which snapshots are written this time. Where they are too many, those of pages of which nothing
 * was written yet have the rest of the budget, and other pages their turn another time. */
static void allot(struct pass *pass)
{
	for (size_t i = 0; i < pass->task_count; i++) {
		struct task *task = &pass->tasks[i];
		struct page_state *state = page_states_find(&pass->states, task->page);
		size_t room = pass->budget - pass->all,
		       wanted = state != NULL && state->snapshot > task->done
					? (size_t)(state->snapshot - task->done)
					: 0;

		task->until = task->done + (int64_t)(wanted < room ? wanted : room);
		if (room > 0 || wanted == 0 || !task->known)
			task->state = state;
		pass->all += (size_t)(task->until - task->done);
	}
}

/* ---- what is written ---- */

/* The snapshot's own page. The previous snapshot is written again too, for its link to this one. */
static bool write_snapshot(
	struct pass *pass, struct task *task, const struct page_state *state, int64_t sequence)
{
	struct snapshot_row row = {0};
	bool done =
		!store_snapshot(pass->site->database, task->page, sequence, &row) ||
		store_is_pruned(pass->site->database, task->page, sequence) ||
		site_write_snapshot(pass->site, task->page, state, task->said, &row, pass->error);

	if (row.folder != NULL)
		add_day(&task->days, site_day(pass->site, row.time));
	snapshot_row_release(&row);
	return done;
}

/* Each of them once, however many of its days there are. */
static bool write_days(
	const struct pass *pass, const struct task *task, const struct site_page *page)
{
	struct days months = {0}, years = {0};
	bool done = true;

	for (size_t i = 0; done && i < task->days.count; i++) {
		int64_t day = task->days.list[i];

		done = site_write_day(page, day, pass->error);
		add_day(&months, site_month_begin(day));
		add_day(&years, site_year_begin(day));
	}
	for (size_t i = 0; done && i < months.count; i++)
		done = site_write_month(page, months.list[i], pass->error);
	for (size_t i = 0; done && i < years.count; i++)
		done = site_write_year(page, years.list[i], pass->error);
	free(months.list);
	free(years.list);
	return done;
}

/* The days on which a probe changed since the last of its snapshots that is done, or since the
 * page's, where that was postponed. */
static void add_probe_days(void *context, const char *probe)
{
	struct measured *measured = context;
	struct statement *row = database_query(measured->pass->site->database,
		"WITH done (time) AS (SELECT min(?2, ifnull((SELECT snapshot.time FROM site JOIN"
		"  snapshot ON snapshot.page = site.page AND snapshot.sequence = site.snapshot"
		"  WHERE site.page = ?1), 0)))"
		" SELECT time FROM change WHERE page = ?1 AND time >= (SELECT time FROM done)"
		" UNION SELECT time FROM event WHERE page = ?1"
		"  AND time >= (SELECT time FROM done) AND type IN ('lost', 'back')",
		"ti", probe, measured->since);

	while (statement_row(row))
		add_day(&measured->task->days,
			site_day(measured->pass->site, statement_integer(row, 0)));
	statement_end(row);
}

static void add_measured_days(
	struct pass *pass, struct task *task, const struct page_state *state, int64_t since)
{
	const struct page_config *page = config_page(pass->site->config, task->page);
	struct measured measured = {.pass = pass,
		.task = task,
		.since = task->done < state->snapshot ? since : INT64_MAX};

	if (page != NULL && page->fact_count > 0)
		site_probes(pass->site, page, add_probe_days, &measured);
}

static bool write_task(struct pass *pass, struct task *task)
{
	struct database *database = pass->site->database;
	struct page_state *state = task->state;
	struct snapshot_row last = {0};
	struct statement *row;
	char whole[SITE_CELLS_MAX + 1];
	struct site_page page = {0};
	int64_t first_day, since;
	bool done;

	if (state == NULL)
		return true;
	/* the days on which something changed since the last snapshot that is done */
	store_snapshot(database, task->page, task->done, &last);
	row = database_query(database,
		"SELECT time FROM change WHERE page = ?1 AND time >= ?2 UNION"
		" SELECT time FROM event WHERE page = ?1 AND time >= ?2 AND type IN ('lost', "
		"'back')",
		"ti", task->page, last.time);
	while (statement_row(row))
		add_day(&task->days, site_day(pass->site, statement_integer(row, 0)));
	statement_end(row);
	add_measured_days(pass, task, state, last.time);
	snapshot_row_release(&last);
	done = task->done == 0 || task->done == state->snapshot ||
	       write_snapshot(pass, task, state, task->done);
	while (done && task->done < task->until) {
		done = write_snapshot(pass, task, state, ++task->done);
		atomic_fetch_add(&pass->progress->written, 1);
		if (pass->site->progress != NULL)
			pass->site->progress(pass->progress->written, pass->all);
	}
	if (!done)
		return false;
	first_day = site_day(pass->site, pass->site->now) - SITE_DAYS;
	for (size_t i = 0; i < task->days.count; i++)
		if (task->days.list[i] < first_day)
			first_day = task->days.list[i];
	since = site_day_begin(pass->site, site_year_begin(first_day));
	site_page_load(&page, pass->site, state, task->said, since);
	site_ledger_load(&page, &pass->states, since);
	done = write_days(pass, task, &page) && site_write_page(&page, whole, pass->error) &&
	       site_write_report(&page, pass->error);
	if (done) {
		task->failing = (state->failures > 0) + 2 * state->unreadable + 4 * state->lost;
		task->strip = memory_bytes(whole, SITE_DAYS);
		task->row = site_row(&page);
	}
	site_page_release(&page);
	store_unload(state);
	return done;
}

/* ---- all of them ---- */

static bool write_apart(struct pass *pass, struct task *task)
{
	struct site_states said = {0};
	bool done;

	task->said = &said;
	database_read_begin(pass->site->database);
	done = write_task(pass, task);
	database_read_end(pass->site->database);
	site_states_release(&said);
	task->said = NULL;
	task->state = NULL;
	return done;
}

/* Pages with facts read what other pages' states say. */
static bool write_with_facts(struct pass *pass)
{
	bool done = true;

	for (size_t i = 0; done && i < pass->task_count; i++) {
		struct task *task = &pass->tasks[i];
		const struct page_config *page = config_page(pass->site->config, task->page);

		if (page != NULL && page->fact_count > 0)
			done = write_apart(pass, task);
	}
	return done;
}

static bool write_next(struct pass *pass)
{
	size_t i;

	while ((i = atomic_fetch_add(&pass->progress->next, 1)) < pass->task_count)
		if (!write_apart(pass, &pass->tasks[i]))
			return false;
	return true;
}

static void *write_beside(void *context)
{
	struct pass *pass = context;

	pass->good = write_next(pass);
	template_forget(); /* this thread's */
	return NULL;
}

/* Each page is written from its own state alone, so where there are many, two threads write them:
 * the second, which has a connection to the database of its own, is no more than a help. */
static bool write_tasks(struct pass *pass)
{
	struct progress progress = {0};
	struct site site = *pass->site;
	struct pass beside = *pass;
	struct error error;
	pthread_t thread;
	bool helped, done;

	pass->progress = beside.progress = &progress;
	if (!write_with_facts(pass))
		return false;
	site.database = pass->task_count < TASKS_SHARED ? NULL : database_reader(site.database);
	site.progress = NULL;
	beside.site = &site;
	beside.error = &error;
	helped = site.database != NULL && pthread_create(&thread, NULL, write_beside, &beside) == 0;
	done = write_next(pass);
	if (helped)
		pthread_join(thread, NULL);
	if (helped && done && !beside.good)
		*pass->error = error;
	database_close(site.database);
	pass->progress = NULL;
	return done && (!helped || beside.good);
}

/* ---- the whole ---- */

/* Of each provider of whose pages with facts one is written. */
static bool write_ledgers(const struct pass *pass)
{
	const struct site *site = pass->site;
	struct text_list providers = {0};
	bool done = true;

	for (size_t i = 0; i < site->config->page_count; i++) {
		const struct page_config *page = &site->config->pages[i];

		if (page->fact_count > 0 && !text_list_has(&providers, page->provider) &&
			find_task(pass, page->name) != NULL)
			text_list_add(&providers, page->provider);
	}
	for (size_t i = 0; done && i < providers.count; i++)
		done = site_write_ledger(site, &pass->states, providers.list[i], pass->error);
	text_list_release(&providers);
	return done;
}

/* The transaction is short: others wait for it who have alerts to send. */
static bool write_all(struct pass *pass)
{
	struct database *database = pass->site->database;
	int64_t today = site_day(pass->site, pass->site->now);
	char *day = memory_format("%" PRId64, today), *mark;
	bool done = write_tasks(pass) && write_ledgers(pass);

	if (!done)
		goto out;
	database_begin(database);
	for (size_t i = 0; i < pass->task_count; i++) {
		const struct task *task = &pass->tasks[i];

		if (task->row != NULL)
			database_do(database,
				"INSERT OR REPLACE INTO site VALUES (?, ?, ?, ?, ?, ?)", "tiiitt",
				task->page, task->done, task->failing, today, task->strip,
				task->row);
	}
	done = site_write_index(pass->site, pass->error);
	if (!done) {
		database_rollback(database);
		goto out;
	}
	mark = statement_string(database_query(database,
		"SELECT ifnull(max(id), 0) || ' ' || (SELECT ifnull(max(id), 0) FROM event)"
		" FROM change",
		""));
	if (mark != NULL)
		store_set_fact(database, "site", mark);
	store_set_fact(database, "site-day", day);
	free(mark);
	done = database_commit(database, pass->error);
out:
	free(day);
	return done;
}

static bool write_site(const struct site *site, bool all, size_t budget, struct error *error)
{
	struct pass pass = {.site = site, .budget = budget, .error = error};
	char *mark = store_fact(site->database, "site"),
	     *day = store_fact(site->database, "site-day");
	bool done = true;

	pass.day = strtoll(day, NULL, 10);
	if (!all)
		sscanf(mark, "%" SCNd64 " %" SCNd64, &pass.last_change, &pass.last_event);
	find_tasks(&pass, all);
	find_measured(&pass);
	if (pass.task_count > 0 || pass.day != site_day(site, site->now)) {
		store_pages(site->database, &pass.states);
		allot(&pass);
		done = write_all(&pass);
	}
	for (size_t i = 0; i < pass.task_count; i++) {
		free(pass.tasks[i].page);
		free(pass.tasks[i].days.list);
		free(pass.tasks[i].strip);
		free(pass.tasks[i].row);
	}
	free(pass.tasks);
	page_states_release(&pass.states);
	free(day);
	free(mark);
	return done;
}

bool site_update(const struct site *site, struct error *error)
{
	return write_site(site, false, SITE_SNAPSHOTS_MAX, error);
}

bool site_build(const struct site *site, struct error *error)
{
	return write_site(site, true, SIZE_MAX, error);
}
