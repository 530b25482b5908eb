/* SPDX-License-Identifier: ISC
 *
 * Private to service*.c.
 */
#ifndef LAMPWATCH_SERVICE_P_H
#define LAMPWATCH_SERVICE_P_H

#include <stdbool.h>
#include <stddef.h>

#define SERVICE_DELIVERY "delivery"

enum service_unit { UNIT_BYTES, UNIT_CHARACTERS, UNIT_UTF16 };

struct service_limit {
	size_t most;
	enum service_unit unit;
};

/* "4096 bytes"; false where the text is not such. */
bool service_limit_parse(const char *text, struct service_limit *limit);

/* The next {NAME} in text: where it stands, with its name (owned by the caller) and what follows
 * it; NULL where there is none. */
const char *service_next_name(const char *text, char **name, const char **after);

#endif
