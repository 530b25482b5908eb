/* SPDX-License-Identifier: ISC
 *
 * WARC files, read in a reader: what it may not do, and what is believed of one that was taken
 * over.
 */
#include "publish/record_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zlib.h>

#include <cmocka.h>

#define fork_server_fork fork_server_fork_real
#include "base/child.c"
#undef fork_server_fork

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "net/http.h"
#include "unconfined.h"

#define RECORD(n, date, body)                                                                      \
	"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:" n ">\r\n"                       \
	"WARC-Target-URI: http://status.example.com/" n "\r\nWARC-Date: " date "\r\n"              \
	"Content-Length: 45\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" body        \
	"\r\n\r\n"
static const char two[] =
	RECORD("one", "2014-01-24T19:00:00Z", "a") RECORD("two", "2014-01-24T19:20:00Z", "b");

static struct fork_server server; /* made before the first test begins */
static char path[] = "/tmp/lampwatch-records-XXXXXX";

static int start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	fork_server_start(&server);
	return close(mkstemp(path));
}

static int stop(void **state)
{
	(void)state;
	fork_server_stop(&server);
	return unlink(path);
}

/* In place of zlib's: a decompressor that was taken over, and wants a socket. */
int inflate(z_streamp stream, int flush)
{
	(void)stream, (void)flush;
	socket(AF_INET, SOCK_STREAM, 0);
	return Z_DATA_ERROR;
}

/* What a reader says in place of its work, to each question; NULL: it does its work. */
static const struct buffer *said;

static void say(const void *context, int in, int out)
{
	struct pollfd more = {in, POLLIN, 0};
	char block[4096];

	(void)context;
	while (read(in, block, sizeof block) > 0)
		if (poll(&more, 1, 20) == 0)
			(void)file_write_all(out, buffer_string(said), said->length);
}

bool fork_server_fork(struct fork_server *from, struct child *child, const struct child_role *role,
	child_work *work, int input);

bool fork_server_fork(struct fork_server *from, struct child *child, const struct child_role *role,
	child_work *work, int input)
{
	return said == NULL ? fork_server_fork_real(from, child, role, work, input)
			    : child_start(child, role, say, NULL);
}

static struct record_reader *reader_of(const void *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	return record_reader_open(&server, path, NULL);
}

/* What was listed: "id date status; …"; and the heads. */
struct list {
	struct buffer text;
	struct warc_head heads[8];
	size_t count;
};

static bool note(void *context, struct warc_head *head, int status, const char *location,
	struct error *error)
{
	struct list *list = context;

	if (list->count == sizeof list->heads / sizeof *list->heads)
		return error_set(error, REMEDY_PAGE, "enough");
	buffer_format(&list->text, "%s %lld %d %s; ", head->id, (long long)head->date, status,
		location != NULL ? location : "-");
	list->heads[list->count++] = *head;
	*head = (struct warc_head){0};
	return true;
}

static void list_release(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		warc_head_release(&list->heads[i]);
	buffer_release(&list->text);
}

static void test_records_are_listed_and_read_in_any_order(void **state)
{
	struct record_reader *reader = reader_of(two, sizeof two - 1);
	struct list list = {0};
	struct error error;
	bool simulated = false;

	(void)state;
	assert_true(record_reader_list(reader, note, &list, &simulated, &error));
	assert_string_equal(buffer_string(&list.text),
		"<urn:one> 1390590000 200 -; <urn:two> 1390591200 200 -; ");
	assert_false(simulated);
	for (size_t i = 4; i-- > 0;) {
		struct http_response response = {.body = {.maximum = 1}};

		assert_true(record_reader_payload(reader, &list.heads[i % 2], &response, &error));
		assert_string_equal(buffer_string(&response.body), i % 2 == 0 ? "a" : "b");
		assert_string_equal(
			response.headers, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
		http_response_release(&response);
	}
	record_reader_close(reader);
	list_release(&list);
}

static void test_a_body_beyond_its_maximum_is_the_records_fault(void **state)
{
	static const char long_one[] = RECORD("one", "2014-01-24T19:00:00Z", "a");
	struct record_reader *reader = reader_of(long_one, sizeof long_one - 1);
	struct http_response response = {.body = {.maximum = 1}};
	struct warc_head head = {.type = WARC_RESOURCE}; /* its whole block, then */
	struct error error = {0};

	(void)state;
	assert_false(record_reader_payload(reader, &head, &response, &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	assert_string_equal(error.text, "is longer than the page's limit");
	http_response_release(&response);
	record_reader_close(reader);
}

static void test_what_a_library_wants_is_refused_and_our_own_fault(void **state)
{
	static const unsigned char gzip[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4};
	struct record_reader *reader;
	struct list list = {0};
	struct error error = {0};
	bool simulated = false;

	(void)state;
	SKIP_UNCONFINED();
	reader = reader_of(gzip, sizeof gzip);
	assert_false(record_reader_list(reader, note, &list, &simulated, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, "reader refuses \"socket\""));
	record_reader_close(reader);
}

/* ---- one that was taken over ---- */

struct answer_head {
	int64_t remedy;
	size_t length;
};

struct list_head {
	int64_t next;
	struct gzip_position last;
	size_t count;
	int64_t simulated, remedy;
};

struct record_head {
	int64_t type, date, refers_to_date, length, truncated, status;
	struct gzip_position position;
};

static const struct list_head one_record = {WARC_END, {10, 0}, 1, 0, 0};
static const struct record_head well = {WARC_RESPONSE, 1390590000, 0, 7, 0, 200, {0, 0}};
#define TEXTS "id\0http://status.example.com/\0\0\0\0\0\0\0"

/* A list of one record, and what comes behind it, as it goes over the pipe. */
static void frame(struct buffer *out, const struct list_head *list,
	const struct record_head *record, const char *texts, size_t length)
{
	const struct answer_head answer = {0, sizeof *list + sizeof *record + length};

	buffer_clear(out);
	buffer_add(out, &answer, sizeof answer);
	buffer_add(out, list, sizeof *list);
	buffer_add(out, record, sizeof *record);
	buffer_add(out, texts, length);
}

/* Whether a file is listed by a reader that answers so. */
static bool believed(const struct buffer *answer, struct error *error)
{
	struct record_reader *reader = reader_of(two, sizeof two - 1);
	struct list list = {0};
	bool simulated = false, good;

	said = answer;
	good = record_reader_list(reader, note, &list, &simulated, error);
	said = NULL;
	record_reader_close(reader);
	list_release(&list);
	return good;
}

static void test_a_list_that_is_none_is_not_believed(void **state)
{
	struct list_head more = one_record, many = one_record, no_place = one_record,
			 unknown = one_record;
	struct record_head no_type = well, no_date = well, no_status = well, nowhere = well,
			   behind = well, less = well;
	const struct {
		const struct list_head *list;
		const struct record_head *record;
		const char *texts;
		size_t length;
	} cases[] = {
		{&many, &well, TEXTS, sizeof TEXTS - 1},
		{&more, &well, TEXTS, sizeof TEXTS - 1}, /* for ever at one place */
		{&no_place, &well, TEXTS, sizeof TEXTS - 1},
		{&unknown, &well, TEXTS, sizeof TEXTS - 1},
		{&one_record, &no_type, TEXTS, sizeof TEXTS - 1},
		{&one_record, &no_date, TEXTS, sizeof TEXTS - 1},
		{&one_record, &no_status, TEXTS, sizeof TEXTS - 1},
		{&one_record, &nowhere, TEXTS, sizeof TEXTS - 1},
		{&one_record, &behind, TEXTS, sizeof TEXTS - 1},
		{&one_record, &less, TEXTS, sizeof TEXTS - 1},
		{&one_record, &well, TEXTS, sizeof TEXTS - 2}, {&one_record, &well, "", 0},
		{&one_record, &well, "id\nsecond-line: x\0http://a.example/\0\0\0\0\0\0\0", 42},
		{&one_record, &well, "id\0\0\0\0\0\0\0\0", 10}, /* no address */
	};
	struct buffer answer = {0};
	struct error error;

	(void)state;
	more.next = WARC_RECORD;
	many.count = SIZE_MAX;
	no_place.last.offset = -1;
	unknown.next = 17;
	no_type.type = WARC_INFO;
	no_date.date = INT64_MAX;
	no_status.status = 100000;
	nowhere.position.offset = -1;
	behind.position.offset = 11;
	less.length = -1;
	frame(&answer, &one_record, &well, TEXTS, sizeof TEXTS - 1);
	assert_true(believed(&answer, &error));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		error = (struct error){0};
		frame(&answer, cases[i].list, cases[i].record, cases[i].texts, cases[i].length);
		if (believed(&answer, &error) || error.remedy != REMEDY_PAGE)
			fail_msg("case %zu: %s", i, error.text);
	}
	buffer_release(&answer);
}

static void test_a_payload_that_is_none_is_not_believed(void **state)
{
	struct tail {
		int64_t status;
		size_t headers;
	};
	static const struct {
		const char *bytes;
		size_t length;
		struct tail tail;
	} cases[] = {
		{"aheaders", 8, {200, 7}}, /* good */
		{"aheaders", 8, {200, 9}}, {"aheaders", 8, {200, SIZE_MAX}},
		{"aheaders", 8, {-1, 7}}, {"ahea\0ers", 8, {200, 7}},
		{"abheaders", 9, {200, 7}}, /* a body beyond its maximum */
	};
	struct warc_head head = {.type = WARC_RESPONSE};
	struct buffer answer = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct answer_head begin = {0, cases[i].length + sizeof cases[i].tail};
		struct record_reader *reader = reader_of(two, sizeof two - 1);
		struct http_response response = {.body = {.maximum = 1}};
		struct error error = {0};

		buffer_clear(&answer);
		buffer_add(&answer, &begin, sizeof begin);
		buffer_add(&answer, cases[i].bytes, cases[i].length);
		buffer_add(&answer, &cases[i].tail, sizeof cases[i].tail);
		said = &answer;
		if (record_reader_payload(reader, &head, &response, &error) != (i == 0))
			fail_msg("case %zu: %s", i, error.text);
		said = NULL;
		assert_int_equal(error.remedy, i == 0 ? 0 : REMEDY_PAGE);
		http_response_release(&response);
		record_reader_close(reader);
	}
	buffer_release(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_are_listed_and_read_in_any_order),
		cmocka_unit_test(test_a_body_beyond_its_maximum_is_the_records_fault),
		cmocka_unit_test(test_what_a_library_wants_is_refused_and_our_own_fault),
		cmocka_unit_test(test_a_list_that_is_none_is_not_believed),
		cmocka_unit_test(test_a_payload_that_is_none_is_not_believed),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
