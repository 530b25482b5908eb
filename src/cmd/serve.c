/* SPDX-License-Identifier: ISC
 *
 * lampwatch serve: serves the archive over HTTP, read-only, until a signal ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/confine.h"
#include "base/error.h"
#include "base/list.h"
#include "base/system_error.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/serve_file.h"
#include "publish/site.h"
#include "run/context.h"
#include "run/print.h"

#define LISTEN_DEFAULT "127.0.0.1:8014"

/* From now on this process can open nothing but what lies in the archive, to be read. Landlock
 * cannot leave .state out of it: that is done by serve_open(). */
static void confine_archive(const char *archive)
{
	struct text_list paths = {0};

	text_list_add(&paths, archive);
	confine_enter(CONFINE_SERVE, &paths);
	text_list_release(&paths);
}

int command_serve(struct context *context, const struct options *options, char **words)
{
	static const struct timespec second = {.tv_sec = 1};
	const char *listen = options->listen != NULL ? options->listen : LISTEN_DEFAULT;
	struct served served = {
		.folder = open(context->config->archive, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.listen = listen,
		.hosts = &context->config->serve_hosts};
	struct http_server_settings settings = {serve_answer, &served};
	struct http_server *server = NULL;
	struct buffer script = {0}, source = {0};
	struct error error;
	int listener = -1;
	sigset_t ends;

	(void)words;
	if (served.folder < 0 && system_error_absent(errno))
		return context_no_archive(context);
	if (served.folder < 0) {
		system_error_set(&error, context->config->archive, "cannot be opened");
		return error_print(&error);
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	if (site_script(context->templates, &script, &source, &error))
		listener = http_server_listen(listen, &error);
	served.script = buffer_string(&source);
	if (listener >= 0) {
		confine_archive(context->config->archive);
		server = http_server_start(&settings, listener, &error);
	}
	if (server != NULL) {
		if (context->invocation->verbosity >= 0)
			printf("http://%.*s:%d/\n", (int)(strrchr(listen, ':') - listen), listen,
				http_server_port(server));
		fflush(stdout);
		while (sigtimedwait(&ends, NULL, &second) < 0)
			http_server_expire(server);
	}
	http_server_stop(server);
	close(served.folder);
	buffer_release(&script);
	buffer_release(&source);
	return server != NULL ? EXIT_DONE : error_print(&error);
}
