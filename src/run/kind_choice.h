/* SPDX-License-Identifier: ISC
 *
 * Kinds for the commands that have no page of the configuration: all of them,
 * or the one that a user names.
 */
#ifndef LAMPWATCH_KIND_CHOICE_H
#define LAMPWATCH_KIND_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

struct kind;
struct error;
struct text_list;

struct kind_list {
	struct kind **list; /* owned */
	size_t count;
};

/*
 * Adds the names of all kinds, sorted; those of user_folder (may be NULL) win over the built-in
 * ones of the same name, so each stands there once.
 */
bool kind_names(const char *templates, const char *user_folder, struct text_list *names,
	struct error *error);

/* Loads all kinds that need no parameters: those that do are never told from a page alone. */
void kind_list_load(const char *templates, const char *user_folder, struct kind_list *kinds);

/* Adds those that need parameters, with some that select nothing: for their words. */
void kind_list_add_generic(const char *templates, struct kind_list *kinds);
void kind_list_release(struct kind_list *kinds);

/* Whether a kind comes after another one of its family, with others of the list between them or
 * not. */
bool kind_comes_after(
	const struct kind_list *kinds, const struct kind *kind, const struct kind *better);

/* Of the kinds that fit a page (fits[i] as read_detect() sets it), leaves in each family those that
 * see most of it. */
void kind_list_prefer(const struct kind_list *kinds, bool *fits);

/* The first of the kinds that come right after the one of this name, owned by the caller; NULL
 * where it is the last of its family. */
char *kind_next(const char *templates, const char *user_folder, const char *name);

/*
 * The kind of that name, or of that file where the name has a slash or ends in ".yaml"; with_path
 * (may be NULL) is a file with its parameters. EXIT_DONE and *kind, owned by the caller; else the
 * exit status after a complaint on standard error that begins with "lampwatch COMMAND".
 */
int kind_choose(const char *command, const char *templates, const char *user_folder,
	const char *name, const char *with_path, struct kind **kind);

#endif
