/* SPDX-License-Identifier: ISC
 *
 * What stands in an address behind the "+" and shows that we wrote it:
 * lampwatch+u-TOKEN@example.org; or in the address of a form (tell/form_request.h). A token is an
 * HMAC-SHA-256 (RFC 2104) of 128 bits in lower-case base32 (RFC 4648 section 6), for mail servers
 * change the case of extensions. It authorises by itself: the sender that a mail names does not
 * count. Pure.
 *
 * The key is the archive's (archive_secret()). The run has it, for it writes tokens into what
 * people get, and mail-in, which checks them. It stands in the database too, so that a standby and
 * mail-in have it; whoever has the database can subscribe and unsubscribe anybody without it. The
 * courier, its attempts, readers and fetchers are forked without it; the heartbeat's process and a
 * time stamp's, which a run forks at its end, have it in memory.
 */
#ifndef LAMPWATCH_TOKEN_H
#define LAMPWATCH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum token_purpose {
	TOKEN_CONFIRM,     /* that a subscription is wanted: valid for TOKEN_CONFIRM_SECONDS */
	TOKEN_UNSUBSCRIBE, /* valid for ever */
	TOKEN_BOUNCE,      /* of one delivery: the envelope sender (VERP) */
	TOKEN_PURPOSES,
};

enum {
	TOKEN_TEXT = 27,                   /* bytes of a token with its NUL */
	TOKEN_LOCAL_PART_MAX = 64,         /* RFC 5321 section 4.5.3.1.1 */
	TOKEN_CONFIRM_SECONDS = 48 * 3600, /* after it was asked for */
};

/* The token for this purpose over what it is about, in lower case; key is the archive's. Who sent
 * one is told nothing of how it was compared: he hears later, and by mail. */
void token_make(const char *key, enum token_purpose purpose, const char *about,
	char out[static TOKEN_TEXT]);

/*
 * The address that carries it: "local+u-TOKEN@domain" for "local@domain"; number, where it is
 * not 0, stands before the token. Owned by the caller; NULL where the local part would be too
 * long.
 */
char *token_address(
	const char *address, enum token_purpose purpose, long long number, const char *token);

/*
 * The reverse: what stands behind the "+" of an address's local part. False where it is none of
 * ours. *number is 0 and *token "" where they are missing; token has room for TOKEN_TEXT.
 */
bool token_parse(const char *address, enum token_purpose *purpose, long long *number,
	char token[static TOKEN_TEXT]);

#endif
