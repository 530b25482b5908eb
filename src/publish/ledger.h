/* SPDX-License-Identifier: ISC
 *
 * The ledger: how a page's lamp followed what the service did. A fact is that so many of the checks
 * that the configuration names for an indicator failed; the lamp is that indicator's alarm on the
 * page. Both count from when they were first seen, once they are confirmed. What nobody saw is
 * unknown, never good or bad. Pure; all times are UTC seconds.
 */
#ifndef LAMPWATCH_LEDGER_H
#define LAMPWATCH_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/level.h"
#include "store/history.h"

enum {
	/* A lamp that turns red no later than this after the fact's end is about that: pages admit
	 * what is over already. Later, it is more likely to be about something else. */
	LEDGER_AFTER_SECONDS = 3600,
};

/*
 * The phases of one side are stretches of three levels: LEVEL_OPERATIONAL where it was good,
 * LEVEL_MAJOR_OUTAGE where it was bad, and LEVEL_UNKNOWN. Each begins where the one before ends.
 */

/* As stretches_add(); unknown between the last one and begin. */
void phases_add(struct stretches *phases, int64_t begin, int64_t end, enum level level);

/* From when to when an alarm was open, both as they were first seen. */
struct episode {
	int64_t opened, closed; /* closed: INT64_MAX while it is open */
};

/*
 * An indicator's phases: bad in its episodes (oldest first, without overlap), unknown where nobody
 * saw it, and where it was red without one: that was not confirmed, or nobody saw it begin.
 */
void phases_of_episodes(const struct stretches *stretches, enum level red,
	const struct episode *episodes, size_t count, struct stretches *phases);

/* The fact: bad while at least need of the checks are bad, good while too few can be. silent: of
 * each check, whether the others decide while it is unknown. */
void phases_of_checks(const struct stretches *checks, const bool *silent, size_t count, size_t need,
	struct stretches *phases);

/* Time in which neither side changes. */
struct comparison {
	int64_t begin, end;
	enum level lamp, fact;
};

struct comparisons {
	struct comparison *list; /* oldest first; owned */
	size_t count;
};

/* Both sides from begin to end, one beside the other. */
void comparisons_take(const struct stretches *lamp, const struct stretches *fact, int64_t begin,
	int64_t end, struct comparisons *comparisons);
void comparisons_release(struct comparisons *comparisons);

/* It fails here, and the lamp is not red; it works here, and the lamp is. heard: nobody but a crowd
 * says so (struct fact). */
bool comparison_early(const struct comparison *comparison);
bool comparison_late(const struct comparison *comparison, bool heard);

/* One side of an incident. Unknown time between bad and bad is part of it. */
struct ledger_side {
	bool there;         /* else the rest is 0 */
	int64_t begin, end; /* end: until when it was seen, where it has none */
	bool begun, ended;  /* that was seen: it was good right before, and right after */
	bool open;          /* it goes on */
};

enum lag_state {
	LAG_NONE,    /* there is nothing to compare with: only one side */
	LAG_KNOWN,   /* in seconds */
	LAG_NEVER,   /* the fact is over, and the lamp has not turned in time */
	LAG_NOT_YET, /* the lamp has still to turn */
	LAG_OPEN,    /* the fact goes on */
	LAG_UNKNOWN, /* nobody saw one of the two */
};

struct lag {
	enum lag_state state;
	int64_t seconds; /* the lamp's time less the fact's: negative where the page was first */
};

/* An outage as both sides have it. */
struct ledger_incident {
	struct ledger_side lamp, fact;
	struct lag began, ended;
	int64_t said; /* when the page says that it began; 0: it does not */
};

struct ledger_incidents {
	struct ledger_incident *list; /* oldest first; owned */
	size_t count;
};

/*
 * Adds the incidents of both sides: an interval of the lamp belongs to the interval of the fact
 * that it overlaps, or that ended no more than LEDGER_AFTER_SECONDS before it began; several of one
 * side in one of the other are one incident. now: the end of both.
 */
void ledger_incidents_take(const struct stretches *lamp, const struct stretches *fact, int64_t now,
	struct ledger_incidents *incidents);
void ledger_incidents_release(struct ledger_incidents *incidents);

/* From the first that was seen of it to the last. */
int64_t ledger_incident_begin(const struct ledger_incident *incident);
int64_t ledger_incident_end(const struct ledger_incident *incident);

/* The lags of many incidents. */
struct lag_figures {
	int64_t *list; /* those that are known; owned */
	size_t count;
	size_t never, not_yet, unknown;
};

struct ledger_figures {
	size_t count; /* incidents in which the service failed here */
	size_t alone; /* in which only the lamp was red */
	struct lag_figures began, ended;
};

void ledger_figures_add(struct ledger_figures *figures, const struct ledger_incidents *incidents);
void ledger_figures_release(struct ledger_figures *figures);

/* The median (of an even number, the mean of the middle two) and the longest; false where none is
 * known. */
bool lag_median(const struct lag_figures *figures, int64_t *seconds);
bool lag_worst(const struct lag_figures *figures, int64_t *seconds);

#endif
