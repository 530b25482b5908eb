/* SPDX-License-Identifier: ISC */
#include "run/suggest.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/detect.h"
#include "run/kind_choice.h"
#include "watch/reader.h"

enum { SUGGEST_MILLISECONDS = 5000, NAME_MAX_BYTES = 255 /* of a file, which a kind is */ };

static void leave_out(struct kind_list *kinds, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < kinds->count; i++) {
		if (text_equal(kind_name(kinds->list[i]), name))
			kind_free(kinds->list[i]);
		else
			kinds->list[count++] = kinds->list[i];
	}
	kinds->count = count;
}

/* What the child works on: both are its copies of the run's. */
struct pending_subscription {
	const struct observer *observer;
	const struct observation *seen;
};

static void look(const void *context, int in, int out)
{
	const struct pending_subscription *question = context;
	const struct observer *observer = question->observer;
	const struct observation *seen = question->seen;
	const struct buffer *body = &seen->responses[0].body;
	struct document document = {buffer_string(body), body->length};
	struct detection detection = {0};
	struct kind_list kinds = {0};
	struct error error;

	(void)in;
	kind_list_load(observer->templates, observer->config->kinds, &kinds);
	leave_out(&kinds, seen->page->kind);
	if (detect_document(seen->page->url, &document, &kinds, &detection, &error) &&
		detection.chosen != NULL) {
		const char *name = kind_name(detection.chosen->kind);

		file_write_all(out, name, strlen(name));
	}
	detection_release(&detection);
	kind_list_release(&kinds);
}

char *suggest_kind(const struct observer *observer, const struct observation *seen)
{
	struct pending_subscription question = {observer, seen};
	char name[NAME_MAX_BYTES];
	struct child child;
	ssize_t got = -1;

	if (seen->responses == NULL || seen->response_count == 0 ||
		seen->responses[0].body.length == 0 ||
		!child_start(&child, &reader_role, look, &question))
		return NULL;
	if (poll(&(struct pollfd){child.from, POLLIN, 0}, 1, SUGGEST_MILLISECONDS) > 0)
		got = read(child.from, name, sizeof name);
	child_stop(&child);
	return got > 0 ? memory_bytes(name, (size_t)got) : NULL;
}
