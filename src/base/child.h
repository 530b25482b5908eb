/* SPDX-License-Identifier: ISC
 *
 * Child processes: the only place where this program forks. A child starts with two pipes to
 * its parent and the limits of its role, and inherits no descriptor but what that names: all
 * others beyond the standard three are closed (connections, the database, locks), it
 * never dumps core, and INT, TERM, ALRM and PROF have their default action again (SIGPIPE stays
 * ignored). Its work may confine itself (confine_enter()); what the kernel then refuses, the parent
 * hears of.
 *
 * It also inherits the memory of the process that forks it. What a child must not know is kept from
 * it by a fork server, which was forked before anybody knew it.
 */
#ifndef LAMPWATCH_CHILD_H
#define LAMPWATCH_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/confine.h"

struct buffer;
struct error;

/* The limits of a kind of child; 0 is no limit. */
struct child_role {
	int milliseconds; /* of elapsed time, from its start or the last child_renew() */
	int seconds;      /* of processor time: see child_limit_time() */
	size_t memory;    /* bytes of data beside what it inherits; beyond them it ends silently */
	size_t file_length; /* bytes of a file that it writes */
	bool detached;      /* has its own session (setsid), and outlives its parent;
			     * else the kernel kills it when its parent ends */
	bool socket;        /* to and from are the two ways of one socket (unix(7), SOCK_STREAM)
			     * in place of two pipes */
	int keeps;          /* a descriptor that it inherits; 0: none */
};

enum { CHILD_NO_FILE = 64 * 1024 /* file_length of a role that writes none: its last words */ };

struct child {
	const struct child_role *role; /* borrowed */
	pid_t process;                 /* 0: none */
	int to;                        /* the child reads what is written here */
	int from;                      /* the child's output; does not block */
	int64_t deadline;              /* of clock_milliseconds(); 0: none */
	struct confine_report *report; /* it writes there, too; NULL: there is no memory for it */
};

/* The child's work: reads its parent's input from in, and answers on out. When it returns,
 * the child ends with exit status 0. */
typedef void child_work(const void *context, int in, int out);

/* False with errno, and *child zeroed, if no process can be created. */
bool child_start(
	struct child *child, const struct child_role *role, child_work *work, const void *context);

/*
 * In a child: forks, and returns in the fork alone, which has a session of its own. This process
 * waits for the fork's end, ends all that it has begun and left, whatever their sessions
 * (PR_SET_CHILD_SUBREAPER, prctl(2)), and ends as it did. At SIGTERM it ends all of them at once.
 * After so many milliseconds it does so, too, and waits a moment for its parent, whose limit is a
 * little later, to find it late. Where there can be no fork, it returns in this process.
 */
void child_guard(int milliseconds);

/*
 * A fork server: it holds what its parent held when it was started, meets no foreign bytes, and
 * forks for its parent, in whose user it then works (where that was root, and is no longer). What
 * it forks is its parent's own child, so that all of the below holds for that as well.
 */
struct fork_server {
	struct child child;
	int lack; /* errno, why there is none; 0: there is one */
};

/* Where that fails, each fork will, for the same reason. */
void fork_server_start(struct fork_server *server);

/* As child_start(), without a context. input: a descriptor (borrowed) that becomes the child's
 * standard input; -1: it shares ours. */
bool fork_server_fork(struct fork_server *server, struct child *child,
	const struct child_role *role, child_work *work, int input);

/* As child_start(); the context is a copy of the given bytes (one at least). Addresses in them
 * lead, as that of the role does, to what stood there when the server was started. */
bool fork_server_fork_given(struct fork_server *server, struct child *child,
	const struct child_role *role, child_work *work, const struct buffer *given);

/* Ends it; its children live on. */
void fork_server_stop(struct fork_server *server);

/* Sets error to why there is none, from errno: always in the same words, so that one shortage is
 * one fault, whatever the process was for. REMEDY_LOCAL; returns false. */
bool child_unavailable(struct error *error, int number);

/* Its limit of elapsed time from now on; 0: none. */
void child_renew(struct child *child, int milliseconds);

/* Whether its time has run out. */
bool child_late(const struct child *child);

/* What its confinement has refused it, or why it has none: always our own fault (REMEDY_LOCAL),
 * never that of what it was given. False, with error, where there is something to say. */
bool child_unrefused(const struct child *child, struct error *error);

/* Whether it has ended by itself and child_finish() has not been called yet. */
bool child_ended(const struct child *child);

enum child_fate {
	CHILD_EXITED,    /* code is its exit status */
	CHILD_SIGNALLED, /* code is the number of the signal that ended it */
	CHILD_LATE,      /* its time ran out, and it was killed */
};

enum { CHILD_REASON_MAX = 64 };

struct child_end {
	enum child_fate fate;
	int code;
	char reason[CHILD_REASON_MAX]; /* "exit status 1", "ended by signal 9", "did not end …" */
};

/* Waits for its end, kills it when its time runs out, closes its pipes and zeroes *child. A
 * detached child is killed with its whole process group. */
void child_finish(struct child *child, struct child_end *end);

/* Kills it now, closes its pipes and zeroes *child. Does nothing if there is no process. */
void child_stop(struct child *child);

/* Closes its pipes, lets a detached child continue alone, and zeroes *child. */
void child_leave(struct child *child);

/* Ends this process by SIGPROF after so much more processor time; 0: no limit. */
void child_limit_time(int milliseconds);

#endif
