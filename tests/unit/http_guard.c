/* SPDX-License-Identifier: ISC
 *
 * Names in the public Internet that a name server gives a private address. The name alone shows
 * nothing, so only the guard around the connection can refuse it. A public page is one behind a
 * proxy, which is a server of the tests; what is private is another one, past the proxy.
 */
#include "net/http.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "servers/server.h"

#define INSIDE ".inside.example" /* the names that resolve to a private address */
#define REFUSED "a redirect into a private network was refused"

static struct server proxy, private;

/* Answers in place of the system's resolver, for libcurl too, and leaves it all other names. */
int getaddrinfo(
	const char *name, const char *port, const struct addrinfo *hints, struct addrinfo **list)
{
	union {
		void *object;
		int (*function)(
			const char *, const char *, const struct addrinfo *, struct addrinfo **);
	} real = {.object = dlsym(RTLD_NEXT, "getaddrinfo")};

	return real.function(
		name != NULL && text_ends(name, INSIDE) ? "127.0.0.1" : name, port, hints, list);
}

struct result {
	bool failed;
	struct error error;
	struct http_response response;
};

static void on_done(void *context, struct http_response *response, const struct error *error)
{
	struct result *result = context;

	result->response = *response;
	*response = (struct http_response){0};
	result->failed = error != NULL;
	if (error != NULL)
		result->error = *error;
}

static struct http_client *client_new(void)
{
	return http_client_new(
		&(struct http_settings){.in_flight = 4, .per_host = 4, .user_agent = "test"});
}

static struct result get(struct http_client *client, const char *url)
{
	struct result result = {0};

	http_client_get(client, &(struct http_request){.url = url,
					.connect_timeout = 2000,
					.total_timeout = 5000,
					.body_maximum = 1000,
					.redirects = 3,
					.done = on_done,
					.context = &result});
	while (http_client_wait(client, NULL, 0, 1000) > 0)
		;
	return result;
}

static void assert_reached(struct result result, const char *body)
{
	if (result.failed)
		fail_msg("%s", result.error.text);
	assert_int_equal(result.response.status, 200);
	assert_string_equal(buffer_string(&result.response.body), body);
	http_response_release(&result.response);
}

static void assert_refused(struct result result)
{
	assert_true(result.failed);
	assert_string_equal(result.error.text, REFUSED);
	assert_int_equal(result.error.remedy, REMEDY_PAGE);
	http_response_release(&result.response);
}

/* The page of that name has this redirect; proxied names have the files of the proxy's server. */
static void redirect(const struct server *server, const char *name, const char *url)
{
	char *file = memory_format("%s.fault", name), *fault = memory_format("redirect=%s", url);

	server_put(server, file, fault);
	free(file);
	free(fault);
}

static char *inside_url(int port, const char *path)
{
	return memory_format("http://www" INSIDE ":%d%s", port, path);
}

/* A port of loopback at which nobody answers, and who came is known. */
struct trap {
	int socket, port;
};

static struct trap trap_set(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	struct trap trap = {
		.socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};

	assert_int_equal(bind(trap.socket, (const struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(trap.socket, 4), 0);
	assert_int_equal(getsockname(trap.socket, (struct sockaddr *)&address, &length), 0);
	trap.port = ntohs(address.sin_port);
	return trap;
}

static void assert_nobody_came(struct trap trap)
{
	assert_int_equal(accept(trap.socket, NULL, NULL), -1);
	close(trap.socket);
}

static void test_a_users_own_name_may_lead_into_a_private_network_and_on(void **state)
{
	struct http_client *client = client_new();
	char *own = inside_url(private.port, "/own"), *next = inside_url(private.port, "/next");

	(void)state;
	redirect(&private, "own", next);
	server_put(&private, "next", "inside");
	assert_reached(get(client, own), "inside");
	http_client_free(client);
	free(own);
	free(next);
}

static void test_a_redirect_to_a_name_with_a_private_address_connects_to_nobody(void **state)
{
	struct http_client *client = client_new();
	struct trap trap = trap_set();
	char *target = inside_url(trap.port, "/");

	(void)state;
	redirect(&proxy, "first", target);
	redirect(&proxy, "second", "http://other.example/first");
	assert_refused(get(client, "http://public.example/first"));
	assert_refused(get(client, "http://public.example/second"));
	assert_nobody_came(trap);
	http_client_free(client);
	free(target);
}

static void test_a_connection_to_a_private_address_is_not_used_for_a_redirect(void **state)
{
	struct http_client *client = client_new();
	char *own = inside_url(private.port, "/kept"),
	     *target = inside_url(private.port, "/target");

	(void)state;
	server_put(&private, "kept", "inside");
	redirect(&proxy, "first", target);
	assert_reached(get(client, own), "inside");
	assert_refused(get(client, "http://public.example/first"));
	assert_int_equal(server_count(&private, "GET\t/target"), 0);
	assert_reached(get(client, own), "inside");
	assert_int_equal(server_count(&private, "GET\t/kept"), 2);
	http_client_free(client);
	free(own);
	free(target);
}

/* libcurl would take it for http, with a user and a password, and ask the proxy for it. */
static void test_a_redirect_without_a_scheme_leads_nowhere(void **state)
{
	struct http_client *client = client_new();
	struct result result;

	(void)state;
	server_put(&proxy, "inside", "of the proxy's own machine");
	redirect(&proxy, "first", "x:y@127.0.0.1:1/inside");
	result = get(client, "http://public.example/first");
	assert_true(result.failed);
	assert_int_equal(result.error.remedy, REMEDY_PAGE);
	assert_string_equal(result.error.text, "the address is neither http nor https");
	assert_int_equal(server_count(&proxy, "GET\t/inside"), 0);
	http_response_release(&result.response);
	http_client_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_users_own_name_may_lead_into_a_private_network_and_on),
		cmocka_unit_test(
			test_a_redirect_to_a_name_with_a_private_address_connects_to_nobody),
		cmocka_unit_test(test_a_connection_to_a_private_address_is_not_used_for_a_redirect),
		cmocka_unit_test(test_a_redirect_without_a_scheme_leads_nowhere),
	};
	char *url;
	int failed;

	http_start();
	server_start(&proxy, false);
	server_start(&private, false);
	url = server_url(&proxy, "");
	setenv("http_proxy", url, 1);
	setenv("no_proxy", INSIDE, 1);
	free(url);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop(&private);
	server_stop(&proxy);
	return failed;
}
