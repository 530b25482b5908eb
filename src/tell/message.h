/* SPDX-License-Identifier: ISC
 *
 * From the data of a message to the bytes that are sent: templates give subject and bodies, this
 * file the form of a mail (RFC 5322, MIME). It reads the templates and nothing else; of config what
 * it says of them (mail_templates.h).
 *
 * Templates get the data as message_data.h has them, and
 *
 * - subject is mail/subject.txt rendered: mails and webhooks begin with the same words.
 * - For webhooks, json is the whole data as JSON, with longer lists, without is_first, is_last,
 *   is_LEVEL, is_COLOUR and subject.
 *
 * A mail is made once for all who get the same. The values that differ between receivers,
 * message_id, webhook_id, unsubscribe and unsubscribe_link, are placeholders in its bodies
 * (mime.h), which {{%cut}} and {{%escape}} do not touch; mail_address() makes a receiver's copy of
 * it. In subjects these names are empty.
 */
#ifndef LAMPWATCH_MESSAGE_H
#define LAMPWATCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct config;
struct error;
struct service;
struct value;

enum {
	MESSAGE_SUBJECT_MAX = 120,           /* characters; the last is "…" where it was more */
	MESSAGE_MAIL_MAX = 12 * 1024 * 1024, /* bytes of a mail */
	CONTENT_WORD_MAX = 31,               /* bytes of the name of a type or a colour */
};

/* The header fields that are the same in all copies of a mail. Strings are borrowed. */
struct mail_header {
	const char *from;     /* address; shown as "lampwatch <address>" */
	const char *list_id;  /* "google.alerts.example.org"; NULL: none */
	const char *reply_to; /* address; NULL: none */
	bool answer;          /* to somebody's mail: auto-replied (RFC 3834) */
	int64_t date;         /* seconds since 1970 */
};

/* What differs between the copies of a mail. Strings are borrowed. */
struct mail_copy {
	const char *to;          /* address */
	const char *message_id;  /* with its angle brackets */
	const char *in_reply_to; /* likewise; NULL: none. References carries the same */
	const char *unsubscribe; /* address to which a mail ends it (RFC 2369); NULL or "": none */
	const char *site_url;    /* as of struct content_copy */
};

/*
 * Adds a mail to out, except what differs between its copies: header (RFC 2047 where not ASCII,
 * folded at 78), Auto-Submitted: auto-generated (RFC 3834), multipart/alternative of text and HTML
 * (html NULL: text alone), quoted-printable; CRLF, 7-bit, no line over 76 in
 * bodies. The boundary is derived from what is said, so the same input gives the
 * same bytes. REMEDY_LOCAL where a header field would carry a control character
 * (CR and LF among them) or the mail is too long; out then holds what it held before.
 */
bool mail_write(const struct mail_header *header, const char *subject, const char *text,
	const char *html, struct buffer *out, struct error *error);

/*
 * Adds the copy of a mail that mail_write() or message_mail() made: its own header
 * fields, then the mail, its open places filled. Errors as of mail_write().
 */
bool mail_address(
	const struct mail_copy *copy, const char *mail, struct buffer *out, struct error *error);

/*
 * What templates get from data (a map), as described above, without json. Owned by
 * the caller; NULL if the subject cannot be rendered (REMEDY_CONFIGURATION).
 */
struct value *message_data(const struct config *config, const char *templates,
	const struct value *data, struct error *error);

/*
 * Renders subject.txt, body.txt and body.html (mail_templates.h) from data (a map) and writes the
 * mail as mail_write() does. The subject is one line of at most MESSAGE_SUBJECT_MAX characters,
 * whatever the template made. ends: its copies name an address to which a mail unsubscribes; else
 * unsubscribe is absent, and so is unsubscribe_link, which needs message_one_click() too.
 */
bool message_mail(const struct config *config, const char *templates,
	const struct mail_header *header, const struct value *data, bool ends, struct buffer *out,
	struct error *error);

/*
 * Renders the service's template and adds the body: of a service with `each`, one line of JSON for
 * each event. Nothing is added if the template renders nothing. REMEDY_CONFIGURATION
 * if the template is wrong, or is a .json and its result is not JSON.
 */
bool message_webhook(const struct config *config, const char *templates,
	const struct service *service, const struct value *data, struct buffer *out,
	struct error *error);

/* ---- what is kept ---- */

/* What a message says, made once for all who get the same: the bytes that the outbox keeps, from
 * which the copy that goes to one receiver is made. */
struct content {
	int64_t id;  /* in the outbox; 0: not kept */
	bool whole;  /* the bytes are sent as they are; else they are a mail that mail_address()
		      * makes each receiver's own */
	char *bytes; /* owned; NULL: forgotten, since nobody is owed it */
	size_t length;
	char type[CONTENT_WORD_MAX + 1];   /* of its first event: "red"; "": not known */
	char colour[CONTENT_WORD_MAX + 1]; /* of its headline, likewise */
};

void content_release(struct content *content);

/* Sets type and colour; what is no word of lower-case letters is none. */
void content_name(struct content *content, const char *type, const char *colour);

/* What differs between receivers. Borrowed. */
struct content_copy {
	const char *receiver;    /* "mail:ADDRESS" or "webhook:NAME" */
	const char *message_id;  /* with its angle brackets */
	const char *in_reply_to; /* with its angle brackets; NULL: none */
	const char *unsubscribe; /* address; NULL: none */
	const char *site_url;    /* of forms, where a POST ends it, too (RFC 8058): as
				  * message_one_click() has it; NULL: nowhere */
};

/* Where the forms are that a mail may name for one click: `site_url` where there are forms and it
 * is https, as RFC 8058 section 3.1 asks; else NULL. Borrowed. */
const char *message_one_click(const struct config *config);

/*
 * Makes the bytes of content: of a mail, what all copies with (or all without) unsubscribe have in
 * common; of a webhook's request the whole body, for that copy alone. Pure, except that it reads
 * the templates. REMEDY_CONFIGURATION: a template is wrong (the bytes then hold the data in plain
 * words, to be sent anyway), or `from` or the webhook is not in the configuration (there are no
 * bytes). Everything but the id is set; the caller releases it in any case.
 */
bool content_render(const struct config *config, const char *templates,
	const struct content_copy *copy, const struct value *data, int64_t now,
	struct content *content, struct error *error);

/* Adds the bytes that go to this receiver. REMEDY_LOCAL as of mail_address(). */
bool content_address(const struct content *content, const struct content_copy *copy,
	struct buffer *out, struct error *error);

#endif
