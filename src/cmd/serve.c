/* SPDX-License-Identifier: ISC
 *
 * lampwatch serve: serves the archive over HTTP until a signal ends it, read-only but for what
 * forms leave in the spool.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/system_error.h"
#include "base/template.h"
#include "cmd/command.h"
#include "cmd/serve_file.h"
#include "cmd/serve_form.h"
#include "cmd/serve_opener.h"
#include "config/config.h"
#include "net/client.h"
#include "net/http.h"
#include "publish/site.h"
#include "run/context.h"
#include "run/print.h"
#include "tell/form_spool.h"

#define LISTEN_DEFAULT "127.0.0.1:8014"

/* From now on this process can open nothing but, with forms, their template, to be read, and the
 * spool, to be written. */
static void confine(const struct serve_forms *forms)
{
	struct text_list paths = {0}, written = {0};

	if (forms != NULL) {
		text_list_add(&paths, forms->templates);
		text_list_add(&written, forms->spool);
	}
	confine_enter_writing(CONFINE_SERVE, &paths, &written);
	text_list_release(&paths);
	text_list_release(&written);
}

/* Whether what forms need is there. */
static bool forms_ready(const struct serve_forms *forms, struct error *error)
{
	char *folder = file_join(forms->templates, "site");
	bool ready = template_check_file(folder, "form.html", error);

	free(folder);
	if (ready && access(forms->spool, W_OK | X_OK) != 0) {
		system_error_set(error, forms->spool, "cannot be written to; a run makes it");
		ready = false;
	}
	return ready;
}

/* The names of this server: what the configuration says, and the name in site_url. */
static void add_hosts(const struct config *config, struct text_list *hosts)
{
	char *own = config->site_url != NULL ? http_url_host(config->site_url) : NULL;

	for (size_t i = 0; i < config->serve_hosts.count; i++)
		text_list_add(hosts, config->serve_hosts.list[i]);
	if (own != NULL)
		text_list_add(hosts, own);
	free(own);
}

/* Answers until a signal comes, or nothing can be opened any more. The listener is taken over.
 * False with error. */
static bool serve(
	const struct context *context, struct served *served, int listener, struct error *error)
{
	static const struct timespec second = {.tv_sec = 1};
	struct http_server_settings settings = {serve_answer, serve_takes, served};
	const char *listen = served->listen;
	struct http_server *server;
	sigset_t ends;
	bool good;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	server = http_server_start(&settings, listener, error);
	if (server == NULL)
		return false;
	if (context->invocation->verbosity >= 0)
		printf("http://%.*s:%d/\n", (int)(strrchr(listen, ':') - listen), listen,
			http_server_port(server));
	fflush(stdout);
	while ((good = serve_opener_good(served->opener, error)) &&
		sigtimedwait(&ends, NULL, &second) < 0)
		http_server_expire(server);
	http_server_stop(server);
	return good;
}

int command_serve(struct context *context, const struct options *options, char **words)
{
	const struct config *config = context->config;
	char *spool = form_spool_folder(config->archive);
	struct serve_forms forms = {.config = config,
		.templates = context->templates,
		.spool = spool,
		.counts = client_counts_new()};
	struct text_list hosts = {0};
	struct child opener = {0};
	struct served served = {.opener = &opener,
		.listen = options->listen != NULL ? options->listen : LISTEN_DEFAULT,
		.hosts = &hosts,
		.forms = config->subscribe ? &forms : NULL};
	struct buffer script = {0}, source = {0};
	struct error error;
	int listener = -1, folder = open(config->archive, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = true, none = folder < 0 && system_error_absent(errno);

	(void)words;
	if (folder < 0)
		good = system_error_set(&error, config->archive, "cannot be opened");
	else
		close(folder);
	add_hosts(config, &hosts);
	good = good && (served.forms == NULL || forms_ready(&forms, &error)) &&
	       site_script(context->templates, &script, &source, &error);
	served.script = buffer_string(&source);
	if (good)
		listener = http_server_listen(served.listen, &error);
	config_wipe(context->config); /* who asks has no use for what else is in it */
	good = listener >= 0 && serve_opener_start(&opener, config->archive, &error);
	if (good) {
		confine(served.forms);
		good = serve(context, &served, listener, &error);
		child_leave(&opener);
	}
	buffer_release(&script);
	buffer_release(&source);
	client_counts_free(forms.counts);
	text_list_release(&hosts);
	free(spool);
	if (none)
		return context_no_archive(context);
	if (!good)
		return error_print(&error);
	return confine_refused() ? EXIT_LOCAL : EXIT_DONE;
}
