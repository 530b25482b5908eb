/* SPDX-License-Identifier: ISC */
#include "run/mementos.h"

#include <stdio.h>
#include <stdlib.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "run/commit.h"
#include "run/local_fault.h"
#include "run/observe.h"
#include "tell/saves.h"

#define FACT "save page now" /* why it fails; "": it does not, or that was not said */

enum { SAID_AFTER = 600 /* seconds in which it has failed: the service is busy now and then */ };

/* A page on a private network has nothing that the service could see. */
void memento_want(const struct work *work)
{
	const struct observer *observer = work->observer;
	const struct page_config *page = work->seen->page;

	if (page->wayback == WAYBACK_SAVE && work->keep && text_equal(work->reason, "change") &&
		!work->unwatched && !observer->untold && !observer->simulated &&
		!observer->rebuilding && !text_equal(work->state->network, "private") &&
		wayback_refusal(observer->config, page) == NULL)
		saves_add(observer->database, page->name, work->state->sums, work->seen->now);
}

/* Steps 4 to 6 of a commit (archive/archive.h), behind the intent. */
static bool commit_note(struct observer *observer, struct page_state *state,
	struct chain_line *line, struct error *error)
{
	struct database *database = observer->database;
	char head[DIGEST_TEXT];
	char *text = archive_chain_note(observer->config->archive, state, line, head, error);
	bool done = text != NULL;

	if (done) {
		STEP("note's intent written");
		database_begin(database);
		store_add_note(database, state->name, line->sequence, text, head);
		saves_forget(database, state->name);
		store_set_fact(database, "heads", "");
		store_set_fact(database, FACT, "");
		done = database_commit(database, error);
	}
	if (done) {
		STEP("note committed");
		state->snapshot = line->sequence;
		memory_set(&state->head, head);
		commit_finish(observer, state);
	}
	free(text);
	return done;
}

/* False where it is to be forgotten. */
static bool note(struct observer *observer, const struct page_config *page,
	struct page_state *state, const struct save *save, int64_t now)
{
	struct chain_line line = {.type = CHAIN_NOTE};
	char *unfinished = archive_unfinished(observer->config->archive, save->page);
	struct error error;
	bool late = unfinished != NULL; /* a page has one intent */

	free(unfinished);
	if (state == NULL || text_empty(state->head) ||
		wayback_refusal(observer->config, page) != NULL)
		return false;
	date_write(now, line.time);
	snprintf(line.folder, sizeof line.folder, "%s/web/%s/%s", observer->config->wayback_base,
		save->stamp, page->url);
	snprintf(line.sums, sizeof line.sums, "%s", save->sums);
	if (!late && !commit_note(observer, state, &line, &error))
		local_fault(observer, &error);
	return true;
}

static void forget(struct observer *observer, const char *page)
{
	database_begin(observer->database);
	saves_forget(observer->database, page);
	database_commit(observer->database, NULL);
}

/* Once, until one succeeds again. */
static void say_failing(struct observer *observer, const struct save *save)
{
	char *said = store_fact(observer->database, FACT), *text;

	if (said[0] == '\0') {
		text = memory_format("Save Page Now does not take it: %s; it is tried again, and "
				     "nothing else waits for it",
			save->reason);
		observer_say(observer, save->page, text);
		free(text);
		database_begin(observer->database);
		store_set_fact(observer->database, FACT, save->reason);
		database_commit(observer->database, NULL);
	}
	free(said);
}

void mementos_note(struct observer *observer, const struct page_states *states, int64_t now)
{
	struct saves saves = {0};

	saves_load(observer->database, &saves);
	for (size_t i = 0; i < saves.count; i++) {
		const struct save *save = &saves.list[i];
		const struct page_config *page = config_page(observer->config, save->page);
		bool expired = now - save->asked > SAVES_SECONDS;

		if (page == NULL || page->wayback != WAYBACK_SAVE || expired ||
			(save->stamp[0] != '\0' &&
				!note(observer, page, page_states_find(states, save->page), save,
					now)))
			forget(observer, save->page);
		else if (save->reason[0] != '\0' && now - save->asked > SAID_AFTER)
			say_failing(observer, save);
	}
	saves_release(&saves);
}
