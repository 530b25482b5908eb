/* SPDX-License-Identifier: ISC
 *
 * Readers: child processes that parse foreign bytes. Bytes go in, an answer comes out; what crashes
 * a parser, or takes too much processor time or memory, harms only itself. A reader holds no
 * database, no connection and no secret of the configuration, and can get none: it is forked by a
 * fork server (base/child.h) that was started before anything was read, and the kernel confines it
 * (base/confine.h).
 *
 * The process that asks treats an answer as hostile: it is bounded, and looked through before it is
 * used. What has taken a reader over can falsify the jobs that this reader gets after it. So one
 * job is all that a reader gets; where there are many, READER_JOBS, since a new process costs 3 ms
 * of a processor: half of what it costs to keep a page that has changed.
 */
#ifndef LAMPWATCH_READERS_H
#define LAMPWATCH_READERS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;
struct fork_server;
struct readers;

enum {
	READERS_MAX = 4,
	READERS_POLLS_MAX = 2 * READERS_MAX,
	READERS_SINGLE = 20,               /* so many readers get one job each, those after them */
	READER_JOBS = 64,                  /* so many */
	READER_MILLISECONDS = 5000,        /* of processor time for one job at most */
	READER_FILE_MILLISECONDS = 600000, /* the same, of readers_of_file() */
	READER_WALL = 4,                   /* times as much real time */
	READER_MEMORY = 1 << 30,    /* bytes that one may take beyond what it was forked with */
	READER_FILE = 1 << 20,      /* bytes of a file it writes: a crash report at most */
	READER_PARTS_MAX = 1 << 17, /* of a job; a reader that is sent more ends */
};

/* A piece of what a job takes along. */
struct reader_part {
	const char *bytes; /* NULL: there is none */
	size_t length;
	const char *digest; /* NULL: it goes with this job. Else each reader gets it once, keeps
			     * what its work makes of it, and knows it by this digest (SHA-256);
			     * never foreign, and borrowed until the job is done */
	void *kept;         /* in a reader: what it made of it */
};

/*
 * A sort of job. Its functions are the same in all processes, since each is a fork of one program.
 */
struct reader_work {
	/* In a reader: makes something of a part with a digest; NULL where that fails. */
	void *(*keep)(const char *bytes, size_t length);
	/* In a reader: adds the answer to out. False with error, of whose remedy only REMEDY_PAGE
	 * and REMEDY_LOCAL are told apart. */
	bool (*answer)(const struct reader_part *parts, size_t count, struct buffer *out,
		struct error *error);
	/* Where the answer is used: whether it has the form of one; may be NULL. */
	bool (*sound)(const char *answer, size_t length);
	size_t answer_maximum; /* bytes */
};

/*
 * done gets the answer (length bytes, terminated), valid during the call, or NULL with error:
 * REMEDY_PAGE where the bytes are not what they should be, or ended the reader; REMEDY_LOCAL where
 * no reader could be made or heard, or its confinement refused it a call.
 */
typedef void reader_done(
	void *context, const char *answer, size_t length, const struct error *error);

/* What an error says where a job took more time, or memory, than it may. */
#define READER_RAN_OUT "reading it took "

struct reader_job {
	const struct reader_work *work;
	const struct reader_part *parts; /* those without a digest are copied */
	size_t count;
	int milliseconds; /* of processor time, once its parts are there */
	reader_done *done;
	void *context;
};

/* At most count readers (of READERS_MAX), each forked by the server (borrowed) when a job needs
 * one: where nothing foreign comes, there is none. */
struct readers *readers_new(struct fork_server *server, size_t count);
/* One reader, whose standard input is that open file (borrowed): the only one that it can read. All
 * its jobs are about that, so it gets them all. */
struct readers *readers_of_file(struct fork_server *server, int file);
void readers_free(struct readers *readers);

void readers_submit(struct readers *readers, const struct reader_job *job);

/* Does it before all others and waits: the answer (terminated, owned by the caller; *length may be
 * NULL), or NULL with error. The job's own done and context are not used. */
char *readers_ask(
	struct readers *readers, const struct reader_job *job, size_t *length, struct error *error);

/* What to wait for; returns how many, at most READERS_POLLS_MAX. */
size_t readers_polls(const struct readers *readers, struct pollfd polls[static READERS_POLLS_MAX]);

/* Sends and takes what goes without waiting, calling done; returns how many jobs are still under
 * way or queued. */
size_t readers_collect(struct readers *readers);

/* The same without calling done, so that readers have work while whoever asks them has other work:
 * what is answered by then waits for readers_collect(). */
void readers_go_on(struct readers *readers);

/* Something is answered, and nobody has to wait for readers_collect() to call done. */
bool readers_answered(const struct readers *readers);

#endif
