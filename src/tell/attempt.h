/* SPDX-License-Identifier: ISC
 *
 * One try to hand one message to one relay or receiver, and what came of it.
 */
#ifndef LAMPWATCH_ATTEMPT_H
#define LAMPWATCH_ATTEMPT_H

#include <stddef.h>
#include <stdint.h>

struct route_config;
struct webhook_config;

enum outcome {
	OUTCOME_DELIVERED, /* accepted: ours no longer */
	OUTCOME_TEMPORARY, /* try again later, or by another route now */
	OUTCOME_ROUTE,     /* this route will not take it (wrong password, no TLS, sender refused): another may */
	OUTCOME_RECEIVER,  /* this receiver will not take it, for good */
	OUTCOME_UNKNOWN,   /* all was sent and no answer came: perhaps delivered; repeat under the same Message-ID */
};

enum { ATTEMPT_TEXT_MAX = 512 };

struct attempt {
	enum outcome outcome;
	int code;              /* the reply code that decided, 0 for none */
	int64_t retry_after;   /* seconds, as the receiver asked; 0: not */
	char text[ATTEMPT_TEXT_MAX]; /* the server's words or ours: one line, no control characters, no secret */
};

struct mail {
	const char *sender;    /* envelope sender; valid by config_address_valid() */
	const char *recipient; /* likewise */
	const char *bytes;     /* the message: CRLF only, 7-bit, no line over 998 bytes */
	size_t length;
};

/*
 * The transports. Each blocks, at most for about the deadlines of mail.c's
 * profile; run it in a child process with a hard limit. None prints.
 */
typedef void mail_transport(const struct route_config *route, const struct mail *mail, struct attempt *attempt);

mail_transport smtp_send;     /* libesmtp: STARTTLS required or off */
mail_transport smtps_send;    /* libcurl: TLS from the first byte (RFC 8314) */
mail_transport sendmail_send; /* a local sendmail program: `-i -f sender -- recipient` */

/*
 * POST of body to the webhook, with webhook-id, webhook-timestamp and, where it
 * has a secret, webhook-signature (Standard Webhooks). 2xx is success, 3xx and
 * most 4xx are OUTCOME_RECEIVER or OUTCOME_TEMPORARY as the header of webhook.c says; 410 is for good.
 */
void webhook_send(const struct webhook_config *webhook, const char *id, int64_t now, const char *body,
	size_t length, const char *user_agent, struct attempt *attempt);

/* "delivered", "temporary" …: the words of the database and of `outbox`. */
const char *outcome_name(enum outcome outcome);

#endif
