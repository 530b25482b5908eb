/* SPDX-License-Identifier: ISC */
#include "base/readers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <search.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"

enum {
	ENDING_MILLISECONDS = 1000, /* that a reader may take to end, once it answers no more */
	PIPE = 256 * 1024, /* bytes that are sent at once: most pages, so that no reader waits for
			    * the rest of one while whoever asks has other work */
};

/* Comes before the parts' places, and these before the bytes: first of the parts that a reader is
 * to keep, then of those that go with the job. */
struct job_head {
	const struct reader_work *work; /* a reader is a fork: the address means the same there */
	int64_t milliseconds;           /* of processor time */
	size_t count;                   /* of parts */
};

struct part_head {
	size_t length; /* of the bytes that follow; SIZE_MAX: there are none */
	char digest[DIGEST_TEXT];
};

/* Comes before the answer, or the text of an error. */
struct answer_head {
	int64_t remedy; /* enum remedy; 0 for success */
	size_t length;
};

struct job {
	struct job_head request;
	struct reader_part *parts;  /* with a digest: borrowed bytes; without: those of copies */
	struct buffer head, copies; /* what is sent: first what depends on the reader */
	size_t sent;                /* of both; a reader that takes nothing keeps nobody waiting */
	struct buffer reply;
	struct error error; /* remedy 0: there is an answer in the reply */
	reader_done *done;
	void *context;
	struct job *next;
};

struct job_queue {
	struct job *first, *last;
};

struct reader {
	struct child child;
	int jobs;        /* that it got */
	void *known;     /* tsearch() tree of the digests that it keeps something of */
	struct job *job; /* NULL: idle */
};

struct readers {
	struct fork_server *server; /* borrowed */
	struct reader list[READERS_MAX];
	size_t count;
	int file;    /* borrowed; -1: none */
	size_t made; /* processes */
	struct job_queue queued, finished;
};

/* ---- in a reader ---- */

/* What it made of a part; for its whole life. */
struct kept {
	char digest[DIGEST_TEXT];
	void *object;
};

static int by_digest(const void *a, const void *b)
{
	return strcmp(a, b);
}

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

static char *read_bytes(int in, size_t length)
{
	char *bytes = memory_zero(length + 1, 1);

	if (read_whole(in, bytes, length))
		return bytes;
	free(bytes);
	return NULL;
}

static bool keep(int in, const struct reader_work *work, const struct part_head *place, void **all)
{
	struct kept *kept = memory_zero(1, sizeof *kept);
	char *bytes = read_bytes(in, place->length);

	memcpy(kept->digest, place->digest, sizeof kept->digest);
	if (bytes != NULL)
		kept->object = work->keep(bytes, place->length);
	tsearch(kept, all, by_digest);
	free(bytes);
	return bytes != NULL;
}

/* What can be none that was sent means that the two no longer agree where a job begins. */
static bool request_good(const struct job_head *request)
{
	return request->count <= READER_PARTS_MAX && request->milliseconds > 0 &&
	       request->milliseconds <= READER_FILE_MILLISECONDS;
}

static bool place_good(const struct part_head *place, void *const *all)
{
	bool follows = place->length != SIZE_MAX;

	return (!follows || place->length <= READER_MEMORY) &&
	       memchr(place->digest, '\0', sizeof place->digest) != NULL &&
	       !(follows && place->digest[0] != '\0' && /* each is sent once */
		       tfind(place->digest, all, by_digest) != NULL);
}

static bool receive(int in, const struct job_head *request, struct reader_part *parts, void **all)
{
	struct part_head *places = memory_zero(request->count + 1, sizeof *places);
	bool good = read_whole(in, places, request->count * sizeof *places);

	for (size_t i = 0; i < request->count && good; i++) {
		good = place_good(&places[i], all);
		if (good && places[i].digest[0] != '\0' && places[i].length != SIZE_MAX)
			good = keep(in, request->work, &places[i], all);
	}
	for (size_t i = 0; i < request->count && good; i++) {
		if (places[i].digest[0] != '\0') {
			struct kept *const *kept = tfind(places[i].digest, all, by_digest);

			parts[i].kept = kept != NULL ? (*kept)->object : NULL;
		} else if (places[i].length != SIZE_MAX) {
			parts[i].length = places[i].length;
			parts[i].bytes = read_bytes(in, places[i].length);
			good = parts[i].bytes != NULL;
		}
	}
	free(places);
	return good;
}

static bool send_answer(int out, const struct job_head *request, const struct reader_part *parts)
{
	struct buffer text = {.maximum = request->work->answer_maximum};
	struct error error = {0};
	struct answer_head reply;
	bool good = request->work->answer(parts, request->count, &text, &error);

	if (good && text.overflowed)
		good = error_set(&error, REMEDY_PAGE,
			"what is read from it is longer than %zu bytes", text.maximum);
	if (!good) {
		buffer_release(&text);
		text = (struct buffer){0};
		buffer_text(&text, error.text);
	}
	reply = (struct answer_head){good ? 0 : (int64_t)error.remedy, text.length};
	good = file_write_all(out, &reply, sizeof reply) &&
	       file_write_all(out, buffer_string(&text), text.length);
	buffer_release(&text);
	return good;
}

/* One job after the other, each with its own limit of time. */
static void serve(const void *context, int in, int out)
{
	void *all = NULL;
	bool good = true;

	(void)context;
	confine_enter(CONFINE_READER, NULL);
	while (good) {
		struct reader_part *parts = NULL;
		struct job_head request = {0};

		child_limit_time(READER_MILLISECONDS);
		good = read_whole(in, &request, sizeof request) && request_good(&request);
		if (!good)
			break;
		parts = memory_zero(request.count + 1, sizeof *parts);
		good = receive(in, &request, parts, &all);
		if (good) {
			child_limit_time((int)request.milliseconds);
			good = send_answer(out, &request, parts);
		}
		for (size_t i = 0; i < request.count; i++)
			free((char *)(uintptr_t)parts[i].bytes);
		free(parts);
	}
	tdestroy(all, free);
}

/* ---- where they are asked ---- */

static bool start(struct readers *readers, struct reader *reader)
{
	static const struct child_role role = {
		.milliseconds = READER_WALL * READER_MILLISECONDS,
		.seconds = READER_MILLISECONDS / 1000,
		.memory = READER_MEMORY,
		.file_length = READER_FILE,
	};

	reader->jobs = 0;
	readers->made++;
	if (!fork_server_fork(readers->server, &reader->child, &role, serve, readers->file))
		return false;
	fcntl(reader->child.to, F_SETPIPE_SZ, PIPE); /* a smaller one only takes more turns */
	return fcntl(reader->child.to, F_SETFL, O_NONBLOCK) == 0;
}

struct readers *readers_new(struct fork_server *server, size_t count)
{
	struct readers *readers = memory_zero(1, sizeof *readers);

	readers->count = count < READERS_MAX ? count : READERS_MAX;
	readers->server = server;
	readers->file = -1;
	return readers;
}

struct readers *readers_of_file(struct fork_server *server, int file)
{
	struct readers *readers = readers_new(server, 1);

	readers->file = file;
	return readers;
}

static void stop(struct reader *reader)
{
	child_stop(&reader->child);
	tdestroy(reader->known, free);
	reader->known = NULL;
}

/* Whoever has taken it over by now has nothing to say of what comes. */
static bool is_used_up(const struct readers *readers, const struct reader *reader)
{
	return readers->file < 0 &&
	       reader->jobs >= (readers->made <= READERS_SINGLE ? 1 : READER_JOBS);
}

static void queue_add(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	if (queue->first == NULL)
		queue->first = job;
	else
		queue->last->next = job;
	queue->last = job;
}

static void queue_put_first(struct job_queue *queue, struct job *job)
{
	job->next = queue->first;
	queue->first = job;
	if (job->next == NULL)
		queue->last = job;
}

/* NULL: it is empty. */
static struct job *queue_take(struct job_queue *queue)
{
	struct job *job = queue->first;

	if (job != NULL)
		queue->first = job->next;
	return job;
}

static void job_free(struct job *job)
{
	if (job == NULL)
		return;
	buffer_release(&job->reply);
	buffer_release(&job->head);
	buffer_release(&job->copies);
	free(job->parts);
	free(job);
}

void readers_free(struct readers *readers)
{
	struct job *job;

	if (readers == NULL)
		return;
	for (size_t i = 0; i < readers->count; i++) {
		stop(&readers->list[i]);
		job_free(readers->list[i].job);
	}
	while ((job = queue_take(&readers->queued)) != NULL ||
		(job = queue_take(&readers->finished)) != NULL)
		job_free(job);
	free(readers);
}

static struct job *job_new(const struct reader_job *wanted)
{
	struct job *job = memory_zero(1, sizeof *job);
	size_t length = 0;

	job->request = (struct job_head){wanted->work, wanted->milliseconds, wanted->count};
	job->done = wanted->done;
	job->context = wanted->context;
	job->parts = memory_zero(wanted->count + 1, sizeof *job->parts);
	job->head.maximum = job->copies.maximum = SIZE_MAX / 2;
	for (size_t i = 0; i < wanted->count; i++) {
		job->parts[i] = wanted->parts[i];
		if (job->parts[i].digest == NULL && job->parts[i].bytes != NULL)
			length += job->parts[i].length;
	}
	buffer_expect(&job->copies, length);
	for (size_t i = 0; i < wanted->count; i++)
		if (job->parts[i].digest == NULL && job->parts[i].bytes != NULL)
			buffer_add(&job->copies, job->parts[i].bytes, job->parts[i].length);
	return job;
}

/* The reader has nothing more to do with it. */
static void finish(struct readers *readers, struct reader *reader, const struct error *error)
{
	struct job *job = reader->job;

	reader->job = NULL;
	if (error != NULL)
		job->error = *error;
	queue_add(&readers->finished, job);
}

static void finish_dead(struct readers *readers, struct reader *reader, const struct error *why)
{
	stop(reader);
	finish(readers, reader, why);
}

/* The bytes were too much for it; but a call that its confinement refused is not their doing, nor
 * is a pipe that is lost by one that ended of itself. */
static void finish_broken(struct readers *readers, struct reader *reader, const char *why)
{
	struct error error;
	bool unrefused = child_unrefused(&reader->child, &error);
	struct child_end end;

	if (!child_late(&reader->child))
		child_renew(&reader->child, ENDING_MILLISECONDS);
	child_finish(&reader->child, &end);
	if (unrefused && end.fate == CHILD_EXITED && end.code == 0)
		error_set(&error, REMEDY_LOCAL, "a reader lost its pipe; try again");
	else if (unrefused)
		error_set(&error, REMEDY_PAGE, "%s", why);
	finish_dead(readers, reader, &error);
}

/* Without a single reader, the queued jobs would wait forever. number: errno, why there is none. */
static void refuse_all(struct readers *readers, int number)
{
	struct job *job;

	for (size_t i = 0; i < readers->count; i++)
		if (readers->list[i].child.process > 0)
			return;
	while ((job = queue_take(&readers->queued)) != NULL) {
		child_unavailable(&job->error, number);
		queue_add(&readers->finished, job);
	}
}

/* ---- sending ---- */

/* Whether the reader has it already; from now on it has. */
static bool knows(struct reader *reader, const char *digest)
{
	char *copy = memory_string(digest);
	char *const *found = tsearch(copy, &reader->known, by_digest);

	if (*found == copy)
		return false;
	free(copy);
	return true;
}

/* What a job begins with, for that reader. */
static void write_head(struct reader *reader)
{
	struct job *job = reader->job;
	const struct reader_part *parts = job->parts;
	struct buffer kept = {.maximum = SIZE_MAX / 2};

	buffer_clear(&job->head);
	buffer_add(&job->head, &job->request, sizeof job->request);
	for (size_t i = 0; i < job->request.count; i++) {
		struct part_head place;

		memset(&place, 0, sizeof place); /* what lies between its members crosses, too */
		place.length = parts[i].bytes != NULL ? parts[i].length : SIZE_MAX;
		if (parts[i].digest != NULL) {
			memcpy(place.digest, parts[i].digest, sizeof place.digest - 1);
			if (knows(reader, place.digest))
				place.length = SIZE_MAX;
			else
				buffer_add(&kept, parts[i].bytes, parts[i].length);
		}
		buffer_add(&job->head, &place, sizeof place);
	}
	buffer_add(&job->head, buffer_string(&kept), kept.length);
	buffer_release(&kept);
	job->sent = 0;
}

/* As much as it takes now. False where it takes no more at all. */
static bool send_more(struct reader *reader)
{
	struct job *job = reader->job;
	size_t whole = job->head.length + job->copies.length;

	while (job->sent < whole) {
		bool head = job->sent < job->head.length;
		const struct buffer *from = head ? &job->head : &job->copies;
		size_t at = job->sent - (head ? 0 : job->head.length);
		ssize_t sent = write(reader->child.to, from->data + at, from->length - at);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN;
		job->sent += (size_t)sent;
	}
	return true;
}

static bool all_sent(const struct job *job)
{
	return job->sent == job->head.length + job->copies.length;
}

static bool begin(struct reader *reader)
{
	write_head(reader);
	child_renew(&reader->child, READER_WALL * (int)reader->job->request.milliseconds);
	return send_more(reader);
}

/* A reader that died while idle is replaced: that is not the fault of the next job. */
static bool hand_over(struct readers *readers, struct reader *reader, struct error *error)
{
	if (begin(reader))
		return true;
	stop(reader);
	if (!start(readers, reader))
		return child_unavailable(error, errno);
	return begin(reader) ||
	       (child_unrefused(&reader->child, error) &&
		       error_set(error, REMEDY_PAGE, "reading it failed: the reader ended early"));
}

/* Hands queued jobs to idle readers; one that died, or was not needed before, is made first. */
static void dispatch(struct readers *readers)
{
	int number = 0;

	for (size_t i = 0; i < readers->count && readers->queued.first != NULL; i++) {
		struct reader *reader = &readers->list[i];
		struct error error;

		if (reader->job != NULL)
			continue;
		if (is_used_up(readers, reader))
			stop(reader);
		if (reader->child.process == 0 && !start(readers, reader)) {
			number = errno;
			continue;
		}
		reader->job = queue_take(&readers->queued);
		reader->jobs++;
		if (!hand_over(readers, reader, &error))
			finish_dead(readers, reader, &error);
	}
	refuse_all(readers, number);
}

void readers_submit(struct readers *readers, const struct reader_job *job)
{
	queue_add(&readers->queued, job_new(job));
	dispatch(readers);
}

/* ---- receiving ---- */

/* The answer is whole. */
static void take_answer(
	struct readers *readers, struct reader *reader, const struct answer_head *reply)
{
	const struct reader_work *work = reader->job->request.work;
	const char *bytes = buffer_string(&reader->job->reply) + sizeof *reply;
	struct error error;

	if (reply->remedy != 0) {
		error_set(&error, reply->remedy == REMEDY_LOCAL ? REMEDY_LOCAL : REMEDY_PAGE, "%s",
			bytes);
		finish(readers, reader, &error);
	} else if (work->sound != NULL && !work->sound(bytes, reply->length)) {
		error_set(&error, REMEDY_PAGE, "reading it broke the parser");
		finish_dead(readers, reader, &error);
	} else {
		finish(readers, reader, NULL);
	}
}

/* Takes what has come of the reply, and ends the job where it is whole or its reader is gone. */
static void collect_one(struct readers *readers, struct reader *reader)
{
	char block[65536];
	bool deaf = !send_more(reader);
	ssize_t got = read(reader->child.from, block, sizeof block);
	bool dead = got == 0, wrong = got < 0 && deaf;
	struct job *job = reader->job;
	size_t maximum = job->request.work->answer_maximum;
	struct answer_head reply = {0};
	struct error error;

	if (got < 0 && errno != EAGAIN && errno != EINTR) {
		system_error_set(&error, "a reader's answer", "cannot be read");
		finish_dead(readers, reader, &error);
		return;
	}
	job->reply.maximum = sizeof reply + (maximum > ERROR_TEXT_MAX ? maximum : ERROR_TEXT_MAX);
	if (got > 0)
		wrong = !buffer_add(&job->reply, block, (size_t)got);
	if (job->reply.length >= sizeof reply)
		memcpy(&reply, job->reply.data, sizeof reply);
	wrong = wrong || reply.length > job->reply.maximum - sizeof reply ||
		(job->reply.length > sizeof reply &&
			job->reply.length - sizeof reply > reply.length);
	if (wrong) /* it says too much, or has closed its end, and may live on */
		kill(reader->child.process, SIGKILL);
	if (dead || wrong)
		finish_broken(readers, reader,
			READER_RAN_OUT "more time or memory than a page may, or broke the parser");
	else if (job->reply.length == sizeof reply + reply.length && all_sent(job))
		take_answer(readers, reader, &reply);
	else if (child_late(&reader->child))
		finish_broken(readers, reader, READER_RAN_OUT "longer than a page may");
}

void readers_go_on(struct readers *readers)
{
	for (size_t i = 0; i < readers->count; i++) {
		struct reader *reader = &readers->list[i];

		if (reader->job != NULL)
			collect_one(readers, reader);
		if (reader->job == NULL && is_used_up(readers, reader))
			stop(reader);
	}
	dispatch(readers);
}

bool readers_answered(const struct readers *readers)
{
	return readers->finished.first != NULL;
}

/* To whoever waits for it. */
static void hand_back(struct job *job)
{
	const char *answer = buffer_string(&job->reply) + sizeof(struct answer_head);

	if (job->error.remedy != 0)
		job->done(job->context, NULL, 0, &job->error);
	else
		job->done(
			job->context, answer, job->reply.length - sizeof(struct answer_head), NULL);
	job_free(job);
}

size_t readers_collect(struct readers *readers)
{
	struct job *job;
	size_t busy = 0;

	readers_go_on(readers);
	while ((job = queue_take(&readers->finished)) != NULL)
		hand_back(job);
	for (size_t i = 0; i < readers->count; i++)
		busy += readers->list[i].job != NULL;
	for (job = readers->queued.first; job != NULL; job = job->next)
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
		if (!all_sent(reader->job))
			polls[count++] = (struct pollfd){reader->child.to, POLLOUT, 0};
	}
	return count;
}

/* ---- a job that somebody waits for ---- */

struct wait {
	bool ended;
	char *answer;
	size_t length;
	struct error error;
};

static void wait_done(void *context, const char *answer, size_t length, const struct error *error)
{
	struct wait *wait = context;

	wait->ended = true;
	if (answer != NULL) {
		wait->answer = memory_bytes(answer, length);
		wait->length = length;
	} else {
		wait->error = *error;
	}
}

char *readers_ask(
	struct readers *readers, const struct reader_job *job, size_t *length, struct error *error)
{
	struct job *own = job_new(job);
	struct wait wait = {0};

	own->done = wait_done;
	own->context = &wait;
	queue_put_first(&readers->queued, own); /* the whole run waits for it */
	dispatch(readers);
	while (!wait.ended) {
		struct pollfd polls[READERS_POLLS_MAX];
		size_t count = readers_polls(readers, polls);

		poll(polls, (nfds_t)count, 100);
		readers_collect(readers);
	}
	if (wait.answer == NULL && error != NULL)
		*error = wait.error;
	if (length != NULL)
		*length = wait.length;
	return wait.answer;
}
