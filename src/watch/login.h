/* SPDX-License-Identifier: ISC
 *
 * A check that logs in, made in a process of its own: it reads the one password, knows no other
 * secret of the configuration, and is confined as an attempt is (base/confine.h). What it answers
 * is taken as a fetcher's answer is (check_answer_take()).
 */
#ifndef LAMPWATCH_LOGIN_H
#define LAMPWATCH_LOGIN_H

#include <stdbool.h>

#include "net/check.h"

struct config;
struct error;
struct fork_server;
struct login;

/* Begins. attempts, which holds config, request's strings and its check, forks the process. NULL
 * with REMEDY_LOCAL where there is none, and done() is not called. */
struct login *login_begin(struct fork_server *attempts, struct config *config,
	const struct check_request *request, struct error *error);

/* What is to be polled for POLLIN. */
int login_descriptor(const struct login *login);

/* Takes what there is, without waiting. True once it is over: done() has been called, and login is
 * freed. */
bool login_take(struct login *login);

/* Ends it without calling done(). */
void login_free(struct login *login);

#endif
