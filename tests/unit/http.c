/* SPDX-License-Identifier: ISC
 *
 * Against the tests' own server: what a client gets, refuses and gives up on.
 * How often it asked stands in the server's log.
 */
#include "net/http.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "base/date.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "servers/server.h"

static struct server server;

struct result {
	size_t calls;
	bool failed;
	struct error error;
	struct http_response response;
};

static const struct http_settings settings = {
	.in_flight = 16, .per_host = 4, .user_agent = "lampwatch/test (+https://example.org/)"};

static void on_done(void *context, struct http_response *response, const struct error *error)
{
	struct result *result = context;

	result->calls++;
	http_response_release(&result->response);
	result->response = *response;
	*response = (struct http_response){0};
	result->failed = error != NULL;
	if (error != NULL)
		result->error = *error;
}

static struct http_request request_to(const char *url, struct result *result)
{
	return (struct http_request){.url = url,
		.connect_timeout = 2000,
		.total_timeout = 5000,
		.body_maximum = 100000,
		.redirects = 3,
		.done = on_done,
		.context = result};
}

static void finish(struct http_client *client)
{
	while (http_client_wait(client, NULL, 0, 1000) > 0)
		;
}

/* One request, alone. The result is released by the caller. */
static struct result run(const struct http_request *request)
{
	struct http_client *client = http_client_new(&settings);
	struct http_request copy = *request;
	struct result result = {0};

	copy.context = &result;
	http_client_get(client, &copy);
	finish(client);
	http_client_free(client);
	assert_int_equal(result.calls, 1);
	return result;
}

static struct result get(const char *rest)
{
	char *url = server_url(&server, rest);
	struct http_request request = request_to(url, NULL);
	struct result result = run(&request);

	free(url);
	return result;
}

static void assert_error(const char *rest, enum remedy remedy, const char *text)
{
	struct result result = get(rest);

	assert_true(result.failed);
	assert_string_equal(result.error.text, text);
	assert_int_equal(result.error.remedy, remedy);
	http_response_release(&result.response);
}

static void assert_status(struct result result, int status)
{
	if (result.failed)
		fail_msg("%s", result.error.text);
	assert_int_equal(result.response.status, status);
	http_response_release(&result.response);
}

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_a_page_comes_with_how_it_was_got(void **state)
{
	struct result result;
	char *url = server_url(&server, "/how"),
	     *address = memory_format("127.0.0.1:%d", server.port);

	(void)state;
	server_put(&server, "how", "<p>all is well</p>");
	result = get("/how");
	assert_false(result.failed);
	assert_int_equal(result.response.status, 200);
	assert_string_equal(buffer_string(&result.response.body), "<p>all is well</p>");
	assert_true(text_starts(result.response.headers, "HTTP/1.1 200 "));
	assert_true(text_ends(result.response.headers, "\r\n\r\n"));
	assert_non_null(result.response.etag);
	assert_true(text_ends(result.response.last_modified, " GMT"));
	assert_string_equal(result.response.requested_url, url);
	assert_string_equal(result.response.final_url, url);
	assert_string_equal(result.response.redirects, "");
	assert_string_equal(result.response.address, address);
	assert_string_equal(result.response.http_version, "1.1");
	assert_null(result.response.certificate);
	assert_true(text_starts(result.response.request_headers, "GET /how HTTP/1.1\r\n"));
	assert_non_null(strstr(result.response.request_headers,
		"User-Agent: lampwatch/test (+https://example.org/)\r\n"));
	assert_true(result.response.began > 1600000000000 &&
		    result.response.ended >= result.response.began);
	http_response_release(&result.response);
	free(url);
	free(address);
}

static void test_validators_are_sent_back_verbatim_and_give_304(void **state)
{
	char *url = server_url(&server, "/validators"), *line;
	struct http_request request = request_to(url, NULL);
	struct result first, second, third;

	(void)state;
	server_put(&server, "validators", "same");
	first = run(&request);
	request.etag = first.response.etag;
	second = run(&request);
	assert_int_equal(second.response.status, 304);
	assert_int_equal(second.response.body.length, 0);
	line = memory_format("GET\t/validators\t%s\t304", first.response.etag);
	assert_int_equal(server_count(&server, line), 1);
	request.etag = NULL;
	request.last_modified = first.response.last_modified;
	third = run(&request);
	assert_int_equal(third.response.status, 304);
	free(line);
	free(url);
	http_response_release(&first.response);
	http_response_release(&second.response);
	http_response_release(&third.response);
}

/* It could change again in that second, and would have the same time. */
static void test_what_changed_in_the_second_of_the_answer_has_no_time(void **state)
{
	static const int64_t seconds[] = {-1, 0, 1}; /* from the page's to the answer's */
	struct result first, second;

	(void)state;
	server_put(&server, "modified", "text");
	first = get("/modified"); /* without a Date */
	assert_non_null(first.response.last_modified);
	for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
		char *fault, date[DATE_TEXT_MAX];

		date_write_mail(
			curl_getdate(first.response.last_modified, NULL) + seconds[i], date);
		fault = memory_format("header=Date: %s", date);
		server_put(&server, "modified.fault", fault);
		second = get("/modified");
		assert_int_equal(second.response.last_modified != NULL, seconds[i] > 0);
		http_response_release(&second.response);
		free(fault);
	}
	http_response_release(&first.response);
}

static void test_a_body_that_is_known_is_not_handed_over(void **state)
{
	char *url = server_url(&server, "/known"), digest[DIGEST_TEXT];
	struct http_request request = request_to(url, NULL);
	struct result known, new;

	(void)state;
	server_put(&server, "known", "all is well");
	digest_sha256("all is well", strlen("all is well"), digest);
	request.body_digest = digest;
	known = run(&request);
	assert_int_equal(known.response.status, 200);
	assert_true(known.response.same);
	assert_int_equal(known.response.body.length, 0);
	server_put(&server, "known", "all is not well");
	new = run(&request);
	assert_false(new.response.same);
	assert_string_equal(buffer_string(&new.response.body), "all is not well");
	http_response_release(&known.response);
	http_response_release(&new.response);
	server_put(&server, "known", "all is well");
	request.etag = "\"another\""; /* than what comes: nobody hashes it to learn that */
	new = run(&request);
	assert_false(new.response.same);
	assert_string_equal(buffer_string(&new.response.body), "all is well");
	http_response_release(&new.response);
	free(url);
}

static void test_a_validator_that_could_forge_a_header_is_not_kept(void **state)
{
	struct result result;

	(void)state;
	server_put(&server, "forged", "text");
	server_put(&server, "forged.fault", "no-validators;header=ETag: \"a\001b\"");
	result = get("/forged");
	assert_false(result.failed);
	assert_null(result.response.etag);
	http_response_release(&result.response);
	server_put(&server, "forged.fault", "no-validators;header=ETag: \"a\rX-Forged: 1\"");
	result = get("/forged");
	assert_false(result.failed);
	assert_true(result.response.etag == NULL || strpbrk(result.response.etag, "\r\n") == NULL);
	http_response_release(&result.response);
}

static void test_any_complete_response_is_no_error(void **state)
{
	(void)state;
	assert_status(get("/not-there"), 404);
	assert_status(get("/x?fault=status=500"), 500);
	assert_status(get("/x?fault=status=206;body=part"), 206);
	assert_status(get("/x?fault=status=204"), 204);
}

static void test_bad_gateway_is_tried_once_more(void **state)
{
	(void)state;
	assert_status(get("/gateway?fault=status=502"), 502);
	assert_int_equal(server_count(&server, "GET\t/gateway?"), 2);
	assert_status(get("/twice?fault=times=1;status=503;body=x"), 404);
	assert_int_equal(server_count(&server, "GET\t/twice?"), 2);
	assert_status(get("/once?fault=status=500"), 500);
	assert_int_equal(server_count(&server, "GET\t/once?"), 1);
}

static void test_retry_after_is_reported_and_obeyed_at_once(void **state)
{
	struct result result = get("/busy?fault=status=503;retry-after=7");

	(void)state;
	assert_int_equal(result.response.status, 503);
	assert_int_equal(result.response.retry_after, 7);
	assert_int_equal(server_count(&server, "GET\t/busy?"), 1);
	http_response_release(&result.response);
	result = get("/busy-long?fault=status=429;retry-after=99999999999");
	assert_true(
		result.response.retry_after > 0 && result.response.retry_after <= 7 * 24 * 3600);
	http_response_release(&result.response);
}

static void test_a_connection_closed_before_an_answer_is_tried_once_more(void **state)
{
	(void)state;
	assert_error("/closed?fault=close", REMEDY_LATER, "connection closed without an answer");
	assert_int_equal(server_count(&server, "GET\t/closed?"), 2);
	assert_status(get("/closed-once?fault=times=1;close"), 404);
}

static void test_no_connection_says_why(void **state)
{
	char *url = memory_format("http://127.0.0.1:%d/secret?token=1", server_free_port());
	struct http_request request = request_to(url, NULL);
	struct result result = run(&request);

	(void)state;
	assert_true(result.failed);
	assert_int_equal(result.error.remedy, REMEDY_LATER);
	assert_string_equal(result.error.text, "no connection: Connection refused");
	assert_int_equal(result.response.status, 0);
	http_response_release(&result.response);
	free(url);
}

static void test_an_impossible_url_is_an_error_and_no_crash(void **state)
{
	static const char *const bad[] = {
		"", "nonsense://x", "http://", "http://[::1", "file:///etc/passwd", "ftp://x/"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct http_request request = request_to(bad[i], NULL);
		struct result result = run(&request);

		assert_true(result.failed);
		assert_int_equal(result.error.remedy, REMEDY_PAGE);
		http_response_release(&result.response);
	}
}

static struct result get_within(const char *rest, int64_t total, int64_t *took)
{
	char *url = server_url(&server, rest);
	struct http_request request = request_to(url, NULL);
	struct result result;

	request.total_timeout = total;
	*took = milliseconds();
	result = run(&request);
	*took = milliseconds() - *took;
	free(url);
	return result;
}

static void test_a_hanging_server_costs_its_timeout_and_is_not_asked_again(void **state)
{
	int64_t took;
	struct result result = get_within("/hang?fault=hang", 700, &took);

	(void)state;
	assert_true(result.failed);
	assert_string_equal(result.error.text, "no answer within 0.7 s");
	assert_in_range(took, 650, 1200);
	assert_int_equal(server_count(&server, "GET\t/hang?"), 1);
	http_response_release(&result.response);
}

static void test_a_drip_feed_ends_at_the_total_timeout(void **state)
{
	int64_t took;
	struct result result = get_within("/drip?fault=drip=20;body=drop", 900, &took);

	(void)state;
	assert_true(result.failed);
	assert_in_range(took, 850, 1500);
	http_response_release(&result.response);
	result = get_within("/drip?fault=body=slowly;endless-body;delay=200", 700, &took);
	assert_true(result.failed);
	http_response_release(&result.response);
}

static void test_bodies_past_the_limit_are_refused_however_they_come(void **state)
{
	const char *text = "the body is larger than 100000 bytes";
	char *large = memory_zero(100002, 1);

	(void)state;
	memset(large, 'x', 100001);
	server_put(&server, "large", large);
	assert_error("/large", REMEDY_PAGE, text);
	assert_error("/large?fault=chunked", REMEDY_PAGE, text);
	assert_error("/large?fault=gzip", REMEDY_PAGE, text);
	assert_error("/endless?fault=endless-body", REMEDY_PAGE, text);
	assert_error("/bomb?fault=gzip-bomb", REMEDY_PAGE, text);
	large[100000] = '\0';
	server_put(&server, "large", large);
	assert_status(get("/large"), 200);
	assert_status(get("/large?fault=chunked"), 200);
	free(large);
}

static void test_compressed_bodies_are_decoded(void **state)
{
	struct result result;

	(void)state;
	server_put(&server, "packed", "unpacked text");
	result = get("/packed?fault=gzip");
	assert_string_equal(buffer_string(&result.response.body), "unpacked text");
	assert_non_null(strstr(result.response.request_headers, "Accept-Encoding: "));
	http_response_release(&result.response);
}

static void test_an_encoded_body_ends_where_its_coding_says(void **state)
{
	const char *text = "the body is not compressed as it says";

	(void)state;
	server_put(&server, "packed", "unpacked text");
	assert_error("/packed?fault=gzip;cut=1", REMEDY_LATER, text);
	assert_error("/packed?fault=gzip;cut=8", REMEDY_LATER, text);
	assert_error("/packed?fault=gzip;cut=12;chunked", REMEDY_LATER, text);
	/* An answer that is no page is one all the same. */
	assert_status(get("/packed?fault=gzip;cut=8;status=404"), 404);
}

static void test_a_wrong_label_is_said_and_the_body_taken(void **state)
{
	static const struct {
		const char *rest, *label;
	} cases[] = {
		{"/packed?fault=coding=utf-8", "utf-8"},
		{"/packed?fault=coding=aws-chunked", "aws-chunked"},
		{"/packed?fault=coding=gzip", "gzip"},
		{"/packed?fault=coding=deflate", "deflate"},
		{"/packed?fault=coding=zstd", "zstd"},
		{"/packed?fault=coding=br", "br"},
		{"/packed?fault=coding=UTF-8;gzip", "utf-8"},
		{"/packed?fault=coding=identity", NULL},
		{"/packed?fault=gzip", NULL},
		{"/packed", NULL},
	};

	(void)state;
	server_put(&server, "packed", "unpacked text");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct result result = get(cases[i].rest);

		assert_false(result.failed);
		assert_string_equal(buffer_string(&result.response.body), "unpacked text");
		assert_true(text_equal(result.response.mislabelled, cases[i].label));
		http_response_release(&result.response);
	}
}

static void test_cookies_live_for_one_request(void **state)
{
	struct result result;

	(void)state;
	server_put(&server, "gate", "behind it");
	for (int i = 0; i < 2; i++) { /* the second time it has forgotten them */
		result = get("/gate?fault=cookie");
		assert_false(result.failed);
		assert_string_equal(buffer_string(&result.response.body), "behind it");
		assert_null(strstr(result.response.request_headers, "seen=yes"));
		http_response_release(&result.response);
	}
	assert_int_equal(server_count(&server, "GET\t/gate?fault=cookie\t-\t302"), 2);
	assert_int_equal(server_count(&server, "GET\t/gate?fault=cookie\t-\t200"), 2);
}

static void test_a_guarded_request_reaches_no_private_address(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost"};

	(void)state;
	server_put(&server, "inside", "a secret");
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		char *url = memory_format("http://%s:%d/inside", hosts[i], server.port);
		struct http_request request = request_to(url, NULL);
		struct result result = run(&request);

		assert_false(result.failed);
		assert_int_equal(result.response.network, HTTP_NETWORK_PRIVATE);
		http_response_release(&result.response);
		request.guard = "no farther than this";
		result = run(&request);
		assert_true(result.failed);
		assert_string_equal(result.error.text, "no farther than this");
		assert_int_equal(result.error.remedy, REMEDY_PAGE);
		assert_int_equal(result.response.body.length, 0);
		assert_int_equal(result.response.network, HTTP_NETWORK_UNKNOWN);
		http_response_release(&result.response);
		free(url);
	}
	assert_int_equal(server_count(&server, "GET\t/inside"), 2);
}

static void test_a_body_that_ends_early_is_an_error(void **state)
{
	(void)state;
	server_put(&server, "cut", "half");
	assert_error("/cut?fault=truncated", REMEDY_LATER, "the body ended early");
	assert_int_equal(server_count(&server, "GET\t/cut?fault=truncated"), 1);
	assert_error("/cut?fault=reset", REMEDY_LATER,
		"connection lost: Recv failure: Connection reset by peer");
}

static void test_headers_without_end_are_the_pages_fault(void **state)
{
	(void)state;
	assert_error(
		"/a?fault=endless-headers", REMEDY_LATER, "the header of the answer is too large");
	assert_error("/b?fault=endless-header-line", REMEDY_LATER,
		"the header of the answer is too large");
	assert_int_equal(server_count(&server, "GET\t/b?"), 1);
}

static void test_trailers_are_no_headers(void **state)
{
	struct result result;

	(void)state;
	server_put(&server, "trailer", "body");
	result = get("/trailer?fault=chunked");
	assert_string_equal(buffer_string(&result.response.body), "body");
	assert_null(strstr(result.response.headers, "X-Trailer"));
	http_response_release(&result.response);
}

static void test_redirects_are_followed_and_recorded_without_their_query(void **state)
{
	char *middle = server_url(&server, "/middle?token=secret"),
	     *end = server_url(&server, "/end");
	char *fault = memory_format("redirect=%s", middle), *passed;
	struct result result;

	(void)state;
	server_put(&server, "start.fault", fault);
	server_put(&server, "middle.fault", "status=308;redirect=/end");
	server_put(&server, "end", "here");
	result = get("/start?key=1");
	assert_string_equal(buffer_string(&result.response.body), "here");
	assert_string_equal(result.response.final_url, end);
	passed = memory_format("http://127.0.0.1:%d/start\nhttp://127.0.0.1:%d/middle\n",
		server.port, server.port);
	assert_string_equal(result.response.redirects, passed);
	assert_null(strstr(result.response.headers, "Location"));
	http_response_release(&result.response);
	free(middle);
	free(end);
	free(fault);
	free(passed);
}

static void test_a_redirect_loop_ends_at_the_limit(void **state)
{
	(void)state;
	assert_error("/loop?fault=redirect-loop", REMEDY_PAGE, "more than 3 redirects");
	assert_int_equal(server_count(&server, "GET\t/loop?"), 4);
}

static void test_a_redirect_leaves_http_for_nothing_else(void **state)
{
	(void)state;
	assert_error("/r1?fault=redirect=ftp://127.0.0.1/", REMEDY_PAGE,
		"the address is neither http nor https");
	assert_error("/r2?fault=redirect=file:///etc/passwd", REMEDY_PAGE,
		"the address is neither http nor https");
	assert_error("/r3?fault=redirect=gopher://127.0.0.1:1/x", REMEDY_PAGE,
		"the address is neither http nor https");
}

static void test_a_status_that_is_none_is_no_matter_of_the_address(void **state)
{
	(void)state;
	assert_error("/none?fault=status=7", REMEDY_LATER, "the answer is not HTTP");
}

static void test_a_status_that_only_looks_like_a_redirect_is_a_response(void **state)
{
	(void)state;
	assert_status(get("/choices?fault=status=300;redirect=/elsewhere"), 300);
	assert_status(get("/nowhere?fault=status=302"), 302);
}

static void test_a_password_goes_to_its_own_host_only_and_is_not_kept(void **state)
{
	char *url = memory_format("http://user:word@127.0.0.1:%d/own", server.port);
	char *fault = memory_format("redirect=http://localhost:%d/other", server.port);
	struct http_request request = request_to(url, NULL);
	struct result result;

	(void)state;
	server_put(&server, "own.fault", "echo");
	server_put(&server, "other.fault", "echo");
	result = run(&request);
	assert_non_null(
		strstr(buffer_string(&result.response.body), "Authorization: Basic dXNlcjp3b3Jk"));
	assert_null(strstr(result.response.request_headers, "Authorization"));
	http_response_release(&result.response);
	server_put(&server, "own.fault", "redirect=/own2");
	server_put(&server, "own2.fault", "echo");
	result = run(&request);
	assert_non_null(
		strstr(buffer_string(&result.response.body), "Authorization: Basic dXNlcjp3b3Jk"));
	http_response_release(&result.response);
	server_put(&server, "own.fault", fault);
	result = run(&request);
	assert_non_null(strstr(buffer_string(&result.response.body), "Host: localhost"));
	assert_null(strstr(buffer_string(&result.response.body), "Authorization"));
	http_response_release(&result.response);
	free(url);
	free(fault);
}

static void test_a_page_of_a_private_host_may_redirect_to_another(void **state)
{
	char *fault = memory_format("/intra?fault=redirect=http://localhost:%d/inner", server.port);

	(void)state;
	server_put(&server, "inner", "inside");
	assert_status(get(fault), 200);
	free(fault);
}

/*
 * A public host that this machine can reach without leaving it: one behind a
 * proxy, which is the test server. *.localhost goes past the proxy.
 */
static void proxy_begin(void)
{
	char *proxy = server_url(&server, "");

	setenv("http_proxy", proxy, 1);
	setenv("no_proxy", "localhost,.localhost,127.0.0.1", 1);
	free(proxy);
}

static void proxy_end(void)
{
	unsetenv("http_proxy");
	unsetenv("no_proxy");
}

static struct result get_behind_proxy(const char *target_format)
{
	char *target = memory_format("redirect=%s", target_format);
	struct http_request request = request_to("http://public.example/out", NULL);
	struct result result;

	server_put(&server, "out.fault", target);
	proxy_begin();
	result = run(&request);
	proxy_end();
	free(target);
	return result;
}

static void test_a_redirect_from_a_public_page_into_a_private_network_is_refused(void **state)
{
	static const char *const hosts[] = {
		"127.0.0.1",
		"localhost",
		"name.localhost",
		"10.0.0.1",
		"[::1]",
		"[::ffff:127.0.0.1]",
		"169.254.169.254",
		"0x7f000001",
		"127.1",
		"localhost.",
	};

	(void)state;
	server_put(&server, "private", "private");
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		char *target = memory_format("http://%s:%d/private", hosts[i], server.port);
		struct result result = get_behind_proxy(target);

		assert_true(result.failed);
		assert_string_equal(
			result.error.text, "a redirect into a private network was refused");
		http_response_release(&result.response);
		free(target);
	}
	assert_int_equal(server_count(&server, "GET\t/private"), 0);
}

static void test_a_public_page_behind_a_proxy_may_redirect_to_a_public_page(void **state)
{
	struct result result;

	(void)state;
	server_put(&server, "public-end", "reached");
	result = get_behind_proxy("http://other.example/public-end");
	assert_false(result.failed);
	assert_string_equal(buffer_string(&result.response.body), "reached");
	assert_int_equal(server_count(&server, "GET\thttp://other.example/public-end"), 1);
	http_response_release(&result.response);
}

static void test_a_connection_that_stands_already_is_guarded_too(void **state)
{
	char *direct = memory_format("http://kept.localhost:%d/private", server.port);
	char *fault = memory_format("redirect=%s", direct);
	struct http_client *client;
	struct result first = {0}, second = {0}, third = {0};
	struct http_request own = request_to(direct, &first),
			    public = request_to("http://public.example/kept", &second);
	size_t before = server_count(&server, "GET\t/private");

	(void)state;
	server_put(&server, "private", "private");
	server_put(&server, "kept.fault", fault);
	proxy_begin();
	client = http_client_new(&settings);
	http_client_get(client, &own);
	finish(client);
	http_client_get(client, &public);
	finish(client);
	own.context = &third;
	http_client_get(client, &own);
	finish(client);
	proxy_end();
	http_client_free(client);
	assert_false(first.failed);
	assert_true(second.failed);
	assert_string_equal(second.error.text, "a redirect into a private network was refused");
	assert_false(third.failed);
	assert_int_equal(server_count(&server, "GET\t/private"), before + 2);
	http_response_release(&first.response);
	http_response_release(&second.response);
	http_response_release(&third.response);
	free(direct);
	free(fault);
}

/* Begins count requests for the same path, and waits for them. */
static void get_many(const struct http_settings *limits, const char *rest, int64_t total,
	struct result *results, size_t count)
{
	struct http_client *client = http_client_new(limits);
	char *url = server_url(&server, rest);

	for (size_t i = 0; i < count; i++) {
		struct http_request request = request_to(url, &results[i]);

		request.total_timeout = total;
		http_client_get(client, &request);
	}
	finish(client);
	http_client_free(client);
	free(url);
}

/* The most requests for the path that the server was answering at a time. */
static long most_at_a_time(const char *path)
{
	char *log = server_log(&server), *rest = log;
	long most = 0;

	for (char *line; (line = strsep(&rest, "\n")) != NULL;)
		if (strstr(line, path) != NULL && atol(strrchr(line, '\t')) > most)
			most = atol(strrchr(line, '\t'));
	free(log);
	return most;
}

static void test_waiting_for_a_slot_costs_no_timeout(void **state)
{
	const struct http_settings limits = {.in_flight = 16, .per_host = 1, .user_agent = "test"};
	struct result results[5] = {0};

	(void)state;
	get_many(&limits, "/queue?fault=delay=300;body=x", 800, results, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(results[i].calls, 1);
		assert_status(results[i], 200);
	}
	assert_int_equal(most_at_a_time("/queue"), 1);
}

static void test_a_host_and_the_client_have_so_many_transfers_at_a_time(void **state)
{
	const struct http_settings per_host = {
		.in_flight = 16, .per_host = 3, .user_agent = "test"};
	const struct http_settings in_all = {.in_flight = 2, .per_host = 16, .user_agent = "test"};
	struct result results[9] = {0};

	(void)state;
	get_many(&per_host, "/three?fault=delay=100;body=x", 2000, results, 9);
	for (size_t i = 0; i < 9; i++)
		assert_status(results[i], 200);
	assert_int_equal(most_at_a_time("/three"), 3);
	memset(results, 0, sizeof results);
	get_many(&in_all, "/two?fault=delay=100;body=x", 2000, results, 9);
	for (size_t i = 0; i < 9; i++)
		assert_status(results[i], 200);
	assert_int_equal(most_at_a_time("/two"), 2);
}

/* Else a page that owes an alert would wait behind all that came with it. */
static void test_bodies_that_nobody_takes_up_are_not_fetched(void **state)
{
	enum { ASKED = 64, AT_A_TIME = 4, AHEAD = 16 };
	const struct http_settings limits = {
		.in_flight = AT_A_TIME, .per_host = AT_A_TIME, .user_agent = "test"};
	struct http_client *client = http_client_new(&limits);
	char *url = server_url(&server, "/ahead?fault=body=x");
	struct result results[ASKED] = {0};
	int64_t began = milliseconds();

	(void)state;
	for (size_t i = 0; i < ASKED; i++) {
		struct http_request request = request_to(url, &results[i]);

		http_client_get(client, &request);
	}
	http_client_wait(client, NULL, 0, 0); /* which asks, and takes nothing up */
	while (server_count(&server, "GET\t/ahead") < AHEAD && milliseconds() - began < 5000)
		poll(NULL, 0, 10);
	poll(NULL, 0, 300);
	assert_in_range(server_count(&server, "GET\t/ahead"), AHEAD, AHEAD + AT_A_TIME - 1);
	finish(client);
	assert_int_equal(server_count(&server, "GET\t/ahead"), ASKED);
	for (size_t i = 0; i < ASKED; i++)
		assert_status(results[i], 200);
	http_client_free(client);
	free(url);
}

static void test_a_host_that_hangs_delays_no_other(void **state)
{
	const struct http_settings limits = {.in_flight = 16, .per_host = 1, .user_agent = "test"};
	struct http_client *client = http_client_new(&limits);
	char *hanging = memory_format("http://127.0.0.1:%d/other?fault=hang", server.port);
	char *well = memory_format("http://localhost:%d/other?fault=body=x", server.port);
	struct result slow = {0}, fast = {0};
	struct http_request first = request_to(hanging, &slow), second = request_to(well, &fast);
	int64_t began = milliseconds();

	(void)state;
	first.total_timeout = 1000;
	http_client_get(client, &first);
	http_client_get(client, &second);
	while (fast.calls == 0)
		http_client_wait(client, NULL, 0, 1000);
	assert_true(milliseconds() - began < 500);
	assert_int_equal(slow.calls, 0);
	finish(client);
	assert_true(slow.failed);
	assert_status(fast, 200);
	http_response_release(&slow.response);
	http_client_free(client);
	free(hanging);
	free(well);
}

static void test_a_client_that_ends_calls_nobody(void **state)
{
	struct http_client *client = http_client_new(&settings);
	char *url = server_url(&server, "/ends?fault=hang");
	struct result result = {0};
	struct http_request request = request_to(url, &result);

	(void)state;
	for (int i = 0; i < 6; i++)
		http_client_get(client, &request);
	assert_int_equal(http_client_wait(client, NULL, 0, 50), 6);
	http_client_free(client);
	assert_int_equal(result.calls, 0);
	free(url);
}

struct chain {
	struct http_client *client;
	struct http_request request;
	size_t calls;
};

static void on_chain(void *context, struct http_response *response, const struct error *error)
{
	struct chain *chain = context;

	assert_int_equal(response->status, 200);
	assert_null(error);
	if (++chain->calls < 3)
		http_client_get(chain->client, &chain->request);
}

static void test_a_request_may_be_begun_when_one_is_done(void **state)
{
	char *url = server_url(&server, "/chain?fault=body=x");
	struct chain chain = {.client = http_client_new(&settings)};

	(void)state;
	chain.request = request_to(url, NULL);
	chain.request.done = on_chain;
	chain.request.context = &chain;
	http_client_get(chain.client, &chain.request);
	finish(chain.client);
	assert_int_equal(chain.calls, 3);
	http_client_free(chain.client);
	free(url);
}

static void test_waiting_ends_when_another_descriptor_has_news(void **state)
{
	struct http_client *client = http_client_new(&settings);
	int ends[2];
	int64_t began;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	began = milliseconds();
	assert_int_equal(
		http_client_wait(client, &(struct pollfd){ends[0], POLLIN, 0}, 1, 5000), 0);
	assert_true(milliseconds() - began < 1000);
	close(ends[0]);
	close(ends[1]);
	http_client_free(client);
}

static void test_tls_is_checked_and_its_certificate_noted(void **state)
{
	struct server secure;
	char *url;
	struct http_request request;
	struct result results[2];

	(void)state;
	server_start(&secure, true);
	server_put(&secure, "page", "secret");
	url = server_url(&secure, "/page");
	request = request_to(url, NULL);
	results[0] = run(&request);
	assert_true(results[0].failed);
	assert_true(text_starts(results[0].error.text, "certificate not trusted: "));
	assert_int_equal(server_count(&secure, "GET"), 0);
	http_response_release(&results[0].response);
	setenv("SSL_CERT_FILE", secure.certificate, 1);
	results[0] = run(&request);
	unsetenv("SSL_CERT_FILE");
	assert_false(results[0].failed);
	assert_string_equal(buffer_string(&results[0].response.body), "secret");
	assert_int_equal(strlen(results[0].response.certificate), 64);
	http_response_release(&results[0].response);
	free(url);
	server_stop(&secure);
}

static void test_the_certificate_is_noted_on_a_connection_used_again(void **state)
{
	struct server secure;
	struct http_settings trusting = settings;
	struct http_client *client;
	struct result first = {0}, second = {0};
	struct http_request request;
	char *url;

	(void)state;
	server_start(&secure, true);
	server_put(&secure, "page", "secret");
	trusting.ca_file = secure.certificate;
	client = http_client_new(&trusting);
	url = server_url(&secure, "/page");
	request = request_to(url, &first);
	http_client_get(client, &request);
	finish(client);
	request.context = &second;
	http_client_get(client, &request);
	finish(client);
	assert_non_null(first.response.certificate);
	assert_string_equal(first.response.certificate, second.response.certificate);
	http_client_free(client);
	http_response_release(&first.response);
	http_response_release(&second.response);
	free(url);
	server_stop(&secure);
}

static bool post_to(
	const char *rest, const char *body, struct http_response *response, struct error *error)
{
	static const char *const headers[] = {"Content-Type: application/json", "X-One: 1", NULL};
	char *url = server_url(&server, rest);
	struct http_post post = {.url = url,
		.headers = headers,
		.body = body,
		.length = strlen(body),
		.connect_timeout = 1000,
		.total_timeout = 1000,
		.user_agent = "lampwatch/test"};
	bool done = http_post(&post, response, error);

	free(url);
	return done;
}

static void test_a_post_carries_its_headers_and_body(void **state)
{
	struct http_response response;
	struct error error;
	char *kept;

	(void)state;
	assert_true(post_to("/hook?fault=body=thanks", "{\"a\": 1}", &response, &error));
	assert_int_equal(response.status, 200);
	assert_string_equal(buffer_string(&response.body), "thanks");
	assert_true(response.sent);
	kept = server_post(&server, 1);
	assert_true(text_starts(kept, "POST /hook?fault=body=thanks HTTP/1.1\r\n"));
	assert_non_null(strstr(kept, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(kept, "\r\nX-One: 1\r\n"));
	assert_null(strstr(kept, "Expect:"));
	assert_true(text_ends(kept, "\r\n\r\n{\"a\": 1}"));
	free(kept);
	http_response_release(&response);
}

static void test_a_post_follows_no_redirect_and_is_not_repeated(void **state)
{
	struct http_response response;
	struct error error;

	(void)state;
	assert_true(post_to("/moved?fault=redirect=/hook", "x", &response, &error));
	assert_int_equal(response.status, 302);
	http_response_release(&response);
	assert_int_equal(server_count(&server, "GET\t/hook"), 0);
	assert_true(post_to("/unavailable?fault=status=503", "x", &response, &error));
	assert_int_equal(response.status, 503);
	http_response_release(&response);
	assert_int_equal(server_count(&server, "POST\t/unavailable"), 1);
}

static void test_a_post_knows_whether_the_request_went_out(void **state)
{
	struct http_post post = {
		.body = "x", .length = 1, .connect_timeout = 1000, .total_timeout = 1000};
	char *url = memory_format("http://127.0.0.1:%d/", server_free_port());
	struct http_response response;
	struct error error;

	(void)state;
	assert_false(post_to("/silent?fault=hang", "x", &response, &error));
	assert_string_equal(error.text, "no answer within 1 s");
	assert_true(response.sent);
	http_response_release(&response);
	post.url = url;
	assert_false(http_post(&post, &response, &error));
	assert_int_equal(error.remedy, REMEDY_LATER);
	assert_false(response.sent);
	http_response_release(&response);
	post.url = "ftp://example.org/";
	assert_false(http_post(&post, &response, &error));
	assert_int_equal(error.remedy, REMEDY_RECEIVER);
	http_response_release(&response);
	free(url);
}

static void test_a_posts_answer_is_cut_not_refused(void **state)
{
	struct http_response response;
	struct error error;

	(void)state;
	assert_true(post_to("/long?fault=endless-body", "x", &response, &error));
	assert_int_equal(response.status, 200);
	assert_true(response.body.length <= 64 * 1024);
	http_response_release(&response);
}

static void test_urls_are_cut_to_what_may_be_shown(void **state)
{
	static const struct {
		const char *url, *origin, *public, *host;
	} cases[] = {
		{"https://User:pw@Hooks.Example.com/T0/secret?key=1#x", "https://hooks.example.com",
			"https://Hooks.Example.com/T0/secret", "hooks.example.com"},
		{"http://example.org:8080", "http://example.org:8080", "http://example.org:8080/",
			"example.org"},
		{"https://example.org:443/a", "https://example.org", "https://example.org:443/a",
			"example.org"},
		{"http://[::1]:80/", "http://[::1]", "http://[::1]:80/", "[::1]"},
		{"not a url with secret", "(no URL)", "(no URL)", NULL},
		{"ftp://secret.example/", "(no URL)", "(no URL)", NULL},
		{"http:/%%333%", "(no URL)", "(no URL)", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *origin = http_url_origin(cases[i].url),
		     *public = http_url_public(cases[i].url);
		char *host = http_url_host(cases[i].url);

		assert_string_equal(origin, cases[i].origin);
		assert_string_equal(public, cases[i].public);
		assert_true(text_equal(host, cases[i].host));
		free(origin);
		free(public);
		free(host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_comes_with_how_it_was_got),
		cmocka_unit_test(test_validators_are_sent_back_verbatim_and_give_304),
		cmocka_unit_test(test_what_changed_in_the_second_of_the_answer_has_no_time),
		cmocka_unit_test(test_a_body_that_is_known_is_not_handed_over),
		cmocka_unit_test(test_a_validator_that_could_forge_a_header_is_not_kept),
		cmocka_unit_test(test_any_complete_response_is_no_error),
		cmocka_unit_test(test_bad_gateway_is_tried_once_more),
		cmocka_unit_test(test_retry_after_is_reported_and_obeyed_at_once),
		cmocka_unit_test(test_a_connection_closed_before_an_answer_is_tried_once_more),
		cmocka_unit_test(test_no_connection_says_why),
		cmocka_unit_test(test_an_impossible_url_is_an_error_and_no_crash),
		cmocka_unit_test(test_a_hanging_server_costs_its_timeout_and_is_not_asked_again),
		cmocka_unit_test(test_a_drip_feed_ends_at_the_total_timeout),
		cmocka_unit_test(test_bodies_past_the_limit_are_refused_however_they_come),
		cmocka_unit_test(test_compressed_bodies_are_decoded),
		cmocka_unit_test(test_an_encoded_body_ends_where_its_coding_says),
		cmocka_unit_test(test_a_wrong_label_is_said_and_the_body_taken),
		cmocka_unit_test(test_cookies_live_for_one_request),
		cmocka_unit_test(test_a_guarded_request_reaches_no_private_address),
		cmocka_unit_test(test_a_body_that_ends_early_is_an_error),
		cmocka_unit_test(test_headers_without_end_are_the_pages_fault),
		cmocka_unit_test(test_trailers_are_no_headers),
		cmocka_unit_test(test_redirects_are_followed_and_recorded_without_their_query),
		cmocka_unit_test(test_a_redirect_loop_ends_at_the_limit),
		cmocka_unit_test(test_a_redirect_leaves_http_for_nothing_else),
		cmocka_unit_test(test_a_status_that_is_none_is_no_matter_of_the_address),
		cmocka_unit_test(test_a_status_that_only_looks_like_a_redirect_is_a_response),
		cmocka_unit_test(test_a_password_goes_to_its_own_host_only_and_is_not_kept),
		cmocka_unit_test(test_a_page_of_a_private_host_may_redirect_to_another),
		cmocka_unit_test(
			test_a_redirect_from_a_public_page_into_a_private_network_is_refused),
		cmocka_unit_test(test_a_public_page_behind_a_proxy_may_redirect_to_a_public_page),
		cmocka_unit_test(test_a_connection_that_stands_already_is_guarded_too),
		cmocka_unit_test(test_waiting_for_a_slot_costs_no_timeout),
		cmocka_unit_test(test_a_host_and_the_client_have_so_many_transfers_at_a_time),
		cmocka_unit_test(test_bodies_that_nobody_takes_up_are_not_fetched),
		cmocka_unit_test(test_a_host_that_hangs_delays_no_other),
		cmocka_unit_test(test_a_client_that_ends_calls_nobody),
		cmocka_unit_test(test_a_request_may_be_begun_when_one_is_done),
		cmocka_unit_test(test_waiting_ends_when_another_descriptor_has_news),
		cmocka_unit_test(test_tls_is_checked_and_its_certificate_noted),
		cmocka_unit_test(test_the_certificate_is_noted_on_a_connection_used_again),
		cmocka_unit_test(test_a_post_carries_its_headers_and_body),
		cmocka_unit_test(test_a_post_follows_no_redirect_and_is_not_repeated),
		cmocka_unit_test(test_a_post_knows_whether_the_request_went_out),
		cmocka_unit_test(test_a_posts_answer_is_cut_not_refused),
		cmocka_unit_test(test_urls_are_cut_to_what_may_be_shown),
	};
	int failed;

	http_start();
	server_start(&server, false);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop(&server);
	return failed;
}
