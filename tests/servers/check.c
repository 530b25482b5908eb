/* SPDX-License-Identifier: ISC
 *
 * Makes checks once, as a run would, all at the same time, and prints what came of them.
 *
 *   check-once [--family 4|6] [--guard] [--connect MS] [--body BYTES] CHECK…
 *
 * A CHECK is TYPE=TARGET and, after blanks, KEY=VALUE of struct check: "http=http://x/ status=200",
 * "imap=imaps://localhost:993 ca_file=/x user=ops password=word". A '+' in a value stands for a
 * blank. Where one has a password, it is made in this process, which is held as an attempt is; else
 * by a fetcher. Prints a line for each, in the order of CHECKs: MILLISECONDS STATE NETWORK
 * ANSWERED, its word and its transcript, separated by tabs; and what the confinement refused, on
 * standard error. Exit status: 0; 1 nobody could ask; 2
 * usage.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/check.h"
#include "net/http.h"

enum { CHECKS_MAX = 128 };

struct trial {
	struct check check;
	char *password;
	int64_t began, milliseconds;
	struct check_answer answer;
	struct error error;
};

static const struct {
	const char *key;
	size_t offset;
} texts[] =
	{
		{"status", offsetof(struct check, status)},
		{"contains", offsetof(struct check, contains)},
		{"matches", offsetof(struct check, matches)},
		{"header", offsetof(struct check, header)},
		{"record", offsetof(struct check, record)},
		{"answers", offsetof(struct check, answers)},
		{"server", offsetof(struct check, server)},
		{"ca_file", offsetof(struct check, ca_file)},
		{"user", offsetof(struct check, user)},
},
  numbers[] = {
	  {"redirects", offsetof(struct check, redirects)},
	  {"within", offsetof(struct check, within)},
	  {"total", offsetof(struct check, total)},
	  {"days", offsetof(struct check, days)},
};

static bool set_key(struct trial *trial, const char *key, char *value)
{
	struct check *check = &trial->check;

	for (char *at = value; (at = strchr(at, '+')) != NULL;)
		*at = ' ';
	for (int type = 0; type < CHECK_TYPES; type++)
		if (text_equal(key, check_type_names[type])) {
			check->type = type;
			check->target = value;
			return true;
		}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (text_equal(key, texts[i].key)) {
			*(char **)((char *)check + texts[i].offset) = value;
			return true;
		}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (text_equal(key, numbers[i].key)) {
			*(int64_t *)((char *)check + numbers[i].offset) = atoll(value);
			return true;
		}
	if (text_equal(key, "password"))
		trial->password = value;
	return text_equal(key, "password");
}

static bool parse(struct trial *trial, char *text)
{
	char *rest = NULL;

	trial->check.name = text;
	trial->check.total = 5000;
	for (char *word = strtok_r(text, " ", &rest); word != NULL;
		word = strtok_r(NULL, " ", &rest)) {
		char *equal = strchr(word, '=');

		if (equal == NULL)
			return false;
		*equal = '\0';
		if (!set_key(trial, word, equal + 1))
			return false;
	}
	if (trial->check.type == CHECK_DNS && trial->check.record == NULL) {
		static char a[] = "A";

		trial->check.record = a;
	}
	return trial->check.target != NULL;
}

static void on_done(void *context, struct check_answer *answer, const struct error *error)
{
	struct trial *trial = context;

	trial->milliseconds = clock_milliseconds() - trial->began;
	trial->answer = *answer;
	*answer = (struct check_answer){0};
	if (error != NULL)
		trial->error = *error;
}

static void perform(struct trial *trial, struct check_request *request)
{
	struct text_list paths = {0};

	if (trial->check.ca_file != NULL)
		text_list_add(&paths, trial->check.ca_file);
	confine_enter(CONFINE_ATTEMPT, &paths);
	text_list_release(&paths);
	check_perform(request, trial->password, &trial->answer, &trial->error);
	trial->milliseconds = clock_milliseconds() - trial->began;
}

static void fetch(struct trial *trials, size_t count, struct check_request *request)
{
	struct buffer files = {0};
	struct http_client *client;
	struct error error;

	for (size_t i = 0; i < count; i++)
		if (trials[i].check.ca_file != NULL)
			buffer_format(&files, "%s\n", trials[i].check.ca_file);
	client = http_client_new(&(struct http_settings){.in_flight = CHECKS_MAX,
		.per_host = 4,
		.user_agent = "check-once",
		.check_ca_files = buffer_string(&files)});
	for (size_t i = 0; i < count; i++) {
		request->check = &trials[i].check;
		request->context = &trials[i];
		trials[i].began = clock_milliseconds();
		http_client_check(client, request);
	}
	while (http_client_wait(client, NULL, 0, 1000) > 0)
		;
	if (!http_client_unrefused(client, &error))
		fprintf(stderr, "check-once: %s\n", error.text);
	http_client_free(client);
	buffer_release(&files);
}

static int print(struct trial *trials, size_t count)
{
	static const char *const networks[] = {"unknown", "public", "private"};
	int status = 0;

	for (size_t i = 0; i < count; i++) {
		struct trial *trial = &trials[i];
		struct buffer text = {0};

		if (trial->error.remedy != 0) {
			printf("%lld error - -\t%s\t\n", (long long)trial->milliseconds,
				trial->error.text);
			status = 1;
		} else {
			check_answer_json(&trial->answer, &text);
			printf("%lld %s %s %s\t%s\t%s\n", (long long)trial->milliseconds,
				check_state_names[trial->answer.state],
				networks[trial->answer.network],
				trial->answer.answered ? "answered" : "silent", trial->answer.word,
				buffer_string(&text));
		}
		buffer_release(&text);
		check_answer_release(&trial->answer);
	}
	return status;
}

int main(int count, char **arguments)
{
	static const struct option options[] = {
		{"family", required_argument, NULL, 'f'},
		{"guard", no_argument, NULL, 'g'},
		{"connect", required_argument, NULL, 'c'},
		{"body", required_argument, NULL, 'b'},
		{0},
	};
	static struct trial trials[CHECKS_MAX];
	struct check_request request = {
		.connect_timeout = 3000, .body_maximum = 8 * 1024 * 1024, .done = on_done};
	size_t used = 0;
	int option;

	while ((option = getopt_long(count, arguments, "", options, NULL)) != -1)
		switch (option) {
		case 'f':
			request.family = optarg[0] == '6' ? CHECK_IPV6 : CHECK_IPV4;
			break;
		case 'g':
			request.guard = "was public";
			break;
		case 'c':
			request.connect_timeout = atoi(optarg);
			break;
		case 'b':
			request.body_maximum = atoll(optarg);
			break;
		default:
			return 2;
		}
	for (; optind < count && used < CHECKS_MAX; optind++)
		if (!parse(&trials[used++], arguments[optind])) {
			fprintf(stderr, "check-once: no check: %s\n", arguments[optind]);
			return 2;
		}
	http_start();
	if (used == 1 && trials[0].password != NULL) {
		request.check = &trials[0].check;
		trials[0].began = clock_milliseconds();
		perform(&trials[0], &request);
	} else {
		fetch(trials, used, &request);
	}
	option = print(trials, used);
	fflush(stdout);
	_exit(option); /* what looks for leaks may not do that when it is confined */
}
