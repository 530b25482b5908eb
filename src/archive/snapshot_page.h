/* SPDX-License-Identifier: ISC
 *
 * Where the site has its page about a snapshot: beside the folder,
 * "2014/01/2014-01-24T192000Z.html". publish/site.h writes it, `prune` removes it with the
 * snapshot, and whoever is told of the snapshot is led there. Pure.
 */
#ifndef LAMPWATCH_SNAPSHOT_PAGE_H
#define LAMPWATCH_SNAPSHOT_PAGE_H

struct config;

/* Relative to the archive, "google/2014/01/2014-01-24T192000Z.html", of the snapshot in that folder
 * of the page. Owned by the caller. */
char *snapshot_page_path(const char *page, const char *folder);

/*
 * Its address for everybody, below the configuration's site_url; the same whenever and from
 * whichever database it is asked for. Owned by the caller; NULL where there is no such page: the
 * archive is published nowhere, runs write no site (`site: off`), or nothing is kept (folder NULL
 * or ""). A run sends its messages before it writes the site: the page is there moments later, or,
 * where a run has more new snapshots than SITE_SNAPSHOTS_MAX, after one of the next runs.
 */
char *snapshot_page_url(const struct config *config, const char *page, const char *folder);

#endif
