/* SPDX-License-Identifier: ISC
 *
 * lampwatch routes: what falls with what.
 */
#ifndef LAMPWATCH_ROUTES_CAUSES_H
#define LAMPWATCH_ROUTES_CAUSES_H

struct config;

/* Prints each cause that follows from nothing, and what depends on it further in, in the order of
 * the configuration. What depends on several is shown whole below the first. */
void routes_print_causes(const struct config *config);

#endif
