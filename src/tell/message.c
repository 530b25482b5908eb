/* SPDX-License-Identifier: ISC */
#include "tell/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/form_request.h"
#include "tell/mail_templates.h"
#include "tell/message_data.h"
#include "tell/mime.h"
#include "tell/plan.h"
#include "tell/receivers.h"
#include "tell/service.h"
#include "tell/token.h"

#define TOO_LONG "mail: longer than %d bytes"

enum {
	FIELDS_EXPECTED = 1024,  /* bytes that a copy's own fields mostly stay below */
	PLAIN_SUBJECT_MAX = 400, /* bytes */
};

/* What each copy has of its own: its name in templates, and its places in the text and in the HTML.
 * These stand in mails that the outbox keeps: what is new gets others. */
enum { OWN_MESSAGE_ID, OWN_WEBHOOK_ID, OWN_UNSUBSCRIBE, OWN_UNSUBSCRIBE_LINK, OWN_COUNT };

static const struct {
	const char *name, *text, *html;
} copy_fields[OWN_COUNT] = {
	[OWN_MESSAGE_ID] = {"message_id", "\1", "\4"},
	[OWN_WEBHOOK_ID] = {"webhook_id", "\2", "\5"},
	[OWN_UNSUBSCRIBE] = {"unsubscribe", "\3", "\6"},
	[OWN_UNSUBSCRIBE_LINK] = {"unsubscribe_link", "\7", "\10"},
};

static_assert(2 * OWN_COUNT <= MIME_FIELDS, "each has a place in the text and one in the HTML");

/* A structured field of which the parts are joined; part NULL: the field is left out. */
static bool write_field(struct buffer *out, const char *name, const char *before, const char *part,
	const char *after, struct error *error)
{
	char *value;
	bool done;

	if (part == NULL)
		return true;
	value = memory_format("%s%s%s", before, part, after);
	done = mime_field(out, name, value, error);
	free(value);
	return done;
}

/*
 * No Precedence: it is no standard, RFC 3834's field says it better, and mail
 * servers that know it send "list" and "bulk" later than the rest.
 */
static bool write_header(const struct mail_header *header, const char *subject, struct buffer *out,
	struct error *error)
{
	char date[DATE_TEXT_MAX];

	date_write_mail(header->date, date);
	return write_field(out, "Date", "", date, "", error) &&
	       write_field(out, "From", "lampwatch <", header->from, ">", error) &&
	       mime_text_field(out, "Subject", subject, error) &&
	       write_field(out, "List-Id", "<", header->list_id, ">", error) &&
	       write_field(out, "Reply-To", "", header->reply_to, "", error) &&
	       mime_field(out, "Auto-Submitted", header->answer ? "auto-replied" : "auto-generated",
		       error) &&
	       mime_field(out, "X-Auto-Response-Suppress", "All", error) &&
	       mime_field(out, "MIME-Version", "1.0", error);
}

bool mail_write(const struct mail_header *header, const char *subject, const char *text,
	const char *html, struct buffer *out, struct error *error)
{
	struct buffer mail = {.maximum = MESSAGE_MAIL_MAX};
	bool done = write_header(header, subject, &mail, error);

	if (done) {
		if (html != NULL)
			mime_alternative(&mail, text, text, html);
		else
			mime_part(&mail, "text/plain", text);
		done = (!mail.overflowed && buffer_add(out, mail.data, mail.length)) ||
		       error_set(error, REMEDY_LOCAL, TOO_LONG, MESSAGE_MAIL_MAX);
	}
	buffer_release(&mail);
	return done;
}

/* ---- a receiver's copy ---- */

static char *in_html(const char *text)
{
	struct value *value;
	struct buffer out = {0};

	if (text == NULL || strpbrk(text, "&<>\"'") == NULL)
		return memory_string(text);
	value = value_text(text);
	template_render("{{.}}", TEMPLATE_HTML, value, NULL, &out, NULL);
	value_free(value);
	return buffer_take(&out);
}

const char *message_one_click(const struct config *config)
{
	return config->subscribe && text_starts(config->site_url, "https://") ? config->site_url
									      : NULL;
}

/* With the token of the address to which a mail ends it; NULL: nowhere. Owned by the caller. */
static char *unsubscribe_link(const struct mail_copy *copy)
{
	enum token_purpose purpose;
	char token[TOKEN_TEXT];
	long long number;

	return copy->site_url != NULL && !text_empty(copy->unsubscribe) &&
			       token_parse(copy->unsubscribe, &purpose, &number, token)
		       ? form_link(copy->site_url, FORM_UNSUBSCRIBE, token)
		       : NULL;
}

/* An address to which a mail ends it (RFC 2369), and a link to which a POST does (RFC 8058). */
static bool write_unsubscribe(
	const struct mail_copy *copy, const char *link, struct buffer *out, struct error *error)
{
	char *after;
	bool done;

	if (text_empty(copy->unsubscribe))
		return true;
	if (link == NULL)
		return write_field(out, "List-Unsubscribe", "<mailto:", copy->unsubscribe,
			"?subject=unsubscribe>", error);
	after = memory_format("?subject=unsubscribe>, <%s>", link);
	done = write_field(out, "List-Unsubscribe", "<mailto:", copy->unsubscribe, after, error) &&
	       mime_field(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click", error);
	free(after);
	return done;
}

/* Where there are no forms any more since the mail was made, its link is one that writes a mail. */
static void fill(
	const struct mail_copy *copy, const char *link, const char *mail, struct buffer *out)
{
	const char *id = copy->message_id + 1; /* without its brackets */
	const char *values[MIME_FIELDS] = {0};
	char *owned[OWN_COUNT][2] = {
		[OWN_MESSAGE_ID] = {memory_bytes(id, strcspn(id, ">"))},
		[OWN_WEBHOOK_ID] = {memory_bytes(id, strcspn(id, "@>"))},
		[OWN_UNSUBSCRIBE] = {memory_string(copy->unsubscribe)},
		[OWN_UNSUBSCRIBE_LINK] = {link != NULL ? memory_string(link)
						       : memory_format("mailto:%s",
								 copy->unsubscribe != NULL
									 ? copy->unsubscribe
									 : "")},
	};

	for (int i = 0; i < OWN_COUNT; i++) {
		owned[i][1] = in_html(owned[i][0]);
		values[copy_fields[i].text[0] - 1] = owned[i][0];
		values[copy_fields[i].html[0] - 1] = owned[i][1];
	}
	mime_fill(out, mail, values);
	for (int i = 0; i < OWN_COUNT; i++) {
		free(owned[i][0]);
		free(owned[i][1]);
	}
}

bool mail_address(
	const struct mail_copy *copy, const char *mail, struct buffer *out, struct error *error)
{
	char *link = unsubscribe_link(copy);
	size_t before = out->length;
	bool done;

	buffer_expect(out, strlen(mail) + FIELDS_EXPECTED);
	done = write_field(out, "To", "", copy->to, "", error) &&
	       write_field(out, "Message-ID", "", copy->message_id, "", error) &&
	       write_field(out, "In-Reply-To", "", copy->in_reply_to, "", error) &&
	       write_field(out, "References", "", copy->in_reply_to, "", error) &&
	       write_unsubscribe(copy, link, out, error);
	if (done) {
		fill(copy, link, mail, out);
		done = (!out->overflowed && out->length - before <= MESSAGE_MAIL_MAX) ||
		       error_set(error, REMEDY_LOCAL, TOO_LONG, MESSAGE_MAIL_MAX);
	}
	if (!done)
		buffer_cut(out, before);
	free(link);
	return done;
}

/* ---- what is rendered ---- */

/* What is a receiver's own is in no subject: that is the same for all, by whatever channel. It is
 * one line, trimmed and cut, whatever the template's lines were. */
struct value *message_data(const struct config *config, const char *templates,
	const struct value *data, struct error *error)
{
	struct value *shown = message_shown(data);
	struct buffer rendered = {0};
	bool done;

	for (int i = 0; i < OWN_COUNT; i++)
		if (value_get(data, copy_fields[i].name) != NULL)
			value_put_text(shown, copy_fields[i].name, NULL);
	done = mail_template_render(
		config->mail_templates, templates, "subject.txt", shown, &rendered, error);
	for (int i = 0; done && i < OWN_COUNT; i++)
		if (value_get(data, copy_fields[i].name) != NULL)
			value_put_text(shown, copy_fields[i].name,
				value_get_text(data, copy_fields[i].name));
	if (done) {
		char *line =
			text_collapse(buffer_string(&rendered), rendered.length, MIME_TEXT_MAX);
		char *subject = message_cut(line, MESSAGE_SUBJECT_MAX);

		value_put_text(shown, "subject", subject);
		free(subject);
		free(line);
	} else {
		value_free(shown);
		shown = NULL;
	}
	buffer_release(&rendered);
	return shown;
}

bool message_mail(const struct config *config, const char *templates,
	const struct mail_header *header, const struct value *data, bool ends, struct buffer *out,
	struct error *error)
{
	struct value *shown = message_data(config, templates, data, error);
	struct buffer bodies[2] = {{0}, {0}};
	bool done = shown != NULL;

	for (int html = 0; done && html < 2; html++) {
		for (int i = 0; i < OWN_COUNT; i++) {
			bool has = i == OWN_UNSUBSCRIBE ? ends
				   : i == OWN_UNSUBSCRIBE_LINK
					   ? ends && message_one_click(config) != NULL
					   : true;

			if (has)
				value_put_text(shown, copy_fields[i].name,
					html ? copy_fields[i].html : copy_fields[i].text);
		}
		done = mail_template_render(config->mail_templates, templates,
			html == 1 ? "body.html" : "body.txt", shown, &bodies[html], error);
	}
	done = done && mail_write(header, value_get_text(shown, "subject"),
			       buffer_string(&bodies[0]), buffer_string(&bodies[1]), out, error);
	buffer_release(&bodies[0]);
	buffer_release(&bodies[1]);
	value_free(shown);
	return done;
}

/* What the template made, as it is sent: cut where its service takes no more. False, with
 * REMEDY_CONFIGURATION, where it is to be JSON and is not. */
static bool finish_json(const struct service *service, struct buffer *body, struct error *error)
{
	struct value *value = json_parse(buffer_string(body), body->length, error);
	bool done = value != NULL;

	if (!done && error != NULL)
		error->remedy = REMEDY_CONFIGURATION;
	if (!done)
		error_prefix(error, "%s: the result is not JSON", service->template);
	if (done && (service_cut(service, value) || service->each)) {
		buffer_clear(body);
		json_write(value, 0, body);
	}
	value_free(value);
	return done;
}

/* One body; nothing where the template has no words for this. */
static bool render_request(const struct config *config, const char *templates,
	const struct service *service, const struct value *data, struct buffer *out,
	struct error *error)
{
	char *folder = file_folder(service->template), *json = message_json(data);
	const char *name = file_name(service->template);
	struct value *shown = message_data(config, templates, data, error);
	struct buffer body = {0};
	bool done = shown != NULL;

	if (done) {
		value_put_text(shown, "json", json);
		done = template_render_file(folder, name, shown, &body, error);
	}
	if (done && buffer_string(&body)[strspn(buffer_string(&body), " \t\r\n")] != '\0') {
		done = !text_ends(name, ".json") || finish_json(service, &body, error);
		if (done && service->each)
			buffer_byte(&body, '\n');
		if (done && !buffer_add(out, buffer_string(&body), body.length))
			done = error_set(error, REMEDY_LOCAL, "%s: longer than allowed", name);
	}
	value_free(shown);
	buffer_release(&body);
	free(json);
	free(folder);
	return done;
}

bool message_webhook(const struct config *config, const char *templates,
	const struct service *service, const struct value *data, struct buffer *out,
	struct error *error)
{
	const struct value *events = value_get(data, "events");
	bool done = true;

	if (!service->each)
		return render_request(config, templates, service, data, out, error);
	for (size_t i = 0; done && events != NULL && i < events->count; i++) {
		/* The data with one event alone; the others are not even copied, for there may be a
		 * thousand. */
		struct value *one = value_map(), *alone = value_list();

		for (size_t j = 0; j < data->count; j++)
			if (!text_equal(data->keys[j], "events"))
				value_put(one, data->keys[j], value_copy(data->members[j]));
		value_append(alone, value_copy(events->members[i]));
		plan_put_events(one, alone, 0);
		done = render_request(config, templates, service, one, out, error);
		value_free(one);
	}
	return done;
}

/* ---- what is kept ---- */

void content_release(struct content *content)
{
	free(content->bytes);
	*content = (struct content){0};
}

static void set_word(char word[static CONTENT_WORD_MAX + 1], const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	bool good = length <= CONTENT_WORD_MAX && text[length] == '\0';

	memcpy(word, good ? text : "", good ? length + 1 : 1);
}

void content_name(struct content *content, const char *type, const char *colour)
{
	set_word(content->type, type);
	set_word(content->colour, colour);
}

/*
 * What is sent when a template is broken: the news in few words and the data as
 * they are. An alert that looks poor is better than one that is not there.
 */
static bool write_plain(
	const struct mail_header *header, const struct value *data, struct buffer *out)
{
	const struct value *first = value_get(data, "first");
	struct buffer text = {0};
	char *words = memory_format("%s: %s (%s)",
		value_get_text(value_get(data, "headline"), "word"), value_get_text(first, "label"),
		value_get_text(value_get(data, "page"), "name"));
	char *visible = text_visible_copy(words);
	char *subject = text_collapse(visible, strlen(visible), PLAIN_SUBJECT_MAX);
	bool good;

	buffer_text(
		&text, "A template of this lampwatch is broken. The message would have said:\n\n");
	json_write(data, 2, &text);
	good = mail_write(header, subject, buffer_string(&text), NULL, out, NULL);
	buffer_release(&text);
	free(subject);
	free(visible);
	free(words);
	return good;
}

/* List-Id (RFC 2919), such as "google.alerts.example.org", is what a mail reader sorts by: of one
 * page it is the page's, of several or none that of all alerts. */
static bool render_mail(const struct config *config, const char *templates, bool ends,
	const struct value *data, int64_t now, struct buffer *out, struct error *error)
{
	struct mail_header header = {.from = config->from, .date = now};
	const struct value *pages = value_get(data, "pages");
	bool several = pages != NULL && pages->type == VALUE_LIST;
	const char *page;
	char *list;
	bool good;

	if (config->from == NULL)
		return error_set(
			error, REMEDY_CONFIGURATION, "%s: \"from\" is missing", config->path);
	page = several ? "" : value_get_text(value_get(data, "page"), "name");
	list = memory_format(
		"%s%salerts.%s", page, text_empty(page) ? "" : ".", strchr(config->from, '@') + 1);
	header.list_id = list;
	good = message_mail(config, templates, &header, data, ends, out, error);
	if (!good) {
		buffer_clear(out);
		write_plain(&header, data, out);
	}
	free(list);
	return good;
}

/* A webhook gets the data with its message's own identity; where its template is broken, the data
 * on one line. */
static bool render_webhook(const struct config *config, const char *templates,
	const struct webhook_config *webhook, const char *message_id, const struct value *data,
	struct buffer *out, struct error *error)
{
	struct problems problems = {0};
	struct service *service = service_load(templates, webhook, &problems);
	struct value *own = value_copy(data);
	char *bare = memory_bytes(message_id + 1, strcspn(message_id + 1, ">"));
	bool good = service != NULL;

	value_put_text(own, "message_id", bare);
	bare[strcspn(bare, "@")] = '\0';
	value_put_text(own, "webhook_id", bare);
	if (good)
		good = message_webhook(config, templates, service, own, out, error);
	else
		error_set(error, problems.local > 0 ? REMEDY_LOCAL : REMEDY_CONFIGURATION, "%s: %s",
			problems.list[0].file, problems.list[0].text);
	if (!good) {
		buffer_clear(out);
		json_write(own, 0, out);
	}
	free(bare);
	value_free(own);
	service_free(service);
	problems_release(&problems);
	return good;
}

bool content_render(const struct config *config, const char *templates,
	const struct content_copy *copy, const struct value *data, int64_t now,
	struct content *content, struct error *error)
{
	const char *name = receiver_webhook_name(copy->receiver);
	const struct webhook_config *webhook = name != NULL ? config_webhook(config, name) : NULL;
	struct buffer out = {0};
	bool good;

	if (name == NULL)
		good = render_mail(
			config, templates, !text_empty(copy->unsubscribe), data, now, &out, error);
	else if (webhook != NULL)
		good = render_webhook(
			config, templates, webhook, copy->message_id, data, &out, error);
	else
		good = error_set(
			error, REMEDY_CONFIGURATION, "%s: no webhook \"%s\"", config->path, name);
	content_name(content, value_get_text(value_get(data, "first"), "type"),
		value_get_text(value_get(data, "headline"), "colour"));
	content->whole = receiver_address(copy->receiver) == NULL;
	content->length = out.length;
	content->bytes = buffer_take(&out);
	return good;
}

bool content_address(const struct content *content, const struct content_copy *copy,
	struct buffer *out, struct error *error)
{
	struct mail_copy mail = {receiver_address(copy->receiver), copy->message_id,
		copy->in_reply_to, copy->unsubscribe, copy->site_url};

	if (content->length == 0 || content->bytes == NULL)
		return error_set(error, REMEDY_LOCAL, "message: there is none");
	if (!content->whole)
		return mail_address(&mail, content->bytes, out, error);
	return buffer_add(out, content->bytes, content->length) ||
	       error_set(error, REMEDY_LOCAL, "message: too long");
}
