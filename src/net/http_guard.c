/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/address.h"
#include "net/http_p.h"

/* The bytes of the address, with their length, and the port; NULL for a family other than IPv4 and
 * IPv6. */
static const void *address_bytes(const struct sockaddr *address, size_t *length, in_port_t *port)
{
	const struct sockaddr_in *four = (const void *)address;
	const struct sockaddr_in6 *six = (const void *)address;

	if (address->sa_family == AF_INET) {
		*length = sizeof four->sin_addr;
		*port = four->sin_port;
		return &four->sin_addr;
	}
	*length = sizeof six->sin6_addr;
	*port = six->sin6_port;
	return address->sa_family == AF_INET6 ? &six->sin6_addr : NULL;
}

static bool resolves_to(const char *host, const char *port, const struct sockaddr *address)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	size_t length, other_length;
	in_port_t number, other_number;
	const void *bytes = address_bytes(address, &length, &number);
	bool found = false;

	if (bytes == NULL || getaddrinfo(host, port, &hints, &list) != 0)
		return false;
	for (struct addrinfo *one = list; one != NULL && !found; one = one->ai_next) {
		const void *other = address_bytes(one->ai_addr, &other_length, &other_number);

		found = other != NULL && number == other_number && length == other_length &&
			memcmp(bytes, other, length) == 0;
	}
	freeaddrinfo(list);
	return found;
}

/*
 * True if the address belongs to a proxy of the environment. Looked up
 * only when a private address would be refused, which is rare enough to wait
 * for the name server.
 */
static bool is_proxy(const struct sockaddr *address)
{
	static const char *const variables[] = {
		"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	bool found = false;

	for (size_t i = 0; i < sizeof variables / sizeof *variables && !found; i++) {
		const char *value = getenv(variables[i]);
		CURLU *url;

		if (text_empty(value))
			continue;
		url = curl_url();
		if (curl_url_set(url, CURLUPART_URL, value,
			    CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
			char *host = http_url_part(url, CURLUPART_HOST, 0),
			     *port = http_url_part(url, CURLUPART_PORT, 0);

			/* 1080 and 443 are libcurl's defaults. */
			found = host != NULL && resolves_to(host,
							port != NULL                   ? port
							: text_starts(value, "https:") ? "443"
										       : "1080",
							address);
			free(host);
			free(port);
		}
		curl_url_cleanup(url);
	}
	return found;
}

static bool may_reach(const struct sockaddr *address)
{
	size_t length;
	in_port_t port;
	const void *bytes = address_bytes(address, &length, &port);

	return bytes != NULL && (address_is_public(address->sa_family, bytes) || is_proxy(address));
}

curl_socket_t guard_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;
	int opened;

	(void)purpose;
	transfer->tried = true;
	if (transfer->guarded && !may_reach(&address->addr)) {
		transfer->refused = true;
		return CURL_SOCKET_BAD;
	}
	opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (opened < 0)
		transfer->socket_error = errno;
	return opened;
}

/* Fills address from an address in text form and a port, without a look-up. */
static bool address_parse(const char *text, int port, struct sockaddr_storage *address)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM},
			*list = NULL;
	char number[16];

	snprintf(number, sizeof number, "%d", port);
	if (getaddrinfo(text, number, &hints, &list) != 0)
		return false;
	memcpy(address, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return true;
}

/* A reused connection opens no socket, so its address is checked again before it is used. */
static int guard_use(void *context, char *peer, char *own, int peer_port, int own_port)
{
	struct transfer *transfer = context;
	struct sockaddr_storage address;

	(void)own;
	(void)own_port;
	if (address_parse(peer, peer_port, &address) &&
		may_reach((const struct sockaddr *)&address))
		return CURL_PREREQFUNC_OK;
	transfer->refused = true;
	return CURL_PREREQFUNC_ABORT;
}

void guard_set(struct transfer *transfer)
{
	curl_easy_setopt(transfer->easy, CURLOPT_PREREQFUNCTION, guard_use);
	curl_easy_setopt(transfer->easy, CURLOPT_PREREQDATA, transfer);
}

bool guard_was_public(const struct transfer *transfer)
{
	struct sockaddr_storage address;
	char *peer = NULL;
	long port = 0;
	bool literal;

	curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &peer);
	curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_PORT, &port);
	if (peer == NULL || address_text_is_public(peer, &literal))
		return true;
	return address_parse(peer, (int)port, &address) &&
	       is_proxy((const struct sockaddr *)&address) &&
	       !http_url_names_private(transfer->url);
}
