/* SPDX-License-Identifier: ISC
 *
 * Reads the values in lampwatch.yaml: names, addresses, URLs.
 * No complaint ever repeats what may be a secret.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "config/secret.h"
#include "net/client.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum {
	ADDRESS_MAX = 254, /* RFC 5321 section 4.5.3.1.3, without the brackets of the path */
	LOCAL_PART_MAX = 64,
	HOST_MAX = 253, /* RFC 1035 section 2.3.4, as text */
	HOST_LABEL_MAX = 63,
	PORT_MAX = 65535,
};

/* Words with dots between them: no dot at either end, no two in a row. */
static bool dotted(const char *text, size_t length, const char *set, size_t word_max)
{
	while (length > 0) {
		size_t word = strspn(text, set);

		if (word > length)
			word = length;
		if (word == 0 || word > word_max)
			return false;
		if (word == length)
			return true;
		if (text[word] != '.' || word + 1 == length)
			return false;
		text += word + 1;
		length -= word + 1;
	}
	return false;
}

static bool is_ip_address(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* RFC 5321 section 4.1.3: [192.0.2.1] or [IPv6:2001:db8::1]. */
static bool is_address_literal(const char *text)
{
	size_t length = strlen(text);
	char inner[64];

	if (length < 3 || length - 2 >= sizeof inner || text[0] != '[' || text[length - 1] != ']')
		return false;
	memcpy(inner, text + 1, length - 2);
	inner[length - 2] = '\0';
	return is_ip_address(strncasecmp(inner, "IPv6:", 5) == 0 ? inner + 5 : inner);
}

bool config_host_valid(const char *host)
{
	size_t length = strlen(host);

	if (is_ip_address(host))
		return true;
	if (host[strspn(host, DIGITS ".")] == '\0')
		return false; /* a broken IPv4 address */
	return length <= HOST_MAX && host[0] != '-' && strstr(host, ".-") == NULL &&
	       dotted(host, length, LETTERS DIGITS "-_", HOST_LABEL_MAX);
}

char *config_host_part(const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *begin = scheme != NULL ? scheme + strlen("://") : text;
	const char *end = begin + strcspn(begin, scheme != NULL ? "/?#" : "");

	for (const char *c = begin; c < end; c++) /* the path of a URL may have one, too */
		if (*c == '@')
			begin = c + 1;
	return *begin == '[' ? memory_bytes(begin + 1, strcspn(begin + 1, "]/?#"))
			     : memory_bytes(begin, strcspn(begin, ":/?#"));
}

static bool has_foreign(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return true;
	return false;
}

const char *config_host_advice(const char *text)
{
	char *host = config_host_part(text);
	bool foreign = strchr(host, ' ') == NULL && has_foreign(host, strlen(host));
	size_t local =
		strstr(text, "://") == NULL && strchr(text, '@') != NULL ? strcspn(text, "@") : 0;

	free(host);
	if (foreign)
		return "; host names with other letters are written in their xn-- form (RFC 5891), "
		       "which `idn2 NAME` prints";
	return has_foreign(text, local) ? "; what stands before the @ is ASCII (SMTPUTF8, RFC "
					  "6531, is not spoken)"
					: "";
}

/* The local part is RFC 5321's Dot-string; nobody's address needs quotes, and they are how headers
 * are broken. */
bool config_address_valid(const char *address)
{
	const char *at = strchr(address, '@');
	size_t local;

	if (at == NULL || strlen(address) > ADDRESS_MAX)
		return false;
	local = (size_t)(at - address);
	return local <= LOCAL_PART_MAX &&
	       dotted(address, local, LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~", local) &&
	       (config_host_valid(at + 1) ? !is_ip_address(at + 1) : is_address_literal(at + 1));
}

static bool complain(const struct node_walk *walk, struct node node, const char *expected)
{
	return node_problem(walk->problems, node, "\"%s\" is %s, not \"%s\"%s", walk->rule->key,
		expected, node_text(node), config_host_advice(node_text(node)));
}

/* Reads a text into *target if it passes; expected says what would. */
static bool read_checked(const struct node_walk *walk, struct node node, char **target,
	bool (*passes)(const char *text), const char *expected)
{
	char *text = NULL;
	bool good = node_read_text(walk, node, &text) &&
		    (passes(text) || complain(walk, node, expected));

	if (good)
		memory_set(target, text);
	free(text);
	return good;
}

bool config_read_address(const struct node_walk *walk, struct node node, void *target)
{
	return read_checked(walk, node, target, config_address_valid,
		"a mail address such as watch@example.org");
}

static bool second_valid(const char *text)
{
	return text_starts(text, "webhook:") ? text_is_name(text + strlen("webhook:"))
					     : config_address_valid(text);
}

bool config_read_second(const struct node_walk *walk, struct node node, void *target)
{
	return read_checked(
		walk, node, target, second_valid, "a mail address or webhook:NAME, without blanks");
}

bool config_read_name(const struct node_walk *walk, struct node node, void *target)
{
	return read_checked(walk, node, target, text_is_name,
		"a name of at most 64 lower-case letters, digits, dots, hyphens and underscores "
		"that "
		"begins with a letter "
		"or digit");
}

static bool label_valid(const char *text)
{
	size_t length = strlen(text), size;
	uint32_t character;

	if (length > CONFIG_TEXT_MAX || text[0] == ' ' || text[length - 1] == ' ')
		return false;
	for (; length > 0; text += size, length -= size) {
		size = text_character(text, length, &character);
		if (size == 0 || text_deceptive(character))
			return false;
	}
	return true;
}

bool config_read_label(const struct node_walk *walk, struct node node, void *target)
{
	return read_checked(walk, node, target, label_valid,
		"a text of at most 256 bytes without control characters and without blanks at "
		"either end");
}

bool config_read_labels(const struct node_walk *walk, struct node node, void *target)
{
	const struct text_list *labels = target;

	if (!node_read_texts(walk, node, target))
		return false;
	for (size_t i = 0; i < labels->count; i++)
		if (!label_valid(labels->list[i]) || text_equal(labels->list[i], "!"))
			return node_problem(walk->problems, node,
				"\"%s\" takes names and patterns of at most %d bytes, "
				"not \"%s\"",
				walk->rule->key, CONFIG_TEXT_MAX, labels->list[i]);
	return labels->count > 0 ||
	       node_problem(walk->problems, node,
		       "\"%s\" is an empty list; leave it out to mean all", walk->rule->key);
}

static bool header_valid(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return length <= CONFIG_TEXT_MAX;
}

bool config_read_header(const struct node_walk *walk, struct node node, void *target)
{
	return read_checked(
		walk, node, target, header_valid, "at most 256 printable ASCII characters");
}

static bool helo_valid(const char *text)
{
	return is_address_literal(text) || (config_host_valid(text) && !is_ip_address(text));
}

bool config_read_host(const struct node_walk *walk, struct node node, void *target)
{
	return read_checked(
		walk, node, target, helo_valid, "a host name, or an address such as [192.0.2.1]");
}

bool config_read_hosts(const struct node_walk *walk, struct node node, void *target)
{
	const struct text_list *hosts = target;

	if (!node_read_texts(walk, node, target))
		return false;
	for (size_t i = 0; i < hosts->count; i++)
		if (!helo_valid(hosts->list[i]) && !is_ip_address(hosts->list[i]))
			return node_problem(walk->problems, node,
				"\"%s\" takes host names without a port, such as "
				"status.example.org, not \"%s\"%s",
				walk->rule->key, hosts->list[i],
				config_host_advice(hosts->list[i]));
	return true;
}

bool config_read_proxies(const struct node_walk *walk, struct node node, void *target)
{
	const struct text_list *networks = target;

	if (!node_read_texts(walk, node, target))
		return false;
	if (networks->count > CONFIG_PROXIES_MAX)
		return node_problem(walk->problems, node,
			"\"%s\" takes at most %d members, not %zu", walk->rule->key,
			CONFIG_PROXIES_MAX, networks->count);
	for (size_t i = 0; i < networks->count; i++)
		if (!client_network_valid(networks->list[i]))
			return node_problem(walk->problems, node,
				"\"%s\" takes addresses and networks, such as 127.0.0.1 or "
				"10.0.0.0/8, not \"%s\"",
				walk->rule->key, networks->list[i]);
	return true;
}

/* "name", "name:port", "[v6]:port"; what is left after it is *rest. */
static bool split_host(const char *text, char **host, int *port, const char **rest)
{
	bool bracket = text[0] == '[';
	size_t length = bracket ? strcspn(++text, "]") : strcspn(text, ":/?#");
	const char *after = text + length + (bracket && text[length] == ']');
	char *end = NULL;

	*port = 0;
	if (length == 0 || (bracket && text[length] != ']'))
		return false;
	if (*after == ':') {
		long number = after[1] >= '0' && after[1] <= '9' ? strtol(after + 1, &end, 10) : 0;

		if (number < 1 || number > PORT_MAX)
			return false;
		*port = (int)number;
		after = end;
	}
	*host = memory_bytes(text, length);
	*rest = after;
	if (config_host_valid(*host) && bracket == (strchr(*host, ':') != NULL))
		return true;
	memory_set(host, NULL);
	return false;
}

bool config_host_port(const char *text, const char *scheme, char **host, int *port)
{
	size_t length = strlen(scheme);
	const char *rest;

	*host = NULL;
	if (strncasecmp(text, scheme, length) != 0 || strncmp(text + length, "://", 3) != 0 ||
		!split_host(text + length + 3, host, port, &rest))
		return false;
	if (rest[0] == '\0' || strcmp(rest, "/") == 0)
		return true;
	memory_set(host, NULL);
	return false;
}

/* Stricter than libcurl: what passes here means the same to every program. */
bool config_url_valid(const char *url)
{
	size_t scheme = strncasecmp(url, "https://", 8) == 0  ? 8
			: strncasecmp(url, "http://", 7) == 0 ? 7
							      : 0;
	size_t length = strlen(url);
	const char *authority = url + scheme, *at, *rest;
	char *host = NULL;
	int port;

	if (scheme == 0 || length > CONFIG_URL_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (url[i] <= 0x20 || url[i] > 0x7e || strchr("\"<>\\^`{|}", url[i]) != NULL)
			return false;
	at = memchr(authority, '@', strcspn(authority, "/?#"));
	if (!split_host(at != NULL ? at + 1 : authority, &host, &port, &rest))
		return false;
	free(host);
	return rest[0] == '\0' || strchr("/?#", rest[0]) != NULL;
}

bool config_read_secret_url(const struct node_walk *walk, struct node node, void *target)
{
	char *url = NULL;
	bool good = node_read_text(walk, node, &url);

	if (good && !config_url_valid(url))
		good = node_problem(walk->problems, node,
			"\"%s\" takes an http or https URL of at most %d bytes, with "
			"a host, a port up to %d if any, and nothing in it that must be "
			"percent-encoded",
			walk->rule->key, CONFIG_URL_MAX, PORT_MAX);
	if (good)
		memory_set(target, url);
	secret_wipe(&url);
	return good;
}

bool config_read_page_url(const struct node_walk *walk, struct node node, void *target)
{
	if (strpbrk(node_text(node), "@?") != NULL) /* it may contain a password, or a token */
		return config_read_secret_url(walk, node, target);
	return read_checked(walk, node, target, config_url_valid,
		"an http or https URL such as https://status.example.org/");
}

bool config_read_flags(const struct node_walk *walk, struct node node,
	const struct node_word *words, const char *expected, int *flags)
{
	const struct node_rule rule = {.key = walk->rule->key, .detail = words};
	const struct node_walk member_walk = {walk->problems, &rule, walk->context};
	bool good = true;
	int flag = 0;

	*flags = 0;
	if (node_type(node) == NODE_SCALAR)
		return node_read_word(&member_walk, node, flags);
	for (size_t i = 0; i < node_count(node) && node_type(node) == NODE_LIST; i++) {
		good = node_read_word(&member_walk, node_member(node, i), &flag) && good;
		*flags |= flag;
	}
	return good && (*flags != 0 || node_problem(walk->problems, node, "\"%s\" takes %s",
					       walk->rule->key, expected));
}

static bool resolver_valid(const char *text)
{
	const char *rest;
	char *host = NULL;
	int port;
	bool good = is_ip_address(text) || (split_host(text, &host, &port, &rest) &&
						   rest[0] == '\0' && is_ip_address(host));

	free(host);
	return good;
}

bool config_read_resolver(const struct node_walk *walk, struct node node, void *target)
{
	return read_checked(walk, node, target, resolver_valid,
		"an IP address with a port up to 65535, such as 127.0.0.1:53 or [::1]:53");
}
