/* SPDX-License-Identifier: ISC */
#include "net/client.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/digest.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	ADDRESS_BYTES = 16,
	HOUSEHOLD_BYTES = 8, /* /64 */
	NETWORK4_BYTES = 3,  /* /24 */
	NETWORK6_BYTES = 6,  /* /48 */
	MAPPED_BYTES = 12,   /* before the IPv4 address that an IPv6 one carries */
	NEIGHBOURS = 8,      /* places that a client may have */
	SEED_BYTES = 16,
};

struct address {
	int family; /* 0: none */
	unsigned char bytes[ADDRESS_BYTES];
};

/* ---- addresses ---- */

static struct address address_parse(const char *text)
{
	static const unsigned char mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};
	struct address address = {0};

	if (inet_pton(AF_INET, text, address.bytes) == 1) {
		address.family = AF_INET;
	} else if (inet_pton(AF_INET6, text, address.bytes) == 1) {
		address.family = AF_INET6;
		if (memcmp(address.bytes, mapped, sizeof mapped) == 0) {
			memmove(address.bytes, address.bytes + MAPPED_BYTES, 4);
			address.family = AF_INET;
		}
	}
	return address;
}

/* False where it is none. */
static bool network_parse(const char *text, struct address *network, int *bits)
{
	const char *slash = strchr(text, '/');
	char *host = memory_bytes(text, slash != NULL ? (size_t)(slash - text) : strlen(text)),
	     *end = NULL;
	int most;

	*network = address_parse(host);
	free(host);
	most = network->family == AF_INET ? 32 : 128;
	*bits = most;
	if (slash != NULL) {
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		*bits = (int)strtoul(slash + 1, &end, 10);
		if (*end != '\0' || end - slash > 4)
			return false;
	}
	return network->family != 0 && *bits <= most;
}

bool client_network_valid(const char *text)
{
	struct address network;
	int bits;

	return network_parse(text, &network, &bits);
}

static bool lies_in(const struct address *address, const char *text)
{
	struct address network;
	size_t whole;
	int bits;

	if (!network_parse(text, &network, &bits) || network.family != address->family)
		return false;
	whole = (size_t)bits / 8;
	return memcmp(address->bytes, network.bytes, whole) == 0 &&
	       (bits % 8 == 0 ||
		       (address->bytes[whole] ^ network.bytes[whole]) >> (8 - bits % 8) == 0);
}

static bool is_trusted(const struct text_list *trusted, const struct address *address)
{
	for (size_t i = 0; i < trusted->count; i++)
		if (lies_in(address, trusted->list[i]))
			return true;
	return false;
}

/* Without the port and the zone that some proxies write beside it. In place. */
static const char *bare(char *text)
{
	char *colon = strchr(text, ':');
	bool bracketed = text[0] == '[';

	if (bracketed)
		text[strcspn(text, "]")] = '\0';
	else if (colon != NULL && strchr(colon + 1, ':') == NULL)
		*colon = '\0';
	text[strcspn(text, "%")] = '\0';
	return text + bracketed;
}

/* The address before the last comma of the text, which is cut off there; none: there is nothing
 * before it. */
static struct address take_last(char *text)
{
	char *comma = strrchr(text, ','), *begin = comma != NULL ? comma + 1 : text;
	struct address address;

	begin += strspn(begin, " \t");
	begin[strcspn(begin, " \t")] = '\0';
	address = address_parse(bare(begin));
	*(comma != NULL ? comma : text) = '\0';
	return address;
}

/* The address without what stands behind so many bytes; "?": it is none. */
static void write_network(struct address *address, size_t bytes, char out[static CLIENT_TEXT])
{
	memset(address->bytes + bytes, 0, ADDRESS_BYTES - bytes);
	if (address->family == 0 ||
		inet_ntop(address->family, address->bytes, out, CLIENT_TEXT) == NULL)
		snprintf(out, CLIENT_TEXT, "?");
}

void client_of(const struct text_list *trusted, const char *peer, const struct text_list *forwarded,
	char out[static CLIENT_TEXT])
{
	struct address client = address_parse(peer), next;
	bool on = true;

	for (size_t i = forwarded->count; i > 0 && on; i--) {
		char *line = memory_string(forwarded->list[i - 1]);

		while (on && line[0] != '\0' && is_trusted(trusted, &client)) {
			next = take_last(line);
			on = next.family != 0;
			if (on)
				client = next;
		}
		free(line);
	}
	write_network(&client, client.family == AF_INET6 ? HOUSEHOLD_BYTES : ADDRESS_BYTES, out);
}

void client_network(const char *client, char out[static CLIENT_TEXT])
{
	struct address address = address_parse(client);

	write_network(&address, address.family == AF_INET6 ? NETWORK6_BYTES : NETWORK4_BYTES, out);
}

/* ---- how often ---- */

struct count {
	char client[CLIENT_TEXT];
	int64_t since;
	int number; /* 0: the place is free */
};

struct client_counts {
	unsigned char seed[SEED_BYTES]; /* nobody can choose whose place he takes */
	struct count list[CLIENTS_MAX];
};

struct client_counts *client_counts_new(void)
{
	struct client_counts *counts = memory_zero(1, sizeof *counts);

	digest_random(counts->seed, sizeof counts->seed);
	return counts;
}

void client_counts_free(struct client_counts *counts)
{
	free(counts);
}

static uint32_t number_of(const struct client_counts *counts, const char *text)
{
	unsigned char digest[DIGEST_BYTES];
	uint32_t number;

	digest_hmac(counts->seed, sizeof counts->seed, text, strlen(text), digest);
	memcpy(&number, digest, sizeof number);
	return number;
}

void client_tag(const struct client_counts *counts, const char *text, char out[static CLIENT_TAG])
{
	snprintf(out, CLIENT_TAG, "%08" PRIx32, number_of(counts, text));
}

/* The client's own count, else the least of those whose place it may take. */
static struct count *count_of(struct client_counts *counts, const char *client, int64_t now)
{
	size_t first = number_of(counts, client) % CLIENTS_MAX;
	struct count *least = &counts->list[first];

	for (size_t i = 0; i < NEIGHBOURS; i++) {
		struct count *count = &counts->list[(first + i) % CLIENTS_MAX];

		if (count->number > 0 && now - count->since >= CLIENT_SECONDS * 1000LL)
			*count = (struct count){0};
		if (count->number > 0 && text_equal(count->client, client))
			return count;
		if (count->number < least->number)
			least = count;
	}
	*least = (struct count){.since = now};
	snprintf(least->client, sizeof least->client, "%s", client);
	return least;
}

bool client_counted(struct client_counts *counts, const char *client, int limit, int64_t now)
{
	struct count *count = count_of(counts, client, now);

	if (count->number >= limit)
		return false;
	count->number++;
	return true;
}
