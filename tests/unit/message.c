/* SPDX-License-Identifier: ISC */
#include "tell/message.h"
#include "tell/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "config/config.h"
#include "model/event.h"

static const struct config plain; /* says nothing of templates */

static const struct mail_header plain_header = {
	.from = "lampwatch@example.org",
	.date = 1390591210,
};

static const struct mail_copy plain_copy = {
	.to = "ops@example.com",
	.message_id = "<1@example.org>",
};

/* A folder of templates: what each test puts there is all there is. */
static int make_folder(void **state)
{
	char folder[] = "/tmp/lampwatch-message-XXXXXX";
	struct error error = {0};

	if (mkdtemp(folder) == NULL)
		return -1;
	*state = memory_string(folder);
	for (int i = 0; i < 2; i++) {
		char *path = file_join(*state, i == 0 ? "mail" : "webhook");
		bool made = file_make_folders(path, 0700, &error);

		free(path);
		if (!made)
			return -1;
	}
	return 0;
}

static int remove_folder(void **state)
{
	struct error error = {0};
	bool removed = file_remove_tree(*state, &error);

	free(*state);
	return removed ? 0 : -1;
}

static void put_template(const char *folder, const char *name, const char *text)
{
	char *path = file_join(folder, name);
	struct error error = {0};

	template_forget();
	if (!file_write(path, text, strlen(text), 0600, &error))
		fail_msg("%s", error.text);
	free(path);
}

static struct value *parsed(const char *json)
{
	struct error error = {0};
	struct value *value = json_parse(json, strlen(json), &error);

	if (value == NULL)
		fail_msg("%s", error.text);
	return value;
}

static char *written(const struct mail_header *header, const char *subject, const char *html)
{
	struct buffer out = {0};
	struct error error = {0};

	if (!mail_write(header, subject, "text\n", html, &out, &error))
		fail_msg("%s", error.text);
	return buffer_take(&out);
}

static char *addressed(const struct mail_copy *copy, const char *mail)
{
	struct buffer out = {0};
	struct error error = {0};

	if (!mail_address(copy, mail, &out, &error))
		fail_msg("%s", error.text);
	return buffer_take(&out);
}

static void test_text_alone_is_a_simple_mail(void **state)
{
	char *mail = written(&plain_header, "RED: Gmail", NULL);
	char *copy = addressed(&plain_copy, mail);

	(void)state;
	assert_string_equal(copy, "To: ops@example.com\r\n"
				  "Message-ID: <1@example.org>\r\n"
				  "Date: Fri, 24 Jan 2014 19:20:10 +0000\r\n"
				  "From: lampwatch <lampwatch@example.org>\r\n"
				  "Subject: RED: Gmail\r\n"
				  "Auto-Submitted: auto-generated\r\n"
				  "X-Auto-Response-Suppress: All\r\n"
				  "MIME-Version: 1.0\r\n"
				  "Content-Type: text/plain; charset=utf-8\r\n"
				  "Content-Transfer-Encoding: quoted-printable\r\n"
				  "\r\n"
				  "text\r\n");
	free(copy);
	free(mail);
}

static void test_answer_to_a_red_is_in_its_thread(void **state)
{
	struct mail_header header = plain_header;
	struct mail_copy copy = plain_copy;
	char *mail, *whole;

	(void)state;
	copy.in_reply_to = "<0@example.org>";
	copy.unsubscribe = "l+u-x@example.org";
	header.list_id = "google.alerts.example.org";
	mail = written(&header, "GREEN: Gmail", NULL);
	whole = addressed(&copy, mail);
	assert_non_null(strstr(whole, "\r\nIn-Reply-To: <0@example.org>\r\n"));
	assert_non_null(strstr(whole, "\r\nReferences: <0@example.org>\r\n"));
	assert_non_null(strstr(whole, "\r\nList-Id: <google.alerts.example.org>\r\n"));
	assert_non_null(strstr(
		whole, "\r\nList-Unsubscribe: <mailto:l+u-x@example.org?subject=unsubscribe>\r\n"));
	free(whole);
	free(mail);
}

/* RFC 8058: a link beside the address, with the same token. */
static void test_where_there_are_forms_one_click_ends_it(void **state)
{
	struct mail_copy copy = plain_copy;
	char *mail = written(&plain_header, "RED: Gmail", NULL), *whole;

	(void)state;
	copy.unsubscribe = "l+u-abcdefghijklmnopqrstuvwxyz@example.org";
	copy.site_url = "https://status.example.org/a";
	whole = addressed(&copy, mail);
	assert_non_null(strstr(whole,
		"\r\nList-Unsubscribe:"
		" <mailto:l+u-abcdefghijklmnopqrstuvwxyz@example.org?subject=unsubscribe>,\r\n"
		" <https://status.example.org/a/unsubscribe?token=abcdefghijklmnopqrstuvwxyz>\r\n"
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
	free(whole);
	copy.unsubscribe = NULL;
	whole = addressed(&copy, mail);
	assert_null(strstr(whole, "List-Unsubscribe"));
	free(whole);
	free(mail);
}

static void test_one_click_needs_forms_and_https(void **state)
{
	static char secure[] = "https://status.example.org", clear[] = "http://status.example.org";

	(void)state;
	assert_ptr_equal(
		message_one_click(&(struct config){.subscribe = true, .site_url = secure}), secure);
	assert_null(message_one_click(&(struct config){.subscribe = true, .site_url = clear}));
	assert_null(message_one_click(&(struct config){.subscribe = false, .site_url = secure}));
}

static void test_same_input_gives_the_same_bytes_with_text_before_html(void **state)
{
	char *mail = written(&plain_header, "s", "<p>text</p>\n");
	char *again = written(&plain_header, "s", "<p>text</p>\n");

	(void)state;
	assert_string_equal(mail, again);
	assert_true(strstr(mail, "text/plain") < strstr(mail, "text/html"));
	free(mail);
	free(again);
}

static void test_injection_in_a_header_is_refused_and_adds_nothing(void **state)
{
	struct mail_header headers[] = {plain_header, plain_header};

	(void)state;
	headers[0].from = "a@example.org>\r\nBcc: <b@example.org";
	headers[1].list_id = "a\r\nX: y";
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		struct buffer out = {0};
		struct error error = {0};

		assert_false(mail_write(&headers[i], "s", "t", NULL, &out, &error));
		assert_int_equal(error.remedy, REMEDY_LOCAL);
		assert_int_equal(out.length, 0);
	}
}

static void test_injection_in_a_copy_is_refused_and_adds_nothing(void **state)
{
	struct mail_copy copies[] = {plain_copy, plain_copy, plain_copy, plain_copy};

	(void)state;
	copies[0].to = "a@example.org\nBcc: b@example.org";
	copies[1].message_id = "<1@example.org>\r\n\r\nbody";
	copies[2].in_reply_to = "<0@example.org>\rX: y";
	copies[3].unsubscribe = "a@example.org>\r\nX: <y";
	for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
		struct buffer out = {0};
		struct error error = {0};

		assert_false(mail_address(&copies[i], "x\r\n", &out, &error));
		assert_int_equal(error.remedy, REMEDY_LOCAL);
		assert_int_equal(out.length, 0);
		buffer_release(&out);
	}
}

static void test_endless_mail_is_refused(void **state)
{
	struct buffer text = {0}, out = {0};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i <= MESSAGE_MAIL_MAX; i++)
		buffer_byte(&text, 'a');
	assert_false(mail_write(&plain_header, "s", buffer_string(&text), NULL, &out, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_int_equal(out.length, 0);
	buffer_release(&text);
}

/* What the template subject.txt makes of the data. */
static char *subject(const char *folder, const char *template, const char *json)
{
	struct value *data = parsed(json), *shown;
	struct error error = {0};
	char *text;

	put_template(folder, "mail/subject.txt", template);
	shown = message_data(&plain, folder, data, &error);
	if (shown == NULL)
		fail_msg("%s", error.text);
	text = memory_string(value_get_text(shown, "subject"));
	value_free(shown);
	value_free(data);
	return text;
}

static void assert_subject(
	const char *folder, const char *template, const char *json, const char *expected)
{
	char *text = subject(folder, template, json);

	assert_string_equal(text, expected);
	free(text);
}

static void test_subject_is_one_line_however_the_template_is_written(void **state)
{
	assert_subject(*state, "\nRED:\n  {{x}}\r\n", "{\"x\": \"Gmail  is\"}", "RED: Gmail is");
	assert_subject(*state, "", "{}", "");
}

static void test_long_subject_keeps_its_beginning(void **state)
{
	struct buffer template = {0}, expected = {0};

	for (int i = 0; i < MESSAGE_SUBJECT_MAX; i++)
		buffer_text(&template, "ä");
	assert_subject(*state, buffer_string(&template), "{}", buffer_string(&template));
	buffer_add(&expected, template.data, template.length - strlen("ä"));
	buffer_text(&expected, "…");
	buffer_text(&template, "ä");
	assert_subject(*state, buffer_string(&template), "{}", buffer_string(&expected));
	buffer_release(&template);
	buffer_release(&expected);
}

static void test_deceptive_characters_are_made_visible(void **state)
{
	assert_subject(*state, "{{x}} {{#l}}{{y}}{{/l}}",
		"{\"x\": \"a\\r\\nBcc: b\\u001b[31m\", \"l\": [{\"y\": \"\\u202eNEERG\"}]}",
		"a\\u{D}\\u{A}Bcc: b\\u{1B}[31m \\u{202E}NEERG");
}

static void test_first_and_last_members_are_marked(void **state)
{
	assert_subject(*state,
		"{{#l}}{{^is_first}}, {{/is_first}}{{x}}{{#is_last}}.{{/is_last}}{{/l}}",
		"{\"l\": [{\"x\": 1}, {\"x\": 2}, {\"x\": 3}]}", "1, 2, 3.");
	assert_subject(*state, "{{#l}}[{{#m}}{{x}}{{^is_last}},{{/is_last}}{{/m}}]{{/l}}",
		"{\"l\": [{\"m\": [{\"x\": 1}, {\"x\": 2}]}]}", "[1,2]");
}

static void test_what_an_incident_says_stands_once(void **state)
{
	assert_subject(*state,
		"{{#events}}{{#incidents}}{{title}}{{#repeated}}, again{{/repeated}}"
		"{{#updates}}: {{text}}{{/updates}}. {{/incidents}}{{/events}}",
		"{\"events\": ["
		"{\"incidents\": [{\"title\": \"A\", \"updates\": [{\"text\": \"old\"}]}]},"
		"{\"incidents\": [{\"title\": \"A\", \"updates\": [{\"text\": \"old\"}]},"
		" {\"title\": \"B\", \"updates\": [{\"text\": \"old\"}]}]},"
		"{\"incidents\": [{\"title\": \"A\", \"updates\": [{\"text\": \"new\"}]}]}]}",
		"A: old. A, again. B: old. A: new.");
	assert_subject(*state,
		"{{#pages}}{{#events}}{{#incidents}}{{title}}{{#repeated}}, "
		"again{{/repeated}}. {{/incidents}}{{/events}}{{/pages}}",
		"{\"events\": [{\"incidents\": [{\"title\": \"A\"}]}], \"pages\": [{\"events\": "
		"[{\"incidents\": [{\"title\": \"A\"}]}, {\"incidents\": [{\"title\": \"A\"}]}]}]}",
		"A. A, again.");
}

static void test_only_an_address_that_deceives_nobody_becomes_a_link(void **state)
{
	static const struct {
		const char *url;
		bool link;
	} cases[] = {
		{"https://status.example.com/i/1?a=b&c=d#e", true},
		{"http://status.example.com:8080/", true},
		{"https://status.example.com/who@example.com", true},
		{"", false},
		{"https://", false},
		{"https:///i/1", false},
		{"//status.example.com/", false},
		{"javascript:alert(1)", false},
		{"data:text/html,https://status.example.com/", false},
		{"https://status.example.com@evil.example/", false},
		{"https://st\u0430tus.example.com/", false},
		{"https://status.example.com/ https://evil.example/", false},
		{"https://status.example.com/'\\\">", false},
		{"https://status.example.com/\\u202e", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *json = memory_format(
			"{\"events\": [{\"incidents\": [{\"url\": \"%s\"}]}]}", cases[i].url);
		char *text = subject(
			*state, "{{#events}}{{#incidents}}{{link}}{{/incidents}}{{/events}}", json);

		assert_string_equal(text, cases[i].link ? cases[i].url : "");
		free(text);
		free(json);
	}
}

/* {"events": [{"n": 0}, …]} */
static char *events_json(size_t count, const char *text)
{
	struct buffer json = {0};

	buffer_text(&json, "{\"events\": [");
	for (size_t i = 0; i < count; i++)
		buffer_format(
			&json, "%s{\"n\": %zu, \"text\": \"%s\"}", i > 0 ? ", " : "", i, text);
	buffer_text(&json, "]}");
	return buffer_take(&json);
}

static void test_long_list_is_cut_and_says_how_many_are_left(void **state)
{
	char *json = events_json(23, ""), *few = events_json(2, "");

	assert_subject(*state, "{{#events}}{{n}} {{/events}}and {{events_left}} more", json,
		"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 and 3 more");
	assert_subject(*state, "{{#events}}{{n}} {{/events}}{{#events_left}}more{{/events_left}}",
		few, "0 1");
	free(json);
	free(few);
}

static bool webhook_of(const char *folder, const char *name, const struct value *data,
	struct buffer *out, struct error *error)
{
	struct webhook_config webhook = {.template = (char *)name};
	struct problems problems = {0};
	struct service *service = service_load(folder, &webhook, &problems);
	bool done = service != NULL && message_webhook(&plain, folder, service, data, out, error);

	service_free(service);
	problems_release(&problems);
	return done;
}

static bool webhook(const char *folder, const char *name, const char *json, struct buffer *out,
	struct error *error)
{
	struct value *data = parsed(json);
	bool done;

	put_template(folder, "mail/subject.txt", "RED");
	done = webhook_of(folder, name, data, out, error);
	value_free(data);
	return done;
}

static void test_webhook_gets_the_subject_and_all_data_as_json(void **state)
{
	struct buffer out = {0};
	struct error error = {0};

	put_template(*state, "webhook/a.json", "[\"{{subject}}\", \"{{x}}\", {{{json}}}]");
	assert_true(webhook(*state, "a", "{\"x\": \"\\\"\"}", &out, &error));
	assert_string_equal(buffer_string(&out), "[\"RED\", \"\\\"\", {\"x\":\"\\\"\"}]");
	buffer_release(&out);
}

static void test_what_is_one_receiver_s_own_is_in_its_body_and_in_no_subject(void **state)
{
	struct value *data = parsed("{\"webhook_id\": \"e.1\", \"x\": \"RED\"}");
	struct buffer out = {0};
	struct error error = {0};

	put_template(*state, "mail/subject.txt", "{{x}}{{webhook_id}}");
	put_template(*state, "webhook/a.json", "[\"{{subject}}\", \"{{webhook_id}}\"]");
	assert_true(webhook_of(*state, "a", data, &out, &error));
	assert_string_equal(buffer_string(&out), "[\"RED\", \"e.1\"]");
	buffer_release(&out);
	value_free(data);
}

static void test_json_holds_longer_lists_unless_it_grows_too_long(void **state)
{
	char word[2001], *json;
	struct buffer out = {0};
	struct error error = {0};
	struct value *value;

	memset(word, 'w', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	put_template(*state, "webhook/a.json", "{{{json}}}");
	for (int i = 0; i < 2; i++) {
		json = events_json(900, i == 0 ? "" : word);
		assert_true(webhook(*state, "a", json, &out, &error));
		value = parsed(buffer_string(&out));
		assert_int_equal(value_get(value, "events")->count, i == 0 ? 900 : 20);
		assert_int_equal(value_get_number(value, "events_left"), i == 0 ? 0 : 880);
		value_free(value);
		free(json);
		buffer_clear(&out);
	}
	buffer_release(&out);
}

static void test_webhook_that_is_not_json_is_an_error_of_its_template(void **state)
{
	struct buffer out = {0};
	struct error error = {0};

	put_template(*state, "webhook/bad.json", "{\"x\": {{x}}}");
	assert_false(webhook(*state, "bad", "{}", &out, &error));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	assert_non_null(strstr(error.text, "bad.json: the result is not JSON"));
	assert_false(webhook(*state, "none", "{}", &out, &error));
	assert_int_equal(out.length, 0);
}

static void test_mistake_in_a_mail_template_is_told_with_its_file(void **state)
{
	struct value *data = parsed("{}");
	struct buffer out = {0};
	struct error error = {0};

	put_template(*state, "mail/subject.txt", "s");
	put_template(*state, "mail/body.txt", "\n{{#x}}");
	put_template(*state, "mail/body.html", "");
	assert_false(message_mail(&plain, *state, &plain_header, data, false, &out, &error));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	assert_non_null(strstr(error.text, "mail/body.txt: line 2"));
	assert_int_equal(out.length, 0);
	value_free(data);
}

/* The mail of three templates, as its copy. Owned by the caller. */
static char *copy_of(const char *folder, const struct mail_copy *copy, bool ends)
{
	struct value *data = parsed("{}");
	struct buffer out = {0};
	struct error error = {0};
	char *whole;

	put_template(folder, "mail/subject.txt", "s{{message_id}}{{unsubscribe}}");
	put_template(folder, "mail/body.txt",
		"{{%cut 5}}<{{message_id}}> {{webhook_id}}.\n"
		"{{#unsubscribe}}A mail to {{unsubscribe}}\nends it.\n{{/unsubscribe}}");
	put_template(folder, "mail/body.html", "<p>{{unsubscribe}}</p>\n");
	if (!message_mail(&plain, folder, &plain_header, data, ends, &out, &error))
		fail_msg("%s", error.text);
	whole = addressed(copy, buffer_string(&out));
	buffer_release(&out);
	value_free(data);
	return whole;
}

static void test_what_is_a_copy_s_own_is_filled_into_the_one_mail_of_all(void **state)
{
	char long_address[200] = "l+u-";
	struct mail_copy copy = plain_copy;
	char *mail;

	copy.message_id = "<e.1@example.org>";
	copy.unsubscribe = "a&b=+u-x@example.org";
	mail = copy_of(*state, &copy, true);
	assert_non_null(strstr(mail, "\r\nSubject: s\r\n"));
	assert_non_null(strstr(mail, "\r\n<=\r\ne.1@example.org=\r\n> =\r\ne.1=\r\n=2E\r\n"
				     "A mail to =\r\na&b=3D+u-x@example.org\r\nends it.\r\n"));
	assert_non_null(strstr(mail, "\r\n<p>=\r\na&amp;b=3D+u-x@example.org=\r\n</p>\r\n"));
	free(mail);
	memset(long_address + 4, 'x', 150); /* its line is broken softly, as any other */
	copy.unsubscribe = long_address;
	mail = copy_of(*state, &copy, true);
	assert_non_null(strstr(mail, "A mail to =\r\nl+u-xxx"));
	assert_non_null(strstr(mail, "xxx=\r\nxxx"));
	free(mail);
}

static void test_a_mail_that_nobody_can_end_does_not_say_how(void **state)
{
	char *mail = copy_of(*state, &plain_copy, false);

	assert_null(strstr(mail, "A mail to"));
	assert_null(strstr(mail, "List-Unsubscribe"));
	free(mail);
}

/* The installed templates, filled with as little as there can be, for each type of event, but for
 * the one that is always part of a red. */
static void test_own_templates_hold_for_every_type_of_event(void **state)
{
	static const char *const names[] = {"generic", "slack", "discord", "google-chat", "matrix",
		"mattermost", "ntfy", "pagerduty", "pushover", "teams", "telegram"};

	(void)state;
	for (size_t i = 0; i < EVENT_TYPES; i++) {
		const char *type = event_types[i == EVENT_FOLLOWS ? EVENT_RED : i].name;
		char *event = memory_format(
			"{\"type\": \"%s\", \"is_%s\": true, \"label\": \"Gmail\"%s}", type, type,
			event_types[i].about == ABOUT_WATCHING ? ", \"is_watching\": true" : "");
		char *json =
			memory_format("{\"first\": %s, \"events\": [%s, %s]}", event, event, event);
		struct value *data = parsed(json), *shown;
		struct error error = {0};
		struct buffer out = {0};

		for (size_t j = 0; j < sizeof names / sizeof names[0]; j++)
			if (!webhook_of("templates", names[j], data, &out, &error))
				fail_msg("%s", error.text);
		if (!message_mail(&plain, "templates", &plain_header, data, true, &out, &error))
			fail_msg("%s", error.text);
		assert_non_null(strstr(buffer_string(&out), "multipart/alternative"));
		shown = message_data(&plain, "templates", data, &error);
		if (text_empty(value_get_text(shown, "subject")))
			fail_msg("templates/mail/subject.txt has no words for \"%s\"", type);
		buffer_release(&out);
		value_free(shown);
		value_free(data);
		free(json);
		free(event);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_alone_is_a_simple_mail),
		cmocka_unit_test(test_answer_to_a_red_is_in_its_thread),
		cmocka_unit_test(test_where_there_are_forms_one_click_ends_it),
		cmocka_unit_test(test_one_click_needs_forms_and_https),
		cmocka_unit_test(test_same_input_gives_the_same_bytes_with_text_before_html),
		cmocka_unit_test(test_injection_in_a_header_is_refused_and_adds_nothing),
		cmocka_unit_test(test_injection_in_a_copy_is_refused_and_adds_nothing),
		cmocka_unit_test(test_endless_mail_is_refused),
		IN_FOLDER(test_subject_is_one_line_however_the_template_is_written),
		IN_FOLDER(test_long_subject_keeps_its_beginning),
		IN_FOLDER(test_deceptive_characters_are_made_visible),
		IN_FOLDER(test_first_and_last_members_are_marked),
		IN_FOLDER(test_only_an_address_that_deceives_nobody_becomes_a_link),
		IN_FOLDER(test_what_an_incident_says_stands_once),
		IN_FOLDER(test_long_list_is_cut_and_says_how_many_are_left),
		IN_FOLDER(test_webhook_gets_the_subject_and_all_data_as_json),
		IN_FOLDER(test_what_is_one_receiver_s_own_is_in_its_body_and_in_no_subject),
		IN_FOLDER(test_json_holds_longer_lists_unless_it_grows_too_long),
		IN_FOLDER(test_webhook_that_is_not_json_is_an_error_of_its_template),
		IN_FOLDER(test_mistake_in_a_mail_template_is_told_with_its_file),
		IN_FOLDER(test_what_is_a_copy_s_own_is_filled_into_the_one_mail_of_all),
		IN_FOLDER(test_a_mail_that_nobody_can_end_does_not_say_how),
		cmocka_unit_test(test_own_templates_hold_for_every_type_of_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
