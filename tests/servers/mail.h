/* SPDX-License-Identifier: ISC
 *
 * One mail by a transport, for tests.
 */
#ifndef LAMPWATCH_TEST_MAIL_H
#define LAMPWATCH_TEST_MAIL_H

#include "tell/attempt.h"

void mail_send(mail_transport *transport, const struct route_config *route, const struct mail *mail,
	struct attempt *attempt);

#endif
