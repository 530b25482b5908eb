/* SPDX-License-Identifier: ISC
 *
 * How long smtp_send() and smtps_send() wait.
 */
#ifndef LAMPWATCH_SMTP_H
#define LAMPWATCH_SMTP_H

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

#endif
