/* SPDX-License-Identifier: ISC
 *
 * lampwatch run: one run, as cron starts it.
 */
#include "run/run.h"

#include "cmd/command.h"
#include "run/print.h"

/* What would be, is what the file says. */
int command_run(struct context *context, const struct options *options, char **words)
{
	if (options->dry_run && context->mistakes.errors > 0) {
		problems_print(&context->mistakes);
		return problems_status(&context->mistakes);
	}
	return run_pages(context, options->dry_run, words);
}
