/* SPDX-License-Identifier: ISC
 *
 * Time stamps of an authority (RFC 3161), by OpenSSL: makes a request over the SHA-256 of some
 * bytes, and verifies the reply. Reads only the file of certificates; the caller
 * sends request and reply by HTTP (section 3.4).
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

/* Adds a TimeStampReq (DER) over the bytes, with a nonce, which asks for the authority's
 * certificates. */
void timestamp_request(const void *bytes, size_t length, struct buffer *out);

/*
 * Whether reply (exactly one TimeStampResp, DER) grants that request: with its nonce, its
 * digest, and a signature by a certificate for time stamping that chains to one in ca_file (PEM)
 * and is valid now. *time: when, in seconds since 1970. Errors: REMEDY_LATER.
 */
bool timestamp_granted(const struct buffer *request, const struct buffer *reply,
	const char *ca_file, int64_t *time, struct error *error);

/*
 * Whether reply is a time stamp over the bytes: as above, without the nonce, and the
 * certificate only needs to be valid at the time in the stamp. ca_file NULL: accepts the
 * certificate that the reply carries. Errors: REMEDY_LOCAL.
 */
bool timestamp_proves(const struct buffer *reply, const void *bytes, size_t length,
	const char *ca_file, int64_t *time, struct error *error);

#endif
