/* SPDX-License-Identifier: ISC
 *
 * Answers of a name server: a host is known by names and addresses alone that belong to what was
 * asked. To every question the server says its own, and behind it the input: two bytes of flags,
 * one that says how many records, and these.
 */
#include "tell/dns_lookup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "fuzz.h"
#include "tell/hosts.h"
#include "tell/mx.h"

enum { MILLISECONDS = 20, MESSAGE_MAX = 65535, HEADER = 12, FLAGS = 2, ANSWERS = 7, CHOSEN = 3 };

static struct {
	pthread_mutex_t lock;
	int socket, port;
	const uint8_t *bytes;
	size_t size;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *run(void *context)
{
	static uint8_t message[2 * MESSAGE_MAX];
	struct sockaddr_in peer;
	socklen_t length = sizeof peer;
	ssize_t got;

	while ((got = recvfrom(server.socket, message, MESSAGE_MAX, 0, (struct sockaddr *)&peer,
			&length)) > HEADER) {
		/* What may follow the question, such as EDNS, is left out. */
		size_t size = HEADER + strnlen((char *)message + HEADER, (size_t)got - HEADER) + 5;

		pthread_mutex_lock(&server.lock);
		memset(message + 6, 0, 6);
		if (server.size >= CHOSEN) {
			message[FLAGS] = server.bytes[0] | 0x80;
			message[FLAGS + 1] = server.bytes[1];
			message[ANSWERS] = server.bytes[2];
			memcpy(message + size, server.bytes + CHOSEN, server.size - CHOSEN);
			size += server.size - CHOSEN;
		}
		pthread_mutex_unlock(&server.lock);
		sendto(server.socket, message, size < MESSAGE_MAX ? size : MESSAGE_MAX, 0,
			(struct sockaddr *)&peer, length);
		length = sizeof peer;
	}
	return context;
}

static void start(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	pthread_t thread;

	server.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	MUST(bind(server.socket, (struct sockaddr *)&address, length) == 0 &&
		getsockname(server.socket, (struct sockaddr *)&address, &length) == 0);
	server.port = ntohs(address.sin_port);
	MUST(pthread_create(&thread, NULL, run, NULL) == 0);
	pthread_detach(thread);
}

static void say(const uint8_t *bytes, size_t size)
{
	pthread_mutex_lock(&server.lock);
	server.bytes = bytes;
	server.size = size;
	pthread_mutex_unlock(&server.lock);
}

static bool is_name(const char *text)
{
	char *name = dns_name(text);
	bool same = name != NULL && strcmp(name, text) == 0;

	free(name);
	return same;
}

static void check_record(const struct dns_record *record)
{
	unsigned char bytes[16];

	MUST(is_name(record->owner));
	if (record->type == DNS_A || record->type == DNS_AAAA)
		MUST(inet_pton(record->type == DNS_A ? AF_INET : AF_INET6, record->value, bytes) ==
			1);
	else
		MUST(is_name(record->value) || record->value[0] == '\0');
	MUST(record->preference >= 0 && record->preference <= 0xffff);
}

static void check(const struct host *host)
{
	struct mx_host list[MX_HOSTS_TRIED];
	size_t count = mx_hosts(host, list);
	unsigned char bytes[16];

	MUST(host->count <= DNS_RECORDS_MAX && host->status <= DNS_SILENT);
	MUST(host->status != DNS_FOUND || host->count > 0);
	for (size_t i = 0; i < host->count; i++)
		check_record(&host->records[i]);
	MUST(count <= MX_HOSTS_TRIED);
	for (size_t i = 0; i < count; i++) {
		MUST(i == 0 || list[i - 1].preference <= list[i].preference);
		MUST(inet_pton(strchr(list[i].address, ':') != NULL ? AF_INET6 : AF_INET,
			     list[i].address, bytes) == 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host hosts[] = {{.role = HOST_DOMAIN, .name = memory_string("a.example")},
		{.role = HOST_MACHINE, .name = memory_string("b.example")}};
	size_t count = sizeof hosts / sizeof *hosts;
	char *address;

	if (server.port == 0)
		start();
	say(data, size);
	address = memory_format("127.0.0.1:%d", server.port);
	dns_lookup(address, MILLISECONDS, NULL, hosts, count);
	for (size_t i = 0; i < count; i++) {
		check(&hosts[i]);
		host_release(&hosts[i]);
	}
	say(NULL, 0);
	free(address);
	return 0;
}
