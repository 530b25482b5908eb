/* SPDX-License-Identifier: ISC
 *
 * A small SMTP server for tests and the demonstration: keeps the mails that it
 * accepts as files, and does wrong what its script tells it to.
 *
 *   smtp-server --port-file FILE --mails DIR [--address 127.0.0.1] [--port N] [--tls
 * none|starttls|implicit]
 *               [--cert PEM --key PEM] [--script FILE] [--log FILE] [--lifetime SECONDS]
 *
 * The port (one that is free, where none is given) is written to the port file when the server
 * listens. Each mail becomes DIR/000001.eml and so on, whole from the start: "X-Envelope-From:
 * ADDRESS", one "X-Envelope-To: ADDRESS" for each recipient, lines ending in LF; then the mail as
 * it came, dots unstuffed. The log has a line for each that was said: connection, "C" or "S", the
 * words; separated by tabs. The server ends by SIGTERM, with its parent, or after its lifetime (600
 * s).
 *
 * The script is read again at each connection. One word and its arguments a line; "#" begins a
 * comment.
 *
 *   refuse                    closes each connection as soon as it is accepted
 *   with WORDS, without WORD  a line of EHLO's reply that is added or left out
 *   user NAME PASSWORD        who may authenticate; without this line everybody
 *   token NAME TOKEN          who may authenticate by XOAUTH2 and OAUTHBEARER; the others get the
 *                             challenge with the error, and 535 after their answer
 *   tls1.3                    no older TLS
 *   require auth|tls          MAIL is refused without it (530)
 *   PHASE [for PATTERN] [first N] ACTION
 *                             in place of the usual reply; PATTERN (with "*") is held against the
 *                             command's argument or address, N counts over all connections
 *
 * Phases: greeting, hello, starttls, mechanism (AUTH, before anything is asked), auth, mail, rcpt,
 * data, body (after the first bytes of the message), chunk (a BDAT that is not the last), content
 * (after the final dot or BDAT LAST), quit. The first line that fits counts.
 *
 *   reply TEXT     this; \n separates lines
 *   greylist S     450 until S seconds after the recipient's first try
 *   silent         nothing, with the connection open; drop, reset: closed
 *   keep-silent, keep-drop  the same, the mail being kept (after content)
 *   delay MS       the usual reply, late; drip MS: a byte at a time
 *   long N         the usual reply with N more bytes in its line
 *   flood          the usual code, on lines without end
 *   cut            the usual reply as the first line of several, then closed
 *   garbage        bytes that are no reply
 *   inject TEXT    the usual reply and TEXT in one segment; \r and \n as usual
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum {
	LIFETIME = 600,
	BACKLOG = 128,
	RULES_MAX = 64,
	COUNTERS = 4096,
	EXTENSIONS_MAX = 16,
	RECIPIENTS_MAX = 100,
	GREY_MAX = 256,
	LINE_MAX_BYTES = 32768,
	MAIL_MAX = 32 * 1024 * 1024,
	GARBAGE_BYTES = 300,
	ETHERNET_SEGMENT = 1460,
};

enum phase {
	PHASE_GREETING,
	PHASE_HELLO,
	PHASE_STARTTLS,
	PHASE_MECHANISM,
	PHASE_AUTH,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
	PHASE_BODY,
	PHASE_CHUNK,
	PHASE_CONTENT,
	PHASE_QUIT,
	PHASE_COUNT,
};

static const char *const phase_names[PHASE_COUNT] = {
	"greeting",
	"hello",
	"starttls",
	"mechanism",
	"auth",
	"mail",
	"rcpt",
	"data",
	"body",
	"chunk",
	"content",
	"quit",
};

struct session;
struct rule;

/* Sends what the rule says; usual is the reply that it stands for. Returns the code that was sent.
 */
typedef int action(struct session *session, const struct rule *rule, const char *usual);

struct rule {
	enum phase phase;
	char *pattern; /* NULL: any */
	long first;    /* 0: always */
	action *act;
	bool usual; /* as in actions[] */
	const char *argument;
	unsigned counter; /* of hits[] */
};

struct script {
	bool refuse, require_auth, require_tls, tls13;
	const char *user, *password, *token_user, *token;
	char *with[EXTENSIONS_MAX], *without[EXTENSIONS_MAX];
	size_t with_count, without_count;
	struct rule rules[RULES_MAX];
	size_t rule_count;
};

struct session {
	struct script script;
	int descriptor;
	SSL *tls;
	unsigned number;
	char block[4096]; /* read ahead */
	size_t at, end;   /* of block */
	bool extended, authenticated, has_sender, spoiled;
	char *sender;
	char *recipients[RECIPIENTS_MAX];
	size_t recipient_count;
	struct buffer mail;
};

enum tls { TLS_NONE, TLS_STARTTLS, TLS_IMPLICIT };

static struct {
	const char *address, *port_file, *mails, *certificate, *key, *script, *log;
	int port, tls, lifetime, listener;
	SSL_CTX *context;
} server = {.address = "127.0.0.1", .lifetime = LIFETIME};

/* What the processes of all connections share. */
static struct {
	atomic_uint mails, connections;
	atomic_long hits[COUNTERS];
	struct {
		char recipient[256];
		time_t since;
	} grey[GREY_MAX];
} * shared;

static void fail(const char *what)
{
	fprintf(stderr, "smtp-server: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Bytes in and out */

static void note(const struct session *session, char who, const char *text, size_t length)
{
	struct buffer line = {0};
	int log;

	if (server.log == NULL)
		return;
	buffer_format(&line, "%u\t%c\t", session->number, who);
	for (size_t i = 0; i < length; i++)
		buffer_byte(&line, text[i] == '\r' || text[i] == '\n' ? ' ' : text[i]);
	buffer_byte(&line, '\n');
	log = open(server.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (log < 0 || !file_write_all(log, line.data, line.length))
		fail(server.log);
	close(log);
	buffer_release(&line);
}

static _Noreturn void hang_up(struct session *session)
{
	if (session->tls != NULL)
		SSL_shutdown(session->tls);
	_exit(0);
}

static void send_bytes(struct session *session, const char *bytes, size_t length)
{
	bool sent;

	if (session->tls != NULL)
		sent = length == 0 || SSL_write(session->tls, bytes, (int)length) > 0;
	else
		sent = file_write_all(session->descriptor, bytes, length);
	if (!sent)
		_exit(0);
}

static void fill(struct session *session)
{
	ssize_t got;

	if (session->tls != NULL)
		got = SSL_read(session->tls, session->block, sizeof session->block);
	else
		got = read(session->descriptor, session->block, sizeof session->block);
	if (got <= 0)
		_exit(0);
	session->at = 0;
	session->end = (size_t)got;
}

static char read_byte(struct session *session)
{
	if (session->at == session->end)
		fill(session);
	return session->block[session->at++];
}

/* A line without its end. */
static const char *read_line(struct session *session, char line[static LINE_MAX_BYTES])
{
	size_t length = 0;

	for (;;) {
		char byte = read_byte(session);

		if (byte == '\n')
			break;
		if (length + 1 < LINE_MAX_BYTES)
			line[length++] = byte;
	}
	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	note(session, 'C', line, length);
	return line;
}

/* Adds text with "\n" made CRLF (or as it is written, where raw), "\r" CR. */
static void unescape(struct buffer *out, const char *text, bool raw)
{
	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] == 'n')
			buffer_text(out, raw ? "\n" : "\r\n");
		else if (text[0] == '\\' && text[1] == 'r')
			buffer_byte(out, '\r');
		else
			buffer_byte(out, *text);
		if (text[0] == '\\' && (text[1] == 'n' || text[1] == 'r'))
			text++;
	}
}

static int send_reply(struct session *session, const char *text)
{
	struct buffer out = {0};
	int code = atoi(text);

	unescape(&out, text, false);
	buffer_text(&out, "\r\n");
	note(session, 'S', out.data, out.length - 2);
	send_bytes(session, out.data, out.length);
	buffer_release(&out);
	if (code == 421)
		hang_up(session);
	return code;
}

static void wait_milliseconds(long milliseconds)
{
	poll(NULL, 0, (int)milliseconds);
}

/* Mails */

static void keep_mail(struct session *session)
{
	struct buffer out = {0};
	struct error error;
	char *path =
		memory_format("%s/%06u.eml", server.mails, atomic_fetch_add(&shared->mails, 1) + 1);

	buffer_format(&out, "X-Envelope-From: %s\n", session->sender);
	for (size_t i = 0; i < session->recipient_count; i++)
		buffer_format(&out, "X-Envelope-To: %s\n", session->recipients[i]);
	buffer_add(&out, buffer_string(&session->mail), session->mail.length);
	if (!file_write(path, out.data, out.length, 0644, &error)) {
		fprintf(stderr, "smtp-server: %s\n", error.text);
		_exit(1);
	}
	buffer_release(&out);
	free(path);
}

/* Numbers go on where a server before this one ended. */
static unsigned last_mail(void)
{
	DIR *folder = opendir(server.mails);
	struct dirent *entry;
	unsigned last = 0, number;

	if (folder == NULL)
		fail(server.mails);
	while ((entry = readdir(folder)) != NULL)
		if (sscanf(entry->d_name, "%u.eml", &number) == 1 && number > last)
			last = number;
	closedir(folder);
	return last;
}

/* Actions */

static action act_reply, act_greylist, act_silent, act_drop, act_reset, act_keep_silent,
	act_keep_drop, act_delay, act_drip, act_long, act_flood, act_cut, act_garbage, act_inject;

static const struct {
	const char *name;
	action *act;
	bool usual; /* in the end it sends the usual reply */
} actions[] = {
	{"reply", act_reply, false},
	{"greylist", act_greylist, false},
	{"silent", act_silent, false},
	{"drop", act_drop, false},
	{"reset", act_reset, false},
	{"keep-silent", act_keep_silent, false},
	{"keep-drop", act_keep_drop, false},
	{"delay", act_delay, true},
	{"drip", act_drip, true},
	{"long", act_long, true},
	{"flood", act_flood, false},
	{"cut", act_cut, false},
	{"garbage", act_garbage, false},
	{"inject", act_inject, true},
};

static int act_reply(struct session *session, const struct rule *rule, const char *usual)
{
	(void)usual;
	return send_reply(session, rule->argument);
}

/* The last recipient is the one in question. Two at once may both count as the first. */
static int act_greylist(struct session *session, const struct rule *rule, const char *usual)
{
	const char *recipient = session->recipients[session->recipient_count];
	time_t now = time(NULL);

	for (int i = 0; i < GREY_MAX; i++) {
		if (shared->grey[i].since == 0) {
			snprintf(shared->grey[i].recipient, sizeof shared->grey[i].recipient, "%s",
				recipient);
			shared->grey[i].since = now;
		}
		if (strcmp(shared->grey[i].recipient, recipient) != 0)
			continue;
		if (now - shared->grey[i].since >= atol(rule->argument))
			return send_reply(session, usual);
		break;
	}
	return send_reply(session, "450 4.7.1 greylisted, come back later");
}

static _Noreturn void stay_silent(struct session *session)
{
	for (;;)
		fill(session);
}

static int act_silent(struct session *session, const struct rule *rule, const char *usual)
{
	(void)rule, (void)usual;
	stay_silent(session);
}

static int act_drop(struct session *session, const struct rule *rule, const char *usual)
{
	(void)session, (void)rule, (void)usual;
	_exit(0);
}

static int act_reset(struct session *session, const struct rule *rule, const char *usual)
{
	struct linger none = {.l_onoff = 1};

	(void)rule, (void)usual;
	setsockopt(session->descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(session->descriptor);
	_exit(0);
}

static int act_keep_silent(struct session *session, const struct rule *rule, const char *usual)
{
	(void)rule, (void)usual;
	keep_mail(session);
	stay_silent(session);
}

static int act_keep_drop(struct session *session, const struct rule *rule, const char *usual)
{
	keep_mail(session);
	return act_drop(session, rule, usual);
}

static int act_delay(struct session *session, const struct rule *rule, const char *usual)
{
	wait_milliseconds(atol(rule->argument));
	return send_reply(session, usual);
}

static int act_drip(struct session *session, const struct rule *rule, const char *usual)
{
	for (const char *at = usual; *at != '\0'; at++) {
		send_bytes(session, at, 1);
		wait_milliseconds(atol(rule->argument));
	}
	send_bytes(session, "\r\n", 2);
	return atoi(usual);
}

static int act_long(struct session *session, const struct rule *rule, const char *usual)
{
	struct buffer out = {0};
	int code;

	buffer_text(&out, usual);
	for (long i = 0; i < atol(rule->argument); i++)
		buffer_byte(&out, 'x');
	code = send_reply(session, out.data);
	buffer_release(&out);
	return code;
}

static _Noreturn void flood(struct session *session, const char *code)
{
	for (;;) {
		send_bytes(session, code, 3);
		send_bytes(session, "-AUTH more and more\r\n", 21);
	}
}

static int act_flood(struct session *session, const struct rule *rule, const char *usual)
{
	(void)rule;
	flood(session, usual);
}

static int act_cut(struct session *session, const struct rule *rule, const char *usual)
{
	(void)rule;
	send_bytes(session, usual, 3);
	send_bytes(session, "-and more\r\n", 11);
	_exit(0);
}

static int act_garbage(struct session *session, const struct rule *rule, const char *usual)
{
	char bytes[GARBAGE_BYTES];

	(void)rule, (void)usual;
	for (int i = 0; i < GARBAGE_BYTES; i++)
		bytes[i] = (char)(i * 37 + 128);
	bytes[GARBAGE_BYTES - 1] = '\n';
	send_bytes(session, bytes, sizeof bytes);
	return 0;
}

static int act_inject(struct session *session, const struct rule *rule, const char *usual)
{
	struct buffer out = {0};

	buffer_text(&out, usual);
	buffer_text(&out, "\r\n");
	unescape(&out, rule->argument, true);
	note(session, 'S', out.data, out.length);
	send_bytes(session, out.data, out.length);
	buffer_release(&out);
	return atoi(usual);
}

static const struct rule *find_rule(
	const struct session *session, enum phase phase, const char *subject)
{
	for (size_t i = 0; i < session->script.rule_count; i++) {
		const struct rule *rule = &session->script.rules[i];

		if (rule->phase != phase)
			continue;
		if (rule->pattern != NULL && !text_matches(subject, rule->pattern, true))
			continue;
		if (rule->first > 0 &&
			atomic_fetch_add(&shared->hits[rule->counter], 1) >= rule->first)
			continue;
		return rule;
	}
	return NULL;
}

/* Replies as the script says, else as usual. True where that was good news. */
static bool respond(
	struct session *session, enum phase phase, const char *subject, const char *usual)
{
	const struct rule *rule = find_rule(session, phase, subject);
	int code = rule != NULL ? rule->act(session, rule, usual) : send_reply(session, usual);

	return code >= 200 && code < 400;
}

/* The script */

/* The same line counts on where a script is read again, another one does not. */
static unsigned counter_of(const char *line)
{
	unsigned hash = 5381;

	while (*line != '\0')
		hash = hash * 33 + (unsigned char)*line++;
	return hash % COUNTERS;
}

static bool add_rule(struct script *script, enum phase phase, char *words)
{
	struct rule rule = {.phase = phase, .counter = counter_of(words)};
	char *word = strsep(&words, " ");

	for (; word != NULL && words != NULL; word = strsep(&words, " ")) {
		if (strcmp(word, "for") == 0)
			rule.pattern = strsep(&words, " ");
		else if (strcmp(word, "first") == 0)
			rule.first = atol(strsep(&words, " "));
		else
			break;
	}
	rule.argument = words != NULL ? words : "";
	for (size_t i = 0; word != NULL && i < sizeof actions / sizeof *actions; i++)
		if (strcmp(word, actions[i].name) == 0) {
			rule.act = actions[i].act;
			rule.usual = actions[i].usual;
		}
	if (rule.act == NULL || script->rule_count == RULES_MAX)
		return false;
	script->rules[script->rule_count++] = rule;
	return true;
}

static bool add_option(struct script *script, const char *word, char *rest)
{
	if (strcmp(word, "refuse") == 0) {
		script->refuse = true;
	} else if (strcmp(word, "with") == 0 && script->with_count < EXTENSIONS_MAX) {
		script->with[script->with_count++] = rest;
	} else if (strcmp(word, "without") == 0 && script->without_count < EXTENSIONS_MAX) {
		script->without[script->without_count++] = rest;
	} else if (strcmp(word, "user") == 0 && rest != NULL) {
		script->user = strsep(&rest, " ");
		script->password = rest != NULL ? rest : "";
	} else if (strcmp(word, "token") == 0 && rest != NULL) {
		script->token_user = strsep(&rest, " ");
		script->token = rest != NULL ? rest : "";
	} else if (strcmp(word, "tls1.3") == 0) {
		script->tls13 = true;
	} else if (strcmp(word, "require") == 0 && rest != NULL) {
		script->require_auth |= strcmp(rest, "auth") == 0;
		script->require_tls |= strcmp(rest, "tls") == 0;
	} else {
		return false;
	}
	return true;
}

static bool add_line(struct script *script, char *line)
{
	char *word;

	line[strcspn(line, "#")] = '\0';
	while (text_ends(line, " "))
		line[strlen(line) - 1] = '\0';
	if (line[0] == '\0')
		return true;
	word = strsep(&line, " ");
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		if (strcmp(word, phase_names[phase]) == 0)
			return line != NULL && add_rule(script, (enum phase)phase, line);
	return add_option(script, word, line);
}

/* Strings stay in the text, which lives as long as the connection. */
static void read_script(struct script *script)
{
	struct buffer text = {0};
	char *rest, *line;
	int number = 0;

	if (server.script == NULL || file_absent(server.script))
		return;
	if (!file_read(server.script, &text, NULL))
		fail(server.script);
	rest = buffer_take(&text);
	while ((line = strsep(&rest, "\n")) != NULL) {
		number++;
		if (add_line(script, line))
			continue;
		fprintf(stderr, "smtp-server: %s:%d: not understood\n", server.script, number);
		_exit(1);
	}
}

/* Commands */

static void forget_transaction(struct session *session)
{
	for (size_t i = 0; i < session->recipient_count; i++)
		free(session->recipients[i]);
	session->recipient_count = 0;
	free(session->sender);
	session->sender = NULL;
	session->has_sender = session->spoiled = false;
	buffer_clear(&session->mail);
}

static void do_starttls(struct session *session)
{
	session->tls = SSL_new(server.context);
	SSL_set_fd(session->tls, session->descriptor);
	if (session->script.tls13)
		SSL_set_min_proto_version(session->tls, TLS1_3_VERSION);
	if (SSL_accept(session->tls) != 1)
		_exit(0);
	session->at = session->end = 0;
	session->extended = session->authenticated = false;
	note(session, 'S', "(TLS)", 5);
	if (SSL_get_servername(session->tls, TLSEXT_NAMETYPE_host_name) != NULL) {
		const char *name = SSL_get_servername(session->tls, TLSEXT_NAMETYPE_host_name);

		note(session, 'C', "(name)", 6);
		note(session, 'C', name, strlen(name));
	}
}

static void offer(const struct session *session, struct buffer *reply, const char *extension)
{
	for (size_t i = 0; i < session->script.without_count; i++)
		if (strncasecmp(extension, session->script.without[i],
			    strlen(session->script.without[i])) == 0)
			return;
	buffer_format(reply, "250-%s\\n", extension);
}

static void command_ehlo(struct session *session, const char *argument)
{
	static const char *const usual[] = {
		"PIPELINING", "SIZE 33554432", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN"};
	struct buffer reply = {0};

	session->extended = true;
	buffer_text(&reply, "250-smtp-server\\n");
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		offer(session, &reply, usual[i]);
	if (server.tls == TLS_STARTTLS && session->tls == NULL)
		offer(session, &reply, "STARTTLS");
	if (session->tls != NULL)
		offer(session, &reply, "AUTH PLAIN LOGIN");
	for (size_t i = 0; i < session->script.with_count; i++)
		buffer_format(&reply, "250-%s\\n", session->script.with[i]);
	buffer_text(&reply, "250 HELP");
	respond(session, PHASE_HELLO, argument, reply.data);
	buffer_release(&reply);
}

static void command_helo(struct session *session, const char *argument)
{
	respond(session, PHASE_HELLO, argument, "250 smtp-server");
}

static void command_starttls(struct session *session, const char *argument)
{
	if (server.tls != TLS_STARTTLS || session->tls != NULL)
		send_reply(session, "503 5.5.1 not now");
	else if (respond(session, PHASE_STARTTLS, argument, "220 2.0.0 go ahead"))
		do_starttls(session);
}

static char *decoded(const char *text)
{
	struct buffer out = {0};

	if (!digest_base64_decode(text, &out))
		buffer_clear(&out);
	/* PLAIN separates by NUL. */
	for (size_t i = 0; i < out.length; i++)
		if (out.data[i] == '\0')
			out.data[i] = '\n';
	return buffer_take(&out);
}

static char *ask(struct session *session, const char *challenge)
{
	char line[LINE_MAX_BYTES];

	send_reply(session, challenge);
	return decoded(read_line(session, line));
}

/* The reply to credentials, as PLAIN has them: "authorization\nuser\npassword". */
static const char *judge(const struct session *session, const char *credentials)
{
	char *expected;
	bool good;

	if (session->script.user == NULL)
		return "235 2.7.0 welcome";
	expected = memory_format("\n%s\n%s", session->script.user, session->script.password);
	good = strcmp(expected, credentials) == 0;
	free(expected);
	return good ? "235 2.7.0 welcome" : "535 5.7.8 authentication failed";
}

/* XOAUTH2, and RFC 7628 for OAUTHBEARER. */
static const char *judge_token(struct session *session, const char *argument)
{
	const struct script *script = &session->script;
	bool bearer = strncasecmp(argument, "OAUTHBEARER", 11) == 0;
	const char *initial = argument + (bearer ? 11 : 7);
	char *said = *initial == ' ' ? decoded(initial + 1) : ask(session, "334 ");
	char *user = memory_format(bearer ? "n,a=%s,\001" : "user=%s\001", script->token_user);
	char *token = memory_format("\001auth=Bearer %s\001\001", script->token);
	const char *found = strstr(said, token + !bearer);
	bool good = strncmp(said, user, strlen(user)) == 0 && found != NULL &&
		    found[strlen(token + !bearer)] == '\0' &&
		    (bearer || found == said + strlen(user));

	free(said);
	free(user);
	free(token);
	if (good)
		return "235 2.7.0 welcome";
	/* {"status":"401","schemes":"bearer","scope":"mail"} */
	free(ask(session,
		"334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJtYWlsIn0="));
	return "535 5.7.8 the token is not valid";
}

static void command_auth(struct session *session, const char *argument)
{
	const struct rule *rule = find_rule(session, PHASE_MECHANISM, argument);
	char *credentials;

	if (rule != NULL) {
		rule->act(session, rule, "504 5.5.4 unknown mechanism");
		return;
	}
	if (session->script.token != NULL &&
		(strncasecmp(argument, "XOAUTH2", 7) == 0 ||
			strncasecmp(argument, "OAUTHBEARER", 11) == 0)) {
		session->authenticated =
			respond(session, PHASE_AUTH, argument, judge_token(session, argument));
		return;
	}
	if (strncasecmp(argument, "PLAIN ", 6) == 0) {
		credentials = decoded(argument + 6);
	} else if (strcasecmp(argument, "PLAIN") == 0) {
		credentials = ask(session, "334 ");
	} else if (strncasecmp(argument, "LOGIN", 5) == 0) {
		char *user = argument[5] == ' ' ? decoded(argument + 6)
						: ask(session, "334 VXNlcm5hbWU6");
		char *password = ask(session, "334 UGFzc3dvcmQ6");

		credentials = memory_format("\n%s\n%s", user, password);
		free(user);
		free(password);
	} else {
		send_reply(session, "504 5.5.4 unknown mechanism");
		return;
	}
	session->authenticated =
		respond(session, PHASE_AUTH, argument, judge(session, credentials));
	free(credentials);
}

/* "FROM:<a@b> SIZE=1": the part in angle brackets. */
static char *address_of(const char *argument)
{
	const char *open = strchr(argument, '<'), *close = strchr(argument, '>');

	return open != NULL && close > open ? memory_bytes(open + 1, (size_t)(close - open - 1))
					    : memory_string("");
}

static void command_mail(struct session *session, const char *argument)
{
	forget_transaction(session);
	session->sender = address_of(argument);
	if ((session->script.require_auth && !session->authenticated) ||
		(session->script.require_tls && session->tls == NULL))
		send_reply(session, "530 5.7.0 authentication required");
	else
		session->has_sender =
			respond(session, PHASE_MAIL, session->sender, "250 2.1.0 sender ok");
}

static void command_rcpt(struct session *session, const char *argument)
{
	char **recipient = &session->recipients[session->recipient_count];

	if (!session->has_sender || session->recipient_count == RECIPIENTS_MAX - 1) {
		send_reply(session,
			session->has_sender ? "452 4.5.3 too many" : "503 5.5.1 MAIL first");
		return;
	}
	*recipient = address_of(argument);
	if (respond(session, PHASE_RCPT, *recipient, "250 2.1.5 recipient ok"))
		session->recipient_count++;
	else
		free(*recipient);
}

static void begin_body(struct session *session)
{
	const struct rule *rule = find_rule(session, PHASE_BODY, session->sender);

	if (rule == NULL)
		return;
	if (session->at == session->end)
		fill(session);
	rule->act(session, rule, "250 2.0.0 early");
}

/* Kept before it is said: who hears 250 finds the file. */
static void finish_mail(struct session *session)
{
	static const char usual[] = "250 2.0.0 kept";
	const struct rule *rule = find_rule(session, PHASE_CONTENT, session->sender);

	if (rule == NULL || rule->usual || (rule->act == act_reply && rule->argument[0] == '2'))
		keep_mail(session);
	if (rule == NULL)
		send_reply(session, usual);
	else
		rule->act(session, rule, usual);
	forget_transaction(session);
}

/* Up to the line that is only a dot; a second dot at the start of a line is the stuffing. */
static void read_body(struct session *session)
{
	bool new_line = true;

	for (;;) {
		char byte = read_byte(session);

		if (new_line && byte == '.') {
			byte = read_byte(session);
			if (byte == '\r' && read_byte(session) == '\n')
				return;
		}
		if (session->mail.length < MAIL_MAX)
			buffer_byte(&session->mail, byte);
		new_line = byte == '\n';
	}
}

static void command_data(struct session *session, const char *argument)
{
	if (session->recipient_count == 0) {
		send_reply(session, "503 5.5.1 no valid recipients");
		return;
	}
	if (!respond(session, PHASE_DATA, argument, "354 go ahead"))
		return;
	begin_body(session);
	read_body(session);
	finish_mail(session);
}

static const char *chunk_reply(struct session *session, long size)
{
	static char text[80];

	if (session->spoiled) {
		snprintf(text, sizeof text, "551 5.0.0 Discarded %ld bytes after earlier error",
			size);
		return text;
	}
	session->spoiled = session->recipient_count == 0;
	snprintf(text, sizeof text, "250 2.0.0 %ld bytes", size);
	return session->spoiled ? "554 5.5.1 no valid recipients" : text;
}

static void command_bdat(struct session *session, const char *argument)
{
	long size = atol(argument);
	bool last = strcasestr(argument, "LAST") != NULL;
	const char *reply;

	for (long i = 0; i < size; i++) {
		char byte = read_byte(session);

		if (session->mail.length < MAIL_MAX)
			buffer_byte(&session->mail, byte);
	}
	reply = chunk_reply(session, size);
	if (atoi(reply) >= 400)
		send_reply(session, reply);
	else if (last)
		finish_mail(session);
	else if (!respond(session, PHASE_CHUNK, argument, reply))
		session->spoiled = true;
}

static void command_rset(struct session *session, const char *argument)
{
	(void)argument;
	forget_transaction(session);
	send_reply(session, "250 2.0.0 forgotten");
}

static void command_noop(struct session *session, const char *argument)
{
	(void)argument;
	send_reply(session, "250 2.0.0 nothing done");
}

static void command_quit(struct session *session, const char *argument)
{
	respond(session, PHASE_QUIT, argument, "221 2.0.0 bye");
	hang_up(session);
}

static const struct {
	const char *verb;
	void (*run)(struct session *session, const char *argument);
} commands[] = {
	{"EHLO", command_ehlo},
	{"HELO", command_helo},
	{"STARTTLS", command_starttls},
	{"AUTH", command_auth},
	{"MAIL", command_mail},
	{"RCPT", command_rcpt},
	{"DATA", command_data},
	{"BDAT", command_bdat},
	{"RSET", command_rset},
	{"NOOP", command_noop},
	{"QUIT", command_quit},
};

static void obey(struct session *session, const char *line)
{
	size_t length = strcspn(line, " ");

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strlen(commands[i].verb) != length ||
			strncasecmp(line, commands[i].verb, length) != 0)
			continue;
		commands[i].run(session, line + length + (line[length] == ' '));
		return;
	}
	send_reply(session, "500 5.5.2 unknown command");
}

/* One connection, in a process of its own. */
static _Noreturn void serve(int descriptor)
{
	static struct session session;
	char line[LINE_MAX_BYTES];

	close(server.listener);
	alarm((unsigned)server.lifetime);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	session.descriptor = descriptor;
	session.number = atomic_fetch_add(&shared->connections, 1) + 1;
	read_script(&session.script);
	note(&session, 'C', "(connected)", 11);
	if (session.script.refuse)
		_exit(0);
	if (server.tls == TLS_IMPLICIT)
		do_starttls(&session);
	respond(&session, PHASE_GREETING, "", "220 smtp-server ESMTP");
	for (;;)
		obey(&session, read_line(&session, line));
}

/* The server */

static void prepare_tls(void)
{
	server.context = SSL_CTX_new(TLS_server_method());
	if (server.context == NULL ||
		SSL_CTX_use_certificate_chain_file(server.context, server.certificate) != 1 ||
		SSL_CTX_use_PrivateKey_file(server.context, server.key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		exit(1);
	}
}

static void write_port_file(void)
{
	struct sockaddr_in6 name; /* whose port is where IPv4 has it */
	socklen_t length = sizeof name;
	struct error error;
	char text[16];

	if (getsockname(server.listener, (struct sockaddr *)&name, &length) != 0)
		fail("getsockname");
	snprintf(text, sizeof text, "%d\n", ntohs(name.sin6_port));
	if (!file_write(server.port_file, text, strlen(text), 0644, &error)) {
		fprintf(stderr, "smtp-server: %s\n", error.text);
		exit(1);
	}
}

static void listen_on_address(void)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server.port)};
	struct sockaddr_in6 name6 = {
		.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)server.port)};
	bool six = strchr(server.address, ':') != NULL;
	int yes = 1, segment = ETHERNET_SEGMENT;

	server.listener = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server.listener < 0 || inet_pton(six ? AF_INET6 : AF_INET, server.address,
					   six ? (void *)&name6.sin6_addr : &name.sin_addr) != 1)
		fail(server.address);
	setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	/* As on Ethernet: loopback's own segments would let the client's socket hold megabytes. */
	setsockopt(server.listener, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
	if (bind(server.listener, six ? (struct sockaddr *)&name6 : (struct sockaddr *)&name,
		    six ? sizeof name6 : sizeof name) != 0 ||
		listen(server.listener, BACKLOG) != 0)
		fail("listen");
}

static void choose_tls(const char *word)
{
	static const char *const words[] = {"none", "starttls", "implicit"};

	for (int i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0)
			server.tls = i;
}

static void read_options(int count, char **arguments)
{
	static const struct option options[] = {
		{"port-file", required_argument, NULL, 'f'},
		{"mails", required_argument, NULL, 'm'},
		{"address", required_argument, NULL, 'a'},
		{"port", required_argument, NULL, 'p'},
		{"tls", required_argument, NULL, 't'},
		{"cert", required_argument, NULL, 'c'},
		{"key", required_argument, NULL, 'k'},
		{"script", required_argument, NULL, 's'},
		{"log", required_argument, NULL, 'l'},
		{"lifetime", required_argument, NULL, 'e'},
		{0},
	};
	const char *values['z' + 1] = {NULL};
	int option;

	while ((option = getopt_long(count, arguments, "", options, NULL)) != -1)
		if (option <= 'z')
			values[option] = optarg;
	server.port_file = values['f'];
	server.mails = values['m'];
	server.address = values['a'] != NULL ? values['a'] : server.address;
	server.port = values['p'] != NULL ? atoi(values['p']) : 0;
	choose_tls(values['t'] != NULL ? values['t'] : "none");
	server.certificate = values['c'];
	server.key = values['k'] != NULL ? values['k'] : values['c'];
	server.script = values['s'];
	server.log = values['l'];
	server.lifetime = values['e'] != NULL ? atoi(values['e']) : LIFETIME;
	if (server.port_file == NULL || server.mails == NULL ||
		(server.tls != TLS_NONE && server.certificate == NULL) || server.lifetime < 1) {
		fprintf(stderr, "usage: smtp-server --port-file FILE --mails DIR [options]\n");
		exit(2);
	}
}

int main(int count, char **arguments)
{
	pid_t parent = getppid();

	read_options(count, arguments);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		return 1;
	alarm((unsigned)server.lifetime);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		fail("mmap");
	shared->mails = last_mail();
	if (server.tls != TLS_NONE)
		prepare_tls();
	listen_on_address();
	write_port_file();
	for (;;) {
		int descriptor = accept(server.listener, NULL, NULL);

		if (descriptor < 0)
			continue;
		if (fork() == 0)
			serve(descriptor);
		close(descriptor);
	}
}
