/* SPDX-License-Identifier: ISC
 *
 * Descriptions of services, written for each test into a folder of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/service.h"

static char folder[] = "/tmp/lampwatch-service-XXXXXX";

static void put(const char *name, const char *text)
{
	char *path = file_join(folder, name);

	assert_true(file_write(path, text, strlen(text), 0644, NULL));
	free(path);
}

/* Both belong to the caller's frame. */
static struct parameter values[] = {
	{(char *)"room", (char *)"!a/b:example.org", NULL, 0},
	{(char *)"token", (char *)"hunter2", (char *)"token", 0},
};

static struct service *load(const char *description, struct webhook_config *webhook)
{
	struct problems problems = {0};
	struct service *service;

	put("own.json", "{}");
	put("own.yaml", description);
	*webhook = (struct webhook_config){.name = (char *)"own",
		.url = (char *)"https://example.org/",
		.template_file = file_join(folder, "own.json"),
		.with = values,
		.with_count = 2};
	service = service_load("", webhook, &problems);
	if (service == NULL)
		fail_msg("%s", problems.list[0].text);
	free(webhook->template_file);
	return service;
}

static void test_values_stand_in_the_path_percent_encoded(void **state)
{
	struct webhook_config webhook;
	struct service *service =
		load("path: /rooms/{room}/{delivery}\nneeds: [room]\ntakes: [token]\n", &webhook);
	struct buffer body = {0};
	char *url;

	(void)state;
	service_request(service, &webhook, "e.1 é", "{}", 2, &url, &body);
	assert_string_equal(url, "https://example.org/rooms/!a%2Fb:example.org/e.1%20%C3%A9");
	buffer_release(&body);
	free(url);
	service_free(service);
}

static void test_a_member_of_the_body_may_choose_the_path(void **state)
{
	static const char *const description =
		"path: /alerts\npaths: {close: '/alerts/{close}/close?by=alias'}\n"
		"takes: [room, token]\n";
	static const struct {
		const char *body, *url, *sent;
	} cases[] = {
		{"{\"a\": \"1\"}", "https://example.org/alerts", "{\"a\":\"1\"}"},
		{"{\"close\": \"\", \"a\": \"1\"}", "https://example.org/alerts", "{\"a\":\"1\"}"},
		{"{\"close\": \"p/é?x\", \"a\": \"1\"}",
			"https://example.org/alerts/p%2F%C3%A9%3Fx/close?by=alias",
			"{\"a\":\"1\"}"},
		{"no map", "https://example.org/alerts", "no map"},
	};
	struct webhook_config webhook;
	struct service *service = load(description, &webhook);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *body = cases[i].body;
		struct buffer sent = {0};
		char *url;

		service_request(service, &webhook, "id", body, strlen(body), &url, &sent);
		assert_string_equal(url, cases[i].url);
		assert_string_equal(buffer_string(&sent), cases[i].sent);
		buffer_release(&sent);
		free(url);
	}
	service_free(service);
}

static void test_without_a_value_of_its_path_it_is_the_url_alone(void **state)
{
	struct webhook_config webhook;
	struct service *service =
		load("path: /{key}\npaths: {close: '/{key}/{close}'}\ntakes: [key, room, token]\n",
			&webhook);
	const char *bodies[] = {"{}", "{\"close\": \"a\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct buffer body = {0};
		char *url;

		service_request(service, &webhook, "id", bodies[i], strlen(bodies[i]), &url, &body);
		assert_string_equal(url, "https://example.org/");
		buffer_release(&body);
		free(url);
	}
	service_free(service);
}

static void assert_filled(const char *description, const char *body, const char *expected)
{
	struct webhook_config webhook;
	struct service *service = load(description, &webhook);
	struct buffer out = {0};
	char *url;

	service_request(service, &webhook, "id", body, strlen(body), &url, &out);
	assert_string_equal(buffer_string(&out), expected);
	buffer_release(&out);
	free(url);
	service_free(service);
}

static void test_a_form_has_the_members_of_the_body(void **state)
{
	(void)state;
	assert_filled("encoding: form\ntakes: [room, token]\n",
		"{\"a b\": \"1+1=2 & é\", \"n\": 12.5, \"yes\": true, \"no\": null,"
		" \"list\": [1, \"x\"]}",
		"a%20b=1%2B1%3D2%20%26%20%C3%A9&n=12.5&yes=true&no=&list=%5B1%2C%22x%22%5D");
	assert_filled("encoding: form\nfields: {to: '{room}'}\ntakes: [room, token]\n",
		"{\"a\": \"1\"}", "a=1&to=%21a%2Fb%3Aexample.org");
	assert_filled("encoding: form\ntakes: [room, token]\n", "{}", "");
	assert_filled("encoding: form\ntakes: [room, token]\n", "no map", "no map");
}

static void test_a_field_may_be_a_list(void **state)
{
	(void)state;
	assert_filled("fields: {to: ['{room}', '{other}', x]}\n"
		      "takes: [room, token, other]\n",
		"{}", "{\"to\":[\"!a/b:example.org\",\"x\"]}");
}

static void test_basic_authentication_is_a_header(void **state)
{
	struct webhook_config webhook;
	struct service *service = load("basic: '{room}:{token}'\ntakes: [room, token]\n", &webhook);
	struct text_list headers = {0};

	(void)state;
	service_headers(service, &webhook, "id", &headers);
	assert_int_equal(headers.count, 2);
	assert_string_equal(headers.list[0], "Content-Type: application/json");
	assert_string_equal(
		headers.list[1], "Authorization: Basic IWEvYjpleGFtcGxlLm9yZzpodW50ZXIy");
	text_list_release(&headers);
	service_free(service);
	service = load("basic: '{other}:{token}'\ntakes: [room, token, other]\n", &webhook);
	assert_null(service_basic(service, &webhook, "id"));
	service_free(service);
}

static void test_what_names_a_value_that_is_not_given_is_left_out(void **state)
{
	struct webhook_config webhook;
	struct service *service = load("takes: [other, token, room]\n"
				       "headers: {X-Other: '{other}', X-Token: 'Bearer {token}'}\n"
				       "fields: {other: '{other}', room: 'in {room}'}\n",
		&webhook);
	struct text_list headers = {0};
	struct buffer body = {0};
	char *url;

	(void)state;
	service_headers(service, &webhook, "id", &headers);
	assert_int_equal(headers.count, 2);
	assert_string_equal(headers.list[0], "Content-Type: application/json");
	assert_string_equal(headers.list[1], "X-Token: Bearer hunter2");
	service_request(service, &webhook, "id", "{\"a\":1}", 7, &url, &body);
	assert_string_equal(buffer_string(&body), "{\"a\":1,\"room\":\"in !a/b:example.org\"}");
	text_list_release(&headers);
	buffer_release(&body);
	free(url);
	service_free(service);
}

/* The text under "t" after the limit. Owned by the caller. */
static char *cut(const char *limit, const char *text)
{
	struct webhook_config webhook;
	char *description = memory_format("limits: {t: %s}\n", limit), *result;
	struct service *service = load(description, &webhook);
	struct value *body = value_map();

	value_put_text(body, "t", text);
	service_cut(service, body);
	result = memory_string(value_get_text(body, "t"));
	value_free(body);
	service_free(service);
	free(description);
	return result;
}

static void test_texts_are_cut_at_a_character_in_the_unit_of_the_service(void **state)
{
	static const struct {
		const char *limit, *text, *expected;
	} cases[] = {
		{"5 characters", "abcde", "abcde"},
		{"5 characters", "abcdef", "abcd…"},
		{"5 characters", "ééééé", "ééééé"},
		{"5 characters", "éééééé", "éééé…"},
		{"8 bytes", "éééé", "éééé"},
		{"8 bytes", "ééééé", "éé…"},
		{"7 bytes", "🔴🔴", "🔴…"},
		{"6 bytes", "🔴🔴", "…"},
		{"4 utf16", "🔴🔴", "🔴🔴"},
		{"4 utf16", "🔴🔴🔴", "🔴…"},
		{"3 utf16", "a🔴🔴", "a…"},
		{"2 bytes", "abc", "ab"},
		{"1 characters", "ab", "…"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *found = cut(cases[i].limit, cases[i].text);

		assert_string_equal(found, cases[i].expected);
		free(found);
	}
}

static bool accepts(const struct service *service, const char *answer)
{
	struct value *value = json_parse(answer, strlen(answer), NULL);
	bool accepted;

	if (value == NULL)
		value = value_text(answer);
	accepted = service_accepts(service, value);
	value_free(value);
	return accepted;
}

static void test_an_answer_is_success_as_the_description_says(void **state)
{
	struct webhook_config webhook;
	struct service *service =
		load("accepted: {status: 1, ticket.id: '*'}\nrefused: {muted: true}\n", &webhook);

	(void)state;
	assert_true(accepts(service, "{\"status\":1,\"ticket\":{\"id\":\"x\"}}"));
	assert_false(accepts(service, "{\"status\":1,\"ticket\":{\"id\":\"\"}}"));
	assert_false(accepts(service, "{\"status\":0,\"ticket\":{\"id\":\"x\"}}"));
	assert_false(accepts(service, "{\"status\":1,\"ticket\":{\"id\":\"x\"},\"muted\":true}"));
	assert_false(accepts(service, "ok"));
	service_free(service);
	service = load("accepted: {.: ok}\n", &webhook);
	assert_true(accepts(service, "ok"));
	assert_false(accepts(service, "{\"status\":1}"));
	service_free(service);
	service = load("method: POST\n", &webhook);
	assert_true(accepts(service, "whatever"));
	service_free(service);
}

static int64_t pause_of(const char *description, const char *answer)
{
	struct webhook_config webhook;
	struct service *service = load(description, &webhook);
	struct value *value = json_parse(answer, strlen(answer), NULL);
	int64_t pause = service_retry_after(service, value);

	value_free(value);
	service_free(service);
	return pause;
}

static void test_a_pause_that_an_answer_asks_for_is_whole_seconds_and_bounded(void **state)
{
	(void)state;
	assert_int_equal(pause_of("retry_after: {seconds: a.b}\n", "{\"a\":{\"b\":35}}"), 35);
	assert_int_equal(pause_of("retry_after: {seconds: a}\n", "{\"a\":0.3}"), 1);
	assert_int_equal(pause_of("retry_after: {milliseconds: a}\n", "{\"a\":2001}"), 3);
	assert_int_equal(
		pause_of("retry_after: {seconds: a}\n", "{\"a\":1e99}"), SERVICE_RETRY_MAX);
	assert_int_equal(pause_of("retry_after: {seconds: a}\n", "{\"a\":-5}"), 0);
	assert_int_equal(pause_of("retry_after: {seconds: a}\n", "{\"a\":\"nan\"}"), 0);
	assert_int_equal(pause_of("method: PUT\n", "{\"a\":5}"), 0);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"own.json", "own.yaml"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *path = file_join(folder, names[i]);

		unlink(path);
		free(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_stand_in_the_path_percent_encoded),
		cmocka_unit_test(test_a_member_of_the_body_may_choose_the_path),
		cmocka_unit_test(test_without_a_value_of_its_path_it_is_the_url_alone),
		cmocka_unit_test(test_a_form_has_the_members_of_the_body),
		cmocka_unit_test(test_a_field_may_be_a_list),
		cmocka_unit_test(test_basic_authentication_is_a_header),
		cmocka_unit_test(test_what_names_a_value_that_is_not_given_is_left_out),
		cmocka_unit_test(test_texts_are_cut_at_a_character_in_the_unit_of_the_service),
		cmocka_unit_test(test_an_answer_is_success_as_the_description_says),
		cmocka_unit_test(test_a_pause_that_an_answer_asks_for_is_whole_seconds_and_bounded),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
