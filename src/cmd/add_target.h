/* SPDX-License-Identifier: ISC
 *
 * What `lampwatch add` adds to: the configuration, or standard output where there is none.
 */
#ifndef LAMPWATCH_ADD_TARGET_H
#define LAMPWATCH_ADD_TARGET_H

#include <stdbool.h>

struct buffer;
struct config_member;
struct invocation;
struct kind;
struct options;

struct add_target {
	const struct invocation *invocation; /* borrowed, as are the options */
	const struct options *options;
	char *path;            /* owned; NULL: there is no configuration */
	struct config *config; /* owned; NULL: the same */
};

/* Finds and loads the configuration. Returns the exit status, after its complaints; EXIT_DONE also
 * where there is none. */
int add_target_load(struct add_target *target);
void add_target_release(struct add_target *target);

/* Whether a page or a probe has that name, after a complaint. */
bool add_target_has(const struct add_target *target, const char *name);

/*
 * The page that is read from that address, however its own is written: address is where the kind
 * (NULL: not known) reads the first document of it. NULL: there is none.
 */
const struct page_config *add_target_page(const struct add_target *target, const char *url,
	const struct kind *kind, const char *address);

/* Whether add_target_add() changes the configuration, or only prints. */
bool add_target_changes(const struct add_target *target);

/* Adds the lines of a page, for struct config_member; a provider that is NULL or the page's name is
 * the default. */
void add_target_page_lines(struct buffer *lines, const char *name, const char *url,
	const char *kind, const char *provider);

/*
 * Adds the page or probe of that name, or with --dry-run or without a configuration only prints it;
 * shown is how it is printed when it was added, without secrets. Returns the exit status.
 */
int add_target_add(const struct add_target *target, const char *name,
	const struct config_member *member, const struct config_member *shown);

#endif
