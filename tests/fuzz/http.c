/* SPDX-License-Identifier: ISC
 *
 * What a fetcher makes of answers to a page's request, headers and redirects among them, from a
 * proxy that stands for every host: no redirect leads to a private host, nothing but the page's own
 * host is told its password, and what is kept of the fetch holds no secret.
 */
#include "net/http.h"

#include "base/error.h"
#include "base/text.h"
#include "loopback.h"
#include "net/address.h"
#include "net/http_p.h"

#define HOST "status.example.com"
#define PAGE "http://" HOST "/page"

enum { REDIRECTS = 3, TIMEOUT = 400 /* milliseconds: too short for a second try */ };

static struct loopback server = {0};

/* The request's target: that of a proxy is a whole URL, or host and port after CONNECT. */
static void check_request(const char *line, const char *end)
{
	const char *target = strchr(line, ' ') + 1, *scheme = strstr(target, "://");
	const char *host = scheme != NULL && scheme < end ? scheme + 3 : target;
	char *name =
		memory_bytes(host, strcspn(host, host[0] == '[' ? "]" : ":/ ") + (host[0] == '['));
	bool literal;

	MUST(address_text_is_public(name, &literal) || !literal);
	MUST(!text_equal(name, "localhost") && memchr(target, '@', strcspn(target, "/ ")) == NULL);
	if (memmem(line, (size_t)(end - line), "\r\nAuthorization:", 16) != NULL)
		MUST(text_starts(target, "http://" HOST "/"));
	free(name);
}

static void check_requests(void)
{
	const char *line, *end;
	size_t count = 0;

	pthread_mutex_lock(&server.lock);
	for (line = buffer_string(&server.asked); (end = strstr(line, "\r\n\r\n")) != NULL;
		line = end + 4) {
		check_request(line, end);
		count++;
	}
	MUST(count <= REDIRECTS + 1);
	pthread_mutex_unlock(&server.lock);
}

static bool is_header_value(const char *text)
{
	return text == NULL || (text[0] != '\0' && strpbrk(text, "\r\n\x7f") == NULL &&
				       strlen(text) <= HTTP_HEADER_VALUE_MAX);
}

static void done(void *context, struct http_response *response, const struct error *error)
{
	bool *ended = context;

	MUST(!*ended && (error != NULL) == (error != NULL && error->text[0] != '\0'));
	*ended = true;
	MUST(error != NULL || response->status >= 200);
	MUST(response->body.length <= response->body.maximum);
	MUST(response->retry_after >= 0 && response->retry_after <= HTTP_RETRY_AFTER_MAX);
	MUST(is_header_value(response->etag) && is_header_value(response->last_modified));
	MUST(strpbrk(response->redirects, "?#") == NULL);
	MUST(response->redirects[0] == '\0' || text_starts(response->redirects, PAGE "\n"));
	MUST(strcasestr(response->request_headers, "\nAuthorization:") == NULL &&
		strcasestr(response->request_headers, "\nCookie:") == NULL);
	http_response_challenges(response);
}

static void begun(void *context)
{
	(void)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_settings settings = {
		.in_flight = 4, .per_host = 4, .user_agent = "fuzz"};
	char *text = fuzz_text(data, size);
	bool ended = false;
	struct http_request request = {.url = "http://user:secret@" HOST "/page?hidden",
		.etag = "\"1\"",
		.connect_timeout = TIMEOUT,
		.total_timeout = TIMEOUT,
		.body_maximum = 4096,
		.redirects = REDIRECTS,
		.guard = "is private",
		.done = done,
		.context = &ended};
	struct http_engine *engine;
	char proxy[64];

	if (server.port == 0) {
		loopback_start(&server);
		snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", server.port);
		setenv("all_proxy", proxy, 1);
		http_start();
	}
	loopback_say(&server, text, size);
	engine = http_engine_new(&settings, begun);
	http_engine_get(engine, &request);
	while (http_engine_wait(engine, NULL, 0, TIMEOUT) > 0)
		;
	http_engine_free(engine);
	MUST(ended);
	check_requests();
	loopback_say(&server, "", 0);
	free(text);
	return 0;
}
