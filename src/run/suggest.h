/* SPDX-License-Identifier: ISC
 *
 * Which other kind would read a page that its own can no longer make sense of.
 */
#ifndef LAMPWATCH_SUGGEST_H
#define LAMPWATCH_SUGGEST_H

#include "run/observe.h"

/*
 * The name of the only kind that the page's main document fits, and can be read with, besides
 * its own; owned by the caller. NULL where there is none, or no document. A child process loads
 * the kinds and looks: this costs some milliseconds, and is waited for a few seconds at most.
 */
char *suggest_kind(const struct observer *observer, const struct observation *seen);

#endif
