/* SPDX-License-Identifier: ISC
 *
 * The saver: a process that hands pages to Save Page Now (saves.h), each request in an attempt of
 * its own (session.h). The courier starts it when everybody who is owed something has had a turn,
 * and waits for it no more than the run does: it has a lock of its own, and delays nobody.
 */
#ifndef LAMPWATCH_SAVER_H
#define LAMPWATCH_SAVER_H

struct courier_settings;

enum {
	SAVER_SECONDS = 120,      /* that one goes on; then a later run's does */
	SAVER_MILLISECONDS = 9000 /* between two captures that it asks for: the service takes 7 a
				   * minute */
};

/* Forks it. Where it cannot, or one is at work, nothing happens. settings is borrowed. */
void saver_start(const struct courier_settings *settings);

#endif
