/* SPDX-License-Identifier: ISC
 *
 * The tokens (OAuth 2.0, RFC 6750) by which routes authenticate in place of a password: read from
 * the route's token_file, or printed by its token_command, which the launcher starts. That runs at
 * most once in a run, by whichever session needs it first, and what it printed, or why it failed,
 * is kept for the others in memory that they share, until the token expires.
 */
#ifndef LAMPWATCH_ROUTE_TOKEN_H
#define LAMPWATCH_ROUTE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct error;
struct launcher;
struct route_config;
struct route_tokens;

enum {
	TOKEN_SECONDS = 10, /* for the command to end */
	TOKEN_BEFORE = 30,  /* seconds before it expires: no session begins with it any more */
};

/* To be made before the sessions' processes. Both are borrowed for its life; launcher is there
 * where a route has a token_command. */
struct route_tokens *route_tokens_new(const struct config *config, const struct launcher *launcher);
void route_tokens_free(struct route_tokens *tokens);

/*
 * Puts the route's token where it needs one: route is a copy of the configuration's, and owns it
 * (route_secrets_wipe()). False, with error (one line without a secret), where there is none. Waits
 * for about TOKEN_SECONDS.
 */
bool route_token_take(struct route_tokens *tokens, struct route_config *route, struct error *error);

/* In a session's process, once it has its own: the others' are out of its memory, which stays as it
 * is for them. */
void route_tokens_leave(struct route_tokens *tokens);

#endif
