/* SPDX-License-Identifier: ISC */
#include "run/suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "run/detect.h"
#include "run/kind_choice.h"
#include "watch/reader.h"

enum { SUGGEST_MILLISECONDS = 5000, NAME_MAX_BYTES = 255 /* of a file, which a kind is */ };

/* ---- the child ---- */

/* The bytes are foreign: what they do to a parser must stay here. */
static void limit_child(void)
{
	struct itimerval timer = {.it_value = {.tv_sec = READER_SECONDS}};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPROF, SIG_DFL);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	setitimer(ITIMER_PROF, &timer, NULL);
	reader_limit_memory();
	memory_silence();
}

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

static void look(const struct observer *observer, const struct observation *seen, int to)
{
	const struct buffer *body = &seen->responses[0].body;
	struct document document = {buffer_string(body), body->length};
	struct detection detection = {0};
	struct kind_list kinds = {0};
	struct error error;

	kind_list_load(observer->templates, observer->config->kinds, &kinds);
	leave_out(&kinds, seen->page->kind);
	if (detect_document(seen->page->url, &document, &kinds, &detection, &error) &&
		detection.chosen != NULL) {
		const char *name = kind_name(detection.chosen->kind);

		file_write_all(to, name, strlen(name));
	}
	detection_release(&detection);
	kind_list_release(&kinds);
}

/* ---- the parent ---- */

/* What the child says until it ends; NULL where that is nothing, or it takes too long. */
static char *listen_to(int from)
{
	struct pollfd ready = {from, POLLIN, 0};
	char name[NAME_MAX_BYTES + 1];
	ssize_t got = -1;

	if (poll(&ready, 1, SUGGEST_MILLISECONDS) > 0)
		got = read(from, name, NAME_MAX_BYTES);
	return got > 0 ? memory_bytes(name, (size_t)got) : NULL;
}

char *suggest_kind(const struct observer *observer, const struct observation *seen)
{
	char *name = NULL;
	int ends[2];
	pid_t child;

	if (seen->responses == NULL || seen->response_count == 0 ||
		seen->responses[0].body.length == 0 || pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	child = fork();
	if (child == 0) {
		limit_child();
		look(observer, seen, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (child > 0) {
		name = listen_to(ends[0]);
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	return name;
}
