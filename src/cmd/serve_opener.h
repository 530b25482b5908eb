/* SPDX-License-Identifier: ISC
 *
 * The opener: the process that opens the archive's files for `lampwatch serve`. Landlock knows no
 * exceptions: who may read the archive may read .state in it, and rules for each of the other
 * entries would end with them, for a run replaces index.html and adds folders while it serves. So
 * the process that talks to strangers may open nothing there; it asks this one, which sees nothing
 * of a request but its path, and gives it what may be had.
 */
#ifndef LAMPWATCH_SERVE_OPENER_H
#define LAMPWATCH_SERVE_OPENER_H

#include <stdbool.h>

#include "base/child.h"

struct error;

/* Forks it for that archive (borrowed). False with error (REMEDY_LOCAL). It ends with
 * child_leave(), or with this process. */
bool serve_opener_start(struct child *opener, const char *archive, struct error *error);

/*
 * Opens path (percent-decoded, beginning with '/') below the folder and returns a descriptor of a
 * regular file; -1 where there is none that may be had: a part that is empty or begins with '.',
 * a symbolic link anywhere, a folder. A path that ends with '/' means index.html in it.
 * *folder: it names a folder without the '/' at its end. Called by one thread.
 */
int serve_open(const struct child *opener, const char *path, bool *folder);

/* Whether it is there, and was refused nothing: else nothing is opened any more. False with error
 * (REMEDY_LOCAL). */
bool serve_opener_good(const struct child *opener, struct error *error);

#endif
