/* SPDX-License-Identifier: ISC
 *
 * A mail that somebody wrote to us, or that a mail server sent back: as much of
 * it as decides what is done (RFC 5322, RFC 3464, RFC 3834).
 */
#ifndef LAMPWATCH_INCOMING_MAIL_H
#define LAMPWATCH_INCOMING_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct error;
struct readers;

enum {
	INCOMING_MAIL_MAX = 256 * 1024,    /* bytes that are looked at */
	INCOMING_WORDS_MAX = 50,           /* words of a command */
	INCOMING_REPORT_LINES_MAX = 10000, /* of a report */
};

struct incoming_mail {
	char *from;       /* the address in From; "" where there is none that mail can go to */
	char *sender;     /* of the envelope, as Return-Path says; "" for <> and where not given */
	char *recipient;  /* of the envelope, as Delivered-To or X-Original-To says; "" */
	char *message_id; /* with its brackets; "" */
	bool has_sender;  /* there was a Return-Path at all */
	bool in_parts;    /* its text begins at the first part's boundary (RFC 2046) */
	bool automatic;   /* no person wrote it: no answer may follow (RFC 3834 section 2) */
	struct text_list words; /* of the subject, in lower case and without the marks around
				 * them; "Re:" is left out */
	struct text_list line;  /* likewise of the first line of the text that quotes nothing */
	char *status; /* of a report that a delivery failed: "5.1.1" (RFC 3463); "" where it is
		       * none, or says that it is only late */
};

/* Takes what of the mail is understood; the rest is as if it were not there. Pure. */
void incoming_mail_parse(const char *text, size_t length, struct incoming_mail *incoming);

/* The same, in a reader; waits. Errors as in base/readers.h: REMEDY_PAGE is about the mail. */
bool incoming_mail_read(struct readers *readers, const char *text, size_t length,
	struct incoming_mail *incoming, struct error *error);

void incoming_mail_release(struct incoming_mail *incoming);

#endif
