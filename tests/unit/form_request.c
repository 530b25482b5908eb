/* SPDX-License-Identifier: ISC */
#include "tell/form_request.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "config/config.h"
#include "model/event.h"
#include "model/level.h"
#include "tell/form_spool.h"
#include "tell/page_set.h"

/* ---- what a form asks for ---- */

static bool parses(const char *text)
{
	struct form_request request;
	bool good = form_request_parse(text, strlen(text), &request);

	form_request_release(&request);
	return good;
}

static void test_all_that_a_form_can_say(void **state)
{
	static const char text[] = "subscribe?mail=+ops%2Bx%40Example.org%20&page=one&page=two&"
				   "page=one&on=red&on=late&floor=major_outage&other=%00x";
	struct form_request request;

	(void)state;
	assert_false(form_request_parse(text, strlen(text), &request)); /* a NUL */
	form_request_release(&request);
	assert_true(form_request_parse(text, strlen(text) - strlen("&other=%00x"), &request));
	assert_int_equal(request.form, FORM_SUBSCRIBE);
	assert_string_equal(request.mail, "ops+x@Example.org");
	assert_string_equal(request.token, "");
	assert_int_equal(request.pages.count, 2);
	assert_string_equal(request.pages.list[1], "two");
	assert_int_equal(request.on, 1 << EVENT_RED | 1 << EVENT_LATE);
	assert_int_equal(request.floor, LEVEL_MAJOR_OUTAGE);
	form_request_release(&request);
}

static void test_what_is_none(void **state)
{
	static const char *const good[] = {"confirm?", "confirm?token=", "confirm?token=%22%3C",
		"manage?mail=", "unsubscribe?token=abc&List-Unsubscribe=One-Click",
		"subscribe?mail=a@b.example&mail=c@d.example", "subscribe?&&&", "subscribe",
		"subscribe?on=-incident", "manage?set=", "manage?set=0a", "subscribe?boxes=on"};
	static const char *const bad[] = {"", "?", "subscriber?mail=a@b.example", "/subscribe?",
		"subscribe?mail=a", "subscribe?mail=a%0Db@c.example",
		"subscribe?mail=a@b@c.example", "subscribe?page=..%2Fx",
		"subscribe?page=", "subscribe?on=read",
		"subscribe?on=", "subscribe?floor=operational", "subscribe?floor=x",
		"subscribe?token=%ff",
		"subscribe?token=0123456789012345678901234567890123456789012345678901234567890123x",
		"subscribe?x=%7f", "manage?set=0A", "manage?set=x"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!parses(good[i]))
			fail_msg("%s is none", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (parses(bad[i]))
			fail_msg("%s is one", bad[i]);
}

/* What was typed is shown again, with what is wrong about it. */
static void test_what_is_refused_is_kept_to_be_shown(void **state)
{
	static const char text[] = "subscribe?page=one&mail=nobody";
	struct form_request request;

	(void)state;
	assert_false(form_request_parse(text, strlen(text), &request));
	assert_string_equal(request.mail, "nobody");
	assert_int_equal(request.pages.count, 1);
	form_request_release(&request);
}

static void test_it_is_bounded(void **state)
{
	struct buffer text = {0};

	(void)state;
	buffer_text(&text, "subscribe?");
	for (int i = 1; i < FORM_FIELDS_MAX; i++)
		buffer_text(&text, "x&");
	assert_true(parses(buffer_string(&text)));
	buffer_text(&text, "x");
	buffer_text(&text, "&x");
	assert_false(parses(buffer_string(&text)));
	buffer_clear(&text);
	buffer_text(&text, "subscribe?x=");
	while (text.length < FORM_REQUEST_MAX)
		buffer_byte(&text, 'x');
	assert_true(parses(buffer_string(&text)));
	buffer_byte(&text, 'x');
	assert_false(parses(buffer_string(&text)));
	buffer_release(&text);
}

static void test_a_link_says_what_a_form_shows(void **state)
{
	struct form_request request;
	struct text_list pages = {0};
	struct buffer link = {0};
	char *begin = form_link("https://status.example.org/a", FORM_MANAGE, "abc");
	const char *text;

	(void)state;
	text_list_add(&pages, "one");
	buffer_text(&link, begin);
	form_add_choice(&(struct config){.page_count = 0}, &pages, subscription_default.on,
		LEVEL_PARTIAL_OUTAGE, &link);
	text = strstr(buffer_string(&link), "manage");
	assert_true(form_request_parse(text, strlen(text), &request));
	assert_int_equal(request.form, FORM_MANAGE);
	assert_string_equal(request.token, "abc");
	assert_string_equal(request.pages.list[0], "one");
	assert_int_equal(config_wanted_settle(request.on), subscription_default.on);
	assert_int_equal(request.floor, LEVEL_PARTIAL_OUTAGE);
	form_request_release(&request);
	buffer_release(&link);
	text_list_release(&pages);
	free(begin);
	begin = form_link("https://status.example.org", FORM_SUBSCRIBE, NULL);
	assert_string_equal(begin, "https://status.example.org/subscribe");
	free(begin);
}

/* A configuration of that many pages, named by their numbers. */
static struct config config_of(size_t count)
{
	struct config config = {
		.pages = memory_zero(count, sizeof *config.pages), .page_count = count};

	for (size_t i = 0; i < count; i++)
		config.pages[i].name = memory_format("page-%zu", i);
	return config;
}

static void config_end(struct config *config)
{
	for (size_t i = 0; i < config->page_count; i++)
		free(config->pages[i].name);
	free(config->pages);
}

static void test_a_link_has_room_for_many_pages(void **state)
{
	struct config config = config_of(201);
	struct form_request request;
	struct text_list chosen = {0}, read = {0};
	struct buffer link = {0};

	(void)state;
	for (size_t i = 0; i < config.page_count; i += 2)
		text_list_add(&chosen, config.pages[i].name);
	buffer_text(&link, "manage?token=abc");
	form_add_choice(&config, &chosen, subscription_default.on, LEVEL_DEGRADED, &link);
	assert_true(link.length < 150);
	assert_true(form_request_parse(buffer_string(&link), link.length, &request));
	assert_int_equal(request.pages.count, 0);
	assert_int_equal(strlen(request.set), 8 + 51);
	assert_true(page_set_read(&config, request.set, &read));
	assert_int_equal(read.count, 101);
	for (size_t i = 0; i < read.count; i++)
		assert_string_equal(read.list[i], chosen.list[i]);
	form_request_release(&request);
	buffer_release(&link);
	text_list_release(&chosen);
	text_list_release(&read);
	config_end(&config);
}

/* A bit that another page has by now would tick a box that nobody ticked. */
static void test_a_set_is_of_these_pages_alone(void **state)
{
	struct config config = config_of(5), fewer = config_of(4);
	struct text_list chosen = {0}, read = {0};
	struct buffer set = {0};
	char *name;

	(void)state;
	text_list_add(&chosen, "page-4");
	text_list_add(&chosen, "gone");
	page_set_write(&config, &chosen, &set);
	assert_string_equal(buffer_string(&set) + 8, "08");
	assert_true(page_set_read(&config, buffer_string(&set), &read));
	assert_int_equal(read.count, 1);
	assert_false(page_set_read(&fewer, buffer_string(&set), &read));
	assert_false(page_set_read(&config, "", &read));
	assert_false(page_set_read(&config, "0000000008", &read));
	name = config.pages[0].name;
	config.pages[0].name = config.pages[1].name;
	config.pages[1].name = name;
	assert_false(page_set_read(&config, buffer_string(&set), &read));
	assert_int_equal(read.count, 1);
	buffer_release(&set);
	text_list_release(&chosen);
	text_list_release(&read);
	config_end(&config);
	config_end(&fewer);
}

/* ---- the spool ---- */

static char *folder;

static bool add(
	const char *client, const char *network, const char *text, size_t maximum, bool *full)
{
	struct form_sender sender;
	struct error error;

	snprintf(sender.client, sizeof sender.client, "%s", client);
	snprintf(sender.network, sizeof sender.network, "%s", network);
	return form_spool_add(folder, &sender, text, strlen(text), maximum, full, &error);
}

static size_t lie_there(void)
{
	struct text_list names = {0};
	size_t count;

	assert_true(form_spool_names(folder, 0, &names, NULL));
	count = names.count;
	text_list_release(&names);
	return count;
}

static void test_the_spool_gives_back_what_was_put_there_in_order(void **state)
{
	static const char *const texts[] = {"subscribe?mail=a@b.example", "confirm?token=x"};
	struct text_list names = {0};
	bool full;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_true(add("00000001", "00000001", texts[i], FORM_SPOOL_MAX, &full));
		usleep(2000);
	}
	assert_true(form_spool_names(folder, 0, &names, NULL));
	assert_int_equal(names.count, 2);
	for (size_t i = 0; i < 2; i++) {
		struct buffer text = {0};

		assert_true(form_spool_read(folder, names.list[i], &text, NULL) == FILE_PRESENT);
		assert_string_equal(buffer_string(&text), texts[i]);
		assert_true(form_spool_remove(folder, names.list[i], NULL));
		buffer_release(&text);
	}
	assert_int_equal(lie_there(), 0);
	text_list_release(&names);
}

static void empty(void)
{
	struct text_list names = {0};

	assert_true(form_spool_names(folder, 0, &names, NULL));
	for (size_t i = 0; i < names.count; i++)
		assert_true(form_spool_remove(folder, names.list[i], NULL));
	text_list_release(&names);
}

static void test_it_is_full(void **state)
{
	bool full;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(add("00000001", "00000001", "x", 3, &full));
	assert_false(add("00000001", "00000001", "x", 3, &full));
	assert_true(full);
	assert_true(add("00000001", "00000001", "x", 4, &full));
	assert_int_equal(lie_there(), 4);
	empty();
}

static void test_nobody_has_more_than_a_part_of_it(void **state)
{
	char client[16];
	bool full;

	(void)state;
	for (int i = 0; i < FORM_SPOOL_CLIENT; i++)
		assert_true(add("00000001", "0000000a", "x", FORM_SPOOL_MAX, &full));
	assert_false(add("00000001", "0000000a", "x", FORM_SPOOL_MAX, &full));
	assert_true(full);
	for (int i = 0; i < FORM_SPOOL_NETWORK - FORM_SPOOL_CLIENT; i++) {
		snprintf(client, sizeof client, "%08x", 0x1000 + i);
		assert_true(add(client, "0000000a", "x", FORM_SPOOL_MAX, &full));
	}
	assert_false(add("00000002", "0000000a", "x", FORM_SPOOL_MAX, &full));
	assert_true(full);
	assert_true(add("00000002", "0000000b", "x", FORM_SPOOL_MAX, &full));
	empty();
}

static void put(const char *name, const char *text, size_t length)
{
	char *path = file_join(folder, name);

	assert_true(file_create(path, text, length, 0600, NULL));
	free(path);
}

static void test_what_is_no_request_is_not_read_and_can_be_removed(void **state)
{
	static char large[FORM_REQUEST_MAX + 1];
	char *link = file_join(folder, "link"), *pipe = file_join(folder, "pipe"),
	     *below = file_join(folder, "below"), *in = file_join(folder, "below/in");
	struct text_list names = {0};
	struct buffer text = {0};

	(void)state;
	put("large", large, sizeof large);
	assert_int_equal(symlink("large", link), 0);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	assert_int_equal(mkdir(below, 0700), 0);
	assert_true(file_create(in, "x", 1, 0600, NULL));
	assert_true(form_spool_names(folder, 0, &names, NULL));
	assert_int_equal(names.count, 4);
	for (size_t i = 0; i < names.count; i++) {
		assert_int_equal(form_spool_read(folder, names.list[i], &text, NULL), FILE_ABSENT);
		assert_true(form_spool_remove(folder, names.list[i], NULL));
		buffer_release(&text);
		text = (struct buffer){0};
	}
	assert_int_equal(lie_there(), 0);
	text_list_release(&names);
	free(link);
	free(pipe);
	free(below);
	free(in);
}

static void test_what_was_begun_and_never_ended_is_given_up(void **state)
{
	int64_t now = clock_date_milliseconds() / 1000;
	struct text_list names = {0};
	char *path = file_join(folder, ".begun.new");

	(void)state;
	put(".begun.new", "subs", 4);
	assert_true(form_spool_names(folder, now - FORM_SPOOL_STALE, &names, NULL));
	assert_int_equal(names.count, 0);
	assert_false(file_absent(path));
	assert_true(form_spool_names(folder, now + 2, &names, NULL));
	assert_true(file_absent(path));
	free(path);
}

static void test_what_cannot_be_read_is_not_empty(void **state)
{
	char *path = file_join(folder, "file");
	struct text_list names = {0};
	struct error error = {0};
	bool full;

	(void)state;
	assert_true(form_spool_names("/nowhere/at/all", 0, &names, &error));
	put("file", "x", 1);
	assert_false(form_spool_add("/nowhere/at/all",
		&(struct form_sender){"00000001", "00000001"}, "x", 1, 10, &full, &error));
	assert_false(full);
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_int_equal(unlink(path), 0);
	free(path);
}

static int make_folder(void **state)
{
	static char template[] = "/tmp/lampwatch-forms-XXXXXX";

	(void)state;
	folder = mkdtemp(template);
	return folder == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL) ? 0 : -1;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_a_form_can_say),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_what_is_refused_is_kept_to_be_shown),
		cmocka_unit_test(test_it_is_bounded),
		cmocka_unit_test(test_a_link_says_what_a_form_shows),
		cmocka_unit_test(test_a_link_has_room_for_many_pages),
		cmocka_unit_test(test_a_set_is_of_these_pages_alone),
		cmocka_unit_test(test_the_spool_gives_back_what_was_put_there_in_order),
		cmocka_unit_test(test_it_is_full),
		cmocka_unit_test(test_nobody_has_more_than_a_part_of_it),
		cmocka_unit_test(test_what_is_no_request_is_not_read_and_can_be_removed),
		cmocka_unit_test(test_what_was_begun_and_never_ended_is_given_up),
		cmocka_unit_test(test_what_cannot_be_read_is_not_empty),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
