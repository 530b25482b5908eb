/* SPDX-License-Identifier: ISC
 *
 * Whose the archive is. What root makes in somebody else's archive shuts its owner out of it, so
 * root becomes that owner before anything is made.
 */
#ifndef LAMPWATCH_ARCHIVE_OWNER_H
#define LAMPWATCH_ARCHIVE_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct error;

/* As in lampwatch.service and lampwatch.sysusers. */
#define ARCHIVE_HOME "/var/lib/lampwatch"

struct archive_owner {
	uid_t user;
	gid_t group;
	bool home; /* by the rule of /var/lib/lampwatch, which is still to be made or given away */
};

/*
 * The owner of the archive, or of the nearest folder above it that can be looked at: where a disk
 * or a server of files is gone, the run goes on as that one. Before there is anything but root's,
 * /var/lib/lampwatch and what is in it are the user lampwatch's, if there is one.
 */
struct archive_owner archive_owner(const char *archive);

/*
 * Makes root that owner for good; with make, /var/lib/lampwatch is made for the user lampwatch
 * first. Does nothing where somebody else than root is at work, or root is the owner. REMEDY_LOCAL.
 */
bool archive_owner_become(const char *archive, bool make, struct error *error);

/*
 * For root, where nobody owns an archive there yet: makes its folder and gives it to the user
 * lampwatch, if there is one, wherever it lies. *made: the folder itself is new. *owner: as
 * archive_owner() has it then. REMEDY_LOCAL.
 */
bool archive_owner_make(
	const char *archive, struct archive_owner *owner, bool *made, struct error *error);

/*
 * True where this user may write what is in .state; with pages also where the snapshots of now
 * belong. Else false with REMEDY_LOCAL: one line that names what may not be written, whose it is
 * and how that is mended. What is not there, and a file system that takes no writes at all, is no
 * matter of owners.
 */
bool archive_writable(
	const char *archive, const struct config *pages, int64_t now, struct error *error);

#endif
