/* SPDX-License-Identifier: ISC */
#include "servers/mail.h"

static void keep_report(void *context, size_t index, const struct attempt *attempt)
{
	(void)index;
	*(struct attempt *)context = *attempt;
}

void mail_send(mail_transport *transport, const struct route_config *route, const struct mail *mail,
	struct attempt *attempt)
{
	transport(route, mail, 1, &(struct mail_report){keep_report, attempt});
}
