/* SPDX-License-Identifier: ISC
 *
 * render TEMPLATES: prints what people get. Each line of standard input is a request: a JSON file
 *with the data, and parts of what is made of it, tabs between them. PART is subject, body.txt,
 *body.html, mail, or NAME.json or text.txt for a webhook; or write, for a mail of the texts from,
 *to, subject, text and html in the data. For each part it prints a line, and so many bytes:
 *
 *	rendered BYTES     what people get
 *	failed BYTES       why there is nothing
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/mail_templates.h"
#include "tell/message.h"
#include "tell/service.h"

enum { DATE_OF_TESTS = 1390591210 }; /* 2014-01-24T19:20:10Z */

static const struct mail_header header_of_tests = {
	.from = "lampwatch@example.org",
	.list_id = "google.alerts.example.org",
	.date = DATE_OF_TESTS,
};

static const struct config plain; /* says nothing of templates */

/* The copy that goes to whom the data names, of what is in mail; releases that. */
static bool render_copy(
	const struct value *data, struct buffer *mail, struct buffer *out, struct error *error)
{
	struct mail_copy copy = {.to = "ops@example.com",
		.message_id = "<e.1.red.0123456789abcdef@example.org>",
		.in_reply_to = "<e.0.red.fedcba9876543210@example.org>",
		.unsubscribe = value_get_text(data, "unsubscribe")};
	bool done;

	if (value_get(data, "to") != NULL)
		copy.to = value_get_text(data, "to");
	done = mail_address(&copy, buffer_string(mail), out, error);
	buffer_release(mail);
	return done;
}

static bool render_write(const struct value *data, struct buffer *out, struct error *error)
{
	const struct value *html = value_get(data, "html");
	struct mail_header header = header_of_tests;
	struct buffer mail = {0};

	if (value_get(data, "from") != NULL)
		header.from = value_get_text(data, "from");
	return mail_write(&header, value_get_text(data, "subject"), value_get_text(data, "text"),
		       html != NULL ? html->text : NULL, &mail, error) &&
	       render_copy(data, &mail, out, error);
}

static bool render_mail(
	const char *templates, const struct value *data, struct buffer *out, struct error *error)
{
	bool ends = !text_empty(value_get_text(data, "unsubscribe"));
	struct buffer mail = {0};

	return message_mail(&plain, templates, &header_of_tests, data, ends, &mail, error) &&
	       render_copy(data, &mail, out, error);
}

static bool render_body(const char *templates, const struct value *data, const char *part,
	struct buffer *out, struct error *error)
{
	struct value *shown = message_data(&plain, templates, data, error);
	bool done = shown != NULL;

	if (done && text_equal(part, "subject"))
		buffer_format(out, "%s\n", value_get_text(shown, "subject"));
	else if (done)
		done = mail_template_render(NULL, templates, part, shown, out, error);
	value_free(shown);
	return done;
}

static bool render_webhook(const char *templates, const struct value *data, const char *part,
	struct buffer *out, struct error *error)
{
	char *name = memory_bytes(part, strcspn(part, "."));
	struct webhook_config webhook = {.template = name};
	struct problems problems = {0};
	struct service *service = service_load(templates, &webhook, &problems);
	bool done = service != NULL;

	if (done)
		done = message_webhook(&plain, templates, service, data, out, error);
	else
		error_set(error, REMEDY_CONFIGURATION, "%s: %s", problems.list[0].file,
			problems.list[0].text);
	service_free(service);
	problems_release(&problems);
	free(name);
	return done;
}

static bool render(const char *templates, const struct value *data, const char *part,
	struct buffer *out, struct error *error)
{
	if (text_equal(part, "write"))
		return render_write(data, out, error);
	if (text_equal(part, "mail"))
		return render_mail(templates, data, out, error);
	if (text_ends(part, ".json") || text_equal(part, "text.txt"))
		return render_webhook(templates, data, part, out, error);
	return render_body(templates, data, part, out, error);
}

static void answer(const char *templates, const struct value *data, const char *part)
{
	struct buffer out = {0};
	struct error error = {0};
	bool done = data != NULL && render(templates, data, part, &out, &error);
	const char *text = done ? buffer_string(&out) : error.text;
	size_t length = done ? out.length : strlen(error.text);

	printf("%s %zu\n", done ? "rendered" : "failed", length);
	fwrite(text, 1, length, stdout);
	buffer_release(&out);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;

	setlocale(LC_CTYPE, "C.UTF-8"); /* as main() has it */
	if (argc != 2) {
		fputs("usage: render TEMPLATES < REQUESTS\n", stderr);
		return 2;
	}
	while (getline(&line, &size, stdin) > 0) {
		char *rest = line, *path, *part;
		struct buffer text = {0};
		struct value *data = NULL;

		line[strcspn(line, "\n")] = '\0';
		path = strsep(&rest, "\t");
		if (file_read(path, &text, NULL))
			data = json_parse(buffer_string(&text), text.length, NULL);
		while ((part = strsep(&rest, "\t")) != NULL)
			answer(argv[1], data, part);
		fflush(stdout);
		value_free(data);
		buffer_release(&text);
	}
	free(line);
	return 0;
}
