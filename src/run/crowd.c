/* SPDX-License-Identifier: ISC */
#include "run/crowd.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "model/crowd.h"
#include "run/observe.h"
#include "store/crowd.h"

/* By which what is counted is told from what was counted otherwise. */
static void digest_of(const struct page_config *page, char out[static DIGEST_TEXT])
{
	char *text = memory_format(
		"%s\n%lld\n%s", page->url, (long long)page->crowd.within, page->match);

	digest_sha256(text, strlen(text), out);
	free(text);
}

static bool is_loud(const struct observation *seen)
{
	const char *text = seen->state->reading;
	struct reading before = {0};
	const struct indicator *crowd;
	bool loud;

	if (text == NULL || seen->new_baseline ||
		!reading_parse(text, strlen(text), &before, NULL)) {
		reading_release(&before);
		return false;
	}
	crowd = reading_indicator(&before, CROWD_INDICATOR);
	loud = crowd != NULL && crowd->level == LEVEL_DEGRADED;
	reading_release(&before);
	return loud;
}

/* As long as a crowd is loud, what was written at its start stands: it is no change that a feed
 * goes on. */
static void take_entries(struct work *work, const struct reading *entries)
{
	struct observation *seen = work->seen;
	const struct crowd_rule *rule = &seen->page->crowd;
	struct crowd_windows windows = {0};
	struct reading crowd = {0};
	struct buffer text = {0};
	int64_t newest, usual, last;
	bool loud = is_loud(seen);
	enum crowd_state state;

	work->crowd = crowd_count(entries, rule, seen->now, &newest);
	digest_of(seen->page, work->counted);
	crowd_windows_load(work->observer->database, seen->page->name, work->counted, &windows);
	state = crowd_judge(rule, &work->crowd, newest, &windows, loud, &usual);
	if (state == CROWD_LOUD && loud) {
		buffer_text(&text, seen->state->reading);
	} else {
		crowd_write(state, entries, rule, &work->crowd, usual, &crowd);
		reading_write(&crowd, &text);
	}
	work->crowd_text = buffer_take(&text);
	last = windows.count > 0 ? windows.list[windows.count - 1].end : 0;
	work->crowd_due = state > CROWD_STOPPED && seen->now - last >= CROWD_APART_SECONDS;
	reading_release(&crowd);
	free(windows.list);
}

void crowd_take(struct work *work)
{
	struct observation *seen = work->seen;
	struct reading entries = {0};

	if (seen->page->match == NULL || seen->what != OBSERVED_READING || seen->kept != NULL ||
		work->observer->rebuilding)
		return;
	if (reading_parse(seen->text, strlen(seen->text), &entries, NULL)) {
		take_entries(work, &entries);
		seen->text = work->crowd_text;
	}
	reading_release(&entries);
	/* What was counted is ours: no other kind or program reads it otherwise, and an entry that
	 * stands twice in a feed is nobody's mistake. */
	seen->reread_text = seen->notes = NULL;
	seen->silent = false;
}

void crowd_save(struct work *work)
{
	if (work->crowd_due)
		crowd_window_save(work->observer->database, work->seen->page->name, work->counted,
			&work->crowd);
}
