/* SPDX-License-Identifier: ISC
 *
 * Reading foreign bytes in child processes: a page that crashes a parser, or
 * takes too much processor time or memory, harms only itself. A child gets
 * documents and returns a canonical reading or an error; it holds no
 * database and no connection, and can get none: the kernel confines it (base/confine.h).
 */
#ifndef LAMPWATCH_READER_H
#define LAMPWATCH_READER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "watch/kind/kind.h"

struct child_role;
struct error;
struct readers;

enum {
	READERS_MAX = 4,
	READERS_POLLS_MAX = 2 * READERS_MAX,
	READER_MILLISECONDS = 5000,      /* of processor time for one page */
	READER_SLICE_MILLISECONDS = 500, /* of these, where others wait: the page's first try */
	READER_WALL = 4,                 /* times as much real time */
	READER_MEMORY = 1 << 30, /* bytes that one child may take beyond what it was forked with */
	READER_FILE = 1 << 20,   /* bytes of a file it writes: a crash report at most */
	READER_NOTES_MAX = 8192, /* bytes */
};

/* The limits of a child that parses foreign bytes, here or elsewhere. */
extern const struct child_role reader_role;

/*
 * Forks count children (at most READERS_MAX). Call it before threads,
 * connections and the database are opened, and after all kinds are loaded: a job names its kind,
 * and a child knows only those that existed when it was forked.
 */
struct readers *readers_new(size_t count);
void readers_free(struct readers *readers);

/*
 * done gets the canonical text (length bytes, terminated) and what there is to say of it
 * (read_report_notes()), valid during the call, or NULL with error: REMEDY_PAGE where the page does
 * not fit its kind or ended its child, REMEDY_LOCAL where no child could be made or heard, or
 * the child's confinement refused it a call.
 */
typedef void reader_done(void *context, const char *text, size_t length, const char *notes,
	const struct error *error);

/* What an error says where a page took more time, or memory, than a page may. */
#define READER_RAN_OUT "reading it took "

/* Queues documents, which are copied; milliseconds: how much processor time reading them may take.
 */
void readers_submit(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, int milliseconds, reader_done *done, void *context);

/* The address of document i, computed in a child; blocks. Same contract as kind_document_address().
 */
bool readers_address(struct readers *readers, const struct kind *kind, size_t i, const char *url,
	const struct document *documents, char **address, struct error *error);

/* Reads and waits: the canonical text, or NULL with error; and the notes, unless these are NULL.
 * Both owned by the caller. */
char *readers_read(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, char **notes, struct error *error);

/* What to wait for; returns how many, at most READERS_POLLS_MAX. */
size_t readers_polls(const struct readers *readers, struct pollfd polls[static READERS_POLLS_MAX]);

/* Sends and takes what goes without waiting, calling done; returns how many jobs are still under
 * way or queued. */
size_t readers_collect(struct readers *readers);

#endif
