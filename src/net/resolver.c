/* SPDX-License-Identifier: ISC */
#include "net/resolver.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CARES_NO_DEPRECATED /* ares_query() is what Debian 12 has */
#include <ares.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	FIRST_TIMEOUT = 600, /* milliseconds; the second try waits twice as long */
	TRIES = 2,
	HEADER_BYTES = 12,  /* RFC 1035 section 4.1.1 */
	QUESTION_BYTES = 4, /* after the name: type and class */
	RECORD_BYTES = 10,  /* after the name: type, class, time to live, length */
	LABEL_MAX = 63,
	CLASS_IN = 1,
};

/* RFC 1035 section 3.2.2, RFC 3596. */
static const int type_numbers[] = {
	[DNS_MX] = 15, [DNS_A] = 1, [DNS_AAAA] = 28, [DNS_CNAME] = 5, [DNS_TXT] = 16};

const char *const dns_type_names[] = {[DNS_MX] = "MX",
	[DNS_A] = "A",
	[DNS_AAAA] = "AAAA",
	[DNS_CNAME] = "CNAME",
	[DNS_TXT] = "TXT",
	NULL};

struct question {
	struct resolver *resolver;
	struct question *next;
	char *name; /* NULL: the text is not a host name */
	enum dns_type type;
	dns_callback *callback;
	void *context;
};

struct resolver {
	ares_channel channel;
	int64_t deadline; /* monotonic, milliseconds */
	struct pollfd sockets[RESOLVER_SOCKETS_MAX];
	size_t socket_count;
	struct question *first, *last; /* waiting for their turn */
	size_t in_flight;
};

/* ---- names ---- */

char *dns_name(const char *text)
{
	size_t length = strlen(text), label = 0;
	char *name;

	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length == 0 || length > DNS_NAME_MAX)
		return NULL;
	name = memory_bytes(text, length);
	for (size_t i = 0; i <= length; i++) {
		unsigned char byte = (unsigned char)name[i];
		bool end = byte == '.' || byte == '\0';
		bool good = end ? label > 0 && label <= LABEL_MAX
				: isalnum(byte) || byte == '-' || byte == '_';

		if (!good) {
			free(name);
			return NULL;
		}
		label = end ? 0 : label + 1;
		name[i] = (char)tolower(byte);
	}
	return name;
}

const char *const dns_status_names[] = {
	[DNS_FOUND] = "found",
	[DNS_EMPTY] = "empty",
	[DNS_ABSENT] = "absent",
	[DNS_SILENT] = "silent",
	NULL,
};

/* ---- parsing an answer ---- */

struct message {
	const unsigned char *bytes;
	int length, at;
};

static int read_short(const struct message *message, int at)
{
	return message->bytes[at] << 8 | message->bytes[at + 1];
}

/* Reads the name at message->at and moves past it; NULL if it is damaged. "" is the root, "?" a
 * name that is not a host name. Owned by the caller. */
static char *read_name(struct message *message)
{
	char *expanded, *name;
	long size;

	if (ares_expand_name(message->bytes + message->at, message->bytes, message->length,
		    &expanded, &size) != ARES_SUCCESS)
		return NULL;
	message->at += (int)size;
	name = expanded[0] == '\0' ? memory_string("") : dns_name(expanded);
	ares_free_string(expanded);
	return name != NULL ? name : memory_string("?");
}

/* The strings of a TXT as one; NULL if they are damaged. */
static char *read_text(const unsigned char *bytes, int length)
{
	struct buffer text = {0};
	char *value;

	for (int at = 0; at < length; at += 1 + bytes[at]) {
		if (bytes[at] > length - at - 1) {
			buffer_release(&text);
			return NULL;
		}
		buffer_add(&text, bytes + at + 1, bytes[at]);
	}
	value = text_collapse(buffer_string(&text), text.length, DNS_TEXT_MAX);
	buffer_release(&text);
	return value;
}

/* The value of a record whose data is length bytes at message.at; NULL if it is damaged. */
static char *read_value(struct message message, int length, struct dns_record *record)
{
	bool four = record->type == DNS_A;
	char text[INET6_ADDRSTRLEN];

	if (four || record->type == DNS_AAAA)
		return length == (four ? 4 : 16)
			       ? memory_string(inet_ntop(four ? AF_INET : AF_INET6,
					 message.bytes + message.at, text, sizeof text))
			       : NULL;
	if (record->type == DNS_TXT)
		return read_text(message.bytes + message.at, length);
	if (record->type == DNS_MX) {
		if (length < 3)
			return NULL;
		record->preference = read_short(&message, message.at);
		message.at += 2;
	}
	return read_name(&message);
}

static void record_release(struct dns_record *record)
{
	free(record->owner);
	free(record->value);
	*record = (struct dns_record){0};
}

/* Reads one record and moves past it; false if the message ends or is damaged there. A record of
 * another type or class has no value. */
static bool read_record(struct message *message, struct dns_record *record)
{
	int type, class, length;

	*record = (struct dns_record){.owner = read_name(message)};
	if (record->owner == NULL || message->length - message->at < RECORD_BYTES)
		return false;
	type = read_short(message, message->at);
	class = read_short(message, message->at + 2);
	length = read_short(message, message->at + 8);
	message->at += RECORD_BYTES;
	if (length > message->length - message->at)
		return false;
	for (size_t i = 0; class == CLASS_IN && i < sizeof type_numbers / sizeof *type_numbers; i++)
		if (type_numbers[i] == type) {
			record->type = (enum dns_type)i;
			record->value = read_value(*message, length, record);
		}
	message->at += length;
	return true;
}

struct records {
	struct dns_record *list;
	size_t count;
};

static void records_release(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		record_release(&records->list[i]);
	free(records->list);
}

/* Reads the message's answer section; false if it is damaged. */
static bool read_answers(struct message *message, struct records *records)
{
	int questions, answers;

	if (message->length < HEADER_BYTES)
		return false;
	questions = read_short(message, 4);
	answers = read_short(message, 6);
	message->at = HEADER_BYTES;
	for (; questions > 0; questions--) {
		char *name = read_name(message);

		free(name);
		message->at += QUESTION_BYTES;
		if (name == NULL || message->at > message->length)
			return false;
	}
	for (; answers > 0 && records->count < DNS_RECORDS_MAX; answers--) {
		struct dns_record record;
		bool good = read_record(message, &record);

		if (good && record.value != NULL)
			*(struct dns_record *)memory_append(
				&records->list, &records->count, sizeof record) = record;
		else
			record_release(&record);
		if (!good)
			return false;
	}
	return true;
}

/* False for a name that is no host's. The root is one of an MX alone (RFC 7505). */
static bool is_usable(const struct dns_record *record)
{
	return record->type == DNS_TXT ||
	       (strcmp(record->value, "?") != 0 &&
		       (record->value[0] != '\0' || record->type == DNS_MX));
}

/* Moves a record of that owner and type, if one is left. */
static bool take(struct records *from, const char *owner, enum dns_type type, struct records *to)
{
	for (size_t i = 0; i < from->count; i++) {
		struct dns_record *record = &from->list[i];

		if (record->owner == NULL || record->type != type ||
			strcmp(record->owner, owner) != 0 || !is_usable(record))
			continue;
		*(struct dns_record *)memory_append(&to->list, &to->count, sizeof *record) =
			*record;
		*record = (struct dns_record){0};
		return true;
	}
	return false;
}

/* Only records that belong to the question count: the chain of aliases that begins with its
 * name (each is taken once, so that a loop ends), and the records at its end. */
static void choose_answers(
	struct records *all, const char *name, enum dns_type type, struct records *chosen)
{
	while (take(all, name, DNS_CNAME, chosen))
		name = chosen->list[chosen->count - 1].value;
	while (take(all, name, type, chosen))
		;
}

/* ---- questions ---- */

static void question_free(struct question *question)
{
	free(question->name);
	free(question);
}

static void question_answer(struct question *question, enum dns_status status,
	const struct records *records, const char *why)
{
	struct dns_answer answer = {
		.name = question->name != NULL ? question->name : "",
		.type = question->type,
		.status = status,
		.records = records != NULL ? records->list : NULL,
		.count = records != NULL ? records->count : 0,
		.failure = why,
	};

	question->callback(question->context, &answer);
	question_free(question);
}

static const char no_answer[] = "no answer within the time";

/* c-ares' callback. */
static void answered(void *context, int status, int timeouts, unsigned char *bytes, int length)
{
	struct question *question = context;
	struct message message = {bytes, bytes != NULL ? length : 0, 0};
	struct records all = {0}, chosen = {0};
	enum dns_status result = DNS_SILENT;
	const char *failure = "";

	(void)timeouts;
	question->resolver->in_flight--;
	/* Older versions of c-ares hand on damaged answers. Such an answer says nothing, not even
	 * that there are no records. */
	if (read_answers(&message, &all))
		choose_answers(&all, question->name, question->type, &chosen);
	else if (status == ARES_SUCCESS)
		status = ARES_EBADRESP;
	switch (status) {
	case ARES_SUCCESS: /* the records asked for come last, after the aliases */
		result = chosen.count > 0 && chosen.list[chosen.count - 1].type == question->type
				 ? DNS_FOUND
				 : DNS_EMPTY;
		break;
	case ARES_ENODATA:
		result = DNS_EMPTY;
		break;
	case ARES_ENOTFOUND:
		result = DNS_ABSENT;
		break;
	case ARES_ETIMEOUT:
	case ARES_ECANCELLED:
		failure = no_answer;
		break;
	case ARES_ECONNREFUSED: /* also if all servers have refused or failed */
	case ARES_ESERVFAIL:
	case ARES_EREFUSED:
		failure = "no name server could answer";
		break;
	default:
		failure = "a malformed answer";
	}
	question_answer(question, result, &chosen, failure);
	records_release(&all);
	records_release(&chosen);
}

void resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
	dns_callback *callback, void *context)
{
	struct question *question = memory_new(sizeof *question);

	*question = (struct question){resolver, NULL, dns_name(name), type, callback, context};
	if (resolver->last != NULL)
		resolver->last->next = question;
	else
		resolver->first = question;
	resolver->last = question;
}

static struct question *take_first(struct resolver *resolver)
{
	struct question *question = resolver->first;

	resolver->first = question->next;
	if (resolver->first == NULL)
		resolver->last = NULL;
	return question;
}

/* Sends waiting questions up to the limit; a callback may come at once. */
static void send_waiting(struct resolver *resolver)
{
	while (resolver->first != NULL && resolver->in_flight < RESOLVER_IN_FLIGHT) {
		struct question *question = take_first(resolver);

		if (question->name == NULL) {
			question_answer(question, DNS_ABSENT, NULL, "");
			continue;
		}
		resolver->in_flight++;
		ares_query(resolver->channel, question->name, CLASS_IN,
			type_numbers[question->type], answered, question);
	}
}

/* ---- the channel ---- */

static void watch_socket(void *context, ares_socket_t socket, int readable, int writable)
{
	struct resolver *resolver = context;
	short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	size_t i = 0;

	while (i < resolver->socket_count && resolver->sockets[i].fd != socket)
		i++;
	if (events == 0) {
		if (i < resolver->socket_count)
			resolver->sockets[i] = resolver->sockets[--resolver->socket_count];
	} else if (i < RESOLVER_SOCKETS_MAX) { /* one too many is ignored: its question stays
						  unanswered */
		resolver->sockets[i] = (struct pollfd){socket, events, 0};
		if (i == resolver->socket_count)
			resolver->socket_count++;
	}
}

struct resolver *resolver_new(const char *server, int64_t milliseconds, struct error *error)
{
	struct resolver *resolver = memory_zero(1, sizeof *resolver);
	struct ares_options options = {.timeout = FIRST_TIMEOUT,
		.tries = TRIES,
		.sock_state_cb = watch_socket,
		.sock_state_cb_data = resolver};
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	resolver->deadline = clock_milliseconds() + milliseconds;
	if (status == ARES_SUCCESS)
		status = ares_init_options(&resolver->channel, &options,
			ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
	if (status == ARES_SUCCESS && server != NULL)
		status = ares_set_servers_ports_csv(resolver->channel, server);
	if (status == ARES_SUCCESS)
		return resolver;
	error_set(error, REMEDY_LOCAL, "names cannot be looked up: %s", ares_strerror(status));
	resolver_free(resolver);
	return NULL;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	if (resolver->channel != NULL)
		ares_destroy(resolver->channel);
	while (resolver->first != NULL)
		question_free(take_first(resolver));
	ares_library_cleanup();
	free(resolver);
}

/* What is there already; if nothing is, time has passed. */
static void process(struct resolver *resolver)
{
	struct pollfd ready[RESOLVER_SOCKETS_MAX];
	size_t count = resolver->socket_count;

	memcpy(ready, resolver->sockets, count * sizeof *ready);
	if (poll(ready, (nfds_t)count, 0) <= 0)
		count = 0;
	for (size_t i = 0; i < count; i++)
		ares_process_fd(resolver->channel,
			(ready[i].revents & ~POLLOUT) != 0 ? ready[i].fd : ARES_SOCKET_BAD,
			(ready[i].revents & POLLOUT) != 0 ? ready[i].fd : ARES_SOCKET_BAD);
	if (count == 0)
		ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static int64_t time_left(const struct resolver *resolver)
{
	return resolver->deadline - clock_milliseconds();
}

bool resolver_turn(struct resolver *resolver)
{
	if (resolver->in_flight > 0)
		process(resolver);
	send_waiting(resolver);
	if (resolver->in_flight > 0 && time_left(resolver) > 0)
		return true;
	ares_cancel(resolver->channel);
	while (resolver->first != NULL)
		question_answer(take_first(resolver), DNS_SILENT, NULL, no_answer);
	return false;
}

size_t resolver_polls(const struct resolver *resolver, struct pollfd *polls, int64_t *milliseconds)
{
	int64_t left = time_left(resolver);
	struct timeval most, wanted, *wait;

	if (left < 0)
		left = 0;
	most = (struct timeval){(time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000)};
	wait = ares_timeout(resolver->channel, &most, &wanted);
	left = wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1;
	if (left < *milliseconds)
		*milliseconds = left;
	memcpy(polls, resolver->sockets, resolver->socket_count * sizeof *polls);
	return resolver->socket_count;
}

void resolver_run(struct resolver *resolver)
{
	while (resolver_turn(resolver)) {
		struct pollfd polls[RESOLVER_SOCKETS_MAX];
		int64_t pause = time_left(resolver);
		size_t count = resolver_polls(resolver, polls, &pause);

		poll(polls, (nfds_t)count, (int)(pause > 0 ? pause : 0));
	}
}
