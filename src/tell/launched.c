/* SPDX-License-Identifier: ISC
 *
 * What the end of a program means for the message that it was handed: sysexits.h, for mail and
 * commands alike.
 */
#include "tell/launcher.h"

#include <string.h>
#include <sysexits.h>

#include "tell/attempt.h"

/* What is not in the table is OUTCOME_ROUTE. A mail's host is its receiver's; a command's is any
 * that it talks to, and may be found again. */
static const struct {
	int status;
	enum outcome mail, command;
	const char *words; /* NULL: as the caller says */
} meanings[] = {
	{0, OUTCOME_DELIVERED, OUTCOME_DELIVERED, NULL},
	{EX_USAGE, OUTCOME_ROUTE, OUTCOME_ROUTE, "wrong usage"},
	{EX_DATAERR, OUTCOME_ROUTE, OUTCOME_ROUTE, "it rejects the format of the message"},
	{EX_NOINPUT, OUTCOME_ROUTE, OUTCOME_ROUTE, "no input"},
	{EX_NOUSER, OUTCOME_RECEIVER, OUTCOME_RECEIVER, "no such user"},
	{EX_NOHOST, OUTCOME_RECEIVER, OUTCOME_TEMPORARY, "no such host"},
	{EX_UNAVAILABLE, OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, "service unavailable"},
	{EX_SOFTWARE, OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, "internal error"},
	{EX_OSERR, OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, "system error"},
	{EX_OSFILE, OUTCOME_ROUTE, OUTCOME_ROUTE, "a system file is missing"},
	{EX_CANTCREAT, OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, "it cannot write its files"},
	{EX_IOERR, OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, "input or output failed"},
	{EX_TEMPFAIL, OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, "try again later"},
	{EX_PROTOCOL, OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, "remote error"},
	{EX_NOPERM, OUTCOME_ROUTE, OUTCOME_ROUTE, "permission denied"},
	{EX_CONFIG, OUTCOME_ROUTE, OUTCOME_ROUTE, "its configuration is wrong"},
	{LAUNCH_NO_PROGRAM, OUTCOME_ROUTE, OUTCOME_ROUTE, "it cannot be started"},
};

static void conclude_exit(const struct launched *launched, enum launch_type type,
	const char *program, const char *done, struct attempt *attempt)
{
	enum { LAST = sizeof meanings / sizeof meanings[0] };
	const struct child_end *end = &launched->end;
	const char *said = launched->output, *colon = said[0] != '\0' ? ": " : "";
	size_t i = 0;

	while (i < LAST && meanings[i].status != end->code)
		i++;
	if (i == LAST)
		attempt_set(attempt, OUTCOME_ROUTE, end->code, "%s: %s%s%s", program, end->reason,
			colon, said);
	else
		attempt_set(attempt, type == LAUNCH_MAIL ? meanings[i].mail : meanings[i].command,
			end->code, "%s: %s: %s%s%s", program, end->reason,
			meanings[i].words != NULL ? meanings[i].words : done, colon, said);
}

static void conclude_end(const struct launched *launched, enum launch_type type,
	const char *program, const char *done, struct attempt *attempt)
{
	const struct child_end *end = &launched->end;
	const char *said = launched->output, *colon = said[0] != '\0' ? ": " : "";

	if (end->fate != CHILD_EXITED)
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: %s%s%s", program, end->reason,
			colon, said);
	else if (type == LAUNCH_MAIL && end->code == 0 && launched->unread)
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: it has not read the whole message",
			program);
	else
		conclude_exit(launched, type, program, done, attempt);
}

void launched_conclude(const struct launched *launched, enum launch_type type, const char *program,
	const char *done, struct attempt *attempt)
{
	if (launched->result == LAUNCH_ENDED) {
		conclude_end(launched, type, program, done, attempt);
	} else if (launched->result == LAUNCH_LOST) {
		attempt_set(
			attempt, OUTCOME_UNKNOWN, 0, "%s: nobody says what became of it", program);
	} else {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: %s: %s", program,
			launched->result == LAUNCH_UNFED ? "writing to it failed" : "no process",
			strerror(launched->number));
		attempt->local = launched->result == LAUNCH_IMPOSSIBLE ? launched->number : 0;
	}
}
