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

bool local_faults_settle(struct observer *observer, int64_t now)
{
	struct text_list *faults = &observer->faults, *known = &observer->faults_known;
	bool changed = faults->count != known->count, begun = false;
	struct buffer text = {0};

	for (size_t i = 0; i < faults->count; i++)
		changed = changed || !text_list_has(known, faults->list[i]);
	if (!changed || observer->dry)
		return false;
	for (size_t i = 0; i < faults->count; i++)
		buffer_format(&text, "%s\n", faults->list[i]);
	database_begin(observer->database);
	store_set_fact(observer->database, FACT, buffer_string(&text));
	for (size_t i = 0; i < faults->count; i++)
		if (!text_list_has(known, faults->list[i])) {
			tell_operator(observer, faults->list[i], now);
			begun = true;
		}
	if (database_commit(observer->database, NULL)) {
		text_list_release(known);
		for (size_t i = 0; i < faults->count; i++)
			text_list_add(known, faults->list[i]);
	} else {
		begun = false;
	}
	buffer_release(&text);
	return begun;
}
