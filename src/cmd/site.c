/* SPDX-License-Identifier: ISC
 *
 * lampwatch site: rebuilds all pages with which the archive is browsed. A run only writes those
 * that change.
 */
#include "publish/site.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/print.h"

enum { PROGRESS_STEP = 100 };

static void progress(size_t done, size_t all)
{
	if (isatty(STDERR_FILENO) && (done % PROGRESS_STEP == 0 || done == all))
		fprintf(stderr, "\r\033[K%zu of %zu snapshots%s", done, all,
			done == all ? "\r\033[K" : "");
}

int command_site(struct context *context, const struct options *options, char **words)
{
	struct site site = {context->config->archive, context->templates, context->config,
		context->database, context->invocation->clock,
		context->invocation->verbosity >= 0 ? progress : NULL};
	struct error error;

	(void)options;
	(void)words;
	if (context->database == NULL)
		return context_no_archive(context);
	if (!site_build(&site, &error))
		return error_print(&error);
	if (context->invocation->verbosity >= 0)
		printf("%s/index.html\n", context->config->archive);
	return EXIT_DONE;
}
