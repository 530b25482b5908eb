/* SPDX-License-Identifier: ISC
 *
 * What a process that looks names up says is not believed: a name server may have taken it over.
 */
#include "tell/dns_lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/hosts.h"

enum {
	MILLISECONDS = 100,   /* for the look-ups */
	AT_ONCE = 1000,       /* below the limit of a process that stays */
	AT_ITS_LIMIT = 10000, /* above it, on a machine that is busy */
	HOSTS = 2,
	FINDINGS = 3,
};

/* As it stands in src/tell/dns_lookup.c; test_an_answer_is_taken() fails where it does not. */
struct finding {
	int last, status, type, preference;
	char owner[DNS_NAME_MAX + 1], value[DNS_NAME_MAX + 1];
};

static const struct finding record = {0, 0, DNS_A, 0, "one.example", "192.0.2.1"},
			    found = {1, DNS_FOUND, 0, 0, "", ""};

/* ---- the process ---- */

static void (*evil)(void);
static struct finding said[FINDINGS];
int ares_library_init(int flags);

/* In place of c-ares' own: by then it is confined as it is when the answer comes. */
int ares_library_init(int flags)
{
	(void)flags;
	evil();
	_exit(0);
}

static void say(const void *bytes, size_t length)
{
	for (int descriptor = STDERR_FILENO + 1; descriptor < 16; descriptor++)
		(void)!write(descriptor, bytes, length);
}

_Noreturn static void stay(void)
{
	for (;;)
		pause();
}

static void say_all(void)
{
	for (size_t i = 0; i < FINDINGS; i++)
		say(&said[i], sizeof said[i]);
}

static void say_all_and_stay(void)
{
	say_all();
	stay();
}

static void say_garbage(void)
{
	static char garbage[100000];

	memset(garbage, 0xa5, sizeof garbage);
	say(garbage, sizeof garbage);
	stay();
}

static void say_half(void)
{
	say(&record, sizeof record / 2);
	stay();
}

static void say_without_end(void)
{
	for (;;)
		say(&record, sizeof record);
}

static void close_and_stay(void)
{
	for (int descriptor = STDERR_FILENO + 1; descriptor < 16; descriptor++)
		close(descriptor);
	stay();
}

static void say_nothing(void)
{
}

/* ---- the run's side ---- */

struct heard {
	struct host hosts[HOSTS];
	int64_t took;
};

static struct heard ask(void (*what)(void))
{
	static const char *const names[HOSTS] = {"one.example", "two.example"};
	struct heard heard = {.took = -clock_milliseconds()};
	struct config config = {0};
	struct fork_server attempts;

	for (size_t i = 0; i < HOSTS; i++)
		heard.hosts[i].name = memory_string(names[i]);
	evil = what;
	fork_server_start(&attempts);
	dns_lookup_apart(&attempts, &config, MILLISECONDS, NULL, heard.hosts, HOSTS);
	heard.took += clock_milliseconds();
	fork_server_stop(&attempts);
	return heard;
}

static void release(struct heard *heard)
{
	for (size_t i = 0; i < HOSTS; i++)
		host_release(&heard->hosts[i]);
}

static void assert_silent(const struct host *host)
{
	assert_int_equal(host->status, DNS_SILENT);
	assert_int_equal(host->count, 0);
	assert_string_not_equal(host->failure, "");
}

static void assert_all_silent(void (*what)(void), int64_t at_most)
{
	struct heard heard = ask(what);

	for (size_t i = 0; i < HOSTS; i++)
		assert_silent(&heard.hosts[i]);
	assert_in_range(heard.took, 0, at_most);
	release(&heard);
}

static void say_these(struct finding first, struct finding second, struct finding third)
{
	said[0] = first;
	said[1] = second;
	said[2] = third;
}

static void test_an_answer_is_taken(void **state)
{
	struct heard heard;

	(void)state;
	say_these(record, found, found);
	heard = ask(say_all);
	assert_int_equal(heard.hosts[0].status, DNS_FOUND);
	assert_int_equal(heard.hosts[0].count, 1);
	assert_string_equal(heard.hosts[0].records[0].owner, "one.example");
	assert_string_equal(heard.hosts[0].records[0].value, "192.0.2.1");
	assert_string_equal(heard.hosts[0].failure, "");
	assert_int_equal(heard.hosts[1].status, DNS_FOUND);
	assert_int_equal(heard.hosts[1].count, 0);
	release(&heard);
}

static void test_what_makes_no_sense_is_no_answer(void **state)
{
	(void)state;
	assert_all_silent(say_garbage, AT_ONCE);
	assert_all_silent(say_half, AT_ONCE);
	assert_all_silent(say_without_end, AT_ONCE);
	assert_all_silent(close_and_stay, AT_ONCE);
	assert_all_silent(say_nothing, AT_ONCE);
}

static void test_one_that_says_nothing_is_waited_for_until_its_limit(void **state)
{
	(void)state;
	assert_all_silent(stay, AT_ITS_LIMIT);
}

static void test_a_finding_that_no_name_server_gives_ends_it(void **state)
{
	struct finding bad[10];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		bad[i] = record;
	bad[0].type = DNS_CNAME + 1;
	bad[1].type = -1;
	bad[2].type = DNS_MX, bad[2].preference = 65536;
	bad[3].preference = -1;
	bad[4].type = DNS_CNAME, strcpy(bad[4].value, "a name");
	bad[5].type = DNS_AAAA;
	strcpy(bad[6].owner, "One.example");
	memset(bad[7].owner, 'a', sizeof bad[7].owner);
	bad[8] = bad[9] = found;
	bad[8].status = DNS_SILENT + 1;
	bad[9].status = -1;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		say_these(record, bad[i], found);
		assert_all_silent(say_all_and_stay, AT_ONCE);
	}
}

/* Of one host all is said before the next one's turn comes. */
static void test_what_is_wrong_of_one_costs_no_other(void **state)
{
	struct finding nonsense = {0, 0, -1, 0, "", ""};
	struct heard heard;

	(void)state;
	say_these(record, found, nonsense);
	heard = ask(say_all_and_stay);
	assert_int_equal(heard.hosts[0].status, DNS_FOUND);
	assert_int_equal(heard.hosts[0].count, 1);
	assert_silent(&heard.hosts[1]);
	release(&heard);
}

static void test_more_than_was_asked_is_not_heard(void **state)
{
	struct heard heard;

	(void)state;
	say_these(found, found, record);
	heard = ask(say_all_and_stay);
	for (size_t i = 0; i < HOSTS; i++) {
		assert_int_equal(heard.hosts[i].status, DNS_FOUND);
		assert_int_equal(heard.hosts[i].count, 0);
	}
	assert_in_range(heard.took, 0, AT_ONCE);
	release(&heard);
}

static void test_why_it_failed_is_made_visible(void **state)
{
	struct finding failed = {1, DNS_SILENT, 0, 0, "", "no \033[2Janswer\n"};
	struct heard heard;

	(void)state;
	say_these(failed, found, found);
	heard = ask(say_all);
	assert_int_equal(heard.hosts[0].status, DNS_SILENT);
	assert_null(strpbrk(heard.hosts[0].failure, "\033\n"));
	release(&heard);
}

/* Ours, and said as everywhere else. */
static void test_without_a_process_it_says_so(void **state)
{
	struct rlimit before, none = {0};
	struct heard heard;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none); /* no pipe can be made */
	heard = ask(say_all);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_silent(&heard.hosts[0]);
	assert_non_null(strstr(heard.hosts[0].failure, "no process can be made"));
	release(&heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_is_taken),
		cmocka_unit_test(test_what_makes_no_sense_is_no_answer),
		cmocka_unit_test(test_one_that_says_nothing_is_waited_for_until_its_limit),
		cmocka_unit_test(test_a_finding_that_no_name_server_gives_ends_it),
		cmocka_unit_test(test_what_is_wrong_of_one_costs_no_other),
		cmocka_unit_test(test_more_than_was_asked_is_not_heard),
		cmocka_unit_test(test_why_it_failed_is_made_visible),
		cmocka_unit_test(test_without_a_process_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
