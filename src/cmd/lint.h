/* SPDX-License-Identifier: ISC
 *
 * What the names in a configuration give away by themselves: ways that lean on what they
 * warn of, and providers that nobody knows by that name.
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
