/* SPDX-License-Identifier: ISC
 *
 * lampwatch init: asks five questions, writes a configuration, and shows that it works. What is
 * tried (a test message, each page, a run) is done by the commands that do it for people, on a
 * draft beside the file, which gets its name when all is answered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/user.h"
#include "cmd/ask.h"
#include "cmd/command.h"
#include "cmd/init.h"
#include "cmd/init_next.h"
#include "cmd/own_command.h"
#include "config/config.h"
#include "run/context.h"
#include "run/print.h"

static bool ask_first(struct init *init)
{
	const struct init_answers *answers = &init->answers;

	return (answers->archive != NULL || init_ask_archive(init)) &&
	       (answers->mails.count > 0 || init_ask_mails(init)) &&
	       (answers->relay != NULL || init_ask_relay(init));
}

static void show(struct init *init)
{
	static const char *const commands[] = {"check", "run", "status", "routes"};
	size_t count =
		init_talks(init) ? sizeof commands / sizeof *commands : 2; /* of use unseen */
	char *path = init_shell_word(init->path);

	for (size_t i = 0; i < count; i++) {
		const char *const words[] = {"-c", init->path, commands[i], NULL};

		if (init_talks(init))
			printf("\n$ lampwatch -c %s %s\n", path, commands[i]);
		init->status =
			exit_status_worse(init->status, own_command(init->invocation, words));
	}
	free(path);
}

static void print_next(const struct init *init)
{
	char *path = realpath(init->path, NULL), *program = realpath("/proc/self/exe", NULL);
	char *user = user_name(init->owner.user), *data = file_folder(init->context->templates);
	char *archive = file_join(init->folder, init->answers.archive);
	struct buffer text = {0};

	init_next_write(
		&(struct init_next){.schedule = init->answers.schedule,
			.path = path != NULL ? path : init->path,
			.program = program != NULL ? program : "lampwatch",
			.user = geteuid() == 0 ? user : NULL,
			.unit = text_equal(path, CONFIG_SYSTEM),
			.cron_line =
				text_equal(path, CONFIG_SYSTEM) && !file_absent(INIT_CRON_LINE),
			.sendmail = text_starts(init->answers.relay, INIT_SENDMAIL),
			.data = data,
			.archive = text_starts(init->answers.archive, ARCHIVE_HOME "/") ? NULL
											: archive},
		&text);
	printf("\nNext:\n%s", buffer_string(&text));
	buffer_release(&text);
	free(archive);
	free(data);
	free(user);
	free(program);
	free(path);
}

/* Everything that can still be taken back. */
static int prepare(struct init *init, const struct options *options)
{
	struct error error;
	int status;

	init->folder_made = file_absent(init->folder);
	if (!file_make_folders(init->folder, FOLDER_MODE, &error))
		return init_fail(&error);
	if (access(init->folder, W_OK | X_OK) != 0) { /* is said before anything is asked */
		system_error_set(&error, init->folder, "cannot be written to");
		return init_fail(&error);
	}
	if ((init->answers.archive != NULL && !init_settle_archive(init)) || !ask_first(init))
		return EXIT_USAGE;
	status = init_settle_relay(init);
	if (status != EXIT_DONE)
		return status;
	if (options->services.count == 0 && !init_ask_services(init))
		return EXIT_USAGE;
	init_add_pages(init);
	if (init->answers.schedule == NULL && !init_ask_schedule(init))
		return EXIT_USAGE;
	return ask_interrupted() == 0 ? EXIT_DONE : EXIT_USAGE;
}

static int write_all(struct init *init, const struct options *options)
{
	int status;

	ask_begin();
	status = prepare(init, options);
	if (status == EXIT_DONE)
		status = init_draft_commit(init);
	if (status != EXIT_DONE) {
		init_draft_take_back(init);
		init_complain("stopped; nothing was written");
	}
	ask_end();
	if (status != EXIT_DONE)
		return status;
	if (init_talks(init))
		printf("\nWritten: %s\n", init->path);
	if (init->relay_failed)
		init->status = exit_status_worse(init->status, EXIT_PENDING);
	show(init);
	if (init_talks(init))
		print_next(init);
	return init->status;
}

static int answer_and_write(struct init *init, const struct options *options)
{
	struct text_list missing = {0};
	int status = EXIT_USAGE;
	char *words;

	if (!init_take_options(init, options, &missing)) {
		/* has been said */
	} else if (missing.count > 0 && !ask_possible()) {
		words = text_list_words(&missing);
		fprintf(stderr,
			"lampwatch init: asks on a terminal; without one it needs these options "
			"too: %s\n",
			words);
		free(words);
	} else {
		if (init_talks(init) && missing.count > 0)
			printf("%s: five questions.\n"
			       "Enter takes what is in brackets; ^C ends this, and nothing is "
			       "written.\n\n",
				init->path);
		status = write_all(init, options);
	}
	text_list_release(&missing);
	return status;
}

int command_init(struct context *context, const struct options *options, char **words)
{
	const char *usual = geteuid() == 0 ? CONFIG_SYSTEM : CONFIG_HERE;
	const char *asked = context->invocation->config_path;
	struct init init = {.context = context,
		.invocation = context->invocation,
		.path = memory_string(asked != NULL ? asked : usual)};
	struct problems problems = {0};
	int status;

	(void)words;
	init.folder = file_folder(init.path);
	init.draft = memory_format("%s.draft", init.path);
	status = init_draft_place(&init);
	if (status == EXIT_DONE &&
		!catalogue_load(context->templates, CATALOGUE_PAGES, &init.services, &problems)) {
		problems_print(&problems);
		status = problems_status(&problems);
	}
	if (status == EXIT_DONE)
		status = answer_and_write(&init, options);
	problems_release(&problems);
	catalogue_release(&init.services);
	init_answers_release(&init.answers);
	free(init.path);
	free(init.folder);
	free(init.draft);
	free(init.password);
	return status;
}
