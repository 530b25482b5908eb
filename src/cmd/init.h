/* SPDX-License-Identifier: ISC
 *
 * Private to init*.c: what the parts of `lampwatch init` share. init.c has the order of things,
 * init_questions.c the answers, init_draft.c what lies on the disk meanwhile, init_try.c what is
 * tried, init_text.c and init_next.c what is written and said.
 */
#ifndef LAMPWATCH_INIT_H
#define LAMPWATCH_INIT_H

#include <stdbool.h>

#include "archive/archive_owner.h"
#include "base/list.h"
#include "cmd/catalogue.h"
#include "cmd/init_text.h"

/* The mode of what only its owner reads. */
enum { OWN_MODE = 0600 };

struct context;
struct error;
struct invocation;
struct options;

struct init {
	const struct context *context;
	const struct invocation *invocation;
	struct catalogue services;
	struct init_answers answers;
	char *path, *folder, *draft; /* owned; the draft lies beside the file */
	char *password;              /* owned: the file that we have made; NULL: none */
	struct archive_owner owner;
	bool archive_made, folder_made; /* by us, and so taken back */
	bool relay_failed;
	int status; /* the worst of all that was tried */
};

void init_complain(const char *text);
/* Complains of it; the exit status. */
int init_fail(const struct error *error);
/* Not with -q. */
bool init_talks(const struct init *init);

/* EXIT_DONE where there is no configuration yet, else the exit status after a complaint. */
int init_draft_place(const struct init *init);
/* The draft of what is answered by now, for the archive's owner to read. */
bool init_draft_write(const struct init *init, struct error *error);
/* It becomes the configuration, whole, where there is none still. The exit status. */
int init_draft_commit(struct init *init);
/* All that was made, and is not the configuration's yet. */
void init_draft_take_back(struct init *init);

/* In a file beside the draft, of the archive's owner. False after a complaint. */
bool init_password_keep(struct init *init, const char *password);
void init_password_forget(struct init *init);

/*
 * Takes what the options say, and adds the options that are missing to the list. False where one is
 * wrong, after a complaint.
 */
bool init_take_options(struct init *init, const struct options *options, struct text_list *missing);
/* Makes the folder of an archive that is to be somebody else's than root's. False after a
 * complaint. */
bool init_settle_archive(struct init *init);

/* Ask until there is a good answer; false where the input ends before. */
bool init_ask_archive(struct init *init);
bool init_ask_mails(struct init *init);
bool init_ask_relay(struct init *init);
bool init_ask_services(struct init *init);
bool init_ask_schedule(struct init *init);

/* Until a relay takes mail, or the user goes on without: EXIT_DONE. */
int init_settle_relay(struct init *init);
/* What of a page that cannot be read now is known is written; the rest stays to be done. */
void init_add_pages(struct init *init);

#endif
