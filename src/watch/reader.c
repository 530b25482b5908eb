/* SPDX-License-Identifier: ISC */
#include "watch/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "model/reading.h"
#include "model/validator.h"
#include "watch/kind/read.h"

/* Asks for a reading or, where address >= 0, for the address of that document. */
struct reader_request {
	const struct kind *kind; /* the child is a fork: the address means the same there */
	int64_t address;
	int64_t milliseconds; /* of processor time */
	size_t url; /* lengths in bytes of what follows; SIZE_MAX: the document was not fetched */
	size_t documents[PAGE_DOCUMENTS_MAX];
};

/* Comes before the text of a reading, of an address or of an error, a NUL, and the notes. */
struct reader_reply {
	int64_t remedy; /* enum remedy; 0 for success */
	size_t length, notes;
};

struct job {
	struct reader_request request;
	struct buffer bytes; /* the request's header, URL and documents */
	size_t sent;         /* of these; a reader that takes nothing keeps nobody waiting */
	reader_done *done;
	void *context;
	struct job *next;
};

struct reader {
	struct child child;
	struct job *job; /* NULL: idle */
	struct buffer reply;
};

struct readers {
	struct reader list[READERS_MAX];
	size_t count;
	struct job *first, *last; /* queued */
};

/* ---- the child ---- */

static bool read_whole(int in, void *bytes, size_t length)
{
	char *to = bytes;

	while (length > 0) {
		ssize_t got = read(in, to, length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		length -= (size_t)got;
	}
	return true;
}

static bool receive(
	int in, const struct reader_request *request, char **url, struct document *documents)
{
	*url = memory_zero(request->url + 1, 1);
	if (!read_whole(in, *url, request->url))
		return false;
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		size_t length = request->documents[i];
		char *bytes;

		if (length == SIZE_MAX)
			continue;
		bytes = memory_zero(length + 1, 1);
		documents[i] = (struct document){bytes, length};
		if (!read_whole(in, bytes, length))
			return false;
	}
	return true;
}

static void answer(const struct reader_request *request, const char *url,
	const struct document *documents, struct reader_reply *reply, struct buffer *text)
{
	struct read_report report = {0};
	struct reading reading = {0};
	struct error error = {0};
	char *address = NULL;
	bool good;

	if (request->address >= 0) {
		good = kind_document_address(
			request->kind, (size_t)request->address, url, documents, &address, &error);
		if (good)
			buffer_text(text, address);
	} else {
		good = read_page(request->kind, url, documents, &reading, &report, &error);
		if (good)
			reading_write(&reading, text);
	}
	if (good && text->overflowed)
		good = error_set(&error, REMEDY_PAGE, "the reading is longer than %d bytes",
			READING_TEXT_MAX);
	if (!good) {
		buffer_clear(text);
		buffer_text(text, error.text);
	}
	*reply = (struct reader_reply){good ? 0 : (int64_t)error.remedy, text->length, 0};
	text->maximum += 1 + READER_NOTES_MAX;
	buffer_byte(text, '\0');
	if (good)
		read_report_notes(&report, text);
	reply->notes = text->length - reply->length - 1;
	read_report_release(&report);
	reading_release(&reading);
	free(address);
}

/* One request after the other, each with its own limit of time. */
static void serve(const void *context, int in, int out)
{
	bool good = true, confined = false;

	(void)context;
	while (good) {
		struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
		struct buffer text = {.maximum = READING_TEXT_MAX};
		struct reader_request request;
		struct reader_reply reply;
		char *url = NULL;

		child_limit_time(READER_MILLISECONDS);
		good = read_whole(in, &request, sizeof request);
		if (good && !confined) /* now that foreign bytes follow: in many runs none do */
			confine_enter(CONFINE_READER, NULL);
		confined = true;
		good = good && receive(in, &request, &url, documents);
		if (good) {
			child_limit_time((int)request.milliseconds);
			answer(&request, url, documents, &reply, &text);
			good = file_write_all(out, &reply, sizeof reply) &&
			       file_write_all(out, buffer_string(&text), text.length);
		}
		buffer_release(&text);
		for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
			free((char *)documents[i].bytes);
		free(url);
	}
}

/* ---- the parent ---- */

const struct child_role reader_role = {
	.milliseconds = READER_WALL * READER_MILLISECONDS,
	.seconds = READER_MILLISECONDS / 1000,
	.memory = READER_MEMORY,
	.file_length = READER_FILE,
};

static bool start(struct reader *reader)
{
	return child_start(&reader->child, &reader_role, serve, NULL) &&
	       fcntl(reader->child.to, F_SETFL, O_NONBLOCK) == 0;
}

struct readers *readers_new(size_t count)
{
	struct readers *readers = memory_zero(1, sizeof *readers);

	readers->count = count < READERS_MAX ? count : READERS_MAX;
	for (size_t i = 0; i < readers->count; i++)
		start(&readers->list[i]);
	return readers;
}

static void job_free(struct job *job)
{
	if (job == NULL)
		return;
	buffer_release(&job->bytes);
	free(job);
}

void readers_free(struct readers *readers)
{
	if (readers == NULL)
		return;
	for (size_t i = 0; i < readers->count; i++) {
		child_stop(&readers->list[i].child);
		job_free(readers->list[i].job);
		buffer_release(&readers->list[i].reply);
	}
	while (readers->first != NULL) {
		struct job *job = readers->first;

		readers->first = job->next;
		job_free(job);
	}
	free(readers);
}

static struct job *job_new(const struct kind *kind, int64_t address, const char *url,
	const struct document *documents, int milliseconds)
{
	struct job *job = memory_zero(1, sizeof *job);
	struct reader_request *request = &job->request;
	size_t length = sizeof *request + strlen(url);

	*request = (struct reader_request){
		.kind = kind, .address = address, .milliseconds = milliseconds, .url = strlen(url)};
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		bool there = i < kind_document_count(kind) && documents[i].bytes != NULL;

		request->documents[i] = there ? documents[i].length : SIZE_MAX;
		length += there ? documents[i].length : 0;
	}
	job->bytes.maximum = SIZE_MAX / 2;
	buffer_expect(&job->bytes, length);
	buffer_add(&job->bytes, request, sizeof *request);
	buffer_text(&job->bytes, url);
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		if (request->documents[i] != SIZE_MAX)
			buffer_add(&job->bytes, documents[i].bytes, documents[i].length);
	return job;
}

static void finish(struct reader *reader, const char *text, size_t length, const char *notes,
	const struct error *error)
{
	struct job *job = reader->job;
	struct buffer reply =
		reader->reply; /* text may point into it, and done() may begin the next job */

	reader->job = NULL;
	reader->reply = (struct buffer){0};
	job->done(job->context, text, length, notes, error);
	job_free(job);
	buffer_release(&reply);
}

static void finish_dead(struct reader *reader, const struct error *why)
{
	child_stop(&reader->child);
	finish(reader, NULL, 0, NULL, why);
}

/* The page was too much for it; but a call that its confinement refused is no page's doing, nor is
 * a pipe that is lost by one that ended of itself. Whatever it does, nobody waits for its end. */
static void finish_broken(struct reader *reader, const char *why)
{
	struct error error;
	bool unrefused = child_unrefused(&reader->child, &error);
	struct child_end end;

	kill(reader->child.process, SIGKILL); /* no matter to one that is ending */
	child_finish(&reader->child, &end);
	if (unrefused && end.fate == CHILD_EXITED && end.code == 0)
		error_set(&error, REMEDY_LOCAL, "a reader lost its pipe; try again");
	else if (unrefused)
		error_set(&error, REMEDY_PAGE, "%s", why);
	finish_dead(reader, &error);
}

/* Without a single child, the queued jobs would wait forever. number: errno, why there is none. */
static void refuse_all(struct readers *readers, int number)
{
	for (size_t i = 0; i < readers->count; i++)
		if (readers->list[i].child.process > 0)
			return;
	while (readers->first != NULL) {
		struct job *job = readers->first;
		struct error error;

		readers->first = job->next;
		child_unavailable(&error, number);
		job->done(job->context, NULL, 0, NULL, &error);
		job_free(job);
	}
}

/* As much as it takes now. False where it takes no more at all. */
static bool send_more(struct reader *reader)
{
	struct job *job = reader->job;

	while (job->sent < job->bytes.length) {
		ssize_t sent = write(reader->child.to, job->bytes.data + job->sent,
			job->bytes.length - job->sent);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN;
		job->sent += (size_t)sent;
	}
	buffer_release(&job->bytes);
	job->sent = 0;
	return true;
}

static bool begin(struct reader *reader)
{
	child_renew(&reader->child, READER_WALL * (int)reader->job->request.milliseconds);
	return send_more(reader);
}

/* A child that died while idle is replaced: that is not the fault of the next page. */
static bool hand_over(struct reader *reader, struct error *error)
{
	if (begin(reader))
		return true;
	child_stop(&reader->child);
	if (!start(reader))
		return child_unavailable(error, errno);
	reader->job->sent = 0;
	return begin(reader) ||
	       (child_unrefused(&reader->child, error) &&
		       error_set(error, REMEDY_PAGE, "reading it failed: the reader ended early"));
}

/* Hands queued jobs to idle readers; a reader that died is replaced first. */
static void dispatch(struct readers *readers)
{
	int number = 0;

	for (size_t i = 0; i < readers->count && readers->first != NULL; i++) {
		struct reader *reader = &readers->list[i];
		struct error error;

		if (reader->job != NULL)
			continue;
		if (reader->child.process == 0 && !start(reader)) {
			number = errno;
			continue;
		}
		reader->job = readers->first;
		readers->first = reader->job->next;
		buffer_clear(&reader->reply);
		if (!hand_over(reader, &error))
			finish_dead(reader, &error);
	}
	refuse_all(readers, number);
}

/* urgent: the whole run waits for it. */
static void enqueue(struct readers *readers, struct job *job, bool urgent)
{
	bool alone = readers->first == NULL;

	job->next = urgent ? readers->first : NULL;
	if (!alone && !urgent)
		readers->last->next = job;
	else
		readers->first = job;
	if (alone || !urgent)
		readers->last = job;
	dispatch(readers);
}

void readers_submit(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, int milliseconds, reader_done *done, void *context)
{
	struct job *job = job_new(kind, -1, url, documents, milliseconds);

	job->done = done;
	job->context = context;
	enqueue(readers, job, false);
}

/* How far a reply is there. */
enum progress { REPLY_PART, REPLY_WHOLE, REPLY_FALSE };

/* A reader judges nothing but the page, and says as much as it announces: one that does not has
 * been taken over by something on a page. */
static enum progress progress_of(const struct buffer *bytes, struct reader_reply *reply)
{
	size_t size = sizeof *reply;

	if (bytes->length < size)
		return REPLY_PART;
	memcpy(reply, bytes->data, sizeof *reply);
	if ((reply->remedy != 0 && reply->remedy != REMEDY_PAGE) ||
		reply->length > READING_TEXT_MAX || reply->notes > READER_NOTES_MAX)
		return REPLY_FALSE;
	size += reply->length + 1 + reply->notes;
	if (bytes->length < size)
		return REPLY_PART;
	return bytes->length == size && strlen(bytes->data + sizeof *reply) == reply->length
		       ? REPLY_WHOLE
		       : REPLY_FALSE;
}

/* Takes what has come of the reply, and ends the job where it is whole or its child is gone. */
static void collect_one(struct reader *reader)
{
	char block[65536];
	bool deaf = !send_more(reader);
	ssize_t got = read(reader->child.from, block, sizeof block);
	bool dead = got == 0 || (got < 0 && deaf);
	struct reader_reply reply = {0};
	enum progress progress;
	struct error error;

	if (got < 0 && errno != EAGAIN && errno != EINTR) {
		system_error_set(&error, "a reader's answer", "cannot be read");
		finish_dead(reader, &error);
		return;
	}
	if (got > 0)
		dead = !buffer_add(&reader->reply, block, (size_t)got);
	progress = progress_of(&reader->reply, &reply);
	if (dead || progress == REPLY_FALSE) {
		finish_broken(reader, READER_RAN_OUT "more time or memory than a page may, "
						     "or broke the parser");
	} else if (progress == REPLY_WHOLE) {
		const char *text = buffer_string(&reader->reply) + sizeof reply;

		if (reply.remedy != 0)
			error_set(&error, REMEDY_PAGE, "%s", text);
		if (reply.remedy == 0)
			finish(reader, text, reply.length, text + reply.length + 1, NULL);
		else
			finish(reader, NULL, 0, NULL, &error);
	} else if (child_late(&reader->child)) {
		finish_broken(reader, READER_RAN_OUT "longer than a page may");
	}
}

size_t readers_collect(struct readers *readers)
{
	size_t busy = 0;

	for (size_t i = 0; i < readers->count; i++)
		if (readers->list[i].job != NULL)
			collect_one(&readers->list[i]);
	dispatch(readers);
	for (size_t i = 0; i < readers->count; i++)
		busy += readers->list[i].job != NULL;
	for (const struct job *job = readers->first; job != NULL; job = job->next)
		busy++;
	return busy;
}

size_t readers_polls(const struct readers *readers, struct pollfd polls[static READERS_POLLS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < readers->count; i++) {
		const struct reader *reader = &readers->list[i];

		if (reader->job == NULL)
			continue;
		polls[count++] = (struct pollfd){reader->child.from, POLLIN, 0};
		if (reader->job->sent < reader->job->bytes.length)
			polls[count++] = (struct pollfd){reader->child.to, POLLOUT, 0};
	}
	return count;
}

/* A job that somebody waits for. */
struct wait {
	bool ended;
	char *text, *notes;
	struct error error;
};

static void wait_done(void *context, const char *text, size_t length, const char *notes,
	const struct error *error)
{
	struct wait *wait = context;

	wait->ended = true;
	if (text != NULL) {
		wait->text = memory_bytes(text, length);
		wait->notes = memory_string(notes);
	} else {
		wait->error = *error;
	}
}

static char *wait_for(struct readers *readers, struct job *job, char **notes, struct error *error)
{
	struct wait wait = {0};

	job->done = wait_done;
	job->context = &wait;
	enqueue(readers, job, true);
	while (!wait.ended) {
		struct pollfd polls[READERS_POLLS_MAX];
		size_t count = readers_polls(readers, polls);

		poll(polls, (nfds_t)count, 100);
		readers_collect(readers);
	}
	if (wait.text == NULL)
		*error = wait.error;
	if (notes != NULL)
		*notes = wait.notes;
	else
		free(wait.notes);
	return wait.text;
}

bool readers_address(struct readers *readers, const struct kind *kind, size_t i, const char *url,
	const struct document *documents, char **address, struct error *error)
{
	*address = wait_for(readers, job_new(kind, (int64_t)i, url, documents, READER_MILLISECONDS),
		NULL, error);
	return *address != NULL;
}

char *readers_read(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, char **notes, struct error *error)
{
	return wait_for(
		readers, job_new(kind, -1, url, documents, READER_MILLISECONDS), notes, error);
}
