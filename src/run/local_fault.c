/* SPDX-License-Identifier: ISC */
#include "run/local_fault.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "run/observe.h"
#include "store/store.h"
#include "tell/admin_notice.h"

#define FACT "local faults" /* their texts, one a line */

void local_faults_load(struct observer *observer)
{
	char *fact = store_fact(observer->database, FACT), *rest = NULL;

	for (char *line = strtok_r(fact, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest))
		text_list_add(&observer->faults_known, line);
	free(fact);
}

void local_fault(struct observer *observer, const struct error *error)
{
	observer->local_trouble = true;
	if (text_list_has(&observer->faults, error->text))
		return;
	text_list_add(&observer->faults, error->text);
	if (!text_list_has(&observer->faults_known, error->text))
		observer_say(observer, NULL, error->text);
}

static void tell_operator(struct observer *observer, const char *fault, int64_t now)
{
	char digest[DIGEST_TEXT], *id;
	struct admin_notice note = {
		.type = EVENT_FAULT, .label = "lampwatch", .reason = fault, .seen = now};

	digest_sha256(fault, strlen(fault), digest);
	id = memory_format("f.%.8s.%" PRId64, digest, now);
	note.id = id;
	admin_notice_send(observer->database, observer->config, observer->templates, &note, now);
	free(id);
}

/* Writes down what the next run is to know of; false where that fails. */
static bool save(struct observer *observer, const struct text_list *kept)
{
	struct buffer text = {0};

	for (size_t i = 0; i < kept->count; i++)
		buffer_format(&text, "%s\n", kept->list[i]);
	store_set_fact(observer->database, FACT, buffer_string(&text));
	buffer_release(&text);
	return database_commit(observer->database, NULL);
}

bool local_faults_settle(struct observer *observer, bool over, int64_t now)
{
	struct text_list *known = &observer->faults_known, kept = {0};
	size_t old, done = 0;

	for (size_t i = 0; i < known->count; i++)
		if (!over || text_list_has(&observer->faults, known->list[i]))
			text_list_add(&kept, known->list[i]);
	old = kept.count;
	for (size_t i = 0; i < observer->faults.count; i++)
		if (!text_list_has(known, observer->faults.list[i]))
			text_list_add(&kept, observer->faults.list[i]);
	if (!observer->dry && (old < known->count || old < kept.count)) {
		database_begin(observer->database);
		for (size_t i = old; i < kept.count; i++)
			tell_operator(observer, kept.list[i], now);
		done = save(observer, &kept) ? kept.count - old : 0;
	}
	if (done > 0 || old < known->count) {
		text_list_release(known);
		*known = kept;
	} else {
		text_list_release(&kept);
	}
	return done > 0;
}
