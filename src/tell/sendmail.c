/* SPDX-License-Identifier: ISC
 *
 * Mail by a sendmail program of this machine, which the launcher starts: exit status 0 means that
 * the mail is in its queue for good.
 */
#include "tell/attempt.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/launcher.h"
#include "tell/smtp.h"

static void send_one(
	const struct route_config *route, const struct mail *mail, struct attempt *attempt)
{
	char *bytes = memory_new(mail->length);
	struct launch launch = {.type = LAUNCH_MAIL,
		.name = route->name,
		.sender = mail->sender,
		.recipient = mail->recipient,
		.bytes = bytes};
	struct launched launched;

	/* sendmail programs read local mail, whose lines end in LF. */
	for (size_t i = 0; i < mail->length; i++)
		if (mail->bytes[i] != '\r')
			bytes[launch.length++] = mail->bytes[i];
	launcher_run(route->launcher, &launch, &launched);
	launched_conclude(&launched, LAUNCH_MAIL, route->program, "queued", attempt);
	attempt_conceal(attempt, mail->recipient, "[recipient]");
	attempt_conceal(attempt, mail->sender, "[sender]");
	free(bytes);
}

void sendmail_send(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report)
{
	int64_t last_turn = clock_milliseconds() + smtp_timeouts()->session;
	size_t *turns = memory_zero(count, sizeof *turns);
	size_t left = mails_check(route, mails, count, report, turns);

	for (size_t i = 0; i < left && (i == 0 || clock_milliseconds() < last_turn); i++) {
		struct attempt attempt = {0};

		send_one(route, &mails[turns[i]], &attempt);
		report->each(report->context, turns[i], &attempt);
	}
	free(turns);
}
