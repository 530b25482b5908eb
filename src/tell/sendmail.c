/* SPDX-License-Identifier: ISC
 *
 * Mail by a sendmail program of this machine, which the launcher starts: exit status 0 means that
 * the mail is in its queue for good.
 */
#include "tell/attempt.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/launcher.h"
#include "tell/smtp.h"

enum { EXIT_NO_PROGRAM = 127 };

/* sysexits.h; what is not in the table is OUTCOME_ROUTE. */
static const struct {
	int status;
	enum outcome outcome;
	const char *words;
} meanings[] = {
	{0, OUTCOME_DELIVERED, "queued"},
	{EX_USAGE, OUTCOME_ROUTE, "wrong usage"},
	{EX_DATAERR, OUTCOME_ROUTE, "it rejects the format of the message"},
	{EX_NOINPUT, OUTCOME_ROUTE, "no input"},
	{EX_NOUSER, OUTCOME_RECEIVER, "no such user"},
	{EX_NOHOST, OUTCOME_RECEIVER, "no such host"},
	{EX_UNAVAILABLE, OUTCOME_TEMPORARY, "service unavailable"},
	{EX_SOFTWARE, OUTCOME_TEMPORARY, "internal error"},
	{EX_OSERR, OUTCOME_TEMPORARY, "system error"},
	{EX_OSFILE, OUTCOME_ROUTE, "a system file is missing"},
	{EX_CANTCREAT, OUTCOME_TEMPORARY, "it cannot write its files"},
	{EX_IOERR, OUTCOME_TEMPORARY, "input or output failed"},
	{EX_TEMPFAIL, OUTCOME_TEMPORARY, "try again later"},
	{EX_PROTOCOL, OUTCOME_TEMPORARY, "remote error"},
	{EX_NOPERM, OUTCOME_ROUTE, "permission denied"},
	{EX_CONFIG, OUTCOME_ROUTE, "its configuration is wrong"},
	{EXIT_NO_PROGRAM, OUTCOME_ROUTE, "it cannot be started"},
};

static void conclude(const char *path, const struct launched *launched, struct attempt *attempt)
{
	const struct child_end *end = &launched->end;
	const char *said = launched->output, *colon = said[0] != '\0' ? ": " : "";

	if (end->fate == CHILD_LATE) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: %s", path, end->reason);
		return;
	}
	if (end->fate == CHILD_SIGNALLED) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: %s: %s", path, end->reason, said);
		return;
	}
	if (end->code == 0 && launched->unread) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: it has not read the whole message",
			path);
		return;
	}
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (meanings[i].status != end->code)
			continue;
		attempt_set(attempt, meanings[i].outcome, end->code, "%s: %s: %s%s%s", path,
			end->reason, meanings[i].words, colon, said);
		return;
	}
	attempt_set(attempt, OUTCOME_ROUTE, end->code, "%s: %s: %s", path, end->reason, said);
}

static void send_one(
	const struct route_config *route, const struct mail *mail, struct attempt *attempt)
{
	char *bytes = memory_new(mail->length);
	struct launch launch = {.type = LAUNCH_MAIL,
		.route = route->name,
		.sender = mail->sender,
		.recipient = mail->recipient,
		.bytes = bytes};
	struct launched launched;

	/* sendmail programs read local mail, whose lines end in LF. */
	for (size_t i = 0; i < mail->length; i++)
		if (mail->bytes[i] != '\r')
			bytes[launch.length++] = mail->bytes[i];
	launcher_run(route->launcher, &launch, &launched);
	if (launched.result == LAUNCH_ENDED) {
		conclude(route->program, &launched, attempt);
	} else if (launched.result == LAUNCH_LOST) {
		attempt_set(attempt, OUTCOME_UNKNOWN, 0, "%s: nobody says what became of it",
			route->program);
	} else {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: %s: %s", route->program,
			launched.result == LAUNCH_UNFED ? "writing to it failed" : "no process",
			strerror(launched.number));
		attempt->local = launched.result == LAUNCH_IMPOSSIBLE ? launched.number : 0;
	}
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
