/* SPDX-License-Identifier: ISC
 *
 * lampwatch add --probe: suggests checks for a well-known service.
 */
#ifndef LAMPWATCH_ADD_PROBE_H
#define LAMPWATCH_ADD_PROBE_H

struct add_target;
struct catalogue;

/*
 * Adds a probe with the checks of the service that the option names, and says what `facts:` they
 * are for the page that shows what the service says of itself. services: the catalogue of pages;
 * templates: the folder of the kinds. Nothing is fetched. Returns the exit status.
 */
int add_probe(struct add_target *target, const char *templates, const struct catalogue *probes,
	const struct catalogue *services);

#endif
