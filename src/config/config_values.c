/* SPDX-License-Identifier: ISC
 *
 * Reads the values in lampwatch.yaml: addresses, URLs, names, files, secrets.
 * No complaint ever repeats what may be a secret.
 */
#include <assert.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "config/secret.h"
#include "model/event.h"
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

bool config_read_path(const struct node_walk *walk, struct node node, void *target)
{
	const struct config *config = walk->context;
	char **path = target;
	char *text = NULL;

	if (!node_read_text(walk, node, &text))
		return false;
	free(*path);
	*path = file_join(config->folder, text);
	free(text);
	return true;
}

/* What is wrong with a file that the configuration names. The copy of a configuration that was good
 * once goes on without it. */
__attribute__((format(printf, 3, 4))) static bool file_problem(
	const struct node_walk *walk, struct node node, const char *format, ...)
{
	const struct config *config = walk->context;
	char text[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (!config->copy)
		return node_problem(walk->problems, node, "%s", text);
	problems_warn(walk->problems, node_file(node), node_line(node), "%s", text);
	return true;
}

char *config_trouble(const struct config *config, const struct problems *problems, size_t since)
{
	return config->copy && problems->count > since ? memory_string(problems->list[since].text)
						       : NULL;
}

/* It may be this machine's trouble. */
static bool file_error(const struct node_walk *walk, struct node node, const struct error *error)
{
	return file_problem(walk, node, "\"%s\": %s", walk->rule->key, error->text) ||
	       problems_own(walk->problems, error->number);
}

/* The reason is errno. */
static bool unreadable(const struct node_walk *walk, struct node node, const char *path)
{
	struct error error;

	system_error_set(&error, path, "cannot be read");
	return file_error(walk, node, &error);
}

static bool read_file(const struct node_walk *walk, struct node node, void *target)
{
	char *const *path = target;
	struct stat status = {0};

	if (!config_read_path(walk, node, target))
		return false;
	if (access(*path, R_OK) != 0 || stat(*path, &status) != 0)
		return unreadable(walk, node, *path);
	return S_ISREG(status.st_mode) ||
	       file_problem(walk, node, "\"%s\": %s is not a file", walk->rule->key, *path);
}

/* -1, with errno: it cannot be read. */
static ssize_t read_beginning(const char *path, char *bytes, size_t room)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = descriptor >= 0 ? read(descriptor, bytes, room) : -1;
	const int number = errno;

	if (descriptor >= 0)
		close(descriptor);
	errno = number;
	return length;
}

bool config_read_ca_file(const struct node_walk *walk, struct node node, void *target)
{
	static const char mark[] = "-----BEGIN "; /* RFC 7468; texts may stand before it */
	char *const *path = target, beginning[64 * 1024];
	ssize_t length;

	if (!config_read_path(walk, node, target))
		return false;
	length = read_beginning(*path, beginning, sizeof beginning);
	if (length < 0)
		return unreadable(walk, node, *path);
	return memmem(beginning, (size_t)length, mark, strlen(mark)) != NULL ||
	       file_problem(walk, node,
		       "\"%s\": there is no certificate in %s: it takes a file with lines such as "
		       "-----BEGIN CERTIFICATE-----",
		       walk->rule->key, *path);
}

bool config_read_copied_file(const struct node_walk *walk, struct node node, void *target)
{
	const struct config *config = walk->context;

	return config->copy ? config_read_path(walk, node, target) : read_file(walk, node, target);
}

bool config_read_folder(const struct node_walk *walk, struct node node, void *target)
{
	char *const *path = target;
	struct stat status = {0};

	if (!config_read_path(walk, node, target))
		return false;
	if (stat(*path, &status) != 0 && system_error_local(errno))
		return unreadable(walk, node, *path);
	return S_ISDIR(status.st_mode) ||
	       file_problem(walk, node, "\"%s\": %s is not a folder", walk->rule->key, *path);
}

static bool check_program(const struct node_walk *walk, struct node node, const char *program)
{
	struct stat status = {0};

	if (program[0] != '/')
		return node_problem(walk->problems, node,
			"\"%s\" is an absolute path such as /usr/sbin/sendmail, not \"%s\"",
			walk->rule->key, program);
	if (stat(program, &status) != 0 && system_error_local(errno))
		return unreadable(walk, node, program);
	if (S_ISREG(status.st_mode) && access(program, X_OK) == 0)
		return true;
	return file_problem(walk, node,
		S_ISREG(status.st_mode)
			? "\"%s\": %s may not be run by this user; chmod 755 makes it a program"
			: "\"%s\": %s is not a program that can be run",
		walk->rule->key, program);
}

bool config_read_program(const struct node_walk *walk, struct node node, void *target)
{
	char *const *program = target;

	return node_read_text(walk, node, target) && check_program(walk, node, *program);
}

bool config_read_command(const struct node_walk *walk, struct node node, void *target)
{
	const struct text_list *command = target;

	if (!node_read_texts(walk, node, target))
		return false;
	if (command->count == 0 || command->count > CONFIG_ARGUMENTS_MAX)
		return node_problem(walk->problems, node,
			"\"%s\" takes a program and its arguments, %d words at most",
			walk->rule->key, CONFIG_ARGUMENTS_MAX);
	return check_program(walk, node, command->list[0]);
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
	free(url);
	return good;
}

bool config_read_page_url(const struct node_walk *walk, struct node node, void *target)
{
	if (strpbrk(node_text(node), "@?") != NULL) /* it may contain a password, or a token */
		return config_read_secret_url(walk, node, target);
	return read_checked(walk, node, target, config_url_valid,
		"an http or https URL such as https://status.example.org/");
}

bool config_read_secret(const struct node_walk *walk, struct node node, secret_reader *read,
	char **path, char **text)
{
	struct error error;

	return config_read_path(walk, node, path) &&
	       (read(walk->context, *path, text, &error) || file_error(walk, node, &error));
}

/* Whether the file is as it should be; it is read again by whoever needs it. */
static bool check_secret(
	const struct node_walk *walk, struct node node, secret_reader *read, char **path)
{
	char *text = NULL;
	bool good = config_read_secret(walk, node, read, path, &text);

	secret_wipe(&text);
	return good;
}

bool config_read_secret_file(const struct node_walk *walk, struct node node, void *target)
{
	return check_secret(walk, node, config_secret_line, target);
}

bool config_read_url_file(const struct node_walk *walk, struct node node, void *target)
{
	return check_secret(walk, node, config_secret_url, target);
}

bool config_read_secrets_file(const struct node_walk *walk, struct node node, void *target)
{
	char *const *path = target;
	struct text_list lines = {0};
	struct error error;
	bool good =
		config_read_path(walk, node, target) &&
		(config_secret_lines(walk->context, *path, CONFIG_SECRETS_MAX, &lines, &error) ||
			file_error(walk, node, &error));

	secret_wipe_lines(&lines);
	return good;
}

/* Another program writes it, again and again: what is wrong with it now is the route's alone. */
bool config_read_token_file(const struct node_walk *walk, struct node node, void *target)
{
	struct text_list lines = {0};
	char *const *path = target;
	struct error error;

	if (!config_read_path(walk, node, target))
		return false;
	if (!secret_read(*path, CONFIG_TOKEN_MAX, SECRET_OURS, &lines, &error))
		problems_warn(walk->problems, node_file(node), node_line(node),
			"\"%s\": %s; until then this route takes no mail", walk->rule->key,
			error.text);
	secret_wipe_lines(&lines);
	return true;
}

/* Zones are files Area/Place in the system's folder: suggests the nearest in the same area. Owned
 * by the caller. */
static char *zone_advice(const char *zone)
{
	const char *top = getenv("TZDIR"), *slash = strrchr(zone, '/'), *nearest;
	char *area = memory_bytes(zone, slash != NULL ? (size_t)(slash - zone) + 1 : 0);
	char *folder = memory_format("%s/%s", text_empty(top) ? "/usr/share/zoneinfo" : top, area);
	char *advice;
	struct text_list names = {0};

	if (zone[0] != '/' && strstr(zone, "..") == NULL)
		file_names(folder, "", &names, NULL);
	nearest = text_nearest(
		slash != NULL ? slash + 1 : zone, (const char *const *)names.list, names.count);
	advice = nearest != NULL ? memory_format("; did you mean \"%s%s\"?", area, nearest)
				 : memory_string("");
	text_list_release(&names);
	free(folder);
	free(area);
	return advice;
}

bool config_read_zone(const struct node_walk *walk, struct node node, void *target)
{
	char *zone = NULL, *advice;
	bool good = node_read_text(walk, node, &zone), known;

	known = !good || date_zone_known(zone);
	if (!known && system_error_local(errno)) {
		good = unreadable(walk, node, zone);
	} else if (!known) {
		advice = zone_advice(zone);
		good = node_problem(walk->problems, node,
			"\"%s\" is a time zone such as UTC or Europe/Berlin; this system has no "
			"\"%s\"%s",
			walk->rule->key, zone, advice);
		free(advice);
	}
	if (good)
		memory_set(target, zone);
	free(zone);
	return good;
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

/* Whether the type of event can be named in `on:`. */
static bool is_word(int type)
{
	return event_types[type].on == 1 << type;
}

enum { LEFT_OUT = 16 /* the bit of "-NAME" stands so far above that of the word */ };

static_assert((int)EVENT_LATE < LEFT_OUT, "the words come first among the types");

static int left_out(int type)
{
	return 1 << (type + LEFT_OUT);
}

int config_wanted_parse(const char *word)
{
	enum event_type type;
	bool leaves_out = word[0] == '-';

	if (!event_type_parse(word + leaves_out, &type) || !is_word(type) ||
		(leaves_out && event_types[type].with == 0))
		return 0;
	return leaves_out ? left_out(type) : 1 << type;
}

int config_wanted_settle(int words)
{
	int wanted = words & ((1 << LEFT_OUT) - 1);

	if (wanted == 0)
		wanted = subscription_default.on;
	for (int i = 0; i < LEFT_OUT; i++) {
		if (event_types[i].with == 0)
			continue;
		if ((wanted & event_types[i].with) != 0)
			wanted |= 1 << i;
		if ((words & left_out(i)) != 0)
			wanted &= ~(1 << i);
	}
	return wanted;
}

int config_wanted_keep(int wanted, int before)
{
	for (int i = 0; i < LEFT_OUT; i++) {
		bool brought = (before & event_types[i].with) != 0, had = (before & 1 << i) != 0;

		if (event_types[i].with != 0 && had != brought)
			wanted = had ? wanted | 1 << i : wanted & ~(1 << i);
	}
	return wanted;
}

/* What another word brings is not written, but what it would bring and is left out. */
void config_wanted_write(int wanted, struct buffer *out)
{
	const char *before = "";

	for (int i = 0; i < EVENT_TYPES; i++) {
		bool brought = (wanted & event_types[i].with) != 0, has = (wanted & 1 << i) != 0;

		if (!is_word(i) || has == brought)
			continue;
		buffer_format(out, "%s%s%s", before, has ? "" : "-", event_types[i].name);
		before = ", ";
	}
}

void config_wanted_words(struct buffer *out)
{
	const char *before = "";

	for (int i = 0; i < EVENT_TYPES; i++) {
		if (!is_word(i))
			continue;
		buffer_format(out, "%s%s", before, event_types[i].name);
		before = ", ";
		if (event_types[i].with != 0)
			buffer_format(out, ", -%s", event_types[i].name);
	}
}

bool config_read_wanted(const struct node_walk *walk, struct node node, void *target)
{
	struct node_word words[2 * EVENT_TYPES + 1] = {{NULL, 0}};
	char *names[EVENT_TYPES] = {NULL};
	int count = 0, *wanted = target;
	bool good;

	for (int i = 0; i < EVENT_TYPES; i++) {
		if (!is_word(i))
			continue;
		words[count++] = (struct node_word){event_types[i].name, 1 << i};
		if (event_types[i].with == 0)
			continue;
		names[i] = memory_format("-%s", event_types[i].name);
		words[count++] = (struct node_word){names[i], left_out(i)};
	}
	good = config_read_flags(
		walk, node, words, "a list of events such as [red, green]", wanted);
	if (good)
		*wanted = config_wanted_settle(*wanted);
	for (int i = 0; i < EVENT_TYPES; i++)
		free(names[i]);
	return good;
}
