/* SPDX-License-Identifier: ISC
 *
 * For unit tests that need a server: starts tests/servers/http.c with a folder
 * of its own, on a free port of 127.0.0.1, and stops it. Whatever goes wrong
 * ends the test program. Also
 * clears the variables of the environment that name proxies and certificates.
 */
#ifndef LAMPWATCH_TEST_SERVER_H
#define LAMPWATCH_TEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server {
	pid_t pid;
	int port;
	char *folder;      /* holds root/, posts/, log, port and (with TLS) certificate.pem */
	char *certificate; /* path; NULL without TLS */
};

void server_start(struct server *server, bool tls);
void server_stop(struct server *server);

/* Puts a file below the root, whole. */
void server_put(const struct server *server, const char *name, const char *text);

/* "http://127.0.0.1:PORT" and the rest; or https://localhost. Owned by the caller. */
char *server_url(const struct server *server, const char *rest);

/* The server's log so far. Owned by the caller. */
char *server_log(const struct server *server);

/* How many lines of the log begin with these words ("GET\t/page"). */
size_t server_count(const struct server *server, const char *start);

/* A port of 127.0.0.1 that nobody listens on, as far as that can be known. */
int server_free_port(void);

/* What was posted as the n-th, from 1. Owned by the caller. */
char *server_post(const struct server *server, unsigned n);

#endif
