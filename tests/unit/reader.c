/* SPDX-License-Identifier: ISC */
#include "watch/reader.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libxml/parser.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "model/reading.h"
#include "model/validator.h"
#include "unit/kind_text.h"
#include "watch/diff.h"

#define PAGE_JSON(incidents)                                                                       \
	"{\"page\":{\"id\":\"abcdefghijkl\",\"name\":\"Test\"},\"status\":{\"indicator\":"         \
	"\"none\",\"description\":\"ok\"},"                                                        \
	"\"components\":[{\"id\":\"a\",\"name\":\"A\",\"status\":\"operational\"}],\"incidents\":" \
	"[" incidents "],"                                                                         \
	"\"scheduled_maintenances\":[]}"
#define RESOLVED "{\"id\":\"i\",\"name\":\"I\",\"status\":\"resolved\",\"impact\":\"major\"}"
#define OPEN "{\"id\":\"i\",\"name\":\"I\",\"status\":\"investigating\",\"impact\":\"major\"}"

static struct kind *kind;

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
	kind = kind_load("templates/pages/statuspage.yaml", (struct node){0}, &problems);
	problems_release(&problems);
	return kind == NULL;
}

static int free_kind(void **state)
{
	(void)state;
	kind_free(kind);
	return 0;
}

static char *read_text(struct readers *readers, const char *text, struct error *error)
{
	struct document documents[PAGE_DOCUMENTS_MAX] = {{text, strlen(text)}};

	return readers_read(readers, kind, "https://status.example.com/", documents, NULL, error);
}

static void test_a_page_is_read_in_a_child(void **state)
{
	struct readers *readers = readers_new(1);
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
	struct readers *readers = readers_new(1);
	struct error error = {0};

	(void)state;
	assert_null(read_text(readers, "<html>please log in</html>", &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	assert_true(error.text[0] != '\0');
	readers_free(readers);
}

static void test_closed_incident_that_leaves_the_list_is_no_change(void **state)
{
	struct readers *readers = readers_new(1);
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
	struct readers *readers = readers_new(1);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	char *address = NULL;
	struct error error;

	(void)state;
	assert_true(readers_address(
		readers, kind, 0, "https://status.example.com/", documents, &address, &error));
	assert_string_equal(address, "https://status.example.com/api/v2/summary.json");
	free(address);
	readers_free(readers);
}

struct answers {
	size_t good, bad;
};

static void count_answer(void *context, const char *text, size_t length, const char *notes,
	const struct error *error)
{
	(void)notes;
	struct answers *answers = context;

	if (text != NULL) {
		assert_int_equal(strlen(text), length);
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
	struct readers *readers = readers_new(2);
	struct answers answers = {0};

	(void)state;
	for (int i = 0; i < 50; i++) {
		const char *text = i % 5 == 0 ? "nonsense" : PAGE_JSON("");
		struct document documents[PAGE_DOCUMENTS_MAX] = {{text, strlen(text)}};

		readers_submit(readers, kind, "https://status.example.com/", documents,
			READER_MILLISECONDS, count_answer, &answers);
	}
	collect_all(readers);
	assert_int_equal(answers.good, 40);
	assert_int_equal(answers.bad, 10);
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
	struct document documents[PAGE_DOCUMENTS_MAX] = {{text, strlen(text)}};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < problems.count; i++)
		print_error("%s\n", problems.list[i].text);
	assert_non_null(slow);
	readers = readers_new(1);
	assert_null(readers_read(
		readers, slow, "https://status.example.com/", documents, NULL, &error));
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

/* Sends a signal to each child of this process; returns how many there are. */
static int signal_children(int number)
{
	char *path = memory_format("/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "r");
	int child, count = 0;

	assert_non_null(file);
	for (; fscanf(file, "%d", &child) == 1; count++)
		assert_int_equal(kill(child, number), 0);
	fclose(file);
	free(path);
	return count;
}

static void test_a_child_that_died_in_its_sleep_is_replaced_and_no_page_is_blamed(void **state)
{
	struct readers *readers = readers_new(1);
	struct error error = {0};
	char *text;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(signal_children(SIGKILL), 1);
	poll(NULL, 0, 100);
	text = read_text(readers, PAGE_JSON(""), &error);
	assert_non_null(text);
	free(text);
	readers_free(readers);
}

static void test_readers_that_take_nothing_hold_nobody_up(void **state)
{
	struct readers *readers = readers_new(2);
	struct answers answers = {0};
	char *text = elements(200000); /* more than a pipe takes */
	struct document large[PAGE_DOCUMENTS_MAX] = {{text, strlen(text)}};
	struct document small[PAGE_DOCUMENTS_MAX] = {{PAGE_JSON(""), strlen(PAGE_JSON(""))}};

	(void)state;
	assert_int_equal(signal_children(SIGSTOP), 2);
	for (int i = 0; i < 2; i++)
		readers_submit(readers, kind, "https://status.example.com/", large, 100,
			count_answer, &answers);
	readers_submit(readers, kind, "https://status.example.com/", small, READER_MILLISECONDS,
		count_answer, &answers);
	collect_all(readers);
	assert_int_equal(answers.bad, 2);
	assert_int_equal(answers.good, 1);
	free(text);
	readers_free(readers);
}

static void test_a_call_that_is_refused_is_our_own_fault_and_not_the_pages(void **state)
{
	struct readers *readers = readers_new(1);
	struct error error = {0};
	char *text;

	(void)state;
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
		cmocka_unit_test(
			test_a_child_that_died_in_its_sleep_is_replaced_and_no_page_is_blamed),
		cmocka_unit_test(test_a_page_that_eats_time_costs_itself_and_nobody_else),
		cmocka_unit_test(test_readers_that_take_nothing_hold_nobody_up),
	};

	return cmocka_run_group_tests(tests, load_kind, free_kind);
}
