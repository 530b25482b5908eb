/* SPDX-License-Identifier: ISC
 *
 * For tests that send mail: starts tests/servers/smtp.c with a folder of its
 * own, on a free port of 127.0.0.1 or ::1, and stops it. Whatever goes wrong ends the
 * test program.
 */
#ifndef LAMPWATCH_TEST_SINK_H
#define LAMPWATCH_TEST_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum sink_tls { SINK_PLAIN, SINK_STARTTLS, SINK_IMPLICIT };

struct sink {
	pid_t pid;
	enum sink_tls tls;
	int port;
	char *folder;      /* holds mails/, script, log, port and certificate.pem */
	char *certificate; /* path of certificate and key; it is its own authority */
};

/* name is what the certificate is for (an IPv6 address: it listens on ::1); days how long from now
 * it is valid (below 0: no longer). */
void sink_start(struct sink *sink, enum sink_tls tls, const char *name, int days);
void sink_stop(struct sink *sink);

/* The script from the next connection on. */
void sink_script(const struct sink *sink, const char *script);

size_t sink_count(const struct sink *sink);              /* mails kept so far */
char *sink_mail(const struct sink *sink, size_t number); /* from 1; owned by the caller */
char *sink_log(const struct sink *sink);                 /* owned by the caller */

/* Writes a self-signed certificate for a DNS name or an address, and its key, to path. */
void certificate_make(const char *path, const char *name, int days);

#endif
