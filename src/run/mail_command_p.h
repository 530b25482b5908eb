/* SPDX-License-Identifier: ISC
 *
 * Private to mail_command*.c: letters (mail_command.c) and forms (mail_command_form.c) ask for the
 * same things. Whoever is told has agreed to it (mail_command_consent.c), and hears by mail what
 * became of what he asked (mail_command_answer.c). False is REMEDY_LOCAL: nothing may be kept.
 */
#ifndef LAMPWATCH_MAIL_COMMAND_P_H
#define LAMPWATCH_MAIL_COMMAND_P_H

#include <stdbool.h>

#include "run/mail_command.h"
#include "tell/form_request.h"
#include "tell/pending_subscription.h"
#include "tell/token.h"

struct token_owners;
struct value;

/* One mail, or what a form asks for, and what is known around it. */
struct matter {
	const struct mail_command *with;
	const struct incoming_mail *incoming; /* of a form: one that says nothing */
	bool by_form;
	const char *asker; /* who is answered: the envelope's sender (RFC 3834 section 4), or where
			    * the mail server does not say who that is, who the mail is from */
	const struct text_list *words; /* of the mail's command */
	struct subscribers subscribers;
	struct pending_subscriptions questions; /* that wait for an answer */
	struct token_owners *owners;            /* of what is known here */
};

/* Fills in what is known, and frees it. */
void matter_load(struct matter *matter);
void matter_release(struct matter *matter);

/* Ends the transaction: good says whether what it did holds. Returns whether it does. */
bool matter_commit(const struct mail_command *command, bool good, struct error *error);

/* ---- answers ---- */

/* Our address with a token over what it is about; NULL where it would be too long. Owned by the
 * caller. */
char *answer_token(const struct matter *matter, enum token_purpose purpose, const char *about);

/* What every answer can say; kind is "is_help" and its like. Owned by the caller. */
struct value *answer_new(const struct matter *matter, const char *kind, const char *address);

/* Puts what an answer speaks of: no pages stand for all; events and floor only where they are not
 * what is usual. */
void answer_put_wants(struct value *data, const struct subscription *wants);

/* Puts the address of a form, where there are some; purpose TOKEN_PURPOSES: without a token. */
void answer_put_link(const struct matter *matter, struct value *data, enum form form,
	enum token_purpose purpose, const char *about);

/* Whether the limits allow one more: whoever floods us learns nothing, and cannot make us flood
 * somebody else. */
bool answer_fits(const struct matter *matter, const char *to);

/* Whether a person can be written to: mail that nobody wrote gets no answer. */
bool answer_wanted(const struct matter *matter, const char *to);

/* Puts the answer into the outbox; data is taken. reply_to may be NULL. */
bool answer_send(const struct matter *matter, const char *to, struct value *data,
	const char *reply_to, struct error *error);

/* The same where the limits allow one more, else nothing. */
bool answer_give(
	const struct matter *matter, const char *to, struct value *data, struct error *error);

/* ---- consent ---- */

/* Whether the address is sent alerts now. */
bool consent_is_told(const struct matter *matter, const char *mail);

/* Strangers learn nothing of what is watched; whoever is told of it may also ask. */
bool consent_allowed(const struct matter *matter);

/* Whether the mailbox may still answer a question, which then is the only one: nobody is asked by
 * mail after mail what somebody else may have written in his name. */
bool consent_is_asked(const struct matter *matter, const char *mail);

/* Asks: nothing changes before the owner of the address has confirmed it (double opt-in). Where the
 * limits do not allow a question, none is asked. */
bool consent_ask(
	const struct matter *matter, struct pending_subscription *question, struct error *error);

/* What a token confirms, where it is one; instead: what is wanted in place of what was asked for;
 * NULL: that. */
bool consent_settle(const struct matter *matter, const char *token,
	const struct subscription *instead, struct error *error);

/* Unsubscribes the address whose token it is; any other does nothing. */
bool consent_end(const struct matter *matter, const char *token, struct error *error);

#endif
