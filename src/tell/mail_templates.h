/* SPDX-License-Identifier: ISC
 *
 * The templates of mails: templates/mail, and the folder that the configuration names in
 * `mail_templates:`, each of whose files is used in place of ours, partials too. The first line of
 * every other message is made by them as well (message.h).
 */
#ifndef LAMPWATCH_MAIL_TEMPLATES_H
#define LAMPWATCH_MAIL_TEMPLATES_H

#include <stdbool.h>

struct buffer;
struct config;
struct error;
struct problems;
struct text_list;
struct value;

/* The files that are rendered; all others are their parts. NULL ends them. */
extern const char *const mail_template_files[];

enum { MAIL_COLUMNS = 72 }; /* of a text, where its words can be broken (text_wrap()) */

/* Renders mail/NAME of the folder templates, or NAME of the folder own (NULL: none). Errors as of
 * template_render_file(). */
bool mail_template_render(const char *own, const char *templates, const char *name,
	const struct value *data, struct buffer *out, struct error *error);

/* Adds the names of all that mails are made of. Errors as of template_check_file(). */
bool mail_template_names(
	const char *own, const char *templates, struct text_list *names, struct error *error);

/* Complains about what cannot be read or parsed in the folder of `mail_templates:`, and warns of
 * what no mail uses in it. */
void mail_templates_check(
	const struct config *config, const char *templates, struct problems *problems);

#endif
