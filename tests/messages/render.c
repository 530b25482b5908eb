/* SPDX-License-Identifier: ISC
 *
 * render TEMPLATES DATA PART...: prints what people get from the data, a JSON file.
 * PART is subject, body.txt, body.html, mail, or NAME.json for a webhook; or
 * write, for a mail of the texts from, to, subject, text and html in DATA.
 * Of several parts each is ended by a form feed.
 * Exit status 1, with the reason on standard error, where that cannot be done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/message.h"
#include "tell/service.h"

enum { DATE_OF_TESTS = 1390591210 }; /* 2014-01-24T19:20:10Z */

static const struct mail_header header_of_tests = {
	.from = "lampwatch@example.org",
	.list_id = "google.alerts.example.org",
	.date = DATE_OF_TESTS,
};

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

	return message_mail(templates, &header_of_tests, data, ends, &mail, error) &&
	       render_copy(data, &mail, out, error);
}

static bool render_body(const char *templates, const struct value *data, const char *part,
	struct buffer *out, struct error *error)
{
	struct value *shown = message_data(templates, data, error);
	char *folder = file_join(templates, "mail");
	bool done = shown != NULL;

	if (done && text_equal(part, "subject"))
		buffer_format(out, "%s\n", value_get_text(shown, "subject"));
	else if (done)
		done = template_render_file(folder, part, shown, out, error);
	free(folder);
	value_free(shown);
	return done;
}

static bool render_webhook(const char *templates, const struct value *data, const char *part,
	struct buffer *out, struct error *error)
{
	char *name = memory_bytes(part, strlen(part) - strlen(".json"));
	struct webhook_config webhook = {.template = name};
	struct problems problems = {0};
	struct service *service = service_load(templates, &webhook, &problems);
	bool done = service != NULL;

	if (done)
		done = message_webhook(templates, service, data, out, error);
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
	if (text_ends(part, ".json"))
		return render_webhook(templates, data, part, out, error);
	return render_body(templates, data, part, out, error);
}

int main(int argc, char **argv)
{
	struct buffer text = {0}, out = {0};
	struct error error = {0};
	struct value *data = NULL;
	bool done = false;

	if (argc < 4) {
		fprintf(stderr, "usage: render TEMPLATES DATA PART...\n");
		return 2;
	}
	if (file_read(argv[2], &text, &error))
		data = json_parse(buffer_string(&text), text.length, &error);
	done = data != NULL;
	for (int i = 3; done && i < argc; i++) {
		done = render(argv[1], data, argv[i], &out, &error);
		if (argc > 4)
			buffer_byte(&out, '\f');
	}
	if (done)
		done = fwrite(buffer_string(&out), 1, out.length, stdout) == out.length;
	else
		fprintf(stderr, "render: %s\n", error.text);
	value_free(data);
	buffer_release(&text);
	buffer_release(&out);
	return done && fflush(stdout) == 0 ? 0 : 1;
}
