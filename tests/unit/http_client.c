/* SPDX-License-Identifier: ISC
 *
 * What a client does with a fetcher that was taken over, or ends. The fetcher of these tests stands
 * in place of the real one, and is hostile as often as a test says; the one after it is honest.
 */
#include "net/http.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/memory.h"
#include "net/http_p.h"
#include "unconfined.h"

enum { BODY_MAX = 1000, REQUESTS = 3 };

/* What the fetchers have in common with the test. */
static struct {
	int hostile; /* so many more */
	int started;
} * shared;

/* What a hostile one says, once it has been asked for all and has begun the first two. */
static void (*say)(struct buffer *out);

static struct http_response response_of(const char *body)
{
	struct http_response response = {.status = 200,
		.network = HTTP_NETWORK_PUBLIC,
		.headers = memory_string("HTTP/1.1 200 OK\r\n\r\n"),
		.etag = memory_string("\"1\""),
		.final_url = memory_string("https://example.org/"),
		.redirects = memory_string(""),
		.request_headers = memory_string(""),
		.address = memory_string("192.0.2.1:443"),
		.http_version = memory_string("2"),
		.certificate = memory_string("0123456789abcdef0123456789abcdef"
					     "0123456789abcdef0123456789abcdef")};

	buffer_text(&response.body, body);
	return response;
}

static void answer(struct buffer *out, uint64_t id, const char *body)
{
	struct http_response response = response_of(body);

	wire_response(out, id, &response, NULL);
	http_response_release(&response);
}

static void answer_check(struct buffer *out, uint64_t id)
{
	struct check_answer answer = {.word = memory_string("")};

	buffer_text(&answer.transcript, "{\"state\":\"good\"}");
	wire_checked(out, id, &answer, NULL);
	check_answer_release(&answer);
}

static void serve_honestly(struct buffer *out, const struct wire_head *head)
{
	wire_signal(out, WIRE_BEGAN, head->id);
	if (head->type == WIRE_CHECK)
		answer_check(out, head->id);
	else
		answer(out, head->id, "good");
}

static void serve_with_malice(int descriptor, struct wire *out, uint64_t id)
{
	if (id < REQUESTS - 1) {
		wire_signal(&out->bytes, WIRE_BEGAN, id);
		wire_write(descriptor, out);
	} else {
		say(&out->bytes);
	}
}

void http_fetcher_serve(const void *context, int in, int out)
{
	bool hostile = shared->hostile-- > 0;
	struct wire asked = {0}, said = {.bytes.maximum = SIZE_MAX / 2};

	(void)context;
	shared->started++;
	while (wire_read(in, &asked)) {
		struct wire_head head;
		const char *bytes;

		while (wire_next(&asked, &head, &bytes))
			if (head.type != WIRE_GET && head.type != WIRE_CHECK)
				continue;
			else if (hostile)
				serve_with_malice(out, &said, head.id);
			else
				serve_honestly(&said.bytes, &head);
		if (!wire_write(out, &said))
			break;
	}
}

/* ---- the ways of it ---- */

_Noreturn static void hang(void)
{
	for (;;)
		poll(NULL, 0, 1000);
}

static void say_garbage(struct buffer *out)
{
	for (int i = 0; i < 100000; i++)
		buffer_byte(out, (char)0xa5);
}

static void say_nothing(struct buffer *out)
{
	(void)out;
	hang();
}

static void end_well(struct buffer *out)
{
	(void)out;
	_exit(0);
}

static void end_by_a_signal(struct buffer *out)
{
	(void)out;
	raise(SIGKILL);
}

static void say_too_much(struct buffer *out)
{
	const struct wire_head head = {WIRE_DONE, WIRE_RESPONSE_MAX + BODY_MAX + 1, 0};

	buffer_add(out, &head, sizeof head);
}

static void say_a_long_body(struct buffer *out)
{
	char body[BODY_MAX + 2];

	memset(body, 'x', sizeof body);
	body[BODY_MAX + 1] = '\0';
	answer(out, 0, body);
}

static void say_what_nobody_asked(struct buffer *out)
{
	answer(out, REQUESTS, "evil");
}

static void say_what_has_not_begun(struct buffer *out)
{
	answer(out, REQUESTS - 1, "evil");
}

static void say_it_twice(struct buffer *out)
{
	answer(out, 0, "good");
	answer(out, 0, "evil");
}

static void begin_twice(struct buffer *out)
{
	wire_signal(out, WIRE_BEGAN, 0);
}

static void say_another_word(struct buffer *out)
{
	wire_signal(out, WIRE_GET, 0);
}

/* ---- an answer to a check, which is the one that is begun first ---- */

static struct check_answer checked_of(enum check_state state, const char *word)
{
	struct check_answer answer = {.state = state,
		.word = memory_string(word),
		.network = HTTP_NETWORK_PUBLIC,
		.answered = true};

	buffer_text(&answer.transcript, "{\"state\":\"failed\"}");
	return answer;
}

static void say_checked(
	struct buffer *out, uint64_t id, struct check_answer answer, const struct error *error)
{
	wire_checked(out, id, &answer, error);
	check_answer_release(&answer);
}

static void check_what_is_a_page(struct buffer *out)
{
	say_checked(out, 1, checked_of(CHECK_GOOD, ""), NULL);
}

static void answer_a_check_with_a_page(struct buffer *out)
{
	answer(out, 0, "evil");
}

static void check_with_a_wrong_state(struct buffer *out)
{
	say_checked(out, 0, checked_of((enum check_state)(CHECK_ABSENT + 1), "evil"), NULL);
}

static void check_well_with_a_word(struct buffer *out)
{
	say_checked(out, 0, checked_of(CHECK_GOOD, "evil"), NULL);
}

static void check_badly_without_a_word(struct buffer *out)
{
	say_checked(out, 0, checked_of(CHECK_FAILED, ""), NULL);
}

static void check_with_a_word_of_two_lines(struct buffer *out)
{
	say_checked(out, 0, checked_of(CHECK_FAILED, "HTTP 500\nevil"), NULL);
}

static void check_with_a_word_that_is_no_text(struct buffer *out)
{
	say_checked(out, 0, checked_of(CHECK_FAILED, "\xff"), NULL);
}

static void check_with_a_long_word(struct buffer *out)
{
	char word[CHECK_WORD_MAX + 2];

	memset(word, 'x', sizeof word);
	word[CHECK_WORD_MAX + 1] = '\0';
	say_checked(out, 0, checked_of(CHECK_FAILED, word), NULL);
}

static void check_with_a_transcript(struct buffer *out, const char *text)
{
	struct check_answer made = checked_of(CHECK_FAILED, "evil");

	buffer_clear(&made.transcript);
	buffer_text(&made.transcript, text);
	say_checked(out, 0, made, NULL);
}

static void check_without_a_transcript(struct buffer *out)
{
	check_with_a_transcript(out, "");
}

static void check_with_two_lines(struct buffer *out)
{
	check_with_a_transcript(out, "{\"a\":0}\n{\"a\":0}");
}

static void check_with_what_is_no_object(struct buffer *out)
{
	check_with_a_transcript(out, "[1]");
}

static void check_with_others_states(struct buffer *out)
{
	check_with_a_transcript(out, "{\"a\":0}]}, {\"name\": \"other\", \"attempts\": [{\"a\":0}");
}

static void check_with_what_is_no_text(struct buffer *out)
{
	check_with_a_transcript(out, "{\xc0\x80}");
}

static void check_with_a_long_transcript(struct buffer *out)
{
	struct buffer text = {0};

	buffer_byte(&text, '{');
	while (text.length < CHECK_TRANSCRIPT_MAX)
		buffer_byte(&text, ' ');
	buffer_byte(&text, '}');
	check_with_a_transcript(out, buffer_string(&text));
	buffer_release(&text);
}

static void check_and_blame_the_configuration(struct buffer *out)
{
	say_checked(
		out, 0, (struct check_answer){0}, &(struct error){REMEDY_CONFIGURATION, 0, "evil"});
}

/* An answer to the first whose field is that. */
static void say_field(struct buffer *out, size_t offset, const char *text)
{
	struct http_response response = response_of("evil");

	memory_set((char **)((char *)&response + offset), text);
	wire_response(out, 0, &response, NULL);
	http_response_release(&response);
}

static void say_a_header_in_an_etag(struct buffer *out)
{
	say_field(out, offsetof(struct http_response, etag), "\"1\"\r\nCookie: evil");
}

static void say_a_wrong_certificate(struct buffer *out)
{
	say_field(out, offsetof(struct http_response, certificate), "evil");
}

static void say_a_long_version(struct buffer *out)
{
	say_field(out, offsetof(struct http_response, http_version), "1.1 and so on");
}

static void say_a_wrong_status(struct buffer *out)
{
	struct http_response response = response_of("evil");

	response.status = 1000;
	wire_response(out, 0, &response, NULL);
	http_response_release(&response);
}

static void say_a_wrong_remedy(struct buffer *out)
{
	struct http_response response = response_of("evil");
	struct error error = {REMEDY_CONFIGURATION, 0, "evil"};

	wire_response(out, 0, &response, &error);
	http_response_release(&response);
}

/* Where no body is known. */
static void say_that_it_is_known(struct buffer *out)
{
	struct http_response response = response_of("");

	response.same = true;
	wire_response(out, 0, &response, NULL);
	http_response_release(&response);
}

/* Of the text before the body. */
static void say_a_wrong_length(struct buffer *out)
{
	answer(out, 0, "evil");
	out->data[out->length - sizeof "evil"] = 'x';
}

static const struct {
	const char *name;
	void (*say)(struct buffer *out);
	bool first_is_good; /* the first answer had come by then */
} ways[] =
	{
		{"garbage", say_garbage, false}, {"an end", end_well, false},
		{"an end by a signal", end_by_a_signal, false}, {"too much", say_too_much, false},
		{"a long body", say_a_long_body, false},
		{"what nobody asked", say_what_nobody_asked, false},
		{"what has not begun", say_what_has_not_begun, false},
		{"the same twice", say_it_twice, true}, {"a beginning twice", begin_twice, false},
		{"another word", say_another_word, false},
		{"a header in an ETag", say_a_header_in_an_etag, false},
		{"a wrong certificate", say_a_wrong_certificate, false},
		{"a long version", say_a_long_version, false},
		{"a wrong status", say_a_wrong_status, false},
		{"a wrong remedy", say_a_wrong_remedy, false},
		{"that it is known", say_that_it_is_known, false},
		{"a wrong length", say_a_wrong_length, false},
		{"nothing", say_nothing, false}, /* last: it takes ten seconds */
},
  check_ways[] = {
	  {"garbage", say_garbage, false},
	  {"an end", end_well, false},
	  {"an answer to what is a page", check_what_is_a_page, false},
	  {"a page for an answer", answer_a_check_with_a_page, false},
	  {"a wrong state", check_with_a_wrong_state, false},
	  {"a word for what is good", check_well_with_a_word, false},
	  {"no word for what is not", check_badly_without_a_word, false},
	  {"a word of two lines", check_with_a_word_of_two_lines, false},
	  {"a word that is no text", check_with_a_word_that_is_no_text, false},
	  {"a long word", check_with_a_long_word, false},
	  {"no transcript", check_without_a_transcript, false},
	  {"two lines", check_with_two_lines, false},
	  {"no object", check_with_what_is_no_object, false},
	  {"others' states", check_with_others_states, false},
	  {"no text", check_with_what_is_no_text, false},
	  {"a long transcript", check_with_a_long_transcript, false},
	  {"a remedy that is not its own", check_and_blame_the_configuration, false},
};

/* ---- what comes of it ---- */

struct result {
	size_t calls;
	bool failed;
	struct error error;
	struct buffer body;
};

static void on_done(void *context, struct http_response *response, const struct error *error)
{
	struct result *result = context;

	result->calls++;
	result->failed = error != NULL;
	if (error != NULL)
		result->error = *error;
	result->body = response->body;
	response->body = (struct buffer){0};
}

static void on_checked(void *context, struct check_answer *answer, const struct error *error)
{
	struct result *result = context;

	result->calls++;
	result->failed = error != NULL;
	if (error != NULL)
		result->error = *error;
	else
		assert_string_equal(buffer_string(&answer->transcript), "{\"state\":\"good\"}");
	buffer_text(&result->body, "good");
}

/* The first is a check where there is one. */
static struct http_client *ask(
	struct fork_server *server, const struct check *check, struct result results[REQUESTS])
{
	const struct http_settings settings = {
		.in_flight = 4, .per_host = 4, .user_agent = "test", .fork_server = server};
	struct http_client *client;

	memset(results, 0, REQUESTS * sizeof *results);
	shared->started = 0;
	client = http_client_new(&settings);
	if (check != NULL)
		http_client_check(client,
			&(struct check_request){
				.check = check, .done = on_checked, .context = &results[0]});
	for (int i = check != NULL; i < REQUESTS; i++)
		http_client_get(client, &(struct http_request){.url = "https://example.org/",
						.total_timeout = 100,
						.body_maximum = BODY_MAX,
						.done = on_done,
						.context = &results[i]});
	while (http_client_wait(client, NULL, 0, 1000) > 0)
		;
	for (int i = 0; i < REQUESTS; i++)
		assert_int_equal(results[i].calls, 1);
	return client;
}

static void assert_good(struct result *result)
{
	assert_false(result->failed);
	assert_string_equal(buffer_string(&result->body), "good");
}

static void release(struct http_client *client, struct result results[REQUESTS])
{
	for (int i = 0; i < REQUESTS; i++)
		buffer_release(&results[i].body);
	http_client_free(client);
}

static void test_whatever_a_fetcher_says_costs_what_it_has_begun_and_is_our_own_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct result results[REQUESTS];
		struct http_client *client;

		say = ways[i].say;
		shared->hostile = 1;
		client = ask(NULL, NULL, results);
		print_message("# %s: %s\n", ways[i].name, results[1].error.text);
		if (ways[i].first_is_good)
			assert_good(&results[0]);
		else
			assert_int_equal(results[0].error.remedy, REMEDY_LOCAL);
		assert_int_equal(results[1].error.remedy, REMEDY_LOCAL);
		assert_good(&results[2]);
		assert_int_equal(shared->started, 2);
		release(client, results);
	}
}

static void test_whatever_it_says_of_a_check_is_our_own_fault(void **state)
{
	static char target[] = "https://example.org/";
	const struct check check = {.target = target, .total = 100};

	(void)state;
	for (size_t i = 0; i < sizeof check_ways / sizeof check_ways[0]; i++) {
		struct result results[REQUESTS];
		struct http_client *client;

		say = check_ways[i].say;
		shared->hostile = 1;
		client = ask(NULL, &check, results);
		print_message("# %s: %s\n", check_ways[i].name, results[0].error.text);
		assert_int_equal(results[0].error.remedy, REMEDY_LOCAL);
		assert_int_equal(results[1].error.remedy, REMEDY_LOCAL);
		assert_good(&results[2]);
		assert_int_equal(shared->started, 2);
		release(client, results);
	}
}

static void test_a_check_that_is_answered(void **state)
{
	static char target[] = "https://example.org/";
	const struct check check = {.target = target, .total = 100};
	struct result results[REQUESTS];
	struct http_client *client;

	(void)state;
	shared->hostile = 0;
	client = ask(NULL, &check, results);
	for (int i = 0; i < REQUESTS; i++)
		assert_good(&results[i]);
	release(client, results);
}

static void test_there_are_only_so_many_fetchers(void **state)
{
	struct result results[REQUESTS];
	struct http_client *client;

	(void)state;
	say = say_what_has_not_begun;
	shared->hostile = 100;
	client = ask(NULL, NULL, results);
	for (int i = 0; i < REQUESTS; i++)
		assert_int_equal(results[i].error.remedy, REMEDY_LOCAL);
	assert_true(shared->started <= HTTP_FETCHERS_MAX);
	shared->hostile = 0;
	release(client, results);
}

static void test_where_no_fetcher_can_be_made_it_is_our_own_fault(void **state)
{
	struct fork_server none = {.lack = EAGAIN};
	struct result results[REQUESTS];
	struct http_client *client = ask(&none, NULL, results);

	(void)state;
	for (int i = 0; i < REQUESTS; i++) {
		assert_int_equal(results[i].error.remedy, REMEDY_LOCAL);
		assert_non_null(strstr(results[i].error.text, "no process can be made"));
	}
	release(client, results);
}

static void call_what_is_refused(struct buffer *out)
{
	struct http_response response = response_of("");
	struct error error = {REMEDY_LATER, 0, "no connection"};

	confine_enter(CONFINE_FETCHER, NULL);
	ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
	wire_response(out, 0, &response, &error);
	http_response_release(&response);
	answer(out, 1, "good");
	serve_honestly(out, &(struct wire_head){WIRE_GET, 0, REQUESTS - 1});
}

static void test_a_refused_call_is_named_and_is_not_the_pages(void **state)
{
	struct result results[REQUESTS];
	struct http_client *client;
	struct error error = {0};

	(void)state;
	SKIP_UNCONFINED();
	say = call_what_is_refused;
	shared->hostile = 1;
	client = ask(NULL, NULL, results);
	assert_int_equal(results[0].error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(results[0].error.text, "fetcher"));
	assert_non_null(strstr(results[0].error.text, "\"ptrace\""));
	assert_good(&results[1]);
	assert_good(&results[2]);
	assert_false(http_client_unrefused(client, &error));
	assert_non_null(strstr(error.text, "\"ptrace\""));
	assert_int_equal(shared->started, 1);
	release(client, results);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_whatever_a_fetcher_says_costs_what_it_has_begun_and_is_our_own_fault),
		cmocka_unit_test(test_whatever_it_says_of_a_check_is_our_own_fault),
		cmocka_unit_test(test_a_check_that_is_answered),
		cmocka_unit_test(test_there_are_only_so_many_fetchers),
		cmocka_unit_test(test_where_no_fetcher_can_be_made_it_is_our_own_fault),
		cmocka_unit_test(test_a_refused_call_is_named_and_is_not_the_pages),
	};

	signal(SIGPIPE, SIG_IGN);
	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
