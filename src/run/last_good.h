/* SPDX-License-Identifier: ISC
 *
 * The last configuration that was good. A run keeps a copy of the one that it works with; while the
 * file has a mistake, runs go on with that copy, as it was: later edits of the file, also whom it
 * no longer names, are not in force.
 *
 *   PLACE/PATH/current    "2026-11-29T02:10:00Z SUM": since when runs work with it, and its folder
 *   PLACE/PATH/SUM/       lampwatch.yaml, kinds/KIND.yaml, templates/WEBHOOK/FILE: the file, each
 *                         kind that a page names, each template of one's own with its parts;
 *                         mail/FILE: of the mails' templates those that are one's own
 *
 *   PLACE/PATH/archive    where the archive was when a run last wrote there: its folder, and the
 *                         number of its file system
 *
 * PLACE is last-good in $STATE_DIRECTORY (systemd's), else in /var/lib/lampwatch, else
 * .lampwatch-last-good beside the file: the first that can be written. It has mode 0700, what is in
 * it 0600; one that is not this user's is stepped over. PATH is the SHA-256 of the configuration's
 * absolute path, SUM that of the copies. What else the file names, secrets above all, is read where
 * it lies, and relative names start at the file's own folder.
 */
#ifndef LAMPWATCH_LAST_GOOD_H
#define LAMPWATCH_LAST_GOOD_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct error;
struct problems;

struct last_good {
	char *folder;  /* PLACE/PATH/SUM; owned */
	int64_t since; /* seconds since 1970: runs work with it */
};

/* The copy for the configuration at path. False where there is none; where one may lie in a place
 * that this user cannot look into, with REMEDY_LOCAL. last_good_release() is due where true. */
bool last_good_find(const char *path, struct last_good *found, struct error *error);
void last_good_release(struct last_good *found);

/* Whose copies there are, for root: PLACE/PATH of the first place that has any, whoever owns it.
 * Owned by the caller; NULL: there is none. */
char *last_good_folder(const char *path);

/* Reads the copy as the configuration at path, as config_parse_copy() does. */
struct config *last_good_load(
	const char *path, const struct last_good *found, struct problems *problems);

/* Whether the copy is that of this configuration, and of the kinds and templates that it names now.
 */
bool last_good_is(
	const struct last_good *found, const struct config *config, const char *templates);

/*
 * Whether the archive was on a file system that is not there now: nothing stands at its place,
 * which is on another one than when a run last wrote there, as where a mount is missing. Then error
 * says so, and what to do.
 */
bool last_good_unmounted(const struct config *config, struct error *error);

/* Remembers on which file system the archive is. */
void last_good_note_archive(const struct config *config);

/*
 * Keeps a copy of a configuration that is good, unless there is one: read again as it was written,
 * and then put in the place of the one before in one step. True also where nothing can be
 * written in any place. REMEDY_LOCAL; REMEDY_CONFIGURATION where what it names is wrong by now.
 */
bool last_good_keep(
	const struct config *config, const char *templates, int64_t now, struct error *error);

#endif
