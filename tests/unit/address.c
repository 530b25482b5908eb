/* SPDX-License-Identifier: ISC */
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_all(const char *const *list, size_t count, bool expected)
{
	for (size_t i = 0; i < count; i++) {
		bool literal = false;

		if (address_text_is_public(list[i], &literal) != expected)
			fail_msg("%s is taken for %s", list[i], expected ? "private" : "public");
		assert_true(literal);
	}
}

static void test_private_and_local_addresses_are_not_public(void **state)
{
	static const char *const list[] = {
		"127.0.0.1",
		"127.255.255.255",
		"10.0.0.1",
		"172.16.0.1",
		"172.31.255.255",
		"192.168.1.1",
		"169.254.169.254",
		"100.64.0.1",
		"100.127.255.255",
		"0.0.0.0",
		"0.1.2.3",
		"198.19.0.1",
		"224.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"[::1]",
		"fe80::1",
		"fe80::1%eth0",
		"febf::1",
		"fc00::1",
		"fdff::1",
		"ff02::1",
		"::7f00:1",
	};

	(void)state;
	assert_all(list, sizeof list / sizeof *list, false);
}

static void test_ipv6_that_carries_a_private_ipv4_address_is_not_public(void **state)
{
	static const char *const list[] = {
		"::ffff:127.0.0.1",
		"::ffff:10.1.2.3",
		"64:ff9b::192.168.0.1",
		"2002:7f00:1::",
		"2002:a00:1::1",
		"64:ff9b:1::808:808",
	};

	(void)state;
	assert_all(list, sizeof list / sizeof *list, false);
}

static void test_addresses_beside_the_private_networks_are_public(void **state)
{
	static const char *const list[] = {
		"1.1.1.1",
		"9.255.255.255",
		"11.0.0.0",
		"100.63.255.255",
		"100.128.0.0",
		"126.255.255.255",
		"128.0.0.1",
		"169.253.255.255",
		"169.255.0.0",
		"172.15.255.255",
		"172.32.0.0",
		"192.167.255.255",
		"192.169.0.0",
		"198.17.255.255",
		"198.20.0.0",
		"223.255.255.255",
		"2606:4700::1111",
		"fbff::1",
		"::ffff:8.8.8.8",
		"64:ff9b::8.8.8.8",
		"2002:808:808::1",
	};

	(void)state;
	assert_all(list, sizeof list / sizeof *list, true);
}

static void test_a_host_name_is_no_address(void **state)
{
	static const char *const list[] = {
		"localhost", "example.org", "127.1", "1.2.3.4.5", "", "[", "0x7f000001"};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		bool literal = true;

		assert_false(address_text_is_public(list[i], &literal));
		assert_false(literal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_private_and_local_addresses_are_not_public),
		cmocka_unit_test(test_ipv6_that_carries_a_private_ipv4_address_is_not_public),
		cmocka_unit_test(test_addresses_beside_the_private_networks_are_public),
		cmocka_unit_test(test_a_host_name_is_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
