/* SPDX-License-Identifier: ISC
 *
 * What smtp.c and smtp_tls.c share: a session of libesmtp. Nobody else includes it.
 */
#ifndef LAMPWATCH_SMTP_P_H
#define LAMPWATCH_SMTP_P_H

/* In this order: libesmtp.h declares what concerns TLS and AUTH only after them. */
#include <openssl/ssl.h>
#include <auth-client.h>
#include <libesmtp.h>

#include <signal.h>

#include "tell/attempt.h"
#include "tell/smtp.h"
#include "tell/smtp_transcript.h"

/* What is known of the mail in turn. */
struct transaction {
	struct reply mail, recipient, transfer;
	size_t offset;      /* of the mail's bytes that libesmtp has taken */
	bool sent, chunked; /* as in struct smtp_codes */
};

struct session {
	const struct route_config *route;
	const struct mail *mails;
	const struct mail_report *report;
	size_t *transitions; /* places in mails of those that may go out, in their order */
	size_t turn_count, transition;
	struct transaction now;
	struct smtp_transcript transcript;
	int lowest; /* the first descriptor that was free before */
	bool encrypted;
	bool password_sent;
	bool over;         /* by our own will: whose turn it is was not begun */
	int64_t deadline;  /* of the mail in turn: milliseconds of the monotonic clock */
	int64_t last_turn; /* no further mail is begun after that, likewise */
	long verify_error; /* X509_V_OK, or what is wrong with the certificate */
	enum outcome refusal;
	const char *refused; /* why we ended the session ourselves; NULL: we did not */
};

/* The socket, for the signal handler; -1 while there is none. */
extern volatile sig_atomic_t smtp_connection;

/* Ends the session and remembers why; what follows fails at once, and libesmtp takes it for a
 * dropped connection. */
void smtp_refuse(struct session *session, enum outcome outcome, const char *reason);

/* A context of our own for the session; NULL where it cannot be set up: the ca_file. */
SSL_CTX *smtp_tls_context(struct session *session);

#endif
