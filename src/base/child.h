/* SPDX-License-Identifier: ISC
 *
 * Child processes: the one place where this program forks. A child begins with two pipes to
 * its parent and with the limits of its role, and holds nothing else of its parent's: every
 * other descriptor beyond the standard three is closed (connections, the database, locks), a
 * core is never dumped, and signals have their default meaning again (SIGPIPE stays ignored).
 * Whatever is to confine a role further belongs in struct child_role.
 */
#ifndef LAMPWATCH_CHILD_H
#define LAMPWATCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a kind of child may take; 0 is no limit. */
struct child_role {
	int milliseconds;   /* of time that passes, from its start or the last child_renew() */
	int seconds;        /* of processor time: see child_limit_time() */
	size_t memory;      /* bytes: see child_limit_memory(); it dies of it without a line */
	size_t file_length; /* bytes that a file may have where it writes */
	bool detached;      /* in a session of its own (setsid), and goes on when its parent ends;
			     * else the kernel kills it when its parent ends */
};

struct child {
	const struct child_role *role; /* borrowed */
	pid_t process;                 /* 0: none */
	int to;                        /* what is written here, the child reads */
	int from;                      /* what the child writes; does not block */
	int64_t deadline;              /* of clock_milliseconds(); 0: none */
};

/* The child's work: reads what its parent writes from in, and answers to out. When it returns,
 * the child ends with exit status 0. */
typedef void child_work(const void *context, int in, int out);

/* False with errno, and *child zeroed, where no process can be made. */
bool child_start(
	struct child *child, const struct child_role *role, child_work *work, const void *context);

/* Its time begins again. */
void child_renew(struct child *child);

/* Whether its time is up. */
bool child_late(const struct child *child);

/* Whether it has ended by itself, and waits for child_finish(). */
bool child_ended(const struct child *child);

enum child_fate {
	CHILD_EXITED,    /* code is its exit status */
	CHILD_SIGNALLED, /* code is the number of the signal that ended it */
	CHILD_LATE,      /* its time was up, and it was killed */
};

enum { CHILD_REASON_MAX = 64 };

struct child_end {
	enum child_fate fate;
	int code;
	char reason[CHILD_REASON_MAX]; /* "exit status 1", "ended by signal 9", "did not end …" */
};

/* Waits for its end, kills it when its time is up, closes its pipes and zeroes *child. A detached
 * child is killed with its whole process group. */
void child_finish(struct child *child, struct child_end *end);

/* Kills it now, and as child_finish(). Nothing, where there is none. */
void child_stop(struct child *child);

/* Closes its pipes and lets a detached child go on by itself; zeroes *child. */
void child_leave(struct child *child);

/* From now on this process may take so many seconds of processor time, then SIGPROF ends it. */
void child_limit_time(int seconds);

/* From now on this process may map so many bytes of data more; an allocation beyond them fails. */
void child_limit_memory(size_t bytes);

#endif
