/* SPDX-License-Identifier: ISC
 *
 * A small name server for tests: answers what its script says, over UDP and TCP, and does wrong
 * what it is told to.
 *
 *   dns-server --port-file FILE --script FILE [--log FILE] [--port N] [--lifetime SECONDS]
 *
 * It listens on 127.0.0.1; the port (one that is free, where none is given) is written to the port
 * file when it does. The log has a line for each question: name, type, udp or tcp, separated by
 * blanks. The server ends by SIGTERM, with its parent, or after its lifetime (600 s).
 *
 * The script is read again at each question; "#" begins a comment. A name is written without its
 * last dot, "." is the root, \DDD is a byte. A name that begins no line does not exist (NXDOMAIN).
 *
 *   NAME MX PREFERENCE HOST
 *   NAME CNAME HOST        followed twice, as far as the script goes
 *   NAME A ADDRESS, NAME AAAA ADDRESS
 *   NAME TXT STRING …      each a string of one record, at most 255 bytes; TXT-CUT says that each
 *                          is longer than it is
 *   NAME stray OWNER CNAME|MX|A …   a record of another name in each answer about this one
 *   NAME silent            no answer
 *   NAME refuse, NAME fail REFUSED, SERVFAIL
 *   NAME wrong-id          an answer to another question
 *   NAME truncate          over UDP the header alone, with TC
 *   NAME cut               the message ends within its first record
 *   NAME garbage           bytes that are no message
 *   NAME repeat N          each record N times
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 65535, UDP_MAX = 4096, NAME_MAX_TEXT = 1100, WORDS = 6, CHAIN_MAX = 2 };
enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_MX = 15, TYPE_TXT = 16, TYPE_AAAA = 28 };
enum { CODE_FAIL = 2, CODE_ABSENT = 3, CODE_REFUSE = 5 };

static struct {
	const char *port_file, *script, *log;
	int port, udp, tcp;
	unsigned lifetime;
} server = {.lifetime = 600};

struct message {
	unsigned char bytes[MESSAGE_MAX];
	size_t length;
	unsigned answers;
};

struct question {
	unsigned id, type;
	char name[NAME_MAX_TEXT];
	bool tcp;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void put(struct message *message, const void *bytes, size_t length)
{
	if (message->length + length <= sizeof message->bytes) {
		memcpy(message->bytes + message->length, bytes, length);
		message->length += length;
	}
}

static void put_short(struct message *message, unsigned number)
{
	unsigned char bytes[2] = {(unsigned char)(number >> 8), (unsigned char)number};

	put(message, bytes, sizeof bytes);
}

static void put_name(struct message *message, const char *name)
{
	unsigned char label[64];
	size_t length = 1;

	for (const char *at = name; strcmp(name, ".") != 0; at++) {
		if (*at == '.' || *at == '\0') {
			label[0] = (unsigned char)(length - 1);
			put(message, label, length);
			length = 1;
		} else if (*at == '\\') {
			label[length++] =
				(unsigned char)strtoul((char[]){at[1], at[2], at[3], 0}, NULL, 10);
			at += 3;
		} else if (length < sizeof label) {
			label[length++] = (unsigned char)*at;
		}
		if (*at == '\0')
			break;
	}
	put(message, "", 1);
}

static unsigned type_of(const char *word)
{
	static const struct {
		const char *word;
		unsigned type;
	} types[] = {{"A", TYPE_A}, {"CNAME", TYPE_CNAME}, {"MX", TYPE_MX}, {"TXT", TYPE_TXT},
		{"TXT-CUT", TYPE_TXT}, {"AAAA", TYPE_AAAA}};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].word, word) == 0)
			return types[i].type;
	return 0;
}

/* words: owner, type and what follows. */
static void put_record(struct message *message, char **words, size_t count)
{
	unsigned type = type_of(words[1]);
	size_t place, cut = strcmp(words[1], "TXT-CUT") == 0;
	unsigned char address[16];

	put_name(message, words[0]);
	put_short(message, type);
	put_short(message, 1);
	put(message, "\0\0\0\74", 4);
	place = message->length;
	put_short(message, 0);
	if (type == TYPE_MX && count > 3) {
		put_short(message, (unsigned)atoi(words[2]));
		put_name(message, words[3]);
	} else if (type == TYPE_CNAME && count > 2) {
		put_name(message, words[2]);
	} else if (type == TYPE_TXT) {
		for (size_t i = 2; i < count; i++) {
			put(message, &(unsigned char){(unsigned char)(strlen(words[i]) + cut)}, 1);
			put(message, words[i], strlen(words[i]));
		}
	} else if (count > 2 &&
		   inet_pton(type == TYPE_A ? AF_INET : AF_INET6, words[2], address) == 1) {
		put(message, address, type == TYPE_A ? 4 : 16);
	}
	if (place + 2 <= sizeof message->bytes) {
		message->bytes[place] = (unsigned char)((message->length - place - 2) >> 8);
		message->bytes[place + 1] = (unsigned char)(message->length - place - 2);
	}
	message->answers++;
}

/* ---- the script ---- */

struct wish {
	bool known, silent, refuse, fail, wrong_id, truncate, cut, garbage;
	int repeat;
	char target[NAME_MAX_TEXT]; /* of a CNAME; "" for none */
};

static size_t split(char *line, char **words)
{
	size_t count = 0;

	line[strcspn(line, "#\n")] = '\0';
	for (char *word = strtok(line, " \t"); word != NULL && count < WORDS;
		word = strtok(NULL, " \t"))
		words[count++] = word;
	return count;
}

static void take_word(struct wish *wish, char **words, size_t count)
{
	const struct {
		const char *word;
		bool *flag;
	} flags[] = {{"silent", &wish->silent}, {"refuse", &wish->refuse}, {"fail", &wish->fail},
		{"wrong-id", &wish->wrong_id}, {"truncate", &wish->truncate}, {"cut", &wish->cut},
		{"garbage", &wish->garbage}};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (strcmp(flags[i].word, words[1]) == 0)
			*flags[i].flag = true;
	if (strcmp(words[1], "repeat") == 0 && count > 2)
		wish->repeat = atoi(words[2]);
}

/* Adds what the script says of one name; returns whether it leads on to another one. */
static void answer_name(struct message *message, const char *name, unsigned type, struct wish *wish)
{
	FILE *file = fopen(server.script, "r");
	char line[4096], *words[WORDS];

	wish->target[0] = '\0';
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		size_t count = split(line, words);
		unsigned found = count > 1 ? type_of(words[1]) : 0;

		if (count < 2 || strcasecmp(words[0], name) != 0)
			continue;
		wish->known = true;
		if (found == 0 && strcmp(words[1], "stray") == 0 && count > 4)
			put_record(message, words + 2, count - 2);
		else if (found == 0)
			take_word(wish, words, count);
		for (int i = 0; (found == type || found == TYPE_CNAME) && found != 0 &&
				i < (wish->repeat > 0 ? wish->repeat : 1);
			i++)
			put_record(message, words, count);
		if (found == TYPE_CNAME && count > 2)
			snprintf(wish->target, sizeof wish->target, "%s", words[2]);
	}
	if (file != NULL)
		fclose(file);
}

static void put_header(struct message *message, const struct question *question)
{
	put_short(message, question->id);
	put_short(message, 0x8180);
	put_short(message, 1);
	put_short(message, 0);
	put_short(message, 0);
	put_short(message, 0);
	put_name(message, question->name);
	put_short(message, question->type);
	put_short(message, 1);
}

static void spoil(struct message *message, const struct wish *wish, size_t header, bool tcp)
{
	if (wish->wrong_id)
		message->bytes[0] ^= 0xff;
	if (wish->truncate && !tcp) {
		message->bytes[2] |= 2;
		message->length = header;
		message->bytes[6] = message->bytes[7] = 0;
	}
	if (wish->cut && message->length > header + 8)
		message->length = header + 8;
	if (wish->garbage) {
		memset(message->bytes + 2, 0xc0, 30);
		message->length = 32;
	}
}

/* False where nothing is to be said. */
static bool answer(struct message *message, const struct question *question)
{
	struct wish wish = {0};
	char name[NAME_MAX_TEXT];
	unsigned code = 0;
	size_t header;

	message->length = message->answers = 0;
	put_header(message, question);
	header = message->length;
	snprintf(name, sizeof name, "%s", question->name);
	for (int i = 0; i <= CHAIN_MAX; i++) {
		answer_name(message, name, question->type, &wish);
		if (wish.target[0] == '\0' || question->type == TYPE_CNAME)
			break;
		snprintf(name, sizeof name, "%s", wish.target);
	}
	code = wish.fail ? CODE_FAIL : wish.refuse ? CODE_REFUSE : !wish.known ? CODE_ABSENT : 0;
	message->bytes[3] = (unsigned char)(message->bytes[3] | code);
	message->bytes[6] = (unsigned char)(message->answers >> 8);
	message->bytes[7] = (unsigned char)message->answers;
	spoil(message, &wish, header, question->tcp);
	return !wish.silent;
}

/* ---- questions ---- */

static void note(const struct question *question)
{
	FILE *log = server.log != NULL ? fopen(server.log, "a") : NULL;
	const char *type = question->type == TYPE_MX     ? "MX"
			   : question->type == TYPE_A    ? "A"
			   : question->type == TYPE_AAAA ? "AAAA"
							 : "other";

	if (log == NULL)
		return;
	fprintf(log, "%s %s %s\n", question->name, type, question->tcp ? "tcp" : "udp");
	fclose(log);
}

/* False where the bytes are no question. */
static bool read_question(const unsigned char *bytes, size_t length, struct question *question)
{
	size_t at = 12, out = 0;

	while (at < length && bytes[at] != 0) {
		size_t label = bytes[at++];

		if (label > 63 || at + label > length || out + label + 2 > sizeof question->name)
			return false;
		if (out > 0)
			question->name[out++] = '.';
		memcpy(question->name + out, bytes + at, label);
		out += label;
		at += label;
	}
	if (at + 5 > length)
		return false;
	question->name[out] = '\0';
	question->id = (unsigned)(bytes[0] << 8 | bytes[1]);
	question->type = (unsigned)(bytes[at + 1] << 8 | bytes[at + 2]);
	return true;
}

static void serve_udp(void)
{
	static struct message message;
	unsigned char bytes[UDP_MAX];
	struct sockaddr_in peer;
	socklen_t size = sizeof peer;
	struct question question = {.tcp = false};
	ssize_t got = recvfrom(server.udp, bytes, sizeof bytes, 0, (struct sockaddr *)&peer, &size);

	if (got <= 0 || !read_question(bytes, (size_t)got, &question))
		return;
	note(&question);
	if (answer(&message, &question))
		sendto(server.udp, message.bytes, message.length, 0, (struct sockaddr *)&peer,
			size);
}

static void serve_tcp(void)
{
	static struct message message;
	unsigned char bytes[UDP_MAX], length[2];
	struct timeval patience = {2, 0};
	struct question question = {.tcp = true};
	int peer = accept(server.tcp, NULL, NULL);

	setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (recv(peer, length, 2, MSG_WAITALL) == 2) {
		ssize_t size = length[0] << 8 | length[1];

		if (size <= UDP_MAX && recv(peer, bytes, (size_t)size, MSG_WAITALL) == size &&
			read_question(bytes, (size_t)size, &question)) {
			note(&question);
			if (answer(&message, &question)) {
				length[0] = (unsigned char)(message.length >> 8);
				length[1] = (unsigned char)message.length;
				send(peer, length, 2, MSG_NOSIGNAL | MSG_MORE);
				send(peer, message.bytes, message.length, MSG_NOSIGNAL);
			}
		}
	}
	close(peer);
}

/* ---- begin and end ---- */

static bool bind_both(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)server.port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof address;
	int one = 1;

	server.tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	server.udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(server.tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(server.tcp, (struct sockaddr *)&address, size) == 0 &&
		getsockname(server.tcp, (struct sockaddr *)&address, &size) == 0 &&
		bind(server.udp, (struct sockaddr *)&address, size) == 0 &&
		listen(server.tcp, 16) == 0) {
		server.port = ntohs(address.sin_port);
		return true;
	}
	close(server.tcp);
	close(server.udp);
	return false;
}

/* A port that is free for TCP may not be for UDP. */
static void listen_on_both(void)
{
	for (int i = 0; i < 20; i++)
		if (bind_both())
			return;
	fail("bind");
}

static void write_port_file(void)
{
	char part[4096];
	FILE *file;

	snprintf(part, sizeof part, "%s.part", server.port_file);
	file = fopen(part, "w");
	if (file == NULL)
		fail(part);
	fprintf(file, "%d\n", server.port);
	fclose(file);
	if (rename(part, server.port_file) != 0)
		fail(server.port_file);
}

static void read_options(int count, char **arguments)
{
	static const struct option options[] = {{"port-file", required_argument, NULL, 'f'},
		{"script", required_argument, NULL, 's'}, {"log", required_argument, NULL, 'l'},
		{"port", required_argument, NULL, 'p'}, {"lifetime", required_argument, NULL, 't'},
		{0}};
	int option;

	while ((option = getopt_long(count, arguments, "", options, NULL)) != -1)
		switch (option) {
		case 'f':
			server.port_file = optarg;
			break;
		case 's':
			server.script = optarg;
			break;
		case 'l':
			server.log = optarg;
			break;
		case 'p':
			server.port = atoi(optarg);
			break;
		case 't':
			server.lifetime = (unsigned)atoi(optarg);
			break;
		default:
			exit(2);
		}
	if (server.port_file == NULL || server.script == NULL)
		exit(2);
}

int main(int count, char **arguments)
{
	pid_t parent = getppid();
	struct pollfd sockets[2];

	read_options(count, arguments);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		return 1;
	alarm(server.lifetime);
	listen_on_both();
	write_port_file();
	sockets[0] = (struct pollfd){server.udp, POLLIN, 0};
	sockets[1] = (struct pollfd){server.tcp, POLLIN, 0};
	for (;;) {
		poll(sockets, 2, -1);
		if (sockets[0].revents != 0)
			serve_udp();
		if (sockets[1].revents != 0)
			serve_tcp();
	}
}
