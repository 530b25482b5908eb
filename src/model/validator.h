/* SPDX-License-Identifier: ISC
 *
 * What makes the next request for a document a conditional one (RFC 9110 section 13).
 */
#ifndef LAMPWATCH_VALIDATOR_H
#define LAMPWATCH_VALIDATOR_H

#include "base/digest.h"

enum { PAGE_DOCUMENTS_MAX = 8 }; /* of one page */

/* What is remembered of a document between runs. Strings owned. */
struct validator {
	char *url;                  /* it was fetched from; "" for one that is not fetched */
	char *etag, *last_modified; /* verbatim; NULL for none */
	char body[DIGEST_TEXT];     /* SHA-256 of the body; "" for none */
};

void validator_release(struct validator *validator);

#endif
