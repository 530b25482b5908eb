/* SPDX-License-Identifier: ISC
 *
 * From what happened to the bytes that are sent: templates give subject and
 * bodies, this file the form of a mail (RFC 5322, MIME). Pure.
 */
#ifndef LAMPWATCH_MESSAGE_H
#define LAMPWATCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct error;
struct value;

/* The header of one mail. Strings are borrowed; text is UTF-8. */
struct mail_header {
	const char *from;        /* address; shown as "lampwatch <address>" */
	const char *to;          /* address */
	const char *message_id;  /* with its angle brackets */
	const char *in_reply_to; /* likewise; NULL: none. References carries the same */
	const char *list_id;     /* "google.alerts.example.org"; NULL: none */
	int64_t date;            /* seconds since 1970 */
};

/*
 * Adds a whole mail to out: header (RFC 2047 where not ASCII, folded at 78),
 * Auto-Submitted: auto-generated (RFC 3834), multipart/alternative of text and HTML
 * (html NULL: text alone), quoted-printable; CRLF, 7-bit, no line over 76 in
 * bodies. The boundary is derived from the Message-ID, so the same input gives the
 * same bytes. REMEDY_LOCAL where a header field would carry CR, LF or NUL.
 */
bool mail_write(const struct mail_header *header, const char *subject, const char *text, const char *html,
	struct buffer *out, struct error *error);

/*
 * Renders templates/mail/{subject.txt,body.txt,body.html} from data (see
 * lampwatch's plan.h for its shape) and writes the mail.
 */
bool message_mail(const char *templates, const struct mail_header *header, const struct value *data,
	struct buffer *out, struct error *error);

/* Renders templates/webhook/NAME.json; REMEDY_CONFIGURATION where the result is not JSON. */
bool message_webhook(const char *templates, const char *name, const struct value *data, struct buffer *out,
	struct error *error);

#endif
