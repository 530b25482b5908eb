/* SPDX-License-Identifier: ISC
 *
 * The courier: a child process that empties the outbox while the run goes on.
 * What goes by which route is decided in scheduler.h; a session, a child process, carries it there.
 */
#ifndef LAMPWATCH_COURIER_H
#define LAMPWATCH_COURIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct attempt;
struct config;
struct content;
struct courier;
struct database;
struct delivery;
struct error;
struct launcher;
struct providers;
struct route_tokens;
struct text_list;

enum { COURIER_LOCK_SECONDS = 150 /* to wait for another run's courier */ };

/* What it points to is borrowed for the courier's life. */
struct courier_settings {
	struct config *config; /* its processes wipe their own copies (config_wipe()) */
	const struct providers *providers;
	const char *templates;
	const char *lock; /* path of the courier's lock */
	int64_t clock;    /* seconds since 1970 when the program began: real, or simulated */
	/* The outbox, opened in the courier's process; NULL with error. */
	struct database *(*open)(void *context, struct error *error);
	void (*troubled)(struct database *database,
		struct text_list *pages); /* adds pages that are red or lost */
	/* Adds the folders that open() and remember() write to, beside the lock's; NULL: none. */
	void (*folders)(void *context, struct text_list *folders);
	/* What was accepted and cannot be recorded in the outbox. */
	void (*remember)(void *context, const struct text_list *message_ids);
	void *context;
};

/* Forks the courier, and before it the launcher (launcher.h), where that has something to start:
 * early, before any connection and the database are open, for SQLite's locks are those of a
 * process, and what it remembers of them would go along. Where it cannot, courier_finish() says
 * why, and what is owed waits for the next run. */
struct courier *courier_new(const struct courier_settings *settings);

/* Something may be in the outbox. */
void courier_wake(struct courier *courier);

/*
 * No more will come: waits until everything due has been tried once by every route it may use that
 * answers, at most for that many seconds, and frees. A courier that is still busy then goes on by
 * itself.
 */
enum courier_end {
	COURIER_DONE,
	COURIER_FAULT,     /* error (REMEDY_LOCAL): something of this machine kept it from its work,
			    * and messages are still owed */
	COURIER_UNWRITTEN, /* error: it could not write to the outbox, and so sent nothing more */
};
enum courier_end courier_finish(struct courier *courier, int seconds, struct error *error);

/* What the sessions of one caller share: who starts programs for them, and their tokens. */
struct courier_means {
	struct launcher *launcher; /* NULL: nobody has to */
	struct route_tokens *tokens;
};

void courier_means_open(struct courier_means *means, struct config *config);
void courier_means_close(struct courier_means *means);

/*
 * One attempt in a session of its own, without an outbox. Of the delivery count what content_copy
 * has, its page and tries; route is the place of a mail's route in the configuration. means: of all
 * attempts that the caller makes.
 */
void courier_attempt(struct config *config, const struct delivery *delivery,
	const struct content *content, size_t route, int64_t now, const struct courier_means *means,
	struct attempt *attempt);

#endif
