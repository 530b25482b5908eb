/* SPDX-License-Identifier: ISC
 *
 * One try to hand one message to one relay or receiver, and what came of it.
 */
#ifndef LAMPWATCH_ATTEMPT_H
#define LAMPWATCH_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host;
struct launcher;
struct route_config;
struct webhook_config;

enum outcome {
	OUTCOME_DELIVERED, /* accepted: no longer our responsibility */
	OUTCOME_TEMPORARY, /* try again later, or by another route now */
	OUTCOME_ROUTE,     /* this route will not take it (wrong password, no TLS, sender refused):
			      another may */
	OUTCOME_RECEIVER,  /* this receiver permanently refuses it */
	OUTCOME_UNKNOWN,   /* all was sent and no answer came: perhaps delivered; repeat under the
			      same Message-ID */
};

enum { ATTEMPT_TEXT_MAX = 512 };

struct attempt {
	enum outcome outcome;
	int code;                    /* the reply code that decided, 0 for none */
	int64_t retry_after;         /* seconds, as the receiver asked; 0: not */
	bool of_session;             /* it failed before any message was begun: others by this
					route now would fail, too */
	int local;                   /* errno of what this machine did not give for it; 0: the
					failure is the other end's */
	size_t posted;               /* of a webhook: how many of its requests were accepted */
	char text[ATTEMPT_TEXT_MAX]; /* the server's words or ours: one line, no control characters,
					no secret */
};

struct mail {
	const char *sender;    /* envelope sender; valid by config_address_valid() */
	const char *recipient; /* likewise */
	const char *bytes;     /* the message: CRLF only, 7-bit, no line over 998 bytes */
	size_t length;
	const struct host *domain; /* what DNS said of the recipient's domain, for mx_send(); NULL:
				    * nothing is known */
};

enum {
	MAIL_LINE_MAX = 998, /* bytes before the CRLF (RFC 5322 section 2.1.1) */
	MAIL_BYTES_MAX = 16 * 1024 * 1024,
	HELO_MAX = 255, /* bytes of a host name */
};

/* What to say in EHLO: the route's helo, else the domain of the sender. Borrowed. */
const char *route_helo(const struct route_config *route, const struct mail *mail);

/*
 * False, with the reason in attempt, where the mail may not go out as it is:
 * an address that config_address_valid() refuses, a bare CR or LF (which can smuggle a second
 * mail), a NUL, 8-bit bytes, a line too long, no CRLF at the end, or a route_helo() that is no host
 * name. Each transport asks this first.
 */
bool mail_check(const struct route_config *route, const struct mail *mail, struct attempt *attempt);

/* Hears what came of the mail at index, once, as soon as that is known. */
struct mail_report {
	void (*each)(void *context, size_t index, const struct attempt *attempt);
	void *context;
};

/*
 * The transports: mails one after the other by one relay, if possible in one session. The result
 * of each is reported; a mail that is never reported was not begun: the session ended before it
 * (the relay takes only so many, hung up, or smtp.h's session time was over), and it may be sent
 * again at once.
 *
 * Each waits for one mail at most for about the total of smtp.h; run it in a child process of
 * its own with a hard limit: smtp_send() changes signal handlers, a timer and the environment.
 * None prints.
 */
typedef void mail_transport(const struct route_config *route, const struct mail *mails,
	size_t count, const struct mail_report *report);

mail_transport smtp_send;      /* libesmtp: STARTTLS required or off; where the relay refuses its
				 TLS, by libcurl */
mail_transport smtp_curl_send; /* libcurl: what libesmtp cannot do, under the same rules */
mail_transport mx_send;        /* to the exchangers of each domain, TLS where offered */
mail_transport sendmail_send;  /* a local sendmail program, started by route->launcher */

/* The transport that can do what the route asks for: the first row that fits of one table. */
mail_transport *route_transport(const struct route_config *route);

/* What a webhook is to be told, by one attempt. Borrowed. */
struct webhook_message {
	const char *templates; /* folder */
	const char *id;        /* webhook-id: the same at each repeat */
	int64_t now;           /* seconds since 1970 */
	const char *body;      /* as content_render() made it */
	size_t length;
	size_t posted; /* requests that were accepted at attempts before this one */
	const char *user_agent;
	const struct launcher *launcher;   /* of a command */
	const char *page, *event, *colour; /* what a command's environment says: launcher.h */
	int64_t attempt;
};

/*
 * The requests of a message to the webhook, as its service has them (service.h), with webhook-id,
 * webhook-timestamp and, where it has secrets, webhook-signature (Standard Webhooks); or each body
 * to its command. The header of webhook.c says what each answer means, launched.c what each exit
 * status does. attempt->posted says how far it got.
 */
void webhook_send(const struct webhook_config *webhook, const struct webhook_message *message,
	struct attempt *attempt);

/* mail_check() of all: reports those that may not go out; the places of the others, in their
 * order, come into turns, which has room for count. Returns how many. */
size_t mails_check(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report, size_t *turns);

/* "delivered", "temporary" …: the words of the database and of `outbox`. */
const char *outcome_name(enum outcome outcome);

/* Whose reply: what the client had said before it. */
enum smtp_stage {
	STAGE_SESSION, /* greeting, EHLO, HELO, STARTTLS */
	STAGE_AUTH,
	STAGE_MAIL,
	STAGE_RECIPIENT,
	STAGE_TRANSFER, /* to DATA where that was refused, else to the final dot or BDAT LAST */
	STAGE_COUNT,
};

/* A mail of one recipient, as its relay answered it. */
struct smtp_codes {
	struct {
		int code;    /* RFC 5321 section 4.2; 0: no complete reply came */
		int subject; /* the second number of the enhanced code (RFC 3463); -1: none */
	} replies[STAGE_COUNT];
	bool sent;    /* the message was handed over to its end */
	bool chunked; /* by BDAT (RFC 3030), of whose replies only the last is known */
};

/*
 * What the replies mean for this mail. Pure. *stage (may be NULL) is whose
 * reply decided, STAGE_COUNT where none did.
 */
enum outcome smtp_outcome(const struct smtp_codes *codes, enum smtp_stage *stage);

/*
 * Fills attempt in. The text becomes one line of valid UTF-8 without control
 * characters, cut to its size.
 */
void attempt_set(struct attempt *attempt, enum outcome outcome, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Puts instead wherever word (may be NULL; three bytes at least) stands in the text, in any case.
 */
void attempt_conceal(struct attempt *attempt, const char *word, const char *instead);

/* The same, and for what of the text stands anywhere in the word, from 16 bytes on: a secret that
 * is longer than what the text holds of it. */
void attempt_conceal_pieces(struct attempt *attempt, const char *word, const char *instead);

#endif
