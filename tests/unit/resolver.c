/* SPDX-License-Identifier: ISC
 *
 * Against the tests' own name server, which says what its script tells it, right or wrong.
 */
#include "net/resolver.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "settings.h"

static char folder[] = "/tmp/lampwatch-resolver.XXXXXX";
static char *script, *port_file, *log_file, *server_address;
static pid_t server;

static void set_script(const char *text)
{
	struct error error;

	unlink(log_file);
	assert_true(file_replace(script, text, strlen(text), 0600, &error));
}

static int start(void **state)
{
	struct buffer port = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	script = file_join(folder, "script");
	port_file = file_join(folder, "port");
	log_file = file_join(folder, "log");
	set_script("");
	server = fork();
	if (server == 0) {
		execl(LAMPWATCH_BUILD "/tests/dns-server", "dns-server", "--script", script,
			"--port-file", port_file, "--log", log_file, "--lifetime", "120",
			(char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 500 && file_absent(port_file); i++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	assert_true(file_read(port_file, &port, NULL));
	server_address = memory_format("127.0.0.1:%d", atoi(buffer_string(&port)));
	buffer_release(&port);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(script);
	unlink(port_file);
	unlink(log_file);
	rmdir(folder);
	free(script);
	free(port_file);
	free(log_file);
	free(server_address);
	return 0;
}

/* All that callbacks were given, a line for each answer and each record. */
static void note(void *context, const struct dns_answer *answer)
{
	struct buffer *out = context;
	buffer_format(out, "%s %s%s%s\n", answer->name, dns_status_names[answer->status],
		answer->failure[0] != '\0' ? ": " : "", answer->failure);
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		buffer_format(out, "  %s %s %d %s\n", record->owner, dns_type_names[record->type],
			record->preference, record->value[0] != '\0' ? record->value : ".");
	}
}

static void assert_answers(
	const char *server_text, const char *name, enum dns_type type, const char *expected)
{
	struct resolver *resolver = resolver_new(server_text, 2000, NULL);
	struct buffer out = {0};

	assert_non_null(resolver);
	resolver_ask(resolver, name, type, note, &out);
	resolver_run(resolver);
	resolver_free(resolver);
	assert_string_equal(buffer_string(&out), expected);
	buffer_release(&out);
}

static void assert_answer(const char *name, enum dns_type type, const char *expected)
{
	assert_answers(server_address, name, type, expected);
}

/* How many questions the server has logged that end so: "\n" is any, " tcp\n" one by TCP. */
static size_t questions(const char *end)
{
	struct buffer text = {0};
	size_t count = 0;

	if (!file_absent(log_file))
		assert_true(file_read(log_file, &text, NULL));
	for (const char *at = buffer_string(&text); (at = strstr(at, end)) != NULL; at++)
		count++;
	buffer_release(&text);
	return count;
}

static void test_records_come_in_lower_case_without_the_last_dot(void **state)
{
	(void)state;
	set_script("corp.example MX 10 MX1.Corp.Example\ncorp.example MX 5 mx2.corp.example\n"
		   "mx1.corp.example A 192.0.2.1\nmx1.corp.example AAAA 2001:db8::1\n");
	assert_answer("Corp.Example.", DNS_MX,
		"corp.example found\n  corp.example MX 10 mx1.corp.example\n"
		"  corp.example MX 5 mx2.corp.example\n");
	assert_answer("mx1.corp.example", DNS_A,
		"mx1.corp.example found\n  mx1.corp.example A 0 192.0.2.1\n");
	assert_answer("mx1.corp.example", DNS_AAAA,
		"mx1.corp.example found\n  mx1.corp.example AAAA 0 2001:db8::1\n");
}

static void test_every_alias_on_the_way_is_told(void **state)
{
	(void)state;
	set_script(
		"mx.example CNAME a.example\na.example CNAME b.example\nb.example A 192.0.2.9\n");
	assert_answer("mx.example", DNS_A,
		"mx.example found\n  mx.example CNAME 0 a.example\n"
		"  a.example CNAME 0 b.example\n  b.example A 0 192.0.2.9\n");
	assert_answer("mx.example", DNS_MX,
		"mx.example empty\n  mx.example CNAME 0 a.example\n"
		"  a.example CNAME 0 b.example\n");
}

static void test_a_loop_of_aliases_ends(void **state)
{
	(void)state;
	set_script("a.example CNAME b.example\nb.example CNAME a.example\n");
	assert_answer("a.example", DNS_A,
		"a.example empty\n  a.example CNAME 0 b.example\n"
		"  b.example CNAME 0 a.example\n  a.example CNAME 0 b.example\n");
}

/* Its strings are one text, which may be anything but no line of its own. */
static void test_a_text_is_its_strings_together(void **state)
{
	struct resolver *resolver = resolver_new(server_address, 2000, NULL);
	struct buffer out = {0};

	(void)state;
	set_script("text.example TXT v=spf1 -all\ntext.example TXT ?\ntext.example TXT a\x01\xff\n"
		   "alias.example CNAME text.example\n");
	assert_answer("alias.example", DNS_TXT,
		"alias.example found\n  alias.example CNAME 0 text.example\n"
		"  text.example TXT 0 v=spf1-all\n  text.example TXT 0 ?\n"
		"  text.example TXT 0 a\x01\xef\xbf\xbd\n");
	/* Whether the rest of a message with a damaged record is good differs between c-ares'
	 * versions. */
	set_script("cut.example TXT-CUT all\n");
	resolver_ask(resolver, "cut.example", DNS_TXT, note, &out);
	resolver_run(resolver);
	resolver_free(resolver);
	assert_true(text_starts(buffer_string(&out), "cut.example empty\n") ||
		    text_starts(buffer_string(&out), "cut.example silent: "));
	buffer_release(&out);
}

static void test_a_null_mx_is_an_empty_name(void **state)
{
	(void)state;
	set_script("null.example MX 0 .\n");
	assert_answer("null.example", DNS_MX, "null.example found\n  null.example MX 0 .\n");
}

static void test_no_such_name_and_no_such_records_are_two_things(void **state)
{
	(void)state;
	set_script("plain.example A 192.0.2.1\n");
	assert_answer("other.example", DNS_MX, "other.example absent\n");
	assert_answer("plain.example", DNS_MX, "plain.example empty\n");
}

static void test_what_is_no_name_is_not_asked_for(void **state)
{
	(void)state;
	set_script("");
	assert_answer("two words.example", DNS_A, " absent\n");
	assert_answer("a..example", DNS_A, " absent\n");
	assert_answer("", DNS_A, " absent\n");
	assert_int_equal(questions("\n"), 0);
}

static void test_what_a_server_does_wrong_is_silence_with_its_reason(void **state)
{
	struct resolver *resolver = resolver_new(server_address, 2000, NULL);
	struct buffer out = {0};

	(void)state;
	set_script("fail.example fail\nrefuse.example refuse\nsilent.example silent\n"
		   "id.example wrong-id\nid.example A 192.0.2.1\ngarbage.example garbage\n");
	assert_answer("fail.example", DNS_A, "fail.example silent: no name server could answer\n");
	assert_answer(
		"refuse.example", DNS_A, "refuse.example silent: no name server could answer\n");
	assert_answer(
		"silent.example", DNS_A, "silent.example silent: no answer within the time\n");
	assert_answer("id.example", DNS_A, "id.example silent: no answer within the time\n");
	/* Whether bytes that are no message are an answer differs between c-ares' versions. */
	resolver_ask(resolver, "garbage.example", DNS_A, note, &out);
	resolver_run(resolver);
	resolver_free(resolver);
	assert_true(text_starts(buffer_string(&out), "garbage.example silent: "));
	buffer_release(&out);
}

static void test_a_server_that_is_not_there_is_silence_at_once(void **state)
{
	(void)state;
	assert_answers("127.0.0.1:1", "a.example", DNS_A,
		"a.example silent: no name server could answer\n");
}

static void test_a_truncated_answer_is_asked_for_again_by_tcp(void **state)
{
	(void)state;
	set_script("big.example truncate\nbig.example A 192.0.2.1\n");
	/* On a busy machine UDP may be tried twice before. */
	assert_answer("big.example", DNS_A, "big.example found\n  big.example A 0 192.0.2.1\n");
	assert_int_equal(questions(" tcp\n"), 1);
}

static void test_of_an_enormous_answer_no_more_than_the_maximum_is_kept(void **state)
{
	struct resolver *resolver = resolver_new(server_address, 2000, NULL);
	struct buffer out = {0};
	size_t lines = 0;

	(void)state;
	set_script("big.example truncate\nbig.example repeat 2000\nbig.example A 192.0.2.1\n");
	resolver_ask(resolver, "big.example", DNS_A, note, &out);
	resolver_run(resolver);
	resolver_free(resolver);
	for (size_t i = 0; i < out.length; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 1 + DNS_RECORDS_MAX);
	buffer_release(&out);
}

static void test_records_of_other_names_do_not_count(void **state)
{
	(void)state;
	set_script("a.example stray other.example CNAME b.example\n"
		   "a.example stray other.example A 192.0.2.66\na.example A 192.0.2.1\n");
	assert_answer("a.example", DNS_A, "a.example found\n  a.example A 0 192.0.2.1\n");
}

static void test_names_that_could_deceive_are_left_out(void **state)
{
	(void)state;
	set_script("a.example MX 10 mx\\027[31m.example\na.example MX 20 mx\\010.example\n"
		   "a.example MX 30 good.example\n");
	assert_answer("a.example", DNS_MX, "a.example found\n  a.example MX 30 good.example\n");
}

static void test_a_message_that_ends_too_soon_is_silence(void **state)
{
	(void)state;
	set_script("a.example A 192.0.2.1\na.example cut\n");
	assert_answer("a.example", DNS_A, "a.example silent: a malformed answer\n");
}

static void test_every_question_is_answered_once_and_all_within_the_time(void **state)
{
	struct resolver *resolver = resolver_new(server_address, 700, NULL);
	struct buffer out = {0};
	size_t silent = 0;

	(void)state;
	set_script("q.example silent\n");
	for (int i = 0; i < 3 * RESOLVER_IN_FLIGHT; i++)
		resolver_ask(resolver, "q.example", DNS_A, note, &out);
	resolver_run(resolver);
	resolver_free(resolver);
	for (const char *at = buffer_string(&out); (at = strstr(at, "q.example silent")) != NULL;
		at++)
		silent++;
	assert_int_equal(silent, 3 * RESOLVER_IN_FLIGHT);
	buffer_release(&out);
}

static void test_a_name_is_lower_case_and_within_its_limits(void **state)
{
	char label[66], *name;

	(void)state;
	name = dns_name("MX_1.Example-9.COM.");
	assert_string_equal(name, "mx_1.example-9.com");
	free(name);
	memset(label, 'a', 64);
	label[64] = '\0';
	assert_null(dns_name(label));
	assert_null(dns_name("."));
	assert_null(dns_name("a.b..c"));
	assert_null(dns_name("a\nb.example"));
	assert_null(dns_name("caf\xc3\xa9.example"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_come_in_lower_case_without_the_last_dot),
		cmocka_unit_test(test_every_alias_on_the_way_is_told),
		cmocka_unit_test(test_a_loop_of_aliases_ends),
		cmocka_unit_test(test_a_text_is_its_strings_together),
		cmocka_unit_test(test_a_null_mx_is_an_empty_name),
		cmocka_unit_test(test_no_such_name_and_no_such_records_are_two_things),
		cmocka_unit_test(test_what_is_no_name_is_not_asked_for),
		cmocka_unit_test(test_what_a_server_does_wrong_is_silence_with_its_reason),
		cmocka_unit_test(test_a_server_that_is_not_there_is_silence_at_once),
		cmocka_unit_test(test_a_truncated_answer_is_asked_for_again_by_tcp),
		cmocka_unit_test(test_of_an_enormous_answer_no_more_than_the_maximum_is_kept),
		cmocka_unit_test(test_records_of_other_names_do_not_count),
		cmocka_unit_test(test_names_that_could_deceive_are_left_out),
		cmocka_unit_test(test_a_message_that_ends_too_soon_is_silence),
		cmocka_unit_test(test_every_question_is_answered_once_and_all_within_the_time),
		cmocka_unit_test(test_a_name_is_lower_case_and_within_its_limits),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
