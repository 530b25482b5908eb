/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "watch/probe.h"

/* What an answer says, as its owner may. */
static char none[] = "";
static char slower[] = "slower than 5 s";
static char http_500[] = "HTTP 500";
static char no_host[] = "no such host";
static char refused[] = "connection refused";
static char no_answer[] = "no answer in 10 s";
static char unreachable[] = "network is unreachable";

static const bool all[] = {true, true, true};

static struct probe_attempt attempt(int family, enum check_state state, char *word)
{
	return (struct probe_attempt){.family = family, .answer = {.state = state, .word = word}};
}

static void judged(const struct probe_attempt *attempts, size_t count, const bool *is_heard,
	enum probe_state state, const char *word)
{
	char *found;

	assert_int_equal(probe_judge(attempts, count, is_heard, &found), state);
	assert_string_equal(found, word);
	free(found);
}

static void test_one_attempt_is_the_check(void **state)
{
	struct probe_attempt good = attempt(CHECK_ANY, CHECK_GOOD, none),
			     slow = attempt(CHECK_ANY, CHECK_SLOW, slower),
			     failed = attempt(CHECK_ANY, CHECK_FAILED, http_500),
			     absent = attempt(CHECK_ANY, CHECK_ABSENT, no_host);

	(void)state;
	judged(&good, 1, all, PROBE_GOOD, "");
	judged(&slow, 1, all, PROBE_SLOW, "slower than 5 s");
	judged(&failed, 1, all, PROBE_FAILED, "HTTP 500");
	judged(&absent, 1, all, PROBE_FAILED, "no such host");
}

static void test_one_family_of_two_is_partly(void **state)
{
	struct probe_attempt attempts[] = {
		attempt(CHECK_IPV4, CHECK_GOOD, none), attempt(CHECK_IPV6, CHECK_FAILED, refused)};

	(void)state;
	judged(attempts, 2, all, PROBE_PARTLY, "IPv6: connection refused");
	attempts[0].answer.state = CHECK_SLOW;
	attempts[0].answer.word = slower;
	judged(attempts, 2, all, PROBE_PARTLY, "IPv6: connection refused");
	attempts[1].answer.state = CHECK_GOOD;
	attempts[1].answer.word = none;
	judged(attempts, 2, all, PROBE_SLOW, "IPv4: slower than 5 s");
}

static void test_both_families_that_fail_are_failed_by_the_first(void **state)
{
	const struct probe_attempt attempts[] = {attempt(CHECK_IPV4, CHECK_FAILED, http_500),
		attempt(CHECK_IPV6, CHECK_FAILED, no_answer)};

	(void)state;
	judged(attempts, 2, all, PROBE_FAILED, "HTTP 500");
}

static void test_a_family_that_the_host_lacks_says_nothing(void **state)
{
	struct probe_attempt attempts[] = {
		attempt(CHECK_IPV4, CHECK_GOOD, none), attempt(CHECK_IPV6, CHECK_ABSENT, no_host)};

	(void)state;
	judged(attempts, 2, all, PROBE_GOOD, "");
	attempts[0].answer.state = CHECK_FAILED;
	attempts[0].answer.word = http_500;
	judged(attempts, 2, all, PROBE_FAILED, "HTTP 500");
	attempts[0].answer.state = CHECK_ABSENT;
	judged(attempts, 2, all, PROBE_FAILED, "no such host");
}

static void test_a_family_by_which_no_reference_answers_says_nothing(void **state)
{
	static const bool only4[] = {false, true, false};
	struct probe_attempt attempts[] = {attempt(CHECK_IPV4, CHECK_GOOD, none),
		attempt(CHECK_IPV6, CHECK_FAILED, unreachable)};

	(void)state;
	judged(attempts, 2, only4, PROBE_GOOD, "");
	/* Where the host has no other, it may be us who fail; what answers shows that it works. */
	attempts[0] = attempt(CHECK_IPV4, CHECK_ABSENT, no_host);
	judged(attempts, 2, only4, PROBE_UNASKED, "no reference answers by IPv6");
	attempts[0] = attempt(CHECK_IPV4, CHECK_FAILED, http_500);
	attempts[1] = attempt(CHECK_IPV6, CHECK_GOOD, none);
	judged(attempts, 2, only4, PROBE_PARTLY, "IPv4: HTTP 500");
}

static void test_what_nobody_could_ask_says_nothing(void **state)
{
	struct probe_attempt attempts[] = {{.family = CHECK_IPV4, .unasked = true},
		attempt(CHECK_IPV6, CHECK_FAILED, refused)};

	(void)state;
	judged(attempts, 2, all, PROBE_FAILED, "connection refused");
	attempts[1] = attempt(CHECK_IPV6, CHECK_ABSENT, no_host);
	judged(attempts, 2, all, PROBE_UNASKED, "not asked");
	judged(attempts, 1, all, PROBE_UNASKED, "not asked");
}

static void test_a_word_stays_as_long_as_the_state(void **state)
{
	static const char before[] = "web\tfailed\tHTTP 500\nimap\tgood\t\nwe\tfailed\tother\n";
	struct buffer out = {0};

	(void)state;
	probe_verdict_add(&out, before, "web", PROBE_FAILED, "no answer in 10 s");
	probe_verdict_add(&out, before, "imap", PROBE_FAILED, "connection refused");
	probe_verdict_add(&out, before, "we", PROBE_GOOD, "");
	probe_verdict_add(&out, NULL, "new", PROBE_PARTLY, "IPv6: HTTP 500");
	assert_string_equal(buffer_string(&out),
		"web\tfailed\tHTTP 500\nimap\tfailed\tconnection refused\nwe\tgood\t\n"
		"new\tpartly\tIPv6: HTTP 500\n");
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_attempt_is_the_check),
		cmocka_unit_test(test_one_family_of_two_is_partly),
		cmocka_unit_test(test_both_families_that_fail_are_failed_by_the_first),
		cmocka_unit_test(test_a_family_that_the_host_lacks_says_nothing),
		cmocka_unit_test(test_a_family_by_which_no_reference_answers_says_nothing),
		cmocka_unit_test(test_what_nobody_could_ask_says_nothing),
		cmocka_unit_test(test_a_word_stays_as_long_as_the_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
