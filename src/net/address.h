/* SPDX-License-Identifier: ISC
 *
 * Which addresses are in the public Internet, and which in a network that only
 * this machine or its neighbours can reach.
 */
#ifndef LAMPWATCH_ADDRESS_H
#define LAMPWATCH_ADDRESS_H

#include <stdbool.h>

/*
 * False for what IANA's special-purpose registries (RFC 6890) call not globally
 * reachable: loopback, private (RFC 1918), shared (RFC 6598), link-local, unique
 * local (RFC 4193), unspecified, reserved and multicast addresses; and for an
 * IPv6 address that carries such an IPv4 address (mapped, 6to4, NAT64).
 * family is AF_INET or AF_INET6, bytes a struct in_addr or in6_addr.
 */
bool address_is_public(int family, const void *bytes);

/* The same for text ("192.0.2.1", "fe80::1%eth0", "[::1]"). *literal: whether it is an address. */
bool address_text_is_public(const char *text, bool *literal);

/* A host as a URL has it (RFC 3986 section 3.2.2): an IPv6 address in brackets, anything else as it
 * is. Owned by the caller. */
char *address_in_url(const char *host);

#endif
