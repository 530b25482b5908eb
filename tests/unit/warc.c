/* SPDX-License-Identifier: ISC
 *
 * Records of WARC files, written and read, the HTTP messages in them, and their index.
 */
#include "publish/warc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "publish/cdxj.h"
#include "publish/warc_http.h"
#include "publish/warc_read.h"

static bool take(void *context, const void *bytes, size_t length)
{
	return buffer_add(context, bytes, length);
}

static bool take_nothing(void *context, const void *bytes, size_t length)
{
	(void)context, (void)bytes, (void)length;
	return false;
}

/* ---- writing ---- */

static const struct warc_field fields[] = {{"WARC-Target-URI", "http://a.example/"},
	{"WARC-IP-Address", NULL}, {"X-Hostile", "a\r\n\r\nWARC/1.1"}};
static const struct warc_record record = {"resource",
	"<urn:uuid:00000000-0000-8000-8000-000000000000>", 1390591200, fields, 3, {"he", 2},
	{"ad", 2}};

static void test_a_record_has_its_fields_and_the_digest_of_its_whole_block(void **state)
{
	struct buffer out = {0};
	struct warc_writer *writer = warc_writer_new(false, take, &out);
	struct warc_place place;

	(void)state;
	assert_true(warc_write(writer, &record, NULL));
	assert_true(warc_write(writer, &record, &place));
	assert_int_equal(place.offset * 2, out.length);
	assert_int_equal(place.length * 2, out.length);
	/* the digest is what sha256sum says of "head" */
	assert_string_equal(out.data + place.offset,
		"WARC/1.1\r\nWARC-Type: resource\r\n"
		"WARC-Record-ID: <urn:uuid:00000000-0000-8000-8000-000000000000>\r\n"
		"WARC-Date: 2014-01-24T19:20:00Z\r\nWARC-Target-URI: http://a.example/\r\n"
		"X-Hostile: a    WARC/1.1\r\nWARC-Block-Digest: sha256:"
		"9f2e6d33a3717ee826353a404ba4618d1aeeb6879ad7936bce8ed5f46814924d\r\n"
		"Content-Length: 4\r\n\r\nhead\r\n\r\n");
	warc_writer_free(writer);
	buffer_release(&out);
}

static void test_a_writer_that_fails_says_so_and_goes_on_saying_it(void **state)
{
	(void)state;
	for (int compressed = 0; compressed < 2; compressed++) {
		struct warc_writer *writer = warc_writer_new(compressed, take_nothing, NULL);

		assert_false(warc_write(writer, &record, NULL));
		assert_false(warc_write(writer, &record, NULL));
		warc_writer_free(writer);
	}
}

static void test_an_id_is_a_uuid_of_version_8_that_follows_from_its_text(void **state)
{
	char a[WARC_ID_TEXT], b[WARC_ID_TEXT];

	(void)state;
	for (int i = 0; i < 100; i++) {
		char text[16];

		snprintf(text, sizeof text, "%d", i);
		warc_id(text, a);
		assert_int_equal(strlen(a), WARC_ID_TEXT - 1);
		assert_int_equal(a[10 + 14], '8');
		assert_non_null(strchr("89ab", a[10 + 19]));
		warc_id(text, b);
		assert_string_equal(a, b);
	}
	warc_id("another", b);
	assert_string_not_equal(a, b);
}

static void test_what_may_not_stand_in_an_address_is_encoded(void **state)
{
	char *uri = warc_uri("http://a.example/b c<d>\"\r\n\x7f\xc3\xa9?x=%20#e");

	(void)state;
	assert_string_equal(uri, "http://a.example/b%20c%3Cd%3E%22%0D%0A%7F%C3%A9?x=%20#e");
	free(uri);
}

/* ---- HTTP ---- */

static void test_a_response_becomes_one_of_http_1_1_with_the_length_of_its_body(void **state)
{
	static const struct {
		const char *head, *written;
	} cases[] = {
		{"HTTP/2 200 \r\nContent-Type: a\r\nContent-Encoding: br\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Length: 5\r\n\r\n"},
		{"HTTP/1.0 404 Not Found\nTRANSFER-ENCODING: chunked\ncontent-length: 9\n\n",
			"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n"},
		{"HTTP/1.1 200 Fine\r\nA: one\r\n  two\r\nno field\r\nB : three\r\nC: "
		 "x\rWARC/1.1\x01y\r\n\r\nD: body",
			"HTTP/1.1 200 Fine\r\nA: one two\r\nC: x WARC/1.1 y\r\n"
			"Content-Length: 5\r\n\r\n"},
		{"", "HTTP/1.1 201 \r\nContent-Length: 5\r\n\r\n"},
		{"nonsense\r\n\r\n", "HTTP/1.1 201 \r\nContent-Length: 5\r\n\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct message_head head = {0};
		struct buffer out = {0};

		message_head_parse(cases[i].head, strlen(cases[i].head), &head);
		message_write_response(&head, 201, 5, &out);
		assert_string_equal(buffer_string(&out), cases[i].written);
		message_head_release(&head);
		buffer_release(&out);
	}
}

static void test_a_body_is_had_out_of_its_chunks(void **state)
{
	static const struct {
		const char *body, *decoded; /* NULL: refused */
	} cases[] = {
		{"4\r\nhead\r\n3;x=y\r\n er\r\n0\r\n\r\n", "head er"},
		{"4\nhead\n0\n\n", "head"},
		{"0\r\n\r\n", ""},
		{"{\"not\": \"in chunks\"}", "{\"not\": \"in chunks\"}"},
		{"4\r\nhead\r\n", NULL},
		{"5\r\nhead", NULL},
		{"ffffffff\r\nhead", NULL},
		{"4\r\nheadless\r\n0\r\n\r\n", NULL},
	};
	static const char text[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct message_head head = {0};

	(void)state;
	message_head_parse(text, strlen(text), &head);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};
		bool good = message_body(&head, cases[i].body, strlen(cases[i].body), &out, NULL);

		assert_int_equal(good, cases[i].decoded != NULL);
		if (good)
			assert_string_equal(buffer_string(&out), cases[i].decoded);
		buffer_release(&out);
	}
	message_head_release(&head);
}

/* ---- reading ---- */

/* The records of a text, as "type address date length" each; then how it ended. */
static void read_all(const char *text, size_t length, struct buffer *out)
{
	char path[] = "/tmp/lampwatch-warc-XXXXXX";
	int descriptor = mkstemp(path);
	struct warc_reader *reader;
	struct error error;
	enum warc_next next;

	assert_true(write(descriptor, text, length) == (ssize_t)length);
	close(descriptor);
	reader = warc_reader_new(open(path, O_RDONLY));
	do {
		struct warc_head head = {0};

		next = warc_reader_next(reader, &head, &error);
		if (next == WARC_RECORD)
			buffer_format(out, "%d %s %lld %lld; ", head.type,
				head.url != NULL ? head.url : "-", (long long)head.date,
				(long long)head.length);
		warc_head_release(&head);
	} while (next == WARC_RECORD);
	buffer_text(out, next == WARC_END ? "end" : strrchr(error.text, ':') + 2);
	warc_reader_free(reader);
	unlink(path);
}

static void test_records_are_read_as_others_write_them(void **state)
{
	static const struct {
		const char *text, *read;
	} cases[] = {
		{"", "end"},
		{"\r\n\r\n", "end"},
		{"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <http://a/>\r\n"
		 "WARC-Date: 2014-01-24T19:20:00Z\r\nContent-Length: 4\r\n\r\nbody\r\n\r\n"
		 "WARC/1.1\nwarc-type: Resource\nWARC-Target-URI: http://b/\n"
		 "WARC-Date: 2014-01-24T19:20:00.123456789Z\nContent-Length: 0\n\n\n"
		 "WARC/0.18\r\nWARC-Type: new\r\nContent-Length: 1\r\n\r\nx",
			"2 http://a/ 1390591200 4; 3 http://b/ 1390591200 0; 0 - 0 1; end"},
		{"WARC/2.0\r\nContent-Length: 0\r\n\r\n", "no WARC record"},
		{"WARC/1.1\r\n\r\n", "the record has no Content-Length"},
		{"WARC/1.1\r\nContent-Length: -1\r\n\r\n", "the record has no Content-Length"},
		{"WARC/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n",
			"the record has no Content-Length"},
		{"WARC/1.1\r\nContent-Length: 5\r\n\r\nbody", "0 - 0 5; the record is cut off"},
		{"WARC/1.1\r\nContent-Length: 5\r\n", "the record is cut off"},
		{"WARC/1.1\r\nContent-Length: 3\r\n\r\nbody\r\n\r\nWARC/1.1\r\n",
			"0 - 0 3; no WARC record"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};

		read_all(cases[i].text, strlen(cases[i].text), &out);
		assert_string_equal(buffer_string(&out), cases[i].read);
		buffer_release(&out);
	}
}

static void test_a_head_without_end_is_refused(void **state)
{
	struct buffer text = {0}, out = {0};

	(void)state;
	buffer_text(&text, "WARC/1.1\r\n");
	while (text.length < 2 * MESSAGE_HEAD_MAX)
		buffer_text(&text, "X-More: and more\r\n");
	read_all(text.data, text.length, &out);
	assert_string_equal(out.data, "the record's head is too long");
	buffer_clear(&text);
	buffer_clear(&out);
	buffer_text(&text, "WARC/1.1\r\nX-Long: ");
	while (text.length < 2 * MESSAGE_HEAD_MAX)
		buffer_text(&text, "on and on ");
	read_all(text.data, text.length, &out);
	assert_string_equal(out.data, "the record's head is too long");
	buffer_release(&text);
	buffer_release(&out);
}

/* ---- the index ---- */

static void test_a_key_is_the_host_in_reverse(void **state)
{
	static const struct {
		const char *url, *key;
	} cases[] = {
		{"https://status.Example.org/Path", "org,example,status)/path"},
		{"https://www.example.org", "org,example)/"},
		{"http://www2.example.org:80/a?b=C#d", "org,example)/a?b=c"},
		{"http://example.org:443/", "org,example:443)/"},
		{"https://example.org:443/", "org,example)/"},
		{"http://127.0.0.1:8791/", "1,0,0,127:8791)/"},
		{"http://[::1]:80/", "[::1])/"},
		{"http://[fe80::1.2.3.4]/x", "[fe80::1.2.3.4])/x"},
		{"http://wwwhat.example/", "example,wwwhat)/"},
		{"urn:uuid:ABC", "urn:uuid:ABC"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *key = cdxj_key(cases[i].url);

		assert_string_equal(key, cases[i].key);
		free(key);
	}
}

static void test_the_index_is_sorted_bytewise(void **state)
{
	static const struct cdxj_entry entries[] = {
		{"http://b.example/", 1390591200, "text/html", 200, "sha256:0", {7, 5}},
		{"http://a.example/\"", 1390591201, "warc/revisit", 200, "sha256:1", {12, 6}},
		{"http://a.example/\"", 1390591200, "", 0, "sha256:2", {0, 7}},
	};
	struct cdxj *cdxj = cdxj_new("x.warc.gz");
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		cdxj_add(cdxj, &entries[i]);
	assert_true(cdxj_write(cdxj, take, &out));
	assert_string_equal(out.data,
		"example,a)/\" 20140124192000 {\"url\": \"http://a.example/\\\"\", "
		"\"digest\": \"sha256:2\", \"length\": \"7\", \"offset\": \"0\", "
		"\"filename\": \"x.warc.gz\"}\n"
		"example,a)/\" 20140124192001 {\"url\": \"http://a.example/\\\"\", \"mime\": "
		"\"warc/revisit\", \"status\": \"200\", \"digest\": \"sha256:1\", \"length\": "
		"\"6\", \"offset\": \"12\", \"filename\": \"x.warc.gz\"}\n"
		"example,b)/ 20140124192000 {\"url\": \"http://b.example/\", \"mime\": "
		"\"text/html\", \"status\": \"200\", \"digest\": \"sha256:0\", \"length\": "
		"\"5\", \"offset\": \"7\", \"filename\": \"x.warc.gz\"}\n");
	buffer_release(&out);
	cdxj_free(cdxj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_has_its_fields_and_the_digest_of_its_whole_block),
		cmocka_unit_test(test_a_writer_that_fails_says_so_and_goes_on_saying_it),
		cmocka_unit_test(test_an_id_is_a_uuid_of_version_8_that_follows_from_its_text),
		cmocka_unit_test(test_what_may_not_stand_in_an_address_is_encoded),
		cmocka_unit_test(
			test_a_response_becomes_one_of_http_1_1_with_the_length_of_its_body),
		cmocka_unit_test(test_a_body_is_had_out_of_its_chunks),
		cmocka_unit_test(test_records_are_read_as_others_write_them),
		cmocka_unit_test(test_a_head_without_end_is_refused),
		cmocka_unit_test(test_a_key_is_the_host_in_reverse),
		cmocka_unit_test(test_the_index_is_sorted_bytewise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
