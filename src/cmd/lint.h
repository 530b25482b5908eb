/* SPDX-License-Identifier: ISC
 *
 * Mistakes that the names in a configuration give away: routes that depend on the provider they
 * warn about, names of providers that are not known, and names that are only examples.
 */
#ifndef LAMPWATCH_LINT_H
#define LAMPWATCH_LINT_H

struct catalogue;
struct config;
struct problems;
struct providers;

/* Adds a warning for each; nothing is looked up. Strings of config may be NULL (config_read()). */
void lint(const struct config *config, const struct providers *providers,
	const struct catalogue *catalogue, struct problems *problems);

#endif
