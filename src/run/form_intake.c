/* SPDX-License-Identifier: ISC */
#include "run/form_intake.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "run/local_fault.h"
#include "run/mail_command.h"
#include "run/observe.h"
#include "tell/admin_notice.h"
#include "tell/form_request.h"
#include "tell/form_spool.h"

enum { TOLD_SECONDS = 86400 };

/* Of the requests that were taken in, and of what is none. */
struct intake {
	const char *folder;
	struct text_list names;
	size_t done; /* names that are dealt with */
	struct form_request *requests;
	size_t count;
};

/* False where it cannot be opened or no reader can be had, which is no fault of the request's: the
 * next run has it. */
static bool read_one(struct observer *observer, struct intake *intake, const char *name)
{
	struct buffer text = {0};
	struct form_request request;
	struct error error = {0};
	bool good = form_spool_read(intake->folder, name, &text, &error) == FILE_PRESENT &&
		    form_request_read(
			    observer->readers, buffer_string(&text), text.length, &request, &error);

	buffer_release(&text);
	if (good)
		*(struct form_request *)memory_append(
			&intake->requests, &intake->count, sizeof request) = request;
	if (error.remedy == REMEDY_LOCAL)
		local_fault(observer, &error);
	return error.remedy != REMEDY_LOCAL;
}

static void remove_done(struct observer *observer, const struct intake *intake)
{
	struct error error;

	for (size_t i = 0; i < intake->done; i++)
		if (!form_spool_remove(intake->folder, intake->names.list[i], &error))
			local_fault(observer, &error);
}

/* Nobody but we empties it: it is as full as it was when a form was refused. */
static void tell_full(struct observer *observer, size_t count, int64_t now)
{
	static const char fact[] = "spool full told";
	char *told = store_fact(observer->database, fact), *text, *id;
	struct admin_notice note = {.type = EVENT_FORMS,
		.label = "lampwatch serve",
		.reason =
			count < FORM_SPOOL_MAX
				? "so many came between two runs that nobody can subscribe or ask "
				  "for links; who confirms, changes or leaves is heard"
				: "so many came between two runs that nobody is heard, not even "
				  "who "
				  "leaves"};
	struct error error;

	if (now - strtoll(told, NULL, 10) >= TOLD_SECONDS) {
		text = memory_format("%" PRId64, now);
		id = memory_format("f.%s", text);
		note.id = id;
		database_begin(observer->database);
		store_set_fact(observer->database, fact, text);
		admin_notice_send(
			observer->database, observer->config, observer->templates, &note, now);
		if (!database_commit(observer->database, &error))
			local_fault(observer, &error);
		free(text);
		free(id);
	}
	free(told);
}

static void take_in(struct observer *observer, struct intake *intake, int64_t now)
{
	const struct mail_command command = {.config = observer->config,
		.templates = observer->templates,
		.database = observer->database,
		.key = observer->key,
		.now = now,
		.simulated = observer->simulated};
	struct error error;

	while (intake->done < intake->names.count && intake->done < FORM_SPOOL_RUN &&
		read_one(observer, intake, intake->names.list[intake->done]))
		intake->done++;
	if (intake->count == 0 ||
		mail_command_forms(&command, intake->requests, intake->count, &error))
		remove_done(observer, intake);
	else
		local_fault(observer, &error);
}

bool forms_take_in(struct observer *observer, int64_t now)
{
	int64_t last = outbox_last(observer->database);
	char *folder = form_spool_folder(observer->config->archive);
	struct intake intake = {.folder = folder};
	struct error error;

	if (!form_spool_names(folder, clock_date_milliseconds() / 1000 - FORM_SPOOL_STALE,
		    &intake.names, &error))
		local_fault(observer, &error);
	if (intake.names.count >= FORM_SPOOL_MAILED)
		tell_full(observer, intake.names.count, now);
	if (intake.names.count > 0)
		take_in(observer, &intake, now);
	for (size_t i = 0; i < intake.count; i++)
		form_request_release(&intake.requests[i]);
	free(intake.requests);
	text_list_release(&intake.names);
	free(folder);
	return outbox_last(observer->database) > last;
}
