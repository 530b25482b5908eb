/* SPDX-License-Identifier: ISC
 *
 * Rows that are gone when an incident is over: their kind must say what that means.
 */
#ifndef LAMPWATCH_KIND_DEPENDENCE_H
#define LAMPWATCH_KIND_DEPENDENCE_H

struct kind;
struct problems;

/* Complains where indicators are parts of incidents and no block has `others`: such a row would
 * turn red, and never be seen to turn green again. Paths are compared by their steps alone. */
void check_dependence(const struct kind *kind, struct problems *problems);

#endif
