/* SPDX-License-Identifier: ISC
 *
 * Private to the files that know libesmtp: smtp.c, the session; smtp_turn.c, what came of each
 * mail; smtp_content.c, whether its bytes went out; smtp_tls.c.
 */
#ifndef LAMPWATCH_SMTP_P_H
#define LAMPWATCH_SMTP_P_H

/* In this order: libesmtp.h declares what concerns TLS and AUTH only after them. */
#include <openssl/ssl.h>
#include <auth-client.h>
#include <libesmtp.h>

#include "tell/attempt.h"
#include "tell/smtp_transcript.h"

/* What is known of the mail in turn. */
struct smtp_transaction {
	struct reply mail, recipient, transfer;
	size_t offset;      /* of the mail's bytes that libesmtp has taken */
	size_t content;     /* bytes that it has made of them, without dots and framing */
	size_t piece;       /* the last of these */
	bool sent, chunked; /* as in struct smtp_codes */
};

/* Our side of a session. All is borrowed but the transcript. */
struct smtp_client {
	const struct route_config *route;
	const struct mail *mails;
	const struct mail_report *report;
	const size_t *turns; /* places in mails of those that may go out, in their order */
	size_t turn_count, turn;
	struct smtp_transaction now;
	struct smtp_transcript transcript;
	int number; /* errno when libesmtp ended */
	bool encrypted;
	bool tls_refused; /* by the relay, in the handshake: it may want TLS 1.3 */
	bool password_sent;
	bool over;         /* by our own will: whose turn it is was not begun */
	int64_t last_turn; /* no further mail is begun after that: milliseconds of the monotonic
			      clock */
	long verify_error; /* X509_V_OK, or what is wrong with the certificate */
	enum outcome refusal;
	const char *refused; /* why we ended the session ourselves; NULL: we did not */
};

/* Remembers why the session must not go on, the first reason being the best; smtp_refuse() ends it,
 * too. The reason is borrowed for as long as the client lives. */
void smtp_note_refusal(struct smtp_client *client, enum outcome outcome, const char *reason);
void smtp_refuse(struct smtp_client *client, enum outcome outcome, const char *reason);

/* The mail in turn: there is one while turn is less than turn_count. */
const struct mail *smtp_mail_in_turn(const struct smtp_client *client);

/*
 * A reply to the transaction in turn, as libesmtp has it; status may be NULL. last: with that the
 * mail is finished, and libesmtp goes on to the next.
 */
void smtp_take_reply(
	struct smtp_client *client, struct reply *reply, const smtp_status_t *status, bool last);

/* Reports what came of the mail in turn, and begins the next turn; after the last one, later
 * failures change nothing. */
void smtp_end_turn(struct smtp_client *client);

/* libesmtp's callback for the mail's bytes (smtp_messagecb_t); the context is the client. */
const char *smtp_hand_out(void **ignored, int *length, void *context);

/*
 * A context of our own, for one connection, since libesmtp's is freed after the first and used
 * again; NULL where it cannot be set up: the ca_file. The client has to outlive it.
 */
SSL_CTX *smtp_tls_context(struct smtp_client *client);

/* What the server vouches for with its certificate is enough for the route: OpenSSL has compared it
 * with the configured name, libesmtp with the one that DNS made of that. */
bool smtp_tls_accepts(const struct smtp_client *client, const SSL *ssl);

#endif
