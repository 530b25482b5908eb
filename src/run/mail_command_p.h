/* SPDX-License-Identifier: ISC
 *
 * Private to mail_command*.c: a letter's command is obeyed in mail_command.c, what came to a
 * token in correspondence_token.c, and both are answered by correspondence_answer.c.
 */
#ifndef LAMPWATCH_MAIL_COMMAND_P_H
#define LAMPWATCH_MAIL_COMMAND_P_H

#include "run/mail_command.h"
#include "tell/incoming_mail.h"
#include "tell/pending_subscription.h"
#include "tell/token.h"

struct value;

/* One letter and what is known around it. */
struct matter {
	const struct mail_command *with;
	const struct incoming_mail *incoming;
	const struct text_list *words; /* of the letter's command */
	struct subscribers subscribers;
	struct pending_subscriptions questions; /* that wait for an answer */
};

/* What every answer can say; kind is "is_help" and its like. Owned by the caller. */
struct value *answer_new(const struct matter *matter, const char *kind, const char *address);

/* The pages that an answer speaks of: none stand for all. */
void answer_put_pages(struct value *data, const struct text_list *names);

/* Our address with a token over what it is about; NULL where it would be too long. Owned by the
 * caller. */
char *answer_token(const struct matter *matter, enum token_purpose purpose, const char *about);

/* What nobody can guess, and no other message has. Owned by the caller. */
char *answer_word(void);

/* True where the writer can and may be written to. */
bool answer_wanted(const struct matter *matter, const char *to);

/* True, and counted, where the limits let one more go to this address today. */
bool answer_fits(const struct matter *matter, const char *to);

/* Puts the answer into the outbox; data is taken. reply_to may be NULL. */
bool answer_send(const struct matter *matter, const char *to, struct value *data,
	const char *reply_to, struct error *error);

/* The same where it fits, else nothing. */
bool answer_give(
	const struct matter *matter, const char *to, struct value *data, struct error *error);

/* What the token of a question is about. Owned by the caller. */
char *question_about(const struct pending_subscription *question);

/* Does what a letter to a token is for; one that is none of ours is for nothing. */
bool obey_token(const struct matter *matter, enum token_purpose purpose, const char *token,
	struct error *error);

#endif
