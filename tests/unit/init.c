/* SPDX-License-Identifier: ISC
 *
 * What lampwatch init writes, and what it says comes next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "cmd/init_next.h"
#include "cmd/init_text.h"
#include "config/config.h"

static struct init_answers answered(const char *relay)
{
	struct init_answers answers = {.archive = memory_string("archive"),
		.relay = memory_string(relay),
		.zone = memory_string("Europe/Berlin")};

	text_list_add(&answers.mails, "ops@example.com");
	text_list_add(&answers.mails, "boss@example.net");
	return answers;
}

/* The text as a configuration, which must be one. */
static struct config *written(const struct init_answers *answers)
{
	struct buffer text = {0};
	struct problems problems = {0};
	struct config *config;

	init_text(answers, &text);
	config = config_parse("lampwatch.yaml", buffer_string(&text), text.length, &problems);
	assert_non_null(config);
	buffer_release(&text);
	problems_release(&problems);
	return config;
}

static void test_a_relay_on_this_machine(void **state)
{
	struct init_answers answers = answered("smtp://localhost:25");
	struct config *config = written(&answers);

	(void)state;
	assert_string_equal(config->from, "lampwatch@example.com");
	assert_string_equal(config->admin, "ops@example.com");
	assert_string_equal(config->timezone, "Europe/Berlin");
	assert_int_equal(config->subscriber_count, 2);
	assert_string_equal(config->subscribers[1].mail, "boss@example.net");
	assert_int_equal(config->routes[0].tls, TLS_OFF);
	assert_int_equal(config->page_count, 0);
	config_free(config);
	init_answers_release(&answers);
}

static void test_a_relay_elsewhere_needs_tls(void **state)
{
	static const char *const relays[] = {"smtp://localhost.example.net:25",
		"smtp://127.example.net", "smtp://relay.example.net:587"};

	(void)state;
	for (size_t i = 0; i < sizeof relays / sizeof *relays; i++) {
		struct init_answers answers = answered(relays[i]);
		struct config *config = written(&answers);

		assert_int_equal(config->routes[0].tls, TLS_REQUIRED);
		config_free(config);
		init_answers_release(&answers);
	}
}

static void test_who_logs_in_by_an_address_is_the_sender(void **state)
{
	struct init_answers answers = answered("smtps://relay.example.net");
	struct buffer text = {0};

	(void)state;
	answers.user = memory_string("watch@example.net");
	answers.password_file = memory_string("relay.password");
	init_text(&answers, &text);
	assert_non_null(strstr(buffer_string(&text), "\nfrom: watch@example.net\n"));
	assert_non_null(strstr(buffer_string(&text), "\n    user: watch@example.net\n"));
	assert_null(strstr(buffer_string(&text), "tls: off"));
	buffer_release(&text);
	init_answers_release(&answers);
}

static void test_values_are_quoted(void **state)
{
	struct init_answers answers = answered("sendmail:/bin/true");
	struct config *config;

	(void)state;
	memory_set(&answers.archive, "a: \"folder\" # here\n  - and: there");
	config = written(&answers);
	assert_string_equal(config->archive, "a: \"folder\" # here\n  - and: there");
	assert_int_equal(config->routes[0].type, ROUTE_SENDMAIL);
	config_free(config);
	init_answers_release(&answers);
}

static char *next_of(struct init_next next)
{
	struct buffer text = {0};

	init_next_write(&next, &text);
	return buffer_take(&text);
}

static void says(char *text, const char *word, bool there)
{
	assert_int_equal(strstr(text, word) != NULL, there);
	free(text);
}

static void test_what_comes_next(void **state)
{
	struct init_next root = {"timer", "/etc/lampwatch/lampwatch.yaml", "/usr/bin/lampwatch",
		"lampwatch", true, true, false, "/usr/share/lampwatch", NULL};
	struct init_next own = {"cron", "/home/a/lampwatch.yaml", "/usr/bin/lampwatch", NULL, false,
		false, false, "/usr/share/lampwatch", "/home/a/archive"};

	(void)state;
	says(next_of(root), "systemctl enable --now lampwatch.timer", true);
	says(next_of(root), "ReadWritePaths", false);
	says(next_of(root), "lampwatch-sendmail.conf", false);
	root.sendmail = true;
	says(next_of(root), "/usr/share/lampwatch/systemd/lampwatch-sendmail.conf", true);
	root.archive = "/srv/archive";
	says(next_of(root), "ReadWritePaths=/srv/archive", true);
	root.schedule = "cron";
	says(next_of(root), "/etc/cron.d/lampwatch starts a run", true);
	root.schedule = "none";
	says(next_of(root), "/etc/cron.d/lampwatch does so already", true);
	root.unit = root.cron_line = false;
	root.schedule = "cron";
	says(next_of(root), "* * * * *  lampwatch  /usr/bin/lampwatch -c", true);
	root.schedule = "timer";
	says(next_of(root), "systemd-run --on-calendar=minutely", true);
	says(next_of(own), "crontab -e, and this line:\n* * * * *  /usr/bin/lampwatch -c", true);
	own.schedule = "timer";
	says(next_of(own), "systemd-run --user --on-calendar=minutely", true);
	own.schedule = "none";
	says(next_of(own), "by whatever starts it", true);
	own.path = "/home/a/it's mine/lampwatch.yaml";
	says(next_of(own), "/usr/bin/lampwatch -c '/home/a/it'\\''s mine/lampwatch.yaml' run",
		true);
	own.path = "/home/a/100%/lampwatch.yaml";
	says(next_of(own), "/usr/bin/lampwatch -c '/home/a/100%/lampwatch.yaml' run", true);
	own.schedule = "cron"; /* crontab(5): a % ends the line */
	says(next_of(own), "/usr/bin/lampwatch -c '/home/a/100'\\%'/lampwatch.yaml' run\n", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_relay_on_this_machine),
		cmocka_unit_test(test_a_relay_elsewhere_needs_tls),
		cmocka_unit_test(test_who_logs_in_by_an_address_is_the_sender),
		cmocka_unit_test(test_values_are_quoted),
		cmocka_unit_test(test_what_comes_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
