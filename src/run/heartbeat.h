/* SPDX-License-Identifier: ISC
 *
 * Who watches the watcher: the heartbeat after each run, and the runs that were
 * missed. A heartbeat says what is wrong on this machine, never that a page is lost or red.
 */
#ifndef LAMPWATCH_HEARTBEAT_H
#define LAMPWATCH_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct config;
struct database;
struct error;
struct fork_server;
struct text_list;

enum {
	HEARTBEAT_PAUSES = 8,            /* between runs: so many are remembered */
	HEARTBEAT_PAUSE_LEAST = 15 * 60, /* seconds: a shorter pause is never told of */
	HEARTBEAT_PAUSES_USUAL = 3,      /* times the usual pause is a gap */
};

/*
 * Remembers that there is a run now. Where none was for longer than three times the usual pause
 * (the median of the last ones, or what the configuration's shortest `every` asks for) and a
 * quarter of an hour, the operator, if there is one, is owed one message about it. A clock that
 * went back is no gap. A transaction of its own, the first of a run; where it fails, error is set
 * (REMEDY_LOCAL). True where there was a gap.
 */
bool heartbeat_begin(struct database *database, const struct config *config, const char *templates,
	int64_t now, struct error *error);

/*
 * The longest pause between runs that is not worth a word, in seconds. pauses: those
 * before, in seconds; every: milliseconds, the shortest of any page. Pure.
 */
int64_t heartbeat_longest_pause(const int64_t *pauses, int count, int64_t every);

/* What can be wrong with a run itself. */
struct heartbeat {
	bool local;   /* something could not be kept */
	bool network; /* no host answered at all */
	bool overdue; /* it was ended at its deadline */
	bool stuck;   /* messages are owed, and none got out since */
	bool mistake; /* of the configuration; the last good one goes on */
};

/* One line for each thing that is wrong; nothing where all is well. Pure. */
void heartbeat_explain(const struct heartbeat *alive, struct buffer *out);

/*
 * After a good run a GET of the configuration's heartbeat, after a bad one a POST to the same with
 * "/fail" behind its path, its body saying what is wrong. A process of its own sends it, as an
 * attempt (base/confine.h), with no secret but the heartbeat's; attempts, which holds config and
 * user_agent, forks it. Waits at most for 15 seconds; whatever comes of it, nobody is told: the
 * receiver of heartbeats notices when they stop.
 */
void heartbeat_send(struct fork_server *attempts, struct config *config,
	const struct heartbeat *alive, const char *user_agent);

/* URL with "/fail" behind its path. Owned by the caller. */
char *heartbeat_fail_url(const char *url);

/*
 * A message that no server accepts may wait for days before it is given up. The operator hears of
 * it long before, as a mail server warns of delayed mail.
 */
enum { DELAY_WARNING_SECONDS = 15 * 60 /* that a message was tried and not taken */ };

/*
 * Adds a line for each route or webhook that delays messages now and did not at the run before:
 * "relay: 3 messages are owed since …: 451 later; `lampwatch outbox` has them". Times are in zone.
 * A transaction of its own, in which is remembered what has been said.
 */
void delay_warnings_find(
	struct database *database, const char *zone, int64_t now, struct text_list *lines);

#endif
