/* SPDX-License-Identifier: ISC */
#include "net/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"

enum { ADDRESS_BYTES = 16, ADDRESS_TEXT_MAX = 64 };

struct network {
	unsigned char prefix[ADDRESS_BYTES];
	int bits;
};

static const struct network special_ipv4[] = {
	{{0}, 8},          /* this network, RFC 791 */
	{{10}, 8},         /* private */
	{{100, 64}, 10},   /* shared */
	{{127}, 8},        /* loopback */
	{{169, 254}, 16},  /* link-local */
	{{172, 16}, 12},   /* private */
	{{192, 0, 0}, 24}, /* protocol assignments */
	{{192, 168}, 16},  /* private */
	{{198, 18}, 15},   /* benchmarks */
	{{224}, 3},        /* multicast, reserved, broadcast */
};

static const struct network special_ipv6[] = {
	{{0}, 96},                                  /* unspecified, loopback, IPv4-compatible */
	{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, /* NAT64 for local use, RFC 8215 */
	{{0x01}, 64},                               /* discard */
	{{0xfc}, 7},                                /* unique local */
	{{0xfe, 0x80}, 10},                         /* link-local */
	{{0xfe, 0xc0}, 10},                         /* site-local */
	{{0xff}, 8},                                /* multicast */
};

/* Where an IPv6 address carries an IPv4 address. */
static const struct {
	struct network network;
	size_t offset;
} carriers[] = {
	{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, 12}, /* mapped */
	{{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},                   /* NAT64, RFC 6052 */
	{{{0x20, 0x02}, 16}, 2},                                /* 6to4 */
};

static bool within(const unsigned char *bytes, const struct network *network)
{
	size_t whole = (size_t)network->bits / 8;
	int rest = network->bits % 8;

	if (memcmp(bytes, network->prefix, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ network->prefix[whole]) >> (8 - rest) == 0;
}

static bool within_any(const unsigned char *bytes, const struct network *networks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (within(bytes, &networks[i]))
			return true;
	return false;
}

bool address_is_public(int family, const void *bytes)
{
	const unsigned char *address = bytes;

	if (family == AF_INET)
		return !within_any(
			address, special_ipv4, sizeof special_ipv4 / sizeof *special_ipv4);
	for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
		if (within(address, &carriers[i].network))
			return address_is_public(AF_INET, address + carriers[i].offset);
	return !within_any(address, special_ipv6, sizeof special_ipv6 / sizeof *special_ipv6);
}

bool address_text_is_public(const char *text, bool *literal)
{
	char copy[ADDRESS_TEXT_MAX];
	unsigned char bytes[ADDRESS_BYTES];
	size_t length;

	if (text[0] == '[')
		text++;
	length = strcspn(text, "]%");
	*literal = false;
	if (length >= sizeof copy)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*literal = true;
	if (inet_pton(AF_INET, copy, bytes) == 1)
		return address_is_public(AF_INET, bytes);
	if (inet_pton(AF_INET6, copy, bytes) == 1)
		return address_is_public(AF_INET6, bytes);
	*literal = false;
	return false;
}

char *address_in_url(const char *host)
{
	return memory_format(strchr(host, ':') != NULL ? "[%s]" : "%s", host);
}
