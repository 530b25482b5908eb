/* SPDX-License-Identifier: ISC */
#include "tell/saver.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/database.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/attempt.h"
#include "tell/courier.h"
#include "tell/saves.h"
#include "tell/session.h"

enum { SECOND = 1000 /* milliseconds */ };

/* Pages that the configuration no longer hands over are not. */
static bool is_wanted(const struct config *config, const struct save *save)
{
	const struct page_config *page = config_page(config, save->page);

	return page != NULL && page->wayback == WAYBACK_SAVE && config->wayback_key_file != NULL &&
	       wayback_refusal(config, page) == NULL;
}

/* Milliseconds until it may be tried; asked: when a capture was asked for last, 0 for never. */
static int64_t time_left(const struct save *save, int64_t asked)
{
	int64_t wait = (save->next_try - time(NULL)) * 1000;
	int64_t pause = asked + SAVER_MILLISECONDS - clock_milliseconds();

	return text_empty(save->job) && asked != 0 && pause > wait ? pause : wait;
}

/* False where others would not fare better, or what came of it cannot be recorded. */
static bool save_one(
	const struct courier_settings *settings, struct database *database, const struct save *save)
{
	const struct session_order order = {
		.config = settings->config, .count = 1, .now = time(NULL), .save = save};
	bool wanted = is_wanted(settings->config, save);
	struct attempt attempt = {0};

	if (wanted)
		session_attempt(&order, &attempt);
	database_begin(database);
	if (wanted)
		saves_answer(database, save, &attempt, time(NULL));
	else
		saves_forget(database, save->page);
	return database_commit(database, NULL) && !attempt.of_session &&
	       attempt.outcome != OUTCOME_UNKNOWN;
}

/* Looks each second for one that comes before those that wait. */
static void save_all(const struct courier_settings *settings, struct database *database)
{
	int64_t end = clock_milliseconds() + SAVER_SECONDS * 1000, asked = 0;
	struct save save = {0};
	bool goes_on = true;

	while (goes_on && saves_next(database, time(NULL), &save)) {
		int64_t left = time_left(&save, asked);

		if (left > 0) {
			goes_on = clock_milliseconds() + left <= end;
			poll(NULL, 0, !goes_on ? 0 : left < SECOND ? (int)left : SECOND);
		} else {
			if (text_empty(save.job))
				asked = clock_milliseconds();
			goes_on = save_one(settings, database, &save);
		}
		save_release(&save);
	}
}

static void saver_process(const void *context, int in, int out)
{
	const struct courier_settings *settings = context;
	char *folder = file_folder(settings->lock), *path = file_join(folder, "saver.lock");
	struct database *database = NULL;

	(void)in;
	/* Who waits for the end of what a run prints does not wait for this. */
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (lock_take(path, false, 0, NULL) >= 0)
		database = settings->open(settings->context, NULL);
	if (database != NULL)
		save_all(settings, database);
	database_close(database);
	free(path);
	free(folder);
}

void saver_start(const struct courier_settings *settings)
{
	static const struct child_role role = {.detached = true};
	struct child child;

	if (child_start(&child, &role, saver_process, settings))
		child_leave(&child);
}
