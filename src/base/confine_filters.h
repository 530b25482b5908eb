/* SPDX-License-Identifier: ISC
 *
 * What the kernel is given for each role, for base/confine.c alone. base/confine_calls.c writes it
 * when the program is built: nothing can go wrong with it in a process that needs it.
 */
#ifndef LAMPWATCH_CONFINE_FILTERS_H
#define LAMPWATCH_CONFINE_FILTERS_H

#include <linux/filter.h>

#include "base/confine.h"

/* Stands in a step for the number of the process, until there is one. */
#define CONFINE_OWN_PROCESS 0x6f776e70U

enum { CONFINE_STEPS_MAX = 512, CONFINE_CALLS_MAX = 1024 };

/* Which system calls (seccomp(2)): a program (bpf(4)). */
struct confine_filter {
	const struct sock_filter *steps;
	unsigned short count; /* of steps, CONFINE_STEPS_MAX at most */
	unsigned short calls; /* that it allows, some of them with certain arguments alone */
};

extern const struct confine_filter confine_filters[CONFINE_ROLES];

/* The calls of this architecture by their numbers. NULL: there is none that was known. */
extern const char *const confine_call_names[CONFINE_CALLS_MAX];

#endif
