/* SPDX-License-Identifier: ISC
 *
 * Time stamps of an authority (RFC 3161) by OpenSSL: a request over the SHA-256 of some
 * bytes, and the proof that an answer is one to it. Pure but for the file of certificates;
 * the bytes travel by HTTP (section 3.4), which is the caller's.
 */
#ifndef LAMPWATCH_TIMESTAMP_H
#define LAMPWATCH_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct error;

#define TIMESTAMP_QUERY_TYPE "application/timestamp-query"
enum { TIMESTAMP_REPLY_MAX = 64 * 1024 }; /* bytes */

/* Adds a TimeStampReq (DER) over the bytes, with a nonce, that asks for the authority's
 * certificates. */
void timestamp_request(const void *bytes, size_t length, struct buffer *out);

/*
 * Whether reply (a TimeStampResp, DER, no byte more) grants that request: its nonce, its
 * digest, and a signature by a certificate for time stamping that leads to one in ca_file (PEM)
 * and is valid today. *time: when, in seconds since 1970. Errors: REMEDY_LATER.
 */
bool timestamp_granted(const struct buffer *request, const struct buffer *reply,
	const char *ca_file, int64_t *time, struct error *error);

/*
 * Whether reply is a stamp over the bytes: as above, without the nonce, and the
 * certificate need only have been valid at the time that the stamp says. ca_file NULL: the
 * certificate that came with it is taken as it is. Errors: REMEDY_LOCAL.
 */
bool timestamp_proves(const struct buffer *reply, const void *bytes, size_t length,
	const char *ca_file, int64_t *time, struct error *error);

#endif
