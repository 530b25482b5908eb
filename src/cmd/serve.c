/* SPDX-License-Identifier: ISC
 *
 * lampwatch serve: the archive over HTTP, for reading, until it is told to end.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/serve_file.h"
#include "run/context.h"

#define LISTEN_DEFAULT "127.0.0.1:8014"

static bool parse_options(const char **listen, int argc, char **argv)
{
	static const struct option options[] = {{"listen", required_argument, NULL, 'l'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "l:", options, NULL)) != -1) {
		if (option != 'l')
			return false;
		*listen = optarg;
	}
	return optind == argc;
}

static void announce(const struct invocation *invocation, const char *listen, int port)
{
	if (invocation->verbosity < 0)
		return;
	printf("http://%.*s:%d/\n", (int)(strrchr(listen, ':') - listen), listen, port);
	fflush(stdout);
}

static int serve(const struct context *context, const char *listen)
{
	int archive = open(context->config->archive, O_RDONLY | O_DIRECTORY | O_CLOEXEC), signal;
	struct http_server_settings settings = {listen, serve_answer, &archive};
	struct http_server *server;
	struct error error;
	sigset_t ends;

	if (archive < 0) {
		fprintf(stderr, "lampwatch: %s: there is no archive yet\n",
			context->config->archive);
		return EXIT_LOCAL;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	server = http_server_start(&settings, &error);
	if (server != NULL) {
		announce(context->invocation, listen, http_server_port(server));
		sigwait(&ends, &signal);
	} else {
		fprintf(stderr, "lampwatch: %s\n", error.text);
	}
	http_server_stop(server);
	close(archive);
	if (server != NULL)
		return EXIT_DONE;
	return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
}

int command_serve(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	const char *listen = LISTEN_DEFAULT;
	int result = parse_options(&listen, argc, argv) ? context_open(&context, invocation)
							: usage_error(invocation);

	if (result == EXIT_DONE)
		result = serve(&context, listen);
	context_close(&context);
	return result;
}
