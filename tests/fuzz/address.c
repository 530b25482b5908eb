/* SPDX-License-Identifier: ISC
 *
 * The guard of addresses: none that leads to this machine or its neighbours is public, whatever it
 * is wrapped in, by a judge that shares nothing with it.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "fuzz.h"

/* The first address of a network and how many bits of it are given; what IANA calls special. */
static const struct {
	const char *first;
	int bits;
} special[] = {{"0.0.0.0", 8}, {"10.0.0.0", 8}, {"100.64.0.0", 10}, {"127.0.0.0", 8},
	{"169.254.0.0", 16}, {"172.16.0.0", 12}, {"192.0.0.0", 24}, {"192.168.0.0", 16},
	{"198.18.0.0", 15}, {"224.0.0.0", 4}, {"240.0.0.0", 4}};

static bool near4(uint32_t address)
{
	bool near = false;

	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		near = near ||
		       (address ^ ntohl(inet_addr(special[i].first))) >> (32 - special[i].bits) ==
			       0;
	return near;
}

static bool near6(const struct in6_addr *six)
{
	return IN6_IS_ADDR_UNSPECIFIED(six) || IN6_IS_ADDR_LOOPBACK(six) ||
	       IN6_IS_ADDR_LINKLOCAL(six) || IN6_IS_ADDR_SITELOCAL(six) ||
	       IN6_IS_ADDR_MULTICAST(six) || (six->s6_addr[0] & 0xfe) == 0xfc;
}

/* An address in each wrapping is as public as it is bare. */
static void check_wrapped(const char *four, bool public)
{
	static const char *const forms[] = {
		"::ffff:%s", "64:ff9b::%s", "[::ffff:%s]", "[%s]", "%s%%eth0"};
	char text[64];
	bool literal;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof text, forms[i], four);
#pragma GCC diagnostic pop
		MUST(address_text_is_public(text, &literal) == public && literal);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), written[INET6_ADDRSTRLEN], *host;
	struct in6_addr six = IN6ADDR_ANY_INIT;
	struct in_addr four = {0};
	bool literal, public = address_text_is_public(text, &literal);

	MUST(literal || !public);
	if (inet_pton(AF_INET, text, &four) == 1)
		MUST(literal && public == !near4(ntohl(four.s_addr)));
	else if (inet_pton(AF_INET6, text, &six) == 1)
		MUST(literal && !(public && near6(&six)));
	host = address_in_url(text);
	MUST(address_text_is_public(host, &literal) == public || text[0] == '[');
	free(host);
	free(text);
	memcpy(&four, data, size < sizeof four ? size : sizeof four);
	public = address_is_public(AF_INET, &four);
	MUST(public == !near4(ntohl(four.s_addr)));
	check_wrapped(inet_ntop(AF_INET, &four, written, sizeof written), public);
	memcpy(&six, data, size < sizeof six ? size : sizeof six);
	MUST(!(address_is_public(AF_INET6, &six) && near6(&six)));
	return 0;
}
