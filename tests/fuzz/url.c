/* SPDX-License-Identifier: ISC
 *
 * Addresses of pages, and where redirects lead: what may be kept of one holds no secret, and a
 * private host is known by any way of writing its number.
 */
#include <netdb.h>

#include "base/text.h"
#include "fuzz.h"
#include "net/address.h"
#include "net/http_p.h"

#define NO_URL "(no URL)"

/* Whether the resolver takes the host for an address of this machine or its neighbours, without
 * asking anybody. */
static bool is_near(const char *host)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *list;
	char number[NI_MAXHOST];
	bool literal, near;

	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return false;
	MUST(getnameinfo(list->ai_addr, list->ai_addrlen, number, sizeof number, NULL, 0,
		     NI_NUMERICHOST) == 0);
	near = !address_text_is_public(number, &literal);
	freeaddrinfo(list);
	return near;
}

static void check_public(const char *url, char *again)
{
	const char *authority = strstr(url, "://");

	MUST(strpbrk(url, "?#\r\n") == NULL && authority != NULL);
	MUST(memchr(authority + 3, '@', strcspn(authority + 3, "/")) == NULL);
	MUST(strcmp(again, url) == 0 || strcmp(again, NO_URL) == 0);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), *host = http_url_host(text);
	char *public = http_url_public(text), *origin = http_url_origin(text);

	if (strcmp(public, NO_URL) != 0)
		check_public(public, http_url_public(public));
	if (strcmp(origin, NO_URL) != 0)
		check_public(origin, http_url_origin(origin));
	if (host != NULL && is_near(host))
		MUST(http_url_names_private(text));
	free(origin);
	free(public);
	free(host);
	free(text);
	return 0;
}
