/* SPDX-License-Identifier: ISC
 *
 * Private to plan.c, which decides who is told, and plan_content.c, which says what to those who
 * are told the same.
 */
#ifndef LAMPWATCH_PLAN_P_H
#define LAMPWATCH_PLAN_P_H

#include "tell/plan.h"

/*
 * What somebody is told, one thing after another, from the last to the first. Who is told the same
 * things in the same order has the same path: ten thousand receivers share a few.
 */
struct told_path {
	struct told_path *before; /* NULL: nothing is told yet */
	enum told {
		TOLD_EVENT,
		TOLD_FOLLOWS, /* the event, with what it follows from */
		TOLD_BOTH,    /* the event, as "was red, is green" */
		TOLD_MERGED,  /* all that a message said that never got out */
		TOLD_OVER,    /* the event, for all that was merged of its alarm */
	} told;
	const struct event *event; /* NULL for TOLD_MERGED */
	const struct value *data;  /* of TOLD_MERGED: the message's */
	struct told_path *next, *children;
	size_t content; /* of those who have been told no more: its place in the plan and one more;
			 * 0: not made yet */
};

/* What is said to those who have this path, into an empty content. */
void content_plan_make(
	const struct plan_input *input, const struct told_path *path, struct content_plan *content);

#endif
