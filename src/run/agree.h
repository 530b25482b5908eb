/* SPDX-License-Identifier: ISC
 *
 * What a page says beside what we see ourselves: where its lamp and its facts are apart, alarms of
 * kind "early" (it fails here, and the lamp is green) and "late" (it works here, and the lamp is
 * red) are open, and who wants to know is told.
 *
 * Whether they are follows from what the database says of the page, of the probes and of these
 * alarms, and from nothing else: to look again changes nothing, and what a crash left out is made
 * up for by the next look. An alarm of early lasts until the facts are good, whatever the lamp does
 * meanwhile. While either side is unknown nothing begins or ends.
 */
#ifndef LAMPWATCH_AGREE_H
#define LAMPWATCH_AGREE_H

#include <stdint.h>

struct alarm;
struct observer;
struct work;

/* After the commit of an observation of that page, or of a probe: each page that it concerns, in a
 * transaction of its own. What cannot be written is left for agreements_settle(). */
void agreements_follow(struct observer *observer, const char *name, int64_t now);

/* All pages, and alarms of facts that are no longer configured. */
void agreements_settle(struct observer *observer, int64_t now);

/*
 * Within an observation's transaction, before its alarms are numbered. What follows from the
 * facts for its events: red and reminders say what fails here; a green while it does is premature,
 * and the alarm of early is open from there on; a check that fails is told to nobody who hears of
 * it there. At first sight of a page or probe, what is apart already is open and told to nobody.
 */
void agreements_note(struct work *work);

/* Adds the reminder of an open alarm of early, unless its indicator is red: of which there is one.
 */
void agreement_remind(struct work *work, const struct alarm *alarm);

#endif
