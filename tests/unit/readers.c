/* SPDX-License-Identifier: ISC */
#include "base/readers.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libxml/parser.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/reading.h"
#include "model/validator.h"
#include "unit/kind_text.h"
#include "watch/diff.h"
#include "watch/page_reader.h"
#include "unconfined.h"

#define PAGE_JSON(incidents)                                                                       \
	"{\"page\":{\"id\":\"abcdefghijkl\",\"name\":\"Test\"},\"status\":{\"indicator\":"         \
	"\"none\",\"description\":\"ok\"},"                                                        \
	"\"components\":[{\"id\":\"a\",\"name\":\"A\",\"status\":\"operational\"}],\"incidents\":" \
	"[" incidents "],"                                                                         \
	"\"scheduled_maintenances\":[]}"
#define RESOLVED "{\"id\":\"i\",\"name\":\"I\",\"status\":\"resolved\",\"impact\":\"major\"}"
#define OPEN "{\"id\":\"i\",\"name\":\"I\",\"status\":\"investigating\",\"impact\":\"major\"}"

static struct kind *kind;
static struct fork_server server; /* made before the first test begins */

/* In place of libxml2's: a parser of XML that was taken over, and wants a socket. */
xmlDocPtr xmlCtxtReadMemory(xmlParserCtxtPtr parser, const char *buffer, int size, const char *url,
	const char *encoding, int options)
{
	(void)parser, (void)buffer, (void)size, (void)url, (void)encoding, (void)options;
	socket(AF_INET, SOCK_STREAM, 0);
	return NULL;
}

static int load_kind(void **state)
{
	struct problems problems = {0};

	(void)state;
	fork_server_start(&server);
	kind = kind_load("templates/pages/statuspage.yaml", (struct node){0}, &problems);
	problems_release(&problems);
	return kind == NULL;
}

static int free_kind(void **state)
{
	(void)state;
	kind_free(kind);
	fork_server_stop(&server);
	return 0;
}

static char *read_text(struct readers *readers, const char *text, struct error *error)
{
	struct document documents[PAGE_DOCUMENTS_MAX] = {{text, strlen(text)}};
	struct page_answer answer;
	char *bytes, *reading = NULL;

	if (page_read(readers, kind, "https://status.example.com/", documents, READER_MILLISECONDS,
		    &bytes, &answer, error))
		reading = memory_string(answer.text);
	free(bytes);
	return reading;
}

static void test_a_page_is_read_in_a_child(void **state)
{
	struct readers *readers = readers_new(&server, 1);
	char *text = read_text(readers, PAGE_JSON(""), NULL);

	(void)state;
	assert_string_equal(text,
		"reading "
		"1\npage\tTest\toperational\tnone\nindicator\ta\t\tA\toperational\toperational\n");
	free(text);
	readers_free(readers);
}

static void test_a_page_that_does_not_fit_its_kind_is_an_error_about_the_page(void **state)
{
	struct readers *readers = readers_new(&server, 1);
	struct error error = {0};

	(void)state;
	assert_null(read_text(readers, "<html>please log in</html>", &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	assert_true(error.text[0] != '\0');
	readers_free(readers);
}

static void test_closed_incident_that_leaves_the_list_is_no_change(void **state)
{
	struct readers *readers = readers_new(&server, 1);
	char *listed = read_text(readers, PAGE_JSON(RESOLVED), NULL),
	     *left = read_text(readers, PAGE_JSON(""), NULL);
	char *open = read_text(readers, PAGE_JSON(OPEN), NULL);

	(void)state;
	assert_string_equal(listed, left);
	assert_string_not_equal(open, left);
	free(listed);
	free(left);
	free(open);
	readers_free(readers);
}

static void test_the_address_of_a_document_is_computed_in_a_child(void **state)
{
	struct readers *readers = readers_new(&server, 1);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	char *address = NULL;
	struct error error;

	(void)state;
	assert_true(page_address(
		readers, kind, 0, "https://status.example.com/", documents, &address, &error));
	assert_string_equal(address, "https://status.example.com/api/v2/summary.json");
	free(address);
	readers_free(readers);
}

struct answers {
	size_t good, bad;
};

static void count_answer(
	void *context, const char *answer, size_t length, const struct error *error)
{
	struct answers *answers = context;

	if (answer != NULL) {
		assert_true(text_starts(page_answer_of(answer, length).text, "reading 1\n"));
		answers->good++;
	} else {
		assert_int_equal(error->remedy, REMEDY_PAGE);
		answers->bad++;
	}
}

static void collect_all(struct readers *readers)
{
	while (readers_collect(readers) > 0) {
		struct pollfd polls[READERS_POLLS_MAX];
		size_t count = readers_polls(readers, polls);

		poll(polls, (nfds_t)count, 1000);
	}
}

static void test_many_pages_are_read_by_few_children(void **state)
{
	struct readers *readers = readers_new(&server, 2);
	struct answers answers = {0};

	(void)state;
	for (int i = 0; i < 50; i++) {
		const char *text = i % 5 == 0 ? "nonsense" : PAGE_JSON("");
		struct document documents[PAGE_DOCUMENTS_MAX] = {{text, strlen(text)}};

		page_submit(readers, kind, "https://status.example.com/", documents,
			READER_MILLISECONDS, count_answer, &answers);
	}
	collect_all(readers);
	assert_int_equal(answers.good, 40);
	assert_int_equal(answers.bad, 10);
	readers_free(readers);
}

/* Without it the second page waits until somebody takes the first one's answer. */
static void test_readers_go_on_while_nobody_takes_their_answers(void **state)
{
	struct readers *readers = readers_new(&server, 1);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{PAGE_JSON(""), strlen(PAGE_JSON(""))}};
	struct pollfd polls[READERS_POLLS_MAX];
	struct answers answers = {0};
	size_t count;

	(void)state;
	for (int i = 0; i < 2; i++)
		page_submit(readers, kind, "https://status.example.com/", documents,
			READER_MILLISECONDS, count_answer, &answers);
	while ((count = readers_polls(readers, polls)) > 0) {
		poll(polls, (nfds_t)count, 1000);
		readers_go_on(readers);
	}
	assert_int_equal(answers.good, 0);
	assert_true(readers_answered(readers));
	assert_int_equal(readers_collect(readers), 0);
	assert_int_equal(answers.good, 2);
	assert_false(readers_answered(readers));
	readers_free(readers);
}

/* A kind whose reading takes for ever on a long document: string conversions are not counted. */
static const char slow_kind[] =
	"about: slow\n"
	"documents: {page: $url}\n"
	"require: ['//b']\n"
	"page: {title: 'string(//title)', word: \"'x'\"}\n"
	"indicators: {each: '//b[string(/) = .]', name: '.', word: \"'x'\"}\n"
	"levels: {operational: [x]}\n";

static char *elements(size_t count)
{
	struct buffer text = {0};

	buffer_text(&text, "<html><body>");
	for (size_t i = 0; i < count; i++)
		buffer_text(&text, "<b>text</b>");
	buffer_text(&text, "</body></html>");
	return buffer_take(&text);
}

static void test_a_page_that_eats_time_costs_itself_and_nobody_else(void **state)
{
	struct problems problems = {0};
	struct kind *slow = kind_of(slow_kind, NULL, &problems);
	struct readers *readers;
	char *text = elements(100000), *other;
	struct page_answer answer;
	struct document documents[PAGE_DOCUMENTS_MAX] = {{text, strlen(text)}};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < problems.count; i++)
		print_error("%s\n", problems.list[i].text);
	assert_non_null(slow);
	readers = readers_new(&server, 1);
	assert_false(page_read(readers, slow, "https://status.example.com/", documents,
		READER_MILLISECONDS, &other, &answer, &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	/* Of a processor, or on a machine that is busy of the clock. */
	assert_non_null(strstr(error.text, "than a page may"));
	other = read_text(readers, PAGE_JSON(""), &error);
	assert_non_null(other);
	free(other);
	free(text);
	readers_free(readers);
	kind_free(slow);
	problems_release(&problems);
}

/* ---- which processes there are ---- */

enum { CHILDREN_MAX = 8 };

static size_t children(pid_t list[static CHILDREN_MAX])
{
	char *path = memory_format("/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "r");
	size_t count = 0;

	assert_non_null(file);
	while (count < CHILDREN_MAX && fscanf(file, "%d", &list[count]) == 1)
		count++;
	fclose(file);
	free(path);
	return count;
}

/* Sends a signal to each reader; returns how many there are. */
static int signal_readers(int number)
{
	pid_t list[CHILDREN_MAX];
	size_t all = children(list);
	int count = 0;

	for (size_t i = 0; i < all; i++)
		if (list[i] != server.child.process) {
			assert_int_equal(kill(list[i], number), 0);
			count++;
		}
	return count;
}

static void test_nobody_is_forked_until_something_is_read_or_stays_after_it(void **state)
{
	struct readers *readers = readers_new(&server, 2);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{PAGE_JSON(""), strlen(PAGE_JSON(""))}};
	struct answers answers = {0};
	pid_t list[CHILDREN_MAX];

	(void)state;
	assert_int_equal(children(list), 1);
	page_submit(readers, kind, "https://status.example.com/", documents, READER_MILLISECONDS,
		count_answer, &answers);
	assert_int_equal(children(list), 2);
	collect_all(readers);
	assert_int_equal(answers.good, 1);
	assert_int_equal(children(list), 1);
	readers_free(readers);
}

/* They are not replaced. */
static struct readers *lasting_readers(void)
{
	static int file = -1;

	if (file < 0)
		file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return readers_of_file(&server, file);
}

static void test_a_child_that_died_in_its_sleep_is_replaced_and_no_page_is_blamed(void **state)
{
	struct readers *readers = lasting_readers();
	struct error error = {0};
	char *text;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	free(read_text(readers, PAGE_JSON(""), NULL));
	assert_int_equal(signal_readers(SIGKILL), 1);
	poll(NULL, 0, 100);
	text = read_text(readers, PAGE_JSON(""), &error);
	assert_non_null(text);
	free(text);
	readers_free(readers);
}

static void test_without_a_fork_server_it_is_our_own_fault(void **state)
{
	struct fork_server other;
	struct readers *readers = readers_new(&other, 1);
	struct error error = {0};

	(void)state;
	fork_server_start(&other);
	assert_int_equal(kill(other.child.process, SIGKILL), 0);
	assert_null(read_text(readers, PAGE_JSON(""), &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, "no process can be made"));
	readers_free(readers);
	fork_server_stop(&other);
}

static void test_readers_that_take_nothing_hold_nobody_up(void **state)
{
	struct readers *readers = readers_new(&server, 2);
	struct answers answers = {0};
	char *text = elements(200000); /* more than a pipe takes */
	struct document large[PAGE_DOCUMENTS_MAX] = {{text, strlen(text)}};
	struct document small[PAGE_DOCUMENTS_MAX] = {{PAGE_JSON(""), strlen(PAGE_JSON(""))}};

	(void)state;
	for (int i = 0; i < 2; i++)
		page_submit(readers, kind, "https://status.example.com/", large, 100, count_answer,
			&answers);
	assert_int_equal(signal_readers(SIGSTOP), 2);
	page_submit(readers, kind, "https://status.example.com/", small, READER_MILLISECONDS,
		count_answer, &answers);
	collect_all(readers);
	assert_int_equal(answers.bad, 2);
	assert_int_equal(answers.good, 1);
	free(text);
	readers_free(readers);
}

/* ---- a reader that was taken over ---- */

static void write_everywhere(const void *bytes, size_t length)
{
	for (int descriptor = STDERR_FILENO + 1; descriptor < 16; descriptor++)
		for (size_t done = 0; done < length;) {
			ssize_t wrote =
				write(descriptor, (const char *)bytes + done, length - done);

			if (wrote <= 0)
				break;
			done += (size_t)wrote;
		}
}

enum { ANSWER_MAX = 1000 };

_Noreturn static void hang(void)
{
	for (;;)
		poll(NULL, 0, 1000);
}

static bool answer_garbage(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	static char garbage[100000];

	(void)parts, (void)count, (void)out, (void)error;
	memset(garbage, 0xa5, sizeof garbage);
	write_everywhere(garbage, sizeof garbage);
	hang();
}

static bool answer_nothing(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)parts, (void)count, (void)out, (void)error;
	for (int descriptor = STDERR_FILENO + 1; descriptor < 16; descriptor++)
		close(descriptor);
	hang();
}

static bool answer_never(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)parts, (void)count, (void)out, (void)error;
	hang();
}

/* The header of an answer that is longer than any. */
static bool answer_too_much(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	const struct {
		int64_t remedy;
		size_t length;
	} head = {0, ANSWER_MAX + ERROR_TEXT_MAX + 1};

	(void)parts, (void)count, (void)out, (void)error;
	write_everywhere(&head, sizeof head);
	hang();
}

/* Two answers to one question, the second for whoever comes next. */
static bool answer_twice(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	static const struct {
		int64_t remedy;
		size_t length;
		char text[8];
	} twice[2] = {{0, 8, "good"}, {0, 8, "good"}};

	(void)parts, (void)count, (void)out, (void)error;
	write_everywhere(twice, sizeof twice);
	hang();
}

static bool answer_unsound(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)parts, (void)count, (void)error;
	return buffer_text(out, "evil");
}

static bool answer_well(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)parts, (void)count, (void)error;
	return buffer_text(out, "good");
}

static bool is_good(const char *answer, size_t length)
{
	return length >= 4 && memcmp(answer, "good", 4) == 0;
}

static void test_whatever_a_reader_answers_costs_one_page_and_no_more(void **state)
{
	static const struct reader_work hostile[] = {
		{NULL, answer_garbage, is_good, ANSWER_MAX},
		{NULL, answer_nothing, is_good, ANSWER_MAX},
		{NULL, answer_never, is_good, ANSWER_MAX},
		{NULL, answer_too_much, is_good, ANSWER_MAX},
		{NULL, answer_twice, is_good, ANSWER_MAX},
		{NULL, answer_unsound, is_good, ANSWER_MAX},
	};
	static const struct reader_work well = {NULL, answer_well, is_good, ANSWER_MAX};
	struct readers *readers = readers_new(&server, 1);

	(void)state;
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		struct reader_job job = {&hostile[i], NULL, 0, 100, NULL, NULL};
		struct error error = {0};
		char *answer = readers_ask(readers, &job, NULL, &error);

		print_message("# %zu: %s\n", i, error.text);
		assert_null(answer);
		assert_int_equal(error.remedy, REMEDY_PAGE);
		job.work = &well;
		job.milliseconds = READER_MILLISECONDS;
		answer = readers_ask(readers, &job, NULL, &error);
		assert_string_equal(answer, "good");
		free(answer);
	}
	readers_free(readers);
}

static bool answer_count(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	static int jobs;

	(void)parts, (void)count, (void)error;
	return buffer_format(out, "%d", ++jobs);
}

static void test_what_took_a_reader_over_has_little_to_say_of_what_comes_later(void **state)
{
	static const struct reader_work work = {NULL, answer_count, NULL, ANSWER_MAX};
	const struct reader_job job = {&work, NULL, 0, READER_MILLISECONDS, NULL, NULL};
	struct readers *one = readers_new(&server, 1), *lasting = lasting_readers();

	(void)state;
	for (int i = 0; i < READERS_SINGLE + 2 * READER_JOBS; i++) {
		char *answer = readers_ask(one, &job, NULL, NULL),
		     *other = readers_ask(lasting, &job, NULL, NULL);
		int expected = i < READERS_SINGLE ? 1 : (i - READERS_SINGLE) % READER_JOBS + 1;

		assert_int_equal(atoi(answer), expected);
		assert_int_equal(atoi(other), i + 1);
		free(answer);
		free(other);
	}
	readers_free(one);
	readers_free(lasting);
}

/* ---- what a reader knows ---- */

static void *keep_number(const char *bytes, size_t length)
{
	static int times;
	char *text = memory_format("%d:%.*s", ++times, (int)length, bytes);

	return text;
}

static bool answer_kept(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)error;
	for (size_t i = 0; i < count; i++)
		buffer_format(out, "%s ", (const char *)parts[i].kept);
	return true;
}

static void test_what_a_reader_keeps_is_sent_once(void **state)
{
	static const struct reader_work work = {keep_number, answer_kept, NULL, ANSWER_MAX};
	char digests[2][DIGEST_TEXT];
	struct readers *readers = lasting_readers();

	(void)state;
	digest_sha256("one", 3, digests[0]);
	digest_sha256("two", 3, digests[1]);
	for (int i = 0; i < 4; i++) {
		static const char *const expected[] = {
			"1:one 1:one ", "1:one 2:two ", "1:one 2:two ", "1:one 2:two "};
		const struct reader_part parts[] = {{"one", 3, digests[0], NULL},
			{i == 0 ? "one" : "two", 3, digests[i > 0], NULL}};
		struct reader_job job = {&work, parts, 2, READER_MILLISECONDS, NULL, NULL};
		char *answer = readers_ask(readers, &job, NULL, NULL);

		assert_string_equal(answer, expected[i]);
		free(answer);
		if (i == 2) { /* the next one has to be told again */
			signal_readers(SIGKILL);
			poll(NULL, 0, 100);
		}
	}
	readers_free(readers);
}

/* Whether it stands in what that process has in its memory, but for what it has in common with
 * this one: its program. Only root may look. */
static bool knows(pid_t process, const char *secret)
{
	char *maps_path = memory_format("/proc/%d/maps", (int)process), line[4096],
	     *memory_path = memory_format("/proc/%d/mem", (int)process);
	FILE *maps = fopen(maps_path, "r");
	int memory = open(memory_path, O_RDONLY);
	bool found = false;

	assert_non_null(maps);
	assert_true(memory >= 0);
	while (fgets(line, sizeof line, maps) != NULL && !found) {
		unsigned long from, to;
		char *block;
		ssize_t got;

		if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || strstr(line, " rw") == NULL ||
			to - from > 1UL << 28) /* a sanitizer's own */
			continue;
		block = memory_new(to - from);
		got = pread(memory, block, to - from, (off_t)from);
		found = got > 0 && memmem(block, (size_t)got, secret, strlen(secret)) != NULL;
		free(block);
	}
	close(memory);
	fclose(maps);
	free(maps_path);
	free(memory_path);
	return found;
}

static void wait_for_the_end(const void *context, int in, int out)
{
	char byte;

	(void)context, (void)out;
	(void)!read(in, &byte, 1);
}

static void test_a_reader_knows_no_secret_that_was_learnt_before_it_was_forked(void **state)
{
	static const struct child_role role = {.milliseconds = 10000};
	static const struct reader_work work = {NULL, answer_never, NULL, ANSWER_MAX};
	struct readers *readers = readers_new(&server, 1);
	pid_t list[CHILDREN_MAX];
	struct answers answers = {0};
	struct reader_job job = {&work, NULL, 0, READER_MILLISECONDS, count_answer, &answers};
	struct child child;
	size_t all;
	char *secret;

	(void)state;
	if (geteuid() != 0) {
		readers_free(readers);
		skip();
	}
	secret = memory_format("%s-%d-%s", "password", (int)getpid(), "swordfish");
	readers_submit(readers, &job);
	all = children(list);
	assert_int_equal(all, 2);
	for (size_t i = 0; i < all; i++)
		assert_false(knows(list[i], secret));
	/* Else this would prove nothing. */
	assert_true(knows(getpid(), secret));
	assert_true(child_start(&child, &role, wait_for_the_end, NULL));
	assert_true(knows(child.process, secret));
	child_stop(&child);
	readers_free(readers);
	free(secret);
}

static bool answer_environment(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)parts, (void)count, (void)error;
	return buffer_text(out, getenv("http_proxy") != NULL ? "known" : "unknown");
}

static void test_a_reader_knows_nothing_of_the_environment(void **state)
{
	static const struct reader_work work = {NULL, answer_environment, NULL, ANSWER_MAX};
	struct reader_job job = {&work, NULL, 0, READER_MILLISECONDS, NULL, NULL};
	struct fork_server other;
	struct readers *readers;
	char *answer;

	(void)state;
	setenv("http_proxy", "http://user:password@127.0.0.1:9/", 1);
	fork_server_start(&other);
	readers = readers_new(&other, 1);
	answer = readers_ask(readers, &job, NULL, NULL);
	assert_string_equal(answer, "unknown");
	unsetenv("http_proxy");
	free(answer);
	readers_free(readers);
	fork_server_stop(&other);
}

static void test_a_call_that_is_refused_is_our_own_fault_and_not_the_pages(void **state)
{
	struct readers *readers;
	struct error error = {0};
	char *text;

	(void)state;
	SKIP_UNCONFINED();
	readers = readers_new(&server, 1);
	assert_null(read_text(readers, "<?xml version=\"1.0\"?><page/>", &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, "reader"));
	assert_non_null(strstr(error.text, "\"socket\""));
	text = read_text(readers, PAGE_JSON(""), &error); /* by the one after it */
	assert_non_null(text);
	free(text);
	readers_free(readers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_that_is_refused_is_our_own_fault_and_not_the_pages),
		cmocka_unit_test(test_a_page_is_read_in_a_child),
		cmocka_unit_test(test_a_page_that_does_not_fit_its_kind_is_an_error_about_the_page),
		cmocka_unit_test(test_closed_incident_that_leaves_the_list_is_no_change),
		cmocka_unit_test(test_the_address_of_a_document_is_computed_in_a_child),
		cmocka_unit_test(test_many_pages_are_read_by_few_children),
		cmocka_unit_test(test_readers_go_on_while_nobody_takes_their_answers),
		cmocka_unit_test(
			test_a_child_that_died_in_its_sleep_is_replaced_and_no_page_is_blamed),
		cmocka_unit_test(test_nobody_is_forked_until_something_is_read_or_stays_after_it),
		cmocka_unit_test(test_without_a_fork_server_it_is_our_own_fault),
		cmocka_unit_test(test_whatever_a_reader_answers_costs_one_page_and_no_more),
		cmocka_unit_test(
			test_what_took_a_reader_over_has_little_to_say_of_what_comes_later),
		cmocka_unit_test(test_what_a_reader_keeps_is_sent_once),
		cmocka_unit_test(
			test_a_reader_knows_no_secret_that_was_learnt_before_it_was_forked),
		cmocka_unit_test(test_a_reader_knows_nothing_of_the_environment),
		cmocka_unit_test(test_a_page_that_eats_time_costs_itself_and_nobody_else),
		cmocka_unit_test(test_readers_that_take_nothing_hold_nobody_up),
	};

	return cmocka_run_group_tests(tests, load_kind, free_kind);
}
