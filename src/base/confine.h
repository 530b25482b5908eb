/* SPDX-License-Identifier: ISC
 *
 * What a process that meets foreign bytes may ask of the kernel: a list of system calls
 * (seccomp(2); base/confine_calls.c), files by their paths (landlock(7)), and limits. Once in force
 * it cannot be taken back, and what the process starts inherits it.
 *
 * - A reader parses what a page, a mail or a WARC file said (base/readers.h). Files: conversions of
 *   encodings, to be read; and what it is given open. No network. Calls: memory, the clock, its
 *   pipes.
 * - A fetcher fetches pages and makes checks (net/http.h). Files: libraries, what names and
 *   certificates need, all to be read. Any peer, but no port of its own. Calls: the same, threads,
 *   sockets.
 * - An attempt carries messages by SMTP or HTTP, or hands them to the launcher (tell/courier.c); or
 *   asks for a time stamp (run/sign_heads.c), says that a run was well (run/heartbeat.c), looks
 *   names up, or makes a check that logs in (watch/login.c).
 *   All as a fetcher, and the files that its caller names.
 * - The courier writes to its database and forks attempts (tell/courier.c), which inherit what it
 *   may not. Files: what its caller names, to be written; what its attempts read, secrets among it,
 *   to be read. Any peer, since they need that; it makes no connection itself. Calls: those of an
 *   attempt, files, children. It can still read the secrets that attempts can, talk to anybody, and
 *   signal other processes where Landlock has no scopes (Linux before 6.12); it cannot start a
 *   program, write to the archive outside of .state, read other files, or trace.
 * - serve answers over HTTP (cmd/serve.c). Files: none, for an opener hands over what lies in the
 *   archive; with forms their template, to be read, and the spool, to be written: new files alone,
 *   or in place of others there. Its one listener. Calls: those of a fetcher, but no socket().
 * - An opener opens files of the archive for serve (cmd/serve_opener.c), and meets nothing foreign
 *   but their paths. Files: the archive, to be read, with .state in it, which it hands to nobody.
 *   No network. Calls: those of a reader, and sendmsg().
 * - verify proves an archive, which anybody may have written (cmd/verify.c): certificates, time
 *   stamps, compressed packs. Files: the archive, to be read, and .state, to be written by SQLite.
 *   No network. Calls: memory, the clock, files. It can say anything of that archive, read what is
 *   in .state, and damage that.
 *
 * None may start a program or trace another process; none but the courier may make a process or
 * signal one, and none but that, verify and serve open a file to write. Not confined is the
 * launcher (tell/launcher.h), whose programs inherit what it may do. An attempt and the courier
 * still share with the run that they were forked from that run's memory as it was then; no secret
 * of a file is in it, for that is read by who needs it (config/config.h), and an attempt wipes what
 * lampwatch.yaml itself has. One that the run starts while it works (a check that logs in, a
 * look-up of names, a time stamp, the heartbeat) comes from a process that was forked once the
 * configuration was read (fork_server_fork_given()), and shares nothing that the run held later.
 * What the run itself forks later may find copies of pages' addresses: a courier with its attempts
 * where the archive failed meanwhile (run/standby.h), and deliveries where nothing can be written
 * at all (run/direct.h). A reader or a fetcher was never near any of it.
 *
 * Where the kernel offers less, what it offers is in force: confine_describe() says what that is.
 * Without Landlock a role may read every file that its user may, and the courier write them.
 */
#ifndef LAMPWATCH_CONFINE_H
#define LAMPWATCH_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct text_list;

enum confine_role {
	CONFINE_NONE,
	CONFINE_READER,
	CONFINE_FETCHER,
	CONFINE_ATTEMPT,
	CONFINE_COURIER,
	CONFINE_SERVE,
	CONFINE_OPENER,
	CONFINE_VERIFY,
	CONFINE_ROLES,
};

/*
 * What went wrong in a confined process, in memory that it shares with the one that looks after it.
 * Zeroes: nothing. The process may write anything into it.
 */
struct confine_report {
	int role;   /* enum confine_role */
	int call;   /* the number of the last system call that was refused, plus one */
	int reason; /* errno, where the confinement could not be put in force */
};

enum {
	CONFINE_EXIT = 77, /* exit status of a reader whose call was refused */
	CONFINE_TEXT_MAX = 128,
	CONFINE_WIDTH = 80, /* columns of confine_describe() */
};

/* Where this process reports. Without it, a line on standard error. Borrowed for ever. */
void confine_report_to(struct confine_report *report);

/*
 * Puts the role in force for this process, which has one thread; paths (NULL: none) may be read
 * besides, with everything below them. A role without connections of its own loses what the
 * environment says. A call that is refused is reported; then a
 * reader ends with CONFINE_EXIT, so that no reading comes of it, and in the others the call fails
 * with EPERM, so that what is owed still goes out where it can. Where the kernel has what is needed
 * and does not give it, that is reported, and a reader ends likewise.
 */
void confine_enter(enum confine_role role, const struct text_list *paths);

/* The same; and in these folders, with everything below them, files may be written, made and
 * removed. */
void confine_enter_writing(
	enum confine_role role, const struct text_list *paths, const struct text_list *written);

/* Whether a call of this process was refused, and the line is said or reported. */
bool confine_refused(void);

/* What a report says, in one line, such as `the confinement of a reader refuses "openat"`. False
 * where it says nothing. */
bool confine_report_text(const struct confine_report *report, char out[static CONFINE_TEXT_MAX]);

/* The roles and what is in force for each on this kernel: a table, CONFINE_WIDTH columns at most.
 */
void confine_describe(struct buffer *out);

/* A further row, of a process that has no role. */
void confine_row(struct buffer *out, const char *name, const char *calls, const char *files,
	const char *network);

#endif
