/* SPDX-License-Identifier: ISC */
#include "tell/mail_templates.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "config/config.h"

#define FOLDER "mail"

const char *const mail_template_files[] = {
	"subject.txt", "body.txt", "body.html", "answer-subject.txt", "answer.txt", NULL};

bool mail_template_render(const char *own, const char *templates, const char *name,
	const struct value *data, struct buffer *out, struct error *error)
{
	char *folder = file_join(templates, FOLDER);
	struct buffer text = {.maximum = TEMPLATE_OUTPUT_MAX};
	bool wrapped = text_ends(name, ".txt");
	bool done = template_render_own(own, folder, name, data, wrapped ? &text : out, error);

	if (done && wrapped)
		text_wrap(out, buffer_string(&text), MAIL_COLUMNS);
	buffer_release(&text);
	free(folder);
	return done;
}

bool mail_template_names(
	const char *own, const char *templates, struct text_list *names, struct error *error)
{
	char *folder = file_join(templates, FOLDER);
	bool good = true;

	for (size_t i = 0; good && mail_template_files[i] != NULL; i++)
		good = template_files(own, folder, mail_template_files[i], names, error);
	free(folder);
	return good;
}

static void warn_of_unused(const char *own, const char *ending, const struct text_list *used,
	struct problems *problems)
{
	struct text_list names = {0};

	file_names(own, ending, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		char *name = memory_format("%s%s", names.list[i], ending);
		const char *nearest =
			text_nearest(name, (const char *const *)used->list, used->count);
		char *path = file_join(own, name);

		if (!text_list_has(used, name))
			problems_warn(problems, path, 0, "no mail uses it%s%s%s",
				nearest != NULL ? "; did you mean \"" : "",
				nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
		free(path);
		free(name);
	}
	text_list_release(&names);
}

/* True where the error is of a file in own, or of a part that is nowhere, which only a file in own
 * can name. */
static bool is_own(const char *own, const struct error *error)
{
	char *path = memory_bytes(error->text, strcspn(error->text, ":"));
	bool is = text_starts(path, own) || file_absent(path);

	free(path);
	return is;
}

/* What is wrong with ours is found where a mail is made of it. */
void mail_templates_check(
	const struct config *config, const char *templates, struct problems *problems)
{
	const char *own = config->mail_templates;
	struct text_list used = {0};
	struct error error;

	if (own == NULL)
		return;
	if (!mail_template_names(own, templates, &used, &error)) {
		if (is_own(own, &error))
			template_problem(problems, &error);
	} else {
		warn_of_unused(own, ".txt", &used, problems);
		warn_of_unused(own, ".html", &used, problems);
	}
	text_list_release(&used);
}
