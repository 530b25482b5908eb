/* SPDX-License-Identifier: ISC
 *
 * What smtp_send() and smtp_curl_send() share, the two that speak SMTP: how long they wait, and
 * what they do not do.
 */
#ifndef LAMPWATCH_SMTP_H
#define LAMPWATCH_SMTP_H

#include <stdbool.h>
#include <stddef.h>

struct mail;
struct mail_report;
struct route_config;

/*
 * Milliseconds. The phases are waits for one reply each (libesmtp has no less
 * than 1,000); total bounds everything after the look-up of the name, also a server
 * that sends a byte now and then. reply is short of RFC 5321's ten minutes: a
 * late answer counts as unknown, and the mail is repeated under its Message-ID.
 */
struct smtp_timeouts {
	long connect;  /* for each address of the relay */
	long greeting; /* also EHLO, STARTTLS and AUTH */
	long envelope; /* MAIL and RCPT */
	long data;     /* DATA */
	long transfer; /* each block of the message */
	long reply;    /* after the final dot */
	long quit;     /* after QUIT, when the outcome is known already */
	long total;    /* for one mail, the beginning of its session included */
	long session;  /* no further mail is begun after that */
};

/* The values from now on, for tests; NULL sets the built-in ones again. */
void smtp_set_timeouts(const struct smtp_timeouts *timeouts);

const struct smtp_timeouts *smtp_timeouts(void);

/*
 * True where the route may not be used as it is, since it would give a secret away or has none
 * where it needs one; then each of the mails at turns is reported to be the route's.
 */
bool smtp_route_refused(const struct route_config *route, const size_t *turns, size_t count,
	const struct mail_report *report);

/* Whether that reply to AUTH refuses the mechanism, or its syntax, and not the password (RFC 4954
 * section 4): another one may be tried. */
bool smtp_auth_unknown(int code);

/* smtp_curl_send() of mails that were checked: turns are their places, in their order. */
void smtp_curl_session(const struct route_config *route, const struct mail *mails,
	const size_t *turns, size_t count, const struct mail_report *report);

#endif
