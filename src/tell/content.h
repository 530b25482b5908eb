/* SPDX-License-Identifier: ISC
 *
 * What a message says, made once for all who get the same: from the data of a plan to the bytes
 * that the outbox keeps, and from these to the copy that goes to one receiver.
 */
#ifndef LAMPWATCH_CONTENT_H
#define LAMPWATCH_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct config;
struct error;
struct value;

struct content {
	int64_t id;  /* in the outbox; 0: not kept */
	bool whole;  /* the bytes are sent as they are; else they are a mail that mail_address()
		      * makes each receiver's own */
	char *bytes; /* owned; NULL: forgotten, since nobody is owed it */
	size_t length;
};

void content_release(struct content *content);

/* What is one receiver's own. Borrowed. */
struct content_copy {
	const char *receiver;    /* "mail:ADDRESS" or "webhook:NAME" */
	const char *message_id;  /* with its angle brackets */
	const char *in_reply_to; /* likewise; NULL: none */
	const char *unsubscribe; /* address; NULL: none */
};

/*
 * Makes the bytes of content: of a mail, what all copies have in common of which unsubscribe is, or
 * is not, NULL; of a webhook's request the whole body, which is that copy's alone. Pure but for
 * reading the templates. REMEDY_CONFIGURATION: a template is wrong (the bytes then hold the data in
 * plain words, which are to be sent all the same), or `from` or the webhook is not in the
 * configuration (there are none). Nothing but bytes, length and whole is set; released by the
 * caller in any case.
 */
bool content_render(const struct config *config, const char *templates,
	const struct content_copy *copy, const struct value *data, int64_t now,
	struct content *content, struct error *error);

/* Adds the bytes that go to this receiver. REMEDY_LOCAL as of mail_address(). */
bool content_address(const struct content *content, const struct content_copy *copy,
	struct buffer *out, struct error *error);

#endif
