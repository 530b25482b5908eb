/* SPDX-License-Identifier: ISC
 *
 * A page's documents, fetched from the tests' own server. The kind is one of
 * our own here: document 0 is the configured URL, and the address of document n
 * stands in document 0 after "n=", up to the end of the line.
 */
#include "watch/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/validator.h"
#include "servers/server.h"

struct kind {
	size_t documents;
	size_t optional;      /* the number of a document that is; 0: none is */
	const char *fallback; /* of the page: the end of its address; NULL: there is none */
};

size_t kind_document_count(const struct kind *kind)
{
	return kind->documents;
}

const char *kind_document_name(const struct kind *kind, size_t i)
{
	static const char *const names[] = {"page", "second", "third"};

	(void)kind;
	return names[i];
}

bool kind_document_optional(const struct kind *kind, size_t i)
{
	return i > 0 && i == kind->optional;
}

bool kind_document_address(const struct kind *kind, size_t i, const char *url,
	const struct document *documents, char **address, struct error *error)
{
	char *start = memory_format("%zu=", i);
	const char *found;

	(void)kind;
	assert_true(i == 0 || documents[0].bytes != NULL);
	found = i > 0 ? strstr(documents[0].bytes, start) : NULL;
	free(start);
	if (i == 0)
		*address = memory_string(url);
	else if (found != NULL)
		*address = memory_bytes(found + 2, strcspn(found + 2, "\n"));
	else
		return error_set(error, REMEDY_PAGE, "no address");
	return true;
}

size_t kind_fallback_count(const struct kind *kind)
{
	return kind->fallback != NULL;
}

bool kind_fallback_address(
	const struct kind *kind, size_t i, const char *url, char **address, struct error *error)
{
	(void)error;
	assert_int_equal(i, 0);
	*address = memory_format("%s%s", url, kind->fallback);
	return true;
}

static struct server server;
static struct http_client *client;
static struct fetches *fetches;
static size_t asked, done;

static bool on_address(void *context, struct fetch *fetch, size_t i,
	const struct document *documents, char **address, struct error *error)
{
	assert_ptr_equal(context, &server);
	asked++;
	return kind_document_address(fetch->kind, i, fetch->url, documents, address, error);
}

static void on_done(void *context, struct fetch *fetch)
{
	assert_ptr_equal(context, &server);
	assert_non_null(fetch);
	done++;
}

static const struct kind one_document = {1, 0, NULL}, three_documents = {3, 0, NULL},
			 second_optional = {3, 1, NULL}, two_places = {1, 0, "-else"};

static void fetch_init(struct fetch *fetch, const struct kind *kind, const char *rest)
{
	*fetch = (struct fetch){.url = server_url(&server, rest),
		.kind = kind,
		.connect_timeout = 2000,
		.total_timeout = 5000,
		.body_maximum = 100000,
		.redirects = 3};
}

/* One run: what is remembered stays, as it does between runs. */
static enum fetch_outcome fetch_run(struct fetch *fetch)
{
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		http_response_release(&fetch->responses[i]);
	fetch->answered = false;
	fetch->retry_after = 0;
	done = asked = 0;
	fetches_begin(fetches, fetch);
	while (http_client_wait(client, NULL, 0, 1000) > 0)
		;
	assert_int_equal(done, 1);
	return fetch->outcome;
}

static void fetch_end(struct fetch *fetch)
{
	free((char *)fetch->url);
	fetch_release(fetch);
}

static void assert_body(const struct fetch *fetch, size_t i, const char *text)
{
	char sha256[DIGEST_TEXT];

	assert_string_equal(buffer_string(&fetch->responses[i].body), text);
	digest_sha256(text, strlen(text), sha256); /* what the archive's SHA256SUMS says of it */
	assert_string_equal(fetch->responses[i].sha256, sha256);
	assert_string_equal(fetch->validators[i].body, sha256);
}

static void put_main(const char *name, const char *first, const char *second, const char *more)
{
	char *one = *first != '\0' ? server_url(&server, first) : memory_string("");
	char *two = *second != '\0' ? server_url(&server, second) : memory_string("");
	char *text = memory_format("1=%s\n2=%s\n%s", one, two, more);

	server_put(&server, name, text);
	free(one);
	free(two);
	free(text);
}

static void test_a_page_is_changed_then_unchanged_then_changed(void **state)
{
	struct fetch fetch;
	char first[DIGEST_TEXT];

	(void)state;
	server_put(&server, "page", "green");
	fetch_init(&fetch, &one_document, "/page");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_body(&fetch, 0, "green");
	assert_int_equal(fetch.count, 1);
	assert_true(fetch.answered);
	assert_true(fetch.began > 0 && fetch.ended >= fetch.began);
	assert_string_equal(fetch.validators[0].url, fetch.url);
	strcpy(first, fetch.validators[0].body);
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	assert_int_equal(fetch.responses[0].status, 304);
	assert_string_equal(fetch.validators[0].body, first);
	assert_non_null(fetch.validators[0].etag);
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	assert_int_equal(fetch.responses[0].status, 304);
	server_put(&server, "page", "red");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_body(&fetch, 0, "red");
	assert_string_not_equal(fetch.validators[0].body, first);
	assert_int_equal(server_count(&server, "GET\t/page\t"), 4);
	fetch_end(&fetch);
}

static void test_the_same_bytes_without_validators_are_unchanged(void **state)
{
	struct fetch fetch;

	(void)state;
	server_put(&server, "plain", "green");
	fetch_init(&fetch, &one_document, "/plain?fault=no-validators");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_null(fetch.validators[0].etag);
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	assert_int_equal(fetch.responses[0].status, 200);
	assert_int_equal(fetch.responses[0].body.length, 0);
	assert_int_equal(server_count(&server, "GET\t/plain?fault=no-validators\t-\t200"), 2);
	fetch_end(&fetch);
}

static void test_documents_are_fetched_from_the_addresses_in_those_before(void **state)
{
	struct fetch fetch;

	(void)state;
	put_main("main", "/part1", "/part2", "");
	server_put(&server, "part1", "one");
	server_put(&server, "part2", "two");
	fetch_init(&fetch, &three_documents, "/main");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_body(&fetch, 1, "one");
	assert_body(&fetch, 2, "two");
	assert_int_equal(fetch.count, 3);
	assert_int_equal(asked, 2);
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	assert_int_equal(asked, 0);
	assert_int_equal(server_count(&server, "GET\t/main\t"), 2);
	assert_int_equal(server_count(&server, "GET\t/part1\t"), 2);
	assert_int_equal(server_count(&server, "GET\t/part2\t"), 2);
	fetch_end(&fetch);
}

static void test_where_one_document_changed_every_body_is_there(void **state)
{
	struct fetch fetch;

	(void)state;
	put_main("main3", "/p31", "/p32", "");
	server_put(&server, "p31", "one");
	server_put(&server, "p32", "two");
	fetch_init(&fetch, &three_documents, "/main3");
	fetch_run(&fetch);
	server_put(&server, "p32", "two, red");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_true(text_starts(buffer_string(&fetch.responses[0].body), "1="));
	assert_body(&fetch, 1, "one");
	assert_body(&fetch, 2, "two, red");
	assert_int_equal(server_count(&server, "GET\t/main3\t-\t200"), 2);
	assert_int_equal(server_count(&server, "GET\t/p31\t-\t200"), 2);
	assert_int_equal(server_count(&server, "GET\t/p32\t"), 2);
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	fetch_end(&fetch);
}

static void test_a_changed_page_may_lead_to_other_documents(void **state)
{
	struct fetch fetch;

	(void)state;
	put_main("main4", "/p41", "/p42", "");
	server_put(&server, "p41", "one");
	server_put(&server, "p42", "two");
	server_put(&server, "p43", "three");
	fetch_init(&fetch, &three_documents, "/main4");
	fetch_run(&fetch);
	put_main("main4", "", "/p43", "");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_int_equal(fetch.responses[1].status, 0);
	assert_string_equal(fetch.validators[1].url, "");
	assert_string_equal(fetch.validators[1].body, "");
	assert_body(&fetch, 2, "three");
	assert_int_equal(server_count(&server, "GET\t/p41\t"), 1);
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	assert_int_equal(server_count(&server, "GET\t/p41\t"), 1);
	assert_int_equal(server_count(&server, "GET\t/p43\t"), 2);
	fetch_end(&fetch);
}

static void test_a_document_that_fails_fails_the_fetch_and_forgets_nothing(void **state)
{
	struct fetch fetch;
	char first[DIGEST_TEXT];

	(void)state;
	put_main("main5", "/p51", "/p52", "");
	server_put(&server, "p51", "one");
	server_put(&server, "p52", "two");
	fetch_init(&fetch, &three_documents, "/main5");
	fetch_run(&fetch);
	strcpy(first, fetch.validators[0].body);
	put_main("main5", "/p51", "/p52", "other");
	server_put(&server, "p52.fault", "status=404");
	assert_int_equal(fetch_run(&fetch), FETCH_FAILED);
	assert_string_equal(fetch.error.text, "document third: HTTP 404 Not Found");
	assert_string_equal(fetch.validators[0].body, first);
	assert_int_equal(fetch.responses[0].body.length, 0);
	server_put(&server, "p52.fault", "");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	fetch_end(&fetch);
}

static void test_an_optional_document_may_not_be_there(void **state)
{
	struct fetch fetch;

	(void)state;
	put_main("hub", "/schedules", "/rest", "");
	server_put(&server, "rest", "rest");
	fetch_init(&fetch, &second_optional, "/hub");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_int_equal(fetch.responses[1].status, 0);
	assert_int_equal(fetch.responses[1].body.length, 0);
	assert_body(&fetch, 2, "rest");
	assert_string_equal(fetch.validators[1].body, "");
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	server_put(&server, "schedules", "there");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_body(&fetch, 1, "there");
	assert_body(&fetch, 2, "rest");
	server_put(&server, "schedules.fault", "status=410");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_int_equal(fetch.responses[1].body.length, 0);
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	fetch_end(&fetch);
}

static void test_an_optional_document_that_fails_otherwise_fails_the_fetch(void **state)
{
	struct fetch fetch;

	(void)state;
	put_main("hub", "/broken", "/rest", "");
	server_put(&server, "broken", "x");
	server_put(&server, "broken.fault", "status=503");
	server_put(&server, "rest", "rest");
	fetch_init(&fetch, &second_optional, "/hub");
	assert_int_equal(fetch_run(&fetch), FETCH_FAILED);
	assert_string_equal(fetch.error.text, "document second: HTTP 503 Service Unavailable");
	fetch_end(&fetch);
}

static void test_a_page_that_is_not_there_is_looked_for_at_its_next_address(void **state)
{
	struct fetch fetch;

	(void)state;
	server_put(&server, "place", "first");
	server_put(&server, "place.fault", "status=404;body=x");
	server_put(&server, "place-else", "second");
	fetch_init(&fetch, &two_places, "/place");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_body(&fetch, 0, "second");
	assert_int_equal(fetch_run(&fetch), FETCH_UNCHANGED);
	/* The remembered one is gone: the first is asked again. */
	server_put(&server, "place-else.fault", "status=410");
	server_put(&server, "place.fault", "");
	assert_int_equal(fetch_run(&fetch), FETCH_CHANGED);
	assert_body(&fetch, 0, "first");
	/* Both are gone, and a failure that may pass is none. */
	server_put(&server, "place.fault", "status=404");
	assert_int_equal(fetch_run(&fetch), FETCH_FAILED);
	assert_string_equal(fetch.error.text, "HTTP 410 Gone");
	server_put(&server, "place.fault", "status=503");
	assert_int_equal(fetch_run(&fetch), FETCH_FAILED);
	assert_string_equal(fetch.error.text, "HTTP 503 Service Unavailable");
	fetch_end(&fetch);
}

static void test_an_address_that_cannot_be_computed_fails_the_fetch(void **state)
{
	struct fetch fetch;

	(void)state;
	server_put(&server, "main6", "nothing here");
	fetch_init(&fetch, &three_documents, "/main6");
	assert_int_equal(fetch_run(&fetch), FETCH_FAILED);
	assert_string_equal(fetch.error.text, "document second: no address");
	assert_int_equal(fetch.error.remedy, REMEDY_PAGE);
	fetch_end(&fetch);
}

static void assert_failure(const char *rest, enum remedy remedy, const char *text, bool answered)
{
	struct fetch fetch;

	fetch_init(&fetch, &one_document, rest);
	assert_int_equal(fetch_run(&fetch), FETCH_FAILED);
	assert_string_equal(fetch.error.text, text);
	assert_int_equal(fetch.error.remedy, remedy);
	assert_int_equal(fetch.answered, answered);
	assert_null(fetch.validators[0].url);
	fetch_end(&fetch);
}

static void test_what_is_no_page_fails_with_the_reason(void **state)
{
	(void)state;
	assert_failure("/f?fault=status=403;body=x", REMEDY_PAGE, "HTTP 403 Forbidden", true);
	assert_failure("/f?fault=status=404;body=x", REMEDY_PAGE, "HTTP 404 Not Found", true);
	assert_failure("/f?fault=status=410;body=x", REMEDY_PAGE, "HTTP 410 Gone", true);
	assert_failure("/f?fault=status=418;body=x", REMEDY_PAGE, "HTTP 418", true);
	assert_failure(
		"/f?fault=status=500;body=x", REMEDY_LATER, "HTTP 500 Internal Server Error", true);
	assert_failure("/f?fault=status=599;body=x", REMEDY_LATER, "HTTP 599", true);
	assert_failure("/f?fault=status=204", REMEDY_PAGE, "HTTP 204 No Content", true);
	assert_failure("/f?fault=status=206;body=x", REMEDY_PAGE, "HTTP 206 Partial Content", true);
	assert_failure("/f?fault=body=", REMEDY_LATER, "the answer is empty", true);
	assert_failure(
		"/f?fault=close", REMEDY_LATER, "connection closed without an answer", false);
	assert_failure("/f?fault=truncated;body=x", REMEDY_LATER, "the body ended early", true);
}

static void test_not_modified_that_nobody_asked_for_is_a_failure(void **state)
{
	(void)state;
	assert_failure("/f?fault=not-modified", REMEDY_PAGE,
		"HTTP 304 Not Modified, though it was not asked", true);
}

static void test_retry_after_reaches_the_caller(void **state)
{
	struct fetch fetch;

	(void)state;
	fetch_init(&fetch, &one_document, "/g?fault=status=429;retry-after=120");
	assert_int_equal(fetch_run(&fetch), FETCH_FAILED);
	assert_string_equal(fetch.error.text, "HTTP 429 Too Many Requests");
	assert_int_equal(fetch.retry_after, 120);
	fetch_end(&fetch);
	fetch_init(&fetch, &one_document, "/g?fault=status=503;retry-after=60");
	assert_int_equal(fetch_run(&fetch), FETCH_FAILED);
	assert_int_equal(fetch.retry_after, 60);
	assert_int_equal(server_count(&server, "GET\t/g?fault=status=503"), 1);
	fetch_end(&fetch);
}

static void test_a_fetcher_that_ends_calls_nobody(void **state)
{
	struct http_client *own =
		http_client_new(&(struct http_settings){.in_flight = 4, .per_host = 4});
	struct fetches *short_lived = fetches_new(own, NULL, NULL, on_address, on_done, &server);
	struct fetch fetch;

	(void)state;
	fetch_init(&fetch, &one_document, "/h?fault=hang");
	done = 0;
	fetches_begin(short_lived, &fetch);
	http_client_wait(own, NULL, 0, 50);
	http_client_free(own);
	fetches_free(short_lived);
	assert_int_equal(done, 0);
	fetch_end(&fetch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_is_changed_then_unchanged_then_changed),
		cmocka_unit_test(test_the_same_bytes_without_validators_are_unchanged),
		cmocka_unit_test(test_documents_are_fetched_from_the_addresses_in_those_before),
		cmocka_unit_test(test_where_one_document_changed_every_body_is_there),
		cmocka_unit_test(test_a_changed_page_may_lead_to_other_documents),
		cmocka_unit_test(test_a_document_that_fails_fails_the_fetch_and_forgets_nothing),
		cmocka_unit_test(test_an_optional_document_may_not_be_there),
		cmocka_unit_test(test_an_optional_document_that_fails_otherwise_fails_the_fetch),
		cmocka_unit_test(test_a_page_that_is_not_there_is_looked_for_at_its_next_address),
		cmocka_unit_test(test_an_address_that_cannot_be_computed_fails_the_fetch),
		cmocka_unit_test(test_what_is_no_page_fails_with_the_reason),
		cmocka_unit_test(test_not_modified_that_nobody_asked_for_is_a_failure),
		cmocka_unit_test(test_retry_after_reaches_the_caller),
		cmocka_unit_test(test_a_fetcher_that_ends_calls_nobody),
	};
	int failed;

	http_start();
	server_start(&server, false);
	client = http_client_new(
		&(struct http_settings){.in_flight = 8, .per_host = 4, .user_agent = "test"});
	fetches = fetches_new(client, NULL, NULL, on_address, on_done, &server);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	http_client_free(client);
	fetches_free(fetches);
	server_stop(&server);
	return failed;
}
