/* SPDX-License-Identifier: ISC
 *
 * What init tries on the draft, by the commands that do it for people: the relay, and each page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/add_name.h"
#include "cmd/add_target.h"
#include "cmd/ask.h"
#include "cmd/command.h"
#include "cmd/init.h"
#include "cmd/own_command.h"
#include "config/config_edit.h"

static bool try_relay(struct init *init)
{
	const char *to = init->answers.mails.list[0];
	int status;

	if (init_talks(init))
		printf("   A test message to %s:\n", to);
	status = own_command(
		init->invocation, (const char *const[]){"-c", init->draft, "try", INIT_ROUTE,
					  "--to", to, init_talks(init) ? NULL : "-q", NULL});
	init->relay_failed = status != EXIT_DONE;
	return !init->relay_failed;
}

/* Whether another one is wanted in place of one that takes no mail. */
static bool wants_another(void)
{
	char *answer = ask("   Another relay, or go on with this one (mail then waits)?\n"
			   "   another, go on",
		"another");
	bool other = answer != NULL && !text_starts("go on", answer);

	free(answer);
	return other;
}

/* Until one takes mail, or the user goes on without. EXIT_DONE, or after a complaint why not. */
int init_settle_relay(struct init *init)
{
	struct error error;

	for (;;) {
		if (!init_draft_write(init, &error))
			return init_fail(&error);
		if (try_relay(init) || !ask_possible())
			return EXIT_DONE;
		if (!wants_another())
			return EXIT_DONE;
		init_password_forget(init);
		memory_set(&init->answers.user, NULL);
		memory_set(&init->answers.relay, NULL);
		if (!init_ask_relay(init))
			return EXIT_USAGE;
	}
}

/* As the catalogue has it, without a look at the page. False where it does not say all. */
static bool add_unseen(const struct init *init, const char *word)
{
	static const struct options none = {0};
	const struct catalogue_entry *service = catalogue_find(&init->services, word);
	struct invocation quiet = *init->invocation;
	struct add_target target = {.invocation = &quiet, .options = &none};
	struct buffer lines = {0};
	char *name;
	int status;

	if (service == NULL)
		service = catalogue_at(&init->services, word);
	if (service == NULL || service->kind == NULL)
		return false;
	quiet.config_path = init->draft;
	quiet.verbosity = -1;
	status = add_target_load(&target);
	name = name_unique(target.config, name_of_text(service->name));
	add_target_page_lines(&lines, name, service->url, service->kind, service->provider);
	if (status == EXIT_DONE && add_target_page(&target, service->url, NULL, NULL) == NULL)
		status = add_target_add(&target, name,
			&(struct config_member){"pages", buffer_string(&lines)},
			&(struct config_member){"pages", buffer_string(&lines)});
	buffer_release(&lines);
	free(name);
	add_target_release(&target);
	return status == EXIT_DONE;
}

/* Comes behind the pages, so that it is not forgotten. */
static void note_missing(const struct init *init, const char *word)
{
	char *visible = text_visible_copy(word);
	char *line = memory_format("  # Could not be read at first: lampwatch add %s\n", visible);
	struct error error;

	if (!file_append(init->draft, line, strlen(line), OWN_MODE, &error))
		init_complain(error.text);
	free(line);
	free(visible);
}

/* What of a page that cannot be read now is known is written; the rest stays to be done. */
void init_add_pages(struct init *init)
{
	const struct text_list *services = &init->answers.services;
	struct text_list missing = {0};

	for (size_t i = 0; i < services->count; i++) {
		const char *word = services->list[i];
		const char *result = "watched";
		int status = own_command(init->invocation,
			(const char *const[]){"-q", "-c", init->draft, "add", "--", word, NULL});

		if (ask_interrupted() != 0)
			break;
		if (status != EXIT_DONE && add_unseen(init, word)) {
			result =
				"cannot be read now; watched all the same, as the catalogue has it";
		} else if (status != EXIT_DONE) {
			text_list_add(&missing, word);
			result = "cannot be read now, and what kind of page it is is not known; "
				 "`lampwatch add` it once it answers";
		}
		init->status = exit_status_worse(
			init->status, status == EXIT_DONE ? EXIT_DONE : EXIT_PENDING);
		if (init_talks(init))
			printf("   %s: %s\n", word, result);
	}
	for (size_t i = 0; i < missing.count; i++)
		note_missing(init, missing.list[i]);
	text_list_release(&missing);
}
