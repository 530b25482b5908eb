/* SPDX-License-Identifier: ISC
 *
 * lampwatch run: what cron calls.
 */
#include <getopt.h>

#include "cmd/command.h"
#include "run/context.h"
#include "run/run.h"

int command_run(struct invocation *invocation, int argc, char **argv)
{
	static const struct option options[] = {{"dry-run", no_argument, NULL, 'n'}, {0}};
	struct context context = {0};
	bool dry = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "n", options, NULL)) != -1) {
		if (option != 'n')
			return usage_error(invocation);
		dry = true;
	}
	status = context_open(&context, invocation);
	if (status == EXIT_DONE)
		status = run_pages(&context, dry, argv + optind);
	context_close(&context);
	return status;
}
