/* SPDX-License-Identifier: ISC
 *
 * What config_load() makes of a file that is right, and that it refuses what is
 * not. The exact words of complaints are held in tests/configuration.
 */
#include "config/config.h"
#include "model/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/secret.h"

#define PAGE "pages:\n  - {name: a, url: 'https://a.example/', kind: k}\n"
#define FROM "from: l@example.org\n"
#define ROUTE "routes:\n  - {name: r, smtp: 'smtp://relay.example'}\n"

/* Each test stands in an empty folder of its own. */
static int enter_folder(void **state)
{
	char name[] = "/tmp/lampwatch-config-XXXXXX";

	if (mkdtemp(name) == NULL || chdir(name) != 0)
		return -1;
	*state = memory_string(name);
	return 0;
}

static int leave_folder(void **state)
{
	int result = chdir("/") == 0 && file_remove_tree(*state, NULL) ? 0 : -1;

	free(*state);
	return result;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	assert_true(file_write(path, text, strlen(text), 0600, NULL));
	assert_int_equal(chmod(path, mode), 0);
}

static struct config *load(const char *text, struct problems *problems)
{
	write_file("lampwatch.yaml", text, 0644);
	return config_load("lampwatch.yaml", NULL, problems);
}

/* Loads what must be right. */
static struct config *load_good(const char *text)
{
	struct problems problems = {0};
	struct config *config = load(text, &problems);

	if (config == NULL)
		fail_msg("%zu problems, the first: %s", problems.count, problems.list[0].text);
	problems_release(&problems);
	return config;
}

static void assert_secret(char *text, const char *expected)
{
	assert_non_null(text);
	assert_string_equal(text, expected);
	secret_wipe(&text);
}

/* Of the first route. */
static void assert_password(const struct config *config, const char *expected)
{
	struct route_config own;

	assert_true(route_secrets_read(config, &config->routes[0], &own, NULL));
	assert_string_equal(own.password, expected);
	route_secrets_wipe(&own);
	assert_null(own.password);
}

/* Loads what must give exactly one error, whose text holds part. */
static void assert_refused(const char *text, int line, const char *part)
{
	struct problems problems = {0};
	struct config *config = load(text, &problems);

	if (config != NULL || problems.errors != 1)
		fail_msg("%zu errors, not one, in: %s (first: %s)", problems.errors, text,
			problems.count > 0 ? problems.list[0].text : "none");
	for (size_t i = 0; i < problems.count; i++) {
		if (problems.list[i].warning)
			continue;
		if (strstr(problems.list[i].text, part) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", problems.list[i].text, part);
		assert_int_equal(problems.list[i].line, line);
	}
	problems_release(&problems);
}

/* Loads what is right but gives exactly one warning, whose text holds part. */
static void assert_warned(const char *text, int line, const char *part)
{
	struct problems problems = {0};
	struct config *config = load(text, &problems);

	assert_non_null(config);
	assert_int_equal(problems.count, 1);
	assert_true(problems.list[0].warning);
	assert_int_equal(problems.list[0].line, line);
	assert_non_null(strstr(problems.list[0].text, part));
	config_free(config);
	problems_release(&problems);
}

static void test_every_default_is_as_documented(void **state)
{
	struct config *config;
	const struct page_settings *settings;

	(void)state;
	unsetenv("LAMPWATCH_RESOLVER"); /* it stands for the key */
	config = load_good(PAGE);
	settings = &config->pages[0].settings;
	assert_string_equal(config->archive, "archive");
	assert_string_equal(config->timezone, "UTC");
	assert_null(config->from);
	assert_null(config->admin);
	assert_null(config->kinds);
	assert_null(config->resolver);
	assert_null(config->heartbeat);
	assert_int_equal(settings->confirm.worse, 1);
	assert_int_equal(settings->confirm.better, 2);
	assert_int_equal(settings->confirm.lost, 3);
	assert_int_equal(settings->first_sight, FIRST_SIGHT_BASELINE);
	assert_int_equal(settings->red, LEVEL_PARTIAL_OUTAGE);
	assert_int_equal(settings->every, 300000);
	assert_int_equal(settings->timeout.connect, 10000);
	assert_int_equal(settings->timeout.total, 30000);
	assert_int_equal(settings->limits.body, 8388608);
	assert_int_equal(settings->limits.redirects, 5);
	assert_int_equal(settings->limits.in_flight, 128);
	assert_int_equal(settings->limits.per_host, 4);
	assert_int_equal(config->pages[0].keep, KEEP_WATCHED);
	assert_int_equal(config->pages[0].indicators.count, 0);
	assert_string_equal(config->pages[0].provider, "a");
	config_free(config);
}

static void test_pages_inherit_settings_wherever_those_stand(void **state)
{
	static const char text[] =
		"pages:\n"
		"  - {name: a, url: 'https://a.example/', kind: k, confirm: {better: 9}, every: "
		"1m, keep: all}\n"
		"  - {name: b, url: 'https://b.example/', kind: k, limits: {body: 1MiB}}\n"
		"confirm: {worse: 4}\nevery: 2h\nred: degraded\non_first_sight: alert\n"
		"timeout: {connect: 1s}\nlimits: {redirects: 0, in_flight: 7}\n";
	struct config *config = load_good(text);
	const struct page_settings *a = &config->pages[0].settings, *b = &config->pages[1].settings;

	(void)state;
	assert_int_equal(a->confirm.worse, 4);
	assert_int_equal(a->confirm.better, 9);
	assert_int_equal(a->confirm.lost, 3);
	assert_int_equal(a->every, 60000);
	assert_int_equal(a->red, LEVEL_DEGRADED);
	assert_int_equal(a->first_sight, FIRST_SIGHT_ALERT);
	assert_int_equal(a->timeout.connect, 1000);
	assert_int_equal(a->timeout.total, 30000);
	assert_int_equal(config->pages[0].keep, KEEP_ALL);
	assert_int_equal(b->confirm.better, 2);
	assert_int_equal(b->every, 7200000);
	assert_int_equal(b->limits.body, 1048576);
	assert_int_equal(b->limits.redirects, 0);
	assert_int_equal(b->limits.in_flight, 7);
	assert_int_equal(config->settings.confirm.better, 2);
	config_free(config);
}

static void test_names_of_files_start_in_the_folder_of_the_configuration(void **state)
{
	struct problems problems = {0};
	struct config *config;

	(void)state;
	assert_true(file_make_folders("etc/own", 0755, NULL));
	write_file("etc/lampwatch.yaml",
		"archive: ../store\nkinds: own\nheartbeat_file: beat\n" PAGE, 0644);
	write_file("etc/beat", "\n https://beat.example/secret \n", 0600);
	config = config_load("etc/lampwatch.yaml", NULL, &problems);
	assert_non_null(config);
	assert_string_equal(config->folder, "etc");
	assert_string_equal(config->archive, "etc/../store");
	assert_string_equal(config->kinds, "etc/own");
	assert_null(config->heartbeat);
	assert_secret(heartbeat_secret_read(config, NULL), "https://beat.example/secret");
	config_free(config);
	write_file("etc/lampwatch.yaml", "archive: /var/lib/store\n" PAGE, 0644);
	config = config_load("etc/lampwatch.yaml", NULL, &problems);
	assert_string_equal(config->archive, "/var/lib/store");
	config_free(config);
}

static void test_routes_of_each_type(void **state)
{
	static const char text[] =
		PAGE "routes:\n"
		     "  - {name: one, smtp: 'smtp://Relay.Example.NET', user: u, password_file: "
		     "secret, helo: me.example}\n"
		     "  - {name: two, smtp: 'smtps://[2001:db8::1]/', depends: a}\n"
		     "  - {name: three, smtp: 'smtp://127.0.0.1:2525', tls: off, depends: [a, a]}\n"
		     "  - {name: four, sendmail: /bin/true}\n";
	struct config *config;

	(void)state;
	write_file("secret", "pass word\r\n", 0400);
	config = load_good(text);
	assert_int_equal(config->route_count, 4);
	assert_int_equal(config->routes[0].type, ROUTE_SMTP);
	assert_string_equal(config->routes[0].host, "Relay.Example.NET");
	assert_int_equal(config->routes[0].port, 587);
	assert_int_equal(config->routes[0].tls, TLS_REQUIRED);
	assert_null(config->routes[0].password);
	assert_password(config, "pass word");
	assert_string_equal(config->routes[0].helo, "me.example");
	assert_int_equal(config->routes[1].type, ROUTE_SMTPS);
	assert_string_equal(config->routes[1].host, "2001:db8::1");
	assert_int_equal(config->routes[1].port, 465);
	assert_true(text_list_has(&config->routes[1].depends, "a"));
	assert_int_equal(config->routes[2].tls, TLS_OFF);
	assert_int_equal(config->routes[2].port, 2525);
	assert_int_equal(config->routes[3].type, ROUTE_SENDMAIL);
	assert_string_equal(config->routes[3].program, "/bin/true");
	assert_ptr_equal(config_route(config, "three"), &config->routes[2]);
	assert_null(config_route(config, "five"));
	config_free(config);
}

static void test_receivers_and_what_they_want(void **state)
{
	static const char text[] = PAGE FROM ROUTE
		"subscribers:\n"
		"  - {mail: one@example.org}\n"
		"  - {mail: two@example.org, second: 'webhook:chat', pages: a, on: [lost, "
		"flapping, lost]}\n"
		"  - {mail: three@example.org, second: other@example.org, on: update}\n"
		"webhooks:\n"
		"  - {name: chat, url_file: url, secret_file: secret, template: slack, pages: [a], "
		"on: [red]}\n"
		"  - {name: plain, url: 'http://127.0.0.1:8080/x?y=z', on: [red, -incident]}\n";
	struct webhook_config own;
	struct config *config;

	(void)state;
	write_file("url", "https://hooks.example/T0/B0\n", 0600);
	write_file("secret", "whsec_AAAA", 0600);
	config = load_good(text);
	assert_int_equal(config->subscribers[0].subscription.on,
		1 << EVENT_RED | 1 << EVENT_GREEN | 1 << EVENT_FLAPPING | 1 << EVENT_INCIDENT |
			1 << EVENT_EARLY);
	assert_null(config->subscribers[0].second);
	assert_int_equal(config->subscribers[0].subscription.pages.count, 0);
	assert_int_equal(
		config->subscribers[1].subscription.on, 1 << EVENT_LOST | 1 << EVENT_FLAPPING);
	assert_true(text_list_has(&config->subscribers[1].subscription.pages, "a"));
	assert_int_equal(config->subscribers[2].subscription.on, 1 << EVENT_UPDATE);
	assert_null(config->webhooks[0].url);
	assert_int_equal(config->webhooks[0].secrets.count, 0);
	assert_string_equal(config->webhooks[0].host, "hooks.example");
	assert_true(webhook_secrets_read(config, &config->webhooks[0], &own, NULL));
	assert_string_equal(own.url, "https://hooks.example/T0/B0");
	assert_int_equal(own.secrets.count, 1);
	assert_string_equal(own.secrets.list[0], "whsec_AAAA");
	webhook_secrets_wipe(&own);
	assert_int_equal(config->webhooks[0].subscription.on,
		1 << EVENT_RED | 1 << EVENT_INCIDENT | 1 << EVENT_EARLY); /* which red brings */
	assert_int_equal(config->webhooks[1].subscription.on, 1 << EVENT_RED | 1 << EVENT_EARLY);
	assert_string_equal(config->webhooks[1].template, "generic");
	assert_int_equal(config->webhooks[1].secrets.count, 0);
	assert_ptr_equal(config_webhook(config, "plain"), &config->webhooks[1]);
	assert_ptr_equal(config_page(config, "a"), &config->pages[0]);
	assert_null(config_page(config, "b"));
	config_free(config);
}

static void test_addresses_that_may_go_into_an_envelope(void **state)
{
	static const char *const good[] = {"a@b", "ops@example.org", "a.b+c=d@sub-1.example.org",
		"root@localhost", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]",
		"!#$%&'*+-/=?^_`{|}~@example.org",
		"0123456789012345678901234567890123456789012345678901234567890123@example.org"};
	static const char *const bad[] = {"", "@", "a", "a@", "@b", "a@b@c", "a b@c", " a@b",
		"a@b ", "<a@b>", "a@b>", "a\n@b", "a@b\r\nRCPT TO:<c@d>", "a\x7f@b", ".a@b", "a.@b",
		"a..b@c", "a@b..c", "a@.b", "a@b.", "a@-b", "\"a b\"@c", "a,b@c", "a:b@c", "a(b)@c",
		"a\\b@c", "\xc3\xa4@b", "a@\xc3\xa4", "a@[300.0.0.1]", "a@[]", "a@192.0.2.1",
		"a@1.2.3",
		"01234567890123456789012345678901234567890123456789012345678901234@example.org"};
	char longest[256];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!config_address_valid(good[i]))
			fail_msg("<%s> is refused", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (config_address_valid(bad[i]))
			fail_msg("<%s> passes", bad[i]);
	memset(longest, 'a', sizeof longest);
	for (size_t i = 11; i < sizeof longest; i += 60)
		longest[i] = '.';
	longest[5] = '@';
	longest[254] = '\0';
	assert_true(config_address_valid(longest));
	longest[254] = 'a';
	longest[255] = '\0';
	assert_false(config_address_valid(longest));
}

static void assert_page_url(const char *url, bool good)
{
	char *text = memory_format("pages:\n  - {name: a, kind: k, url: '%s'}\n", url);
	struct problems problems = {0};
	struct config *config = load(text, &problems);

	if ((config != NULL) != good)
		fail_msg("%s is %s", url, good ? "refused" : "accepted");
	config_free(config);
	problems_release(&problems);
	free(text);
}

static void test_urls_of_pages_are_http_and_complete(void **state)
{
	static const char *const good[] = {"https://status.example.org", "http://127.0.0.1:8080/",
		"HTTPS://a.example/x", "http://[::1]:8080/x?y=[z]&a=b#c",
		"https://user:word@a.example/", "https://a.example?x", "http://localhost/"};
	static const char *const bad[] = {"status.example.org", "ftp://a.example/",
		"file:///etc/passwd", "https://", "https:///x", "http://a.example:0/",
		"http://a.example:70000/", "http://a.example:x/", "http://a b/",
		"http://a.example/x y", "http://::1/", "http://[::1/", "http://a@b@c/",
		"http://300.1.1.1/", "http://a.example:/", "javascript:alert(1)",
		"http://a.example\\@b/", "//a.example/", ""};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_page_url(good[i], true);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_page_url(bad[i], false);
}

static void test_secret_files_that_others_can_read_are_refused(void **state)
{
	static const char text[] = PAGE "heartbeat_file: beat\n";
	static const mode_t good[] = {0600, 0400, 0640, 0440, 0700},
			    bad[] = {0644, 0604, 0660, 0620, 0650, 0601, 0666};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		write_file("beat", "https://beat.example/", good[i]);
		config_free(load_good(text));
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		write_file("beat", "https://beat.example/", bad[i]);
		assert_refused(text, 3, "chmod 600");
	}
}

static void test_secret_files_hold_one_line(void **state)
{
	static const char text[] = PAGE "heartbeat_file: beat\n";
	char *long_text = memory_zero(CONFIG_SECRET_MAX + 2, 1);

	(void)state;
	write_file("beat", "", 0600);
	assert_refused(text, 3, "beat is empty");
	write_file("beat", "\n\r\n", 0600);
	assert_refused(text, 3, "beat is empty");
	write_file("beat", "https://beat.example/\nhttps://other.example/\n", 0600);
	assert_refused(text, 3, "more than the one line");
	write_file("beat", "hunter2", 0600);
	assert_refused(text, 3, "does not contain an http or https URL");
	memset(long_text, 'a', CONFIG_SECRET_MAX + 1);
	write_file("beat", long_text, 0600);
	assert_refused(text, 3, "longer than 4096 bytes");
	free(long_text);
	unlink("beat");
	assert_refused(text, 3, "No such file");
	assert_int_equal(mkdir("beat", 0700), 0);
	assert_refused(text, 3, "is not a file");
	rmdir("beat");
	assert_int_equal(mkfifo("beat", 0600), 0);
	assert_refused(text, 3, "is not a file");
}

static void test_only_the_newline_at_the_end_is_not_part_of_a_secret(void **state)
{
	static const char text[] =
		PAGE "routes:\n  - {name: r, smtp: 'smtp://relay.example', user: u, password_file: "
		     "secret}\n"
		     "webhooks:\n  - {name: w, url: 'https://h.example/', secret_file: secret}\n";
	static const struct {
		const char *bytes, *secret;
	} rows[] = {
		{"pass word", "pass word"},
		{"pass word\n", "pass word"},
		{"pass word\r\n", "pass word"},
		{" \tpass word\t \n", " \tpass word\t "},
		{" \n", " "},
		{"p\xC3\xA4ss\n", "p\xC3\xA4ss"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct webhook_config own;
		struct config *config;

		write_file("secret", rows[i].bytes, 0600);
		config = load_good(text);
		assert_password(config, rows[i].secret);
		assert_true(webhook_secrets_read(config, &config->webhooks[0], &own, NULL));
		assert_int_equal(own.secrets.count, 1);
		assert_string_equal(own.secrets.list[0], rows[i].secret);
		webhook_secrets_wipe(&own);
		config_free(config);
	}
}

/* What may happen between a run's beginning and the attempt that needs it. */
static void test_a_secret_file_is_read_anew_by_who_needs_it(void **state)
{
	static const char text[] =
		PAGE "routes:\n  - {name: r, smtp: 'smtp://relay.example', user: u, password_file: "
		     "secret}\n"
		     "webhooks:\n  - {name: w, url_file: url}\n"
		     "heartbeat_file: url\n";
	struct webhook_config hook;
	struct route_config route;
	struct config *config;
	struct error error;

	(void)state;
	write_file("secret", "before", 0600);
	write_file("url", "https://h.example/one", 0600);
	config = load_good(text);
	write_file("secret", "after", 0600);
	assert_password(config, "after");
	write_file("secret", "after", 0644);
	assert_false(route_secrets_read(config, &config->routes[0], &route, &error));
	assert_non_null(strstr(error.text, "chmod 600"));
	assert_null(route.password);
	write_file("secret", "one\ntwo\n", 0600);
	assert_false(route_secrets_read(config, &config->routes[0], &route, &error));
	assert_non_null(strstr(error.text, "more than the one line"));
	unlink("secret");
	assert_false(route_secrets_read(config, &config->routes[0], &route, &error));
	assert_non_null(strstr(error.text, "No such file"));
	write_file("url", "ftp://h.example/", 0600);
	assert_false(webhook_secrets_read(config, &config->webhooks[0], &hook, &error));
	assert_null(hook.url);
	webhook_secrets_wipe(&hook);
	assert_null(heartbeat_secret_read(config, &error));
	assert_non_null(strstr(error.text, "does not contain an http or https URL"));
	config_free(config);
}

static void test_another_target_is_another_webhook(void **state)
{
	static const char text[] =
		PAGE "webhooks:\n  - {name: w, url_file: url, with: {key_file: key}}\n";
	char first[DIGEST_TEXT];
	struct config *config;

	(void)state;
	write_file("url", "https://h.example/one", 0600);
	write_file("key", "hunter2", 0600);
	config = load_good(text);
	assert_null(config->webhooks[0].with[0].value);
	memcpy(first, config->webhooks[0].target, sizeof first);
	config_free(config);
	config = load_good(text);
	assert_string_equal(config->webhooks[0].target, first);
	config_free(config);
	write_file("key", "hunter3", 0600);
	config = load_good(text);
	assert_string_not_equal(config->webhooks[0].target, first);
	config_free(config);
}

static void test_what_stands_in_the_file_itself_can_be_wiped(void **state)
{
	static const char text[] = "pages:\n  - {name: a, url: 'https://u:hunter2@a.example/', "
				   "kind: k, with: {x: y}}\n"
				   "probes:\n  - name: p\n    checks: [{name: c, http: "
				   "'https://c.example/hunter2'}, {name: t, tcp: 't.example:1'}]\n"
				   "    reference: ['https://u:hunter2@r.example/']\n"
				   "heartbeat: https://beat.example/hunter2\n"
				   "webhooks:\n  - {name: w, url: 'https://h.example/hunter2'}\n";
	struct config *config = load_good(text);

	(void)state;
	config_wipe(config);
	assert_null(config->pages[0].url);
	assert_null(config->pages[1].checks[0].target);
	assert_string_equal(config->pages[1].checks[1].target, "t.example:1");
	assert_int_equal(config->pages[1].references.count, 0);
	assert_null(config->heartbeat);
	assert_null(config->webhooks[0].url);
	assert_null(config->yaml);
	assert_string_equal(config->webhooks[0].host, "h.example");
	config_free(config);
}

static void test_what_nobody_sees_in_a_secret_is_said(void **state)
{
	static const char text[] = PAGE "heartbeat_file: beat\n";

	(void)state;
	write_file("beat", "\xEF\xBB\xBFhttps://beat.example/\n", 0600);
	assert_refused(text, 3, "byte order mark");
	write_file("beat", "https://beat.example/\rx\n", 0600);
	assert_refused(text, 3, "carriage return");
}

static void test_no_complaint_repeats_a_secret(void **state)
{
	static const char *const texts[] = {
		PAGE "heartbeat: hunter2\n",
		PAGE "heartbeat_file: beat\n",
		PAGE "webhooks:\n  - {name: w, url: 'https://h.example/hunter2 x'}\n",
		PAGE "routes:\n  - {name: r, smtp: 'smtp://me:hunter2@relay.example'}\n",
		PAGE "routes:\n  - {name: r, smtp: 'smtp://relay.example', user: u, password: "
		     "hunter2}\n",
		"pages:\n  - {name: a, kind: k, url: 'ftp://me:hunter2@a.example/'}\n",
	};

	(void)state;
	write_file("beat", "hunter2", 0600);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct problems problems = {0};

		assert_null(load(texts[i], &problems));
		assert_true(problems.errors > 0);
		for (size_t j = 0; j < problems.count; j++)
			if (strstr(problems.list[j].text, "hunter2") != NULL)
				fail_msg("%s", problems.list[j].text);
		problems_release(&problems);
	}
}

static void test_names_occur_once(void **state)
{
	(void)state;
	assert_refused(PAGE "  - {name: a, url: 'https://b.example/', kind: k}\n", 3,
		"duplicate page \"a\"");
	assert_refused(
		PAGE ROUTE "  - {name: r, sendmail: /bin/true}\n", 5, "duplicate route \"r\"");
	assert_refused(PAGE "webhooks:\n  - &w {name: w, url: 'http://h.example/'}\n  - *w\n", 4,
		"duplicate webhook \"w\"");
	assert_refused(PAGE FROM ROUTE
		"subscribers:\n  - {mail: a@example.org}\n  - {mail: A@Example.org}\n",
		8, "duplicate subscriber");
	assert_refused(PAGE ROUTE "webhooks:\n  - {name: r, url: 'http://h.example/'}\n", 6,
		"rename one of them");
}

static void test_references_lead_somewhere(void **state)
{
	(void)state;
	assert_refused(PAGE FROM ROUTE "subscribers:\n  - {mail: x@example.org, pages: [a, b]}\n",
		7, "no page \"b\"");
	assert_refused(PAGE "webhooks:\n  - {name: w, url: 'http://h.example/', pages: b}\n", 4,
		"no page \"b\"");
	assert_refused(PAGE FROM ROUTE
		"subscribers:\n  - {mail: x@example.org, second: 'webhook:w'}\n",
		7, "no webhook \"w\"; the configuration has none");
	assert_refused(PAGE FROM ROUTE
		"subscribers:\n  - {mail: x@example.org, second: X@example.org}\n",
		7, "same address");
}

static void test_mail_needs_a_sender_and_a_route(void **state)
{
	(void)state;
	assert_refused(PAGE ROUTE "operator: o@example.org\n", 5, "\"from\" is missing");
	assert_refused(
		PAGE ROUTE "subscribers: [{mail: x@example.org}]\n", 5, "\"from\" is missing");
	assert_refused(PAGE FROM "subscribers: [{mail: x@example.org}]\n", 4, "no \"routes\"");
	assert_warned(PAGE FROM "operator: o@example.org\n", 4, "no \"routes\"");
}

static void test_routes_that_would_fail_or_leak_are_refused(void **state)
{
	static const struct {
		const char *route, *part;
	} cases[] = {
		{"{name: r}", "one of \"smtp\", \"sendmail\" and \"mx\""},
		{"{name: r, smtp: 'smtp://h.example', sendmail: /bin/true}", "not several"},
		{"{name: r, smtp: h.example}", "smtp://relay.example.net:587"},
		{"{name: r, smtp: 'smtp://h.example:70000'}", "ports up to 65535"},
		{"{name: r, smtp: 'smtp://h.example:0'}", "ports up to 65535"},
		{"{name: r, smtp: 'smtp://h.example/x'}", "is a relay"},
		{"{name: r, smtp: 'smtp://'}", "is a relay"},
		{"{name: r, smtp: 'http://h.example'}", "is a relay"},
		{"{name: r, smtp: 'smtp://h.example:465'}", "write smtps://"},
		{"{name: r, smtp: 'smtps://h.example:587'}", "write smtp://"},
		{"{name: r, smtp: 'smtps://h.example', tls: off}", "\"tls\" cannot be off"},
		{"{name: r, smtp: 'smtp://h.example', tls: off, user: u, password_file: secret}",
			"in the clear"},
		{"{name: r, smtp: 'smtp://h.example', user: u}", "needs \"password_file\""},
		{"{name: r, smtp: 'smtp://h.example', password_file: secret}", "needs \"user\""},
		{"{name: r, smtp: 'smtp://h.example', tls: optional}", "required or off"},
		{"{name: r, smtp: 'smtp://h.example', ca_file: nothing.crt}",
			"nothing.crt: cannot be read"},
		{"{name: r, smtp: 'smtp://h.example', helo: 'a b'}", "host name"},
		{"{name: r, sendmail: bin/true}", "absolute path"},
		{"{name: r, sendmail: /etc}", "not a program"},
		{"{name: r, sendmail: /bin/true, tls: off}", "no meaning for a sendmail"},
	};

	(void)state;
	write_file("secret", "x", 0600);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = memory_format(PAGE "routes:\n  - %s\n", cases[i].route);

		assert_refused(text, 4, cases[i].part);
		free(text);
	}
}

static void test_impossible_values_are_refused(void **state)
{
	static const char *const lines[] = {
		"confirm: {worse: 0}",
		"confirm: {better: -1}",
		"confirm: {lost: 1001}",
		"confirm: 2",
		"every: -5m",
		"every: 5",
		"every: 32d",
		"timeout: {connect: 0s}",
		"timeout: {total: 5m}",
		"timeout: {connect: 40s}",
		"limits: {body: 0}",
		"limits: {body: 300MiB}",
		"limits: {redirects: -1}",
		"limits: {in_flight: 0}",
		"limits: {per_host: 0}",
		"limits: {in_flight: 1025}",
		"red: notice",
		"red: unknown",
		"on_first_sight: maybe",
		"timezone: Europe/Berln",
		"timezone: ../../etc/passwd",
		"from: nobody",
		"from: 'a@b\r\nBcc: c@d'",
		"operator: 'a b@c'",
		"archive: ''",
		"archive: [a]",
		"kinds: nowhere",
		"resolver: localhost",
		"resolver: '127.0.0.1:70000'",
		"resolver: '127.0.0.1:'",
		"heartbeat: 'ftp://a.example/'",
		"user_agent_contact: \"a\\r\\nX: y\"",
		"heartbeet: x",
		"routes: {a: b}",
		"subscribers: 5",
		"user_agent_contact: \xc3\xa4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char *text = memory_format(PAGE "%s\n", lines[i]);
		struct problems problems = {0};
		struct config *config = load(text, &problems);

		if (config != NULL)
			fail_msg("%s passes", lines[i]);
		config_free(config);
		problems_release(&problems);
		free(text);
	}
}

static void test_impossible_values_of_pages_are_refused(void **state)
{
	static const char *const lines[] = {
		"name: A",
		"name: .state",
		"name: heads",
		"name: heads.sig",
		"name: index.html",
		"name: demonstration",
		"name: a/b",
		"kind: ../k",
		"indicators: []",
		"indicators: ['!']",
		"indicators: ''",
		"keep: some",
		"every: 5x",
		"limits: {in_flight: 2}",
		"limits: {per_host: 2}",
		"provider: ''",
		"provider: \"a\\u202eb\"",
		"provider: ' a'",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		bool name = text_starts(lines[i], "name"), kind = text_starts(lines[i], "kind");
		char *text = memory_format(
			"pages:\n  - url: https://a.example/\n    %s\n    %s\n    %s\n", lines[i],
			name ? "every: 0s" : "name: a", kind ? "every: 0s" : "kind: k");

		assert_refused(text,
			text_starts(lines[i], "name: heads") ||
					text_equal(lines[i], "name: index.html") ||
					text_equal(lines[i], "name: demonstration")
				? 2
				: 3,
			"");
		free(text);
	}
}

static void test_a_provider_that_nobody_watches_is_a_warning(void **state)
{
	(void)state;
	assert_warned(PAGE "routes:\n  - {name: r, sendmail: /bin/true, depends: [a, b]}\n", 4,
		"the provider \"b\"");
	assert_warned(PAGE "webhooks:\n  - {name: w, url: 'http://h.example/', depends: A}\n", 4,
		"did you mean \"a\"?");
	assert_warned(
		"pages:\n  - {name: a, url: 'https://a.example/', kind: k, provider: One}\n"
		"  - {name: b, url: 'https://b.example/', kind: k, provider: one}\n"
		"  - {name: c, url: 'https://c.example/', kind: k, provider: one}\n"
		"routes:\n  - {name: r, sendmail: /bin/true, depends: [One, one, something]}\n",
		6,
		"\"something\", so its outages will go unnoticed; the configuration has One, one");
}

static void test_mail_in_the_clear_over_a_network_is_a_warning(void **state)
{
	(void)state;
	assert_warned(PAGE "routes:\n  - {name: r, smtp: 'smtp://h.example:25', tls: off}\n", 4,
		"can be read");
}

static void test_a_file_without_pages_is_a_warning(void **state)
{
	(void)state;
	assert_warned("archive: a\n", 0, "nothing is watched");
	assert_warned("pages: []\n", 0, "nothing is watched");
}

static void test_all_problems_are_told_at_once_and_in_the_order_of_lines(void **state)
{
	struct problems problems = {0};
	int last = 0;

	(void)state;
	assert_null(
		load("pages:\n  - {name: a}\n  - {name: a, url: x, kind: k}\nevery: soon\nfrm: x\n"
		     "subscribers:\n  - {mail: x}\nroutes:\n  - {name: r}\n",
			&problems));
	assert_int_equal(problems.errors, 9);
	for (size_t i = 0; i < problems.count; i++) {
		assert_true(problems.list[i].line >= last);
		last = problems.list[i].line;
	}
	problems_release(&problems);
}

static void test_a_file_that_is_not_there_or_empty_is_an_error(void **state)
{
	struct problems problems = {0};

	(void)state;
	assert_null(config_load("nothing.yaml", NULL, &problems));
	assert_int_equal(problems.errors, 1);
	problems_release(&problems);
	assert_refused("", 0, "keys and values are expected");
	assert_refused("- a\n", 1, "keys and values are expected");
	assert_refused("word", 1, "keys and values are expected");
}

static void test_the_configuration_is_found_here_first(void **state)
{
	char *found = config_find("given.yaml");

	(void)state;
	assert_string_equal(found, "given.yaml");
	free(found);
	write_file("lampwatch.yaml", PAGE, 0644);
	found = config_find(NULL);
	assert_string_equal(found, "lampwatch.yaml");
	free(found);
}

static void test_the_host_of_an_address_or_a_url_is_found(void **state)
{
	static const char *const hosts[][2] = {
		{"ops@mail.example.org", "mail.example.org"},
		{"a/b@mail.example.org", "mail.example.org"},
		{"mail.example.org:993", "mail.example.org"},
		{"[2001:db8::1]:993", "2001:db8::1"},
		{"imaps://[2001:db8::2]/", "2001:db8::2"},
		{"https://user@www.example.org:8443/", "www.example.org"},
		{"https://social.example.org/@status?at=a@b", "social.example.org"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		char *host = config_host_part(hosts[i][0]);

		assert_string_equal(host, hosts[i][1]);
		free(host);
	}
}

static void test_a_probe_is_published_unless_it_shows_a_private_address(void **state)
{
	static const struct {
		const char *target;
		int publish;
	} targets[] = {{"tcp: mail.example.org:993}", PUBLISH_UNSAID},
		{"tcp: '[2620:fe::9]:993'}", PUBLISH_UNSAID}, {"tcp: 192.168.0.1:993}", PUBLISH_NO},
		{"tcp: '[::1]:993'}", PUBLISH_NO}, {"tcp: localhost:993}", PUBLISH_NO},
		{"dns: example.org, server: 9.9.9.9}", PUBLISH_UNSAID},
		{"dns: example.org, server: '10.0.0.1:5353'}", PUBLISH_NO},
		{"dns: example.org}", PUBLISH_UNSAID},
		{"tcp: '10.0.0.1:25'}], publish: true, reference: ['http://10.0.0.1/'",
			PUBLISH_YES},
		{"tcp: 'example.org:25'}], reference: ['http://10.0.0.1/'", PUBLISH_NO}};

	(void)state;
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		char *text = memory_format(
			"resolver: 127.0.0.1\nprobes:\n  - {name: p, checks: [{name: c, %s]}\n",
			targets[i].target);
		struct config *config = load_good(text);

		assert_int_equal(config->pages[0].publish, targets[i].publish);
		config_free(config);
		free(text);
	}
}

static void test_a_check_waits_for_ten_seconds_more_than_is_good(void **state)
{
	static const struct {
		const char *keys;
		int64_t total;
	} checks[] = {{"}]", 10000}, {", within: 5s}]", 15000}, {", within: 25s}]", 30000},
		{", timeout: 20s}]", 20000}, {"}], timeout: {connect: 1s, total: 4s}", 4000}};

	(void)state;
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		char *text = memory_format(
			"probes:\n  - {name: p, checks: [{name: c, tcp: 'example.org:25'%s}\n",
			checks[i].keys);
		struct config *config = load_good(text);

		assert_int_equal(config->pages[0].checks[0].total, checks[i].total);
		config_free(config);
		free(text);
	}
}

static void test_thousands_of_pages_and_subscribers_are_checked_quickly(void **state)
{
	size_t size = 4 * 1024 * 1024, length = 0;
	char *text = memory_new(size);
	struct config *config;

	(void)state;
	length += (size_t)snprintf(text + length, size - length, "%s", FROM ROUTE "pages:\n");
	for (int i = 0; i < 5000; i++)
		length += (size_t)snprintf(text + length, size - length,
			" - {name: p%d, url: 'http://h%d.example/', kind: k}\n", i, i);
	length += (size_t)snprintf(text + length, size - length, "subscribers:\n");
	for (int i = 0; i < 20000; i++)
		length += (size_t)snprintf(text + length, size - length,
			" - {mail: s%d@example.org, pages: p%d}\n", i, i % 5000);
	config = load_good(text);
	assert_int_equal(config->page_count, 5000);
	assert_int_equal(config->subscriber_count, 20000);
	config_free(config);
	free(text);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_every_default_is_as_documented),
		IN_FOLDER(test_pages_inherit_settings_wherever_those_stand),
		IN_FOLDER(test_names_of_files_start_in_the_folder_of_the_configuration),
		IN_FOLDER(test_routes_of_each_type),
		IN_FOLDER(test_receivers_and_what_they_want),
		IN_FOLDER(test_addresses_that_may_go_into_an_envelope),
		IN_FOLDER(test_urls_of_pages_are_http_and_complete),
		IN_FOLDER(test_secret_files_that_others_can_read_are_refused),
		IN_FOLDER(test_secret_files_hold_one_line),
		IN_FOLDER(test_only_the_newline_at_the_end_is_not_part_of_a_secret),
		IN_FOLDER(test_a_secret_file_is_read_anew_by_who_needs_it),
		IN_FOLDER(test_another_target_is_another_webhook),
		IN_FOLDER(test_what_stands_in_the_file_itself_can_be_wiped),
		IN_FOLDER(test_what_nobody_sees_in_a_secret_is_said),
		IN_FOLDER(test_no_complaint_repeats_a_secret),
		IN_FOLDER(test_names_occur_once),
		IN_FOLDER(test_references_lead_somewhere),
		IN_FOLDER(test_mail_needs_a_sender_and_a_route),
		IN_FOLDER(test_routes_that_would_fail_or_leak_are_refused),
		IN_FOLDER(test_impossible_values_are_refused),
		IN_FOLDER(test_impossible_values_of_pages_are_refused),
		IN_FOLDER(test_a_provider_that_nobody_watches_is_a_warning),
		IN_FOLDER(test_mail_in_the_clear_over_a_network_is_a_warning),
		IN_FOLDER(test_a_file_without_pages_is_a_warning),
		IN_FOLDER(test_all_problems_are_told_at_once_and_in_the_order_of_lines),
		IN_FOLDER(test_a_file_that_is_not_there_or_empty_is_an_error),
		IN_FOLDER(test_the_configuration_is_found_here_first),
		IN_FOLDER(test_the_host_of_an_address_or_a_url_is_found),
		IN_FOLDER(test_a_probe_is_published_unless_it_shows_a_private_address),
		IN_FOLDER(test_a_check_waits_for_ten_seconds_more_than_is_good),
		IN_FOLDER(test_thousands_of_pages_and_subscribers_are_checked_quickly),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
