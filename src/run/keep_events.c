/* SPDX-License-Identifier: ISC
 *
 * Events that no observation of their page has brought.
 */
#include <string.h>

#include "archive/archive.h"
#include "base/error.h"
#include "base/step.h"
#include "model/reading.h"
#include "run/local_fault.h"
#include "run/observe.h"

static void take_title(struct work *work)
{
	struct reading reading = {0};
	const char *text = work->state->reading;

	if (work->after.title == NULL && text != NULL &&
		reading_parse(text, strlen(text), &reading, NULL))
		reading_watched(&reading, &work->seen->page->indicators, &work->after);
	reading_release(&reading);
}

bool events_commit(struct work *work, struct error *error)
{
	struct observer *observer = work->observer;

	if (work->events.count == 0)
		return true;
	take_title(work);
	if (!observer->rebuilding)
		database_begin(observer->database);
	work->pending = work_enqueue(work);
	if (observer->rebuilding)
		return true;
	if (!database_commit(observer->database, error))
		return false;
	STEP("agreement settled");
	if (work->pending)
		courier_wake(observer->courier);
	return true;
}

void events_keep(struct work *work)
{
	struct observer *observer = work->observer;
	struct error error;

	if (events_commit(work, &error))
		return;
	reserve_free(observer->config->archive);
	if (!events_commit(work, &error) &&
		!(observer->fall_back != NULL && observer->fall_back(observer->context, &error) &&
			events_commit(work, &error)))
		local_fault(observer, &error);
}
