/* SPDX-License-Identifier: ISC
 *
 * Private to plan*.c: a plan while it is being made. Who is told is plan.c's; whom there is, and
 * what each has been told so far, plan_draft.c's; what is said to those who are told the same,
 * plan_content.c's; and what templates get of it, plan_data.c's.
 */
#ifndef LAMPWATCH_PLAN_P_H
#define LAMPWATCH_PLAN_P_H

#include "base/index.h"
#include "tell/plan.h"

/*
 * What somebody is told, one thing after another, from the last to the first. Who is told the same
 * things in the same order has the same trail: ten thousand receivers share a few.
 */
struct told_path {
	struct told_path *before; /* NULL: nothing is told yet */
	enum told {
		TOLD_EVENT,
		TOLD_BOTH,   /* the event, as "was red, is green" */
		TOLD_MERGED, /* all that a message said that never got out */
		TOLD_OVER,   /* the event, for all that was merged of its alarm */
	} told;
	const struct event *event; /* NULL for TOLD_MERGED */
	const struct value *data;  /* of TOLD_MERGED: the message's */
	struct told_path *next, *children;
	size_t content; /* of those who have been told no more: its place in the plan and one more;
			 * 0: not made yet */
};

/* Somebody who may be told of something, once for each name. */
struct addressee {
	char *name;                      /* borrowed; first, for base/index.h */
	const struct receiver *receiver; /* the first of this name; NULL: a second way, or one who
					  * is no longer subscribed */
	int wanted;      /* of this page, by all subscriptions that name it as either way */
	size_t delivery; /* its place in the plan and one more; 0: none yet */
	struct told_path *path;
};

/* The ways of the receiver at the same place; second NULL: there is none. */
struct ways {
	struct addressee *first, *second;
};

struct message_draft {
	const struct plan_input *input;
	struct plan *plan; /* borrowed */
	char *admin;       /* "mail:…"; NULL: none */
	struct addressee *addressees;
	size_t addressee_count;
	struct index by_name, by_owed; /* addressees; input->owed, by receiver */
	struct ways *ways;
	struct told_path root;
};

void draft_open(struct message_draft *draft, const struct plan_input *input, struct plan *plan);
void draft_close(struct message_draft *draft);

/* Of a receiver, a second way, the operator, or whoever was owed something: never NULL. */
struct addressee *draft_find(const struct message_draft *draft, const char *name);

/* The addressee's delivery, which is made where there is none yet; valid until the next is made. */
struct delivery_plan *message_draft_delivery(
	struct message_draft *draft, struct addressee *addressee);

/* The addressee is told one thing more. */
void addressee_tell(struct addressee *addressee, enum told told, const struct event *event,
	const struct value *data);

/* Every delivery gets its content, its identity, and what it says of itself in the envelope. */
void draft_finish(struct message_draft *draft);

/* What is said to those who have this trail: made where it was not yet. Gives its place in the
 * plan. */
size_t content_of(struct message_draft *draft, struct told_path *path);

#endif
