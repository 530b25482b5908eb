/* SPDX-License-Identifier: ISC
 *
 * Reminders (`remind:`): everyone to whom a red was delivered is told again while it lasts, unless
 * somebody has acknowledged it.
 */
#ifndef LAMPWATCH_REMIND_H
#define LAMPWATCH_REMIND_H

#include <stdint.h>

struct observer;

/*
 * Puts the reminders that are due into the outbox, one transaction for each page, and wakes
 * the courier. None for a page that is muted, nor for an indicator that flaps, is gone or is no
 * longer red.
 */
void reminders_enqueue(struct observer *observer, int64_t now);

#endif
