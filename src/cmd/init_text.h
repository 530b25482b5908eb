/* SPDX-License-Identifier: ISC
 *
 * The configuration that `lampwatch init` writes, of what was answered. Pure.
 */
#ifndef LAMPWATCH_INIT_TEXT_H
#define LAMPWATCH_INIT_TEXT_H

#include "base/list.h"

struct buffer;

/* The name of its route. */
#define INIT_ROUTE "relay"

/* A relay that is a program, and the one without a path. */
#define INIT_SENDMAIL "sendmail:"
#define INIT_SENDMAIL_PROGRAM "/usr/sbin/sendmail"

/* NULL, or an empty list: not answered yet, and left out. Owned. */
struct init_answers {
	char *archive;
	char *from;             /* NULL: made of the others */
	struct text_list mails; /* who is told; the first is the operator, too */
	char *relay;            /* smtp://…, smtps://…, or sendmail:, with a path or without */
	char *user, *password_file;
	struct text_list services;
	char *schedule; /* a word of init_schedules */
	char *zone;     /* of what people read */
	char *schema;   /* the file that editors hold a configuration against; NULL: none */
};

void init_answers_release(struct init_answers *answers);

/*
 * Adds the whole text: every key with a comment that says what it is for. The pages come last and
 * are none yet, so that what is added to them stands at the end of the file.
 */
void init_text(const struct init_answers *answers, struct buffer *out);

#endif
