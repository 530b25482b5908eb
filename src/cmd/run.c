/* SPDX-License-Identifier: ISC
 *
 * lampwatch run: one run, as cron starts it.
 */
#include "run/run.h"

#include "cmd/command.h"

int command_run(struct context *context, const struct options *options, char **words)
{
	return run_pages(context, options->dry_run, words);
}
