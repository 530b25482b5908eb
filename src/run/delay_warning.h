/* SPDX-License-Identifier: ISC
 *
 * A message that nobody takes may wait for days before it is given up: whoever looks after the
 * machine hears of it long before, as a mail server warns of delayed mail.
 */
#ifndef LAMPWATCH_DELAY_WARNING_H
#define LAMPWATCH_DELAY_WARNING_H

#include <stdint.h>

#include "base/list.h"

struct database;

enum { DELAY_WARNING_SECONDS = 15 * 60 /* that a message was tried and not taken */ };

/*
 * Adds a line for each route or webhook by which messages are delayed and by which none was at the
 * run before: "relay: 3 messages are owed since …: 451 later; `lampwatch outbox` has them". Times
 * are in zone. A transaction of its own, in which is remembered what has been said.
 */
void delay_warnings_find(
	struct database *database, const char *zone, int64_t now, struct text_list *lines);

#endif
