/* SPDX-License-Identifier: ISC
 *
 * Delivered means delivered: by each transport, and for mails of each shape, exactly one copy
 * arrives, as it was sent, and the outbox knows it, however often the courier runs. An accepted
 * mail that counts as failed is sent again; one that does not arrive whole is no alert.
 */
#include "unit/scene.h"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "base/list.h"
#include "servers/server.h"
#include "servers/sink.h"
#include "tell/courier.h"
#include "tell/hosts.h"

enum {
	RUNS = 3,
	RUN_SECONDS = 400, /* between two: longer than the first pauses of the outbox */
	PATIENCE = 60,     /* seconds for one run */
	LIBCURL_READS = 65536,
	LIBESMTP_WRITES = 2048,
	MEGABYTE = 1024 * 1024,
};

#define HEADER                                                                                     \
	"From: lampwatch <lampwatch@example.org>\r\nTo: ops@example.com\r\n"                       \
	"Subject: x\r\nDate: Fri, 24 Jan 2014 19:20:00 +0000\r\nMessage-ID: <e.1@example.org>\r\n"

/* ---- the mails ---- */

struct shapes {
	struct buffer *list;
	size_t count;
};

static struct buffer *add_shape(struct shapes *shapes)
{
	return memory_append(&shapes->list, &shapes->count, sizeof *shapes->list);
}

/* Lines of that length, beginning with the word, until the whole has that size. */
static void add_lines(struct shapes *shapes, const char *word, size_t line, size_t size)
{
	struct buffer *bytes = add_shape(shapes);

	buffer_text(bytes, HEADER "\r\n");
	while (bytes->length + 2 < size) {
		size_t end = bytes->length + line;

		if (bytes->length + strlen(word) + 2 <= size)
			buffer_text(bytes, word);
		while (bytes->length < end && bytes->length + 2 < size)
			buffer_byte(bytes, 'x');
		buffer_text(bytes, "\r\n");
	}
}

/* As the program makes it of text that is not ASCII, with dots at the beginnings of lines. */
static void add_8_bit(struct shapes *shapes)
{
	static const char text[] = "\xC3\xA4\n.\n..\n.\xE2\x97\x8F \xF0\x9F\x94\xB4\n\n"
				   "the last line without an end";
	struct mail_header header = {.from = "lampwatch@example.org", .date = 1390590000};
	struct mail_copy copy = {.to = "ops@example.com", .message_id = "<e.1@example.org>"};
	struct buffer mail = {0};

	assert_true(mail_write(
		&header, "\xE2\x97\x8F R\xC3\x96T", text, "<p>\xC3\xA4</p>\n", &mail, NULL));
	assert_true(mail_address(&copy, buffer_string(&mail), add_shape(shapes), NULL));
	buffer_release(&mail);
}

static void make_shapes(struct shapes *shapes)
{
	static const char *const words[] = {"no dot ", ".", "..", ".x"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		add_lines(shapes, words[i], 60, 1000);
	add_lines(shapes, ".", 1, 500);
	add_lines(shapes, "long ", MAIL_LINE_MAX, 5000);
	add_lines(shapes, ".long ", MAIL_LINE_MAX, 5000);
	for (int more = -2; more <= 2; more++) {
		add_lines(shapes, "", 78, (size_t)(2 * LIBESMTP_WRITES + more));
		add_lines(shapes, ".", 78, (size_t)(LIBCURL_READS + more));
	}
	add_8_bit(shapes);
	buffer_text(add_shape(shapes), HEADER "\r\nx\r\n");
	buffer_text(add_shape(shapes), HEADER "\r\n.\r\n");
	buffer_text(add_shape(shapes), HEADER "\r\n");
	add_lines(shapes, "", 76, MEGABYTE);
	add_lines(shapes, ".", 76, MEGABYTE);
}

static void release_shapes(struct shapes *shapes)
{
	for (size_t i = 0; i < shapes->count; i++)
		buffer_release(&shapes->list[i]);
	free(shapes->list);
}

/* ---- the outbox and its courier ---- */

/* One delivery of each shape, to receivers of their own ("%zu" in receiver is the shape's place).
 */
static void owe(struct scene *scene, const struct shapes *shapes, const char *receiver)
{
	database_begin(scene->database);
	for (size_t i = 0; i < shapes->count; i++) {
		struct content_plan content_plan = {.data = value_map()};
		struct content content = {.whole = true,
			.bytes = shapes->list[i].data,
			.length = shapes->list[i].length};
		char *to = strstr(receiver, "mail:") != NULL
				   ? memory_format("mail:m%zu@example.com", i)
				   : memory_string(receiver);
		char *page = memory_format("page%zu", i);
		char *id = memory_format("<%zu@example.org>", i);
		struct delivery_plan plan = {.receiver = to, .message_id = id};

		outbox_add(scene->database, page, &plan,
			outbox_keep(scene->database, &content_plan, &content), scene->now);
		value_free(content_plan.data);
		free(to);
		free(page);
		free(id);
	}
	assert_true(database_commit(scene->database, NULL));
}

static struct database *open_outbox(void *context, struct error *error)
{
	const struct scene *scene = context;

	return database_open(scene->path, schema, false, error);
}

static void none_troubled(struct database *database, struct text_list *pages)
{
	(void)database, (void)pages;
}

static void run_courier(struct scene *scene)
{
	char *lock = file_join(scene->archive, ARCHIVE_STATE "/courier.lock");
	struct courier_settings settings = {.config = scene->config,
		.templates = "templates",
		.lock = lock,
		.clock = scene->now,
		.open = open_outbox,
		.troubled = none_troubled,
		.context = scene};
	struct courier *courier;
	struct error error;

	database_close(scene->database); /* the courier's process may not inherit it */
	courier = courier_new(&settings);
	assert_non_null(courier);
	courier_wake(courier);
	assert_int_equal(courier_finish(courier, PATIENCE, &error), COURIER_DONE);
	scene->database = open_outbox(scene, NULL);
	assert_non_null(scene->database);
	scene->now += RUN_SECONDS;
	free(lock);
}

static void assert_all_delivered(struct scene *scene, size_t count)
{
	struct deliveries all = {0};

	outbox_list(scene->database, true, &all);
	assert_int_equal(all.count, count);
	for (size_t i = 0; i < all.count; i++) {
		if (!text_equal(all.list[i].state, "delivered"))
			print_message("# %zu: %s\n", i,
				all.list[i].reason != NULL ? all.list[i].reason : "");
		assert_string_equal(all.list[i].state, "delivered");
		assert_int_equal(all.list[i].tries, 1);
		assert_int_equal(all.list[i].perhaps, 0);
	}
	deliveries_release(&all);
}

/* All shapes by what the configuration names, in RUNS runs, all of which but the first find
 * nothing to do. */
static void deliver(struct scene *scene, const char *yaml, const char *receiver,
	const struct shapes *shapes, const struct host *host)
{
	time_t began = time(NULL);
	char *whole = memory_format("pages: [{name: one, url: 'https://status.example.com/', kind: "
				    "statuspage}]\n%s",
		yaml);

	scene_open(scene, whole);
	if (host != NULL) {
		database_begin(scene->database);
		host_save(scene->database, host);
		assert_true(database_commit(scene->database, NULL));
	}
	owe(scene, shapes, receiver);
	for (int i = 0; i < RUNS; i++)
		run_courier(scene);
	assert_all_delivered(scene, shapes->count);
	assert_true(time(NULL) - began < PATIENCE);
	free(whole);
}

/* ---- by SMTP ---- */

static void assert_kept_once(const struct sink *sink, const struct shapes *shapes)
{
	size_t *seen = memory_zero(shapes->count, sizeof *seen);

	assert_int_equal(sink_count(sink), shapes->count);
	for (size_t i = 1; i <= shapes->count; i++) {
		char *mail = sink_mail(sink, i);
		size_t place = SIZE_MAX;
		const char *body;

		assert_int_equal(sscanf(mail,
					 "X-Envelope-From: lampwatch@example.org\nX-Envelope-To: "
					 "m%zu@example.com\n",
					 &place),
			1);
		assert_true(place < shapes->count);
		assert_int_equal(seen[place]++, 0);
		body = strstr(mail, "X-Envelope-To: ");
		body = strchr(body, '\n') + 1;
		assert_int_equal(strlen(body), shapes->list[place].length);
		assert_memory_equal(body, shapes->list[place].data, shapes->list[place].length);
		free(mail);
	}
	free(seen);
}

/* route is the rest of the route, with the port and the path of the certificate in it. */
static void assert_smtp(enum sink_tls tls, const char *host, const char *script, const char *scheme,
	const char *rest, bool direct)
{
	struct dns_record records[] = {
		{.type = DNS_MX, .owner = (char[]){"example.com"}, .value = (char[]){"mx.example"}},
		{.type = strchr(host, ':') != NULL ? DNS_AAAA : DNS_A,
			.owner = (char[]){"mx.example"},
			.value = (char *)host},
	};
	struct host exchangers = {.role = HOST_DOMAIN,
		.name = (char[]){"example.com"},
		.status = DNS_FOUND,
		.failure = (char[]){""},
		.checked = 1390590000,
		.tried = 1390590000,
		.records = records,
		.count = 2};
	struct shapes shapes = {0};
	struct scene scene;
	struct sink sink;
	char *yaml;

	print_message(
		"# %s %s %s %s\n", scheme, host, script[0] != '\0' ? "with a script" : "", rest);
	make_shapes(&shapes);
	sink_start(&sink, tls, host, 2);
	sink_script(&sink, script);
	yaml = direct ? memory_format("routes: [{name: r, mx: direct, port: %d}]\n", sink.port)
		      : memory_format(
				"routes: [{name: r, smtp: '%s://%s%s%s:%d', ca_file: '%s'%s}]\n",
				scheme, strchr(host, ':') != NULL ? "[" : "", host,
				strchr(host, ':') != NULL ? "]" : "", sink.port, sink.certificate,
				rest);
	deliver(&scene, yaml, "mail:", &shapes, direct ? &exchangers : NULL);
	assert_kept_once(&sink, &shapes);
	scene_close(&scene);
	sink_stop(&sink);
	release_shapes(&shapes);
	free(yaml);
}

static void test_by_libesmtp(void **state)
{
	(void)state;
	assert_smtp(SINK_PLAIN, "127.0.0.1", "", "smtp", ", tls: 'off'", false);
	assert_smtp(SINK_PLAIN, "127.0.0.1", "with CHUNKING\n", "smtp", ", tls: 'off'", false);
	assert_smtp(SINK_PLAIN, "127.0.0.1", "without PIPELINING\n", "smtp", ", tls: 'off'", false);
	assert_smtp(SINK_STARTTLS, "127.0.0.1", "", "smtp", "", false);
}

static void test_by_libcurl(void **state)
{
	(void)state;
	assert_smtp(SINK_IMPLICIT, "127.0.0.1", "", "smtps", "", false);
	assert_smtp(SINK_STARTTLS, "127.0.0.1", "tls1.3\n", "smtp", "", false);
	assert_smtp(SINK_STARTTLS, "127.0.0.1",
		"token alerts issued\nrequire auth\nwith AUTH XOAUTH2\n", "smtp",
		", user: alerts, token_command: [/bin/echo, issued], depends: []", false);
}

static void test_ipv6(void **state)
{
	(void)state;
	if (!sink_has_ipv6())
		skip();
	assert_smtp(SINK_PLAIN, "::1", "", "smtp", ", tls: 'off'", false);
	assert_smtp(SINK_STARTTLS, "::1", "", "", "", true);
}

static void test_direct_to_the_exchanger(void **state)
{
	(void)state;
	assert_smtp(SINK_PLAIN, "127.0.0.1", "", "", "", true);
	assert_smtp(SINK_STARTTLS, "127.0.0.1", "", "", "", true);
	assert_smtp(SINK_STARTTLS, "127.0.0.1", "tls1.3\n", "", "", true);
}

/* ---- by a program ---- */

static char *read_bytes(const char *path, size_t *length)
{
	struct buffer bytes = {0};

	assert_true(file_read(path, &bytes, NULL));
	*length = bytes.length;
	return buffer_take(&bytes);
}

/* The program names its files after the recipient and its process: a second copy is another file.
 */
static void test_by_sendmail(void **state)
{
	char folder[] = "/tmp/lampwatch-delivered-XXXXXX";
	struct text_list names = {0};
	struct shapes shapes = {0};
	struct scene scene;
	char *program, *text, *yaml;

	(void)state;
	assert_non_null(mkdtemp(folder));
	program = file_join(folder, "sendmail");
	text = memory_format("#!/bin/sh\ncat > %s/$5.$$.eml\n", folder);
	assert_true(file_write(program, text, strlen(text), 0755, NULL));
	yaml = memory_format("routes: [{name: r, sendmail: '%s'}]\n", program);
	make_shapes(&shapes);
	deliver(&scene, yaml, "mail:", &shapes, NULL);
	assert_true(file_names(folder, ".eml", &names, NULL));
	assert_int_equal(names.count, shapes.count);
	for (size_t i = 0; i < names.count; i++) {
		char *path = memory_format("%s/%s.eml", folder, names.list[i]);
		const struct buffer *shape;
		size_t place, length, at = 0;
		char *mail = read_bytes(path, &length);

		assert_int_equal(sscanf(names.list[i], "m%zu@example.com", &place), 1);
		shape = &shapes.list[place];
		for (size_t j = 0; j < shape->length; j++)
			if (shape->data[j] != '\r') {
				assert_true(at < length);
				assert_int_equal(mail[at++], shape->data[j]);
			}
		assert_int_equal(at, length);
		free(mail);
		free(path);
	}
	scene_close(&scene);
	text_list_release(&names);
	release_shapes(&shapes);
	file_remove_tree(folder, NULL);
	free(program);
	free(text);
	free(yaml);
}

/* ---- by a webhook ---- */

static void make_bodies(struct shapes *shapes)
{
	struct buffer *large;

	buffer_text(add_shape(shapes), "{}");
	buffer_text(add_shape(shapes), "1");
	buffer_text(add_shape(shapes), "{\"text\": \"\xC3\xA4 \xF0\x9F\x94\xB4\"}");
	buffer_text(add_shape(shapes), "{\n\".\":\n.0\n.\n}\r\n.\r\n");
	large = add_shape(shapes);
	buffer_byte(large, '"');
	while (large->length < MEGABYTE)
		buffer_byte(large, 'x');
	buffer_byte(large, '"');
}

static void test_by_webhook(void **state)
{
	struct shapes bodies = {0};
	struct server server;
	struct scene scene;
	char *yaml;
	size_t *seen;

	(void)state;
	make_bodies(&bodies);
	seen = memory_zero(bodies.count, sizeof *seen);
	server_start(&server, false);
	yaml = memory_format(
		"webhooks: [{name: chat, url: 'http://127.0.0.1:%d/hook'}]\n", server.port);
	deliver(&scene, yaml, "webhook:chat", &bodies, NULL);
	assert_int_equal(server_count(&server, "POST\t/hook"), bodies.count);
	for (unsigned i = 1; i <= bodies.count; i++) {
		char *post = server_post(&server, i);
		const char *body = strstr(post, "\r\n\r\n");
		bool known = false;

		assert_non_null(body);
		body += strlen("\r\n\r\n");
		for (size_t j = 0; j < bodies.count && !known; j++)
			if (strcmp(body, buffer_string(&bodies.list[j])) == 0) {
				assert_int_equal(seen[j]++, 0);
				known = true;
			}
		assert_true(known);
		free(post);
	}
	scene_close(&scene);
	server_stop(&server);
	release_shapes(&bodies);
	free(seen);
	free(yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_libesmtp),
		cmocka_unit_test(test_by_libcurl),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_direct_to_the_exchanger),
		cmocka_unit_test(test_by_sendmail),
		cmocka_unit_test(test_by_webhook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
