/* SPDX-License-Identifier: ISC
 *
 * Private to plan*.c: the message to one receiver while it is being made (plan_delivery.c). Who is
 * told is plan.c's, what is said plan_data.c's.
 */
#ifndef LAMPWATCH_PLAN_P_H
#define LAMPWATCH_PLAN_P_H

#include "tell/plan.h"

/* The receiver's, which is made where there is none yet. */
struct delivery_plan *delivery_for(struct plan *plan, const char *receiver);

/* The receiver is told of the event; once, where it is told twice in a row. */
void delivery_add_event(
	struct plan *plan, const char *receiver, const struct event *event, const char *zone);

/* Takes over what a message that never got out would have said: of the page named, and of others.
 */
void delivery_merge(struct delivery_plan *delivery, const struct owed *owed, const char *page);

/* The event stands for all that was taken over of its alarm. */
void delivery_replace_by_both(
	struct delivery_plan *delivery, const struct event *event, const char *zone);

/* Data, Message-ID and sender, when all events are there. */
void delivery_finish(const struct plan_input *input, struct delivery_plan *delivery);

#endif
