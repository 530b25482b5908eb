/* SPDX-License-Identifier: ISC */
#include "net/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/list.h"

static void test_what_is_a_network(void **state)
{
	static const char *const good[] = {"127.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::1",
		"fd00::/8", "2001:db8::1/128", "192.0.2.1/32"};
	static const char *const bad[] = {"", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/",
		"10.0.0.0/8x", "10.0.0.0/-1", "10.0.0/8", "[::1]", "10.0.0.0/008888", "/8"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(client_network_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(client_network_valid(bad[i]));
}

static void test_who_the_client_is(void **state)
{
	static const struct {
		const char *trusted, *peer, *first, *second, *client;
	} cases[] = {
		{"", "192.0.2.1", NULL, NULL, "192.0.2.1"},
		/* nobody is trusted: what a stranger says of himself does not count */
		{"", "192.0.2.1", "198.51.100.1", NULL, "192.0.2.1"},
		{"10.0.0.0/8", "192.0.2.1", "198.51.100.1", NULL, "192.0.2.1"},
		{"127.0.0.1", "127.0.0.1", "198.51.100.1", NULL, "198.51.100.1"},
		/* what stands before it may be forged */
		{"127.0.0.1", "127.0.0.1", "203.0.113.9, 198.51.100.1", NULL, "198.51.100.1"},
		{"127.0.0.1", "127.0.0.1", "127.0.0.1,198.51.100.1", NULL, "198.51.100.1"},
		{"127.0.0.1", "127.0.0.1", "203.0.113.9", "198.51.100.1", "198.51.100.1"},
		/* through several that are ours */
		{"127.0.0.1 10.0.0.0/8", "127.0.0.1", "203.0.113.9, 198.51.100.1, 10.1.2.3", NULL,
			"198.51.100.1"},
		{"127.0.0.1 10.0.0.0/8", "127.0.0.1", "198.51.100.1", "10.1.2.3", "198.51.100.1"},
		/* what is no address is not believed, nor what stands before it */
		{"127.0.0.1", "127.0.0.1", "198.51.100.1, unknown", NULL, "127.0.0.1"},
		{"127.0.0.1", "127.0.0.1", "198.51.100.1,", NULL, "127.0.0.1"},
		{"127.0.0.1", "127.0.0.1", "", NULL, "127.0.0.1"},
		{"127.0.0.1", "127.0.0.1", NULL, NULL, "127.0.0.1"},
		{"127.0.0.1", "127.0.0.1", " 198.51.100.1\t", NULL, "198.51.100.1"},
		/* with a port, a zone, or brackets */
		{"127.0.0.1", "127.0.0.1", "203.0.113.9, 198.51.100.1:4711", NULL, "198.51.100.1"},
		{"127.0.0.1", "127.0.0.1", "[2001:db8:1:2::7]:4711", NULL, "2001:db8:1:2::"},
		{"127.0.0.1", "127.0.0.1", "[2001:db8:1:2::7]", NULL, "2001:db8:1:2::"},
		{"127.0.0.1", "127.0.0.1", "fe80::1%eth0", NULL, "fe80::"},
		{"127.0.0.1", "127.0.0.1", "198.51.100.1, [", NULL, "127.0.0.1"},
		{"127.0.0.1", "127.0.0.1", "198.51.100.1, :", NULL, "127.0.0.1"},
		/* one household */
		{"::1", "::1", "2001:db8:1:2:3:4:5:6", NULL, "2001:db8:1:2::"},
		{"fd00::/8", "fd12::1", "2001:db8:1:2::7", NULL, "2001:db8:1:2::"},
		{"fd00::/9", "fd80::1", "2001:db8:1:2::7", NULL, "fd80::"},
		/* the same address in two forms */
		{"127.0.0.1", "::ffff:127.0.0.1", "::ffff:198.51.100.1", NULL, "198.51.100.1"},
		{"10.0.0.0/9", "10.127.0.1", "198.51.100.1", NULL, "198.51.100.1"},
		{"10.0.0.0/9", "10.128.0.1", "198.51.100.1", NULL, "10.128.0.1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text_list trusted = {0}, forwarded = {0};
		char client[CLIENT_TEXT];

		text_list_add_words(&trusted, cases[i].trusted);
		if (cases[i].first != NULL)
			text_list_add(&forwarded, cases[i].first);
		if (cases[i].second != NULL)
			text_list_add(&forwarded, cases[i].second);
		client_of(&trusted, cases[i].peer, &forwarded, client);
		assert_string_equal(client, cases[i].client);
		text_list_release(&trusted);
		text_list_release(&forwarded);
	}
}

static void test_the_network_around_a_client(void **state)
{
	static const char *const cases[][2] = {{"192.0.2.77", "192.0.2.0"},
		{"2001:db8:1:2::", "2001:db8:1::"}, {"?", "?"}, {"", "?"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char network[CLIENT_TEXT];

		client_network(cases[i][0], network);
		assert_string_equal(network, cases[i][1]);
	}
}

static void test_a_tag_stands_for_a_client_and_says_nothing_of_it(void **state)
{
	struct client_counts *counts = client_counts_new(), *others = client_counts_new();
	char one[CLIENT_TAG], again[CLIENT_TAG], two[CLIENT_TAG], elsewhere[CLIENT_TAG];

	(void)state;
	client_tag(counts, "192.0.2.1", one);
	client_tag(counts, "192.0.2.1", again);
	client_tag(counts, "192.0.2.2", two);
	client_tag(others, "192.0.2.1", elsewhere);
	assert_int_equal(strlen(one), CLIENT_TAG - 1);
	assert_string_equal(one, again);
	assert_string_not_equal(one, two);
	assert_string_not_equal(one, elsewhere);
	client_counts_free(counts);
	client_counts_free(others);
}

enum { NOW = 1000, DAY = CLIENT_SECONDS * 1000 };

static void test_one_client_is_counted_for_a_day(void **state)
{
	struct client_counts *counts = client_counts_new();

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(client_counted(counts, "a", 3, NOW + i));
	assert_false(client_counted(counts, "a", 3, NOW + 3));
	assert_true(client_counted(counts, "b", 3, NOW + 3));
	assert_false(client_counted(counts, "a", 3, NOW + DAY - 1));
	assert_true(client_counted(counts, "a", 3, NOW + DAY));
	client_counts_free(counts);
}

/* A flood from everywhere does not let those go on who had their share. */
static void test_many_clients_push_out_those_who_ask_least(void **state)
{
	struct client_counts *counts = client_counts_new();
	char name[CLIENT_TEXT];

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_true(client_counted(counts, "often", 20, NOW));
	for (int i = 0; i < 10 * CLIENTS_MAX; i++) {
		snprintf(name, sizeof name, "client %d", i);
		assert_true(client_counted(counts, name, 20, NOW));
	}
	assert_false(client_counted(counts, "often", 20, NOW));
	client_counts_free(counts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_network),
		cmocka_unit_test(test_who_the_client_is),
		cmocka_unit_test(test_the_network_around_a_client),
		cmocka_unit_test(test_a_tag_stands_for_a_client_and_says_nothing_of_it),
		cmocka_unit_test(test_one_client_is_counted_for_a_day),
		cmocka_unit_test(test_many_clients_push_out_those_who_ask_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
