/* SPDX-License-Identifier: ISC
 *
 * What init is told, by options or at the terminal: a wrong answer is complained of in the words
 * of the configuration, and asked for again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "cmd/add_print.h"
#include "cmd/ask.h"
#include "cmd/command.h"
#include "cmd/init.h"
#include "cmd/init_next.h"
#include "cmd/page_word.h"
#include "config/config.h"
#include "config/secret.h"
#include "run/context.h"

#define LOCAL_RELAY "smtp://localhost:25"
#define NO_SERVICE "none"
#define SCHEMA_FILE "lampwatch.schema.json"
#define ZONES "/zoneinfo/"

enum { PATH_MAX_BYTES = 4096 };

/* Whether the configuration of the answers so far is right, after a complaint in its words. */
static bool answers_good(const struct init *init)
{
	struct buffer text = {0};
	struct problems problems = {0};
	bool complained = false;

	init_text(&init->answers, &text);
	config_free(config_parse(init->path, buffer_string(&text), text.length, &problems));
	for (size_t i = 0; i < problems.count && !complained; i++) {
		complained = !problems.list[i].warning;
		if (complained)
			init_complain(problems.list[i].text);
	}
	problems_release(&problems);
	buffer_release(&text);
	return !complained;
}

/* What cannot be made is said at the question, and not by the first run. */
static bool can_be_made(const char *archive, struct error *error)
{
	char *folder = memory_string(archive);
	struct stat status;
	bool good;

	while (stat(folder, &status) != 0 && errno == ENOENT && folder[0] != '\0' &&
		!text_equal(folder, "/")) {
		char *above = file_folder(folder);

		free(folder);
		folder = above;
	}
	errno = 0;
	good = stat(folder, &status) == 0;
	if (good && !S_ISDIR(status.st_mode))
		errno = ENOTDIR;
	good = good && S_ISDIR(status.st_mode) && access(folder, W_OK | X_OK) == 0;
	if (!good)
		system_error_set(error, folder, "cannot be written to");
	free(folder);
	return good;
}

/* Root makes the folder of an archive that is to be somebody else's. */
bool init_settle_archive(struct init *init)
{
	char *archive = file_join(init->folder, init->answers.archive);
	struct error error;
	bool good = can_be_made(archive, &error) &&
		    (geteuid() != 0 ||
			    archive_owner_make(archive, &init->owner, &init->archive_made, &error));

	if (!good)
		init_complain(error.text);
	else if (geteuid() == 0 && init->owner.user == 0)
		init_complain("warning: runs will be root's, who may do more than they need. "
			      "`systemd-sysusers` makes the user lampwatch, and an archive "
			      "in " ARCHIVE_HOME " is that user's then");
	free(archive);
	return good;
}

static bool take_archive(struct init *init, const char *answer)
{
	memory_set(&init->answers.archive, answer);
	if (answers_good(init) && init_settle_archive(init))
		return true;
	memory_set(&init->answers.archive, NULL);
	return false;
}

static bool mails_good(const struct text_list *mails)
{
	bool good = mails->count > 0;

	if (!good)
		init_complain("somebody must be told: an address such as ops@example.com");
	for (size_t i = 0; i < mails->count; i++) {
		char *visible = text_visible_copy(mails->list[i]);

		if (!config_address_valid(mails->list[i])) {
			good = false;
			fprintf(stderr,
				"lampwatch init: \"%s\" is no address such as ops@example.com%s\n",
				visible, config_host_advice(mails->list[i]));
		}
		free(visible);
	}
	return good;
}

static bool take_mails(struct init *init, const char *answer)
{
	struct text_list *mails = &init->answers.mails;
	char *words = memory_string(answer);

	for (char *c = words; *c != '\0'; c++)
		*c = *c == ',' ? ' ' : *c;
	text_list_add_words(mails, words);
	free(words);
	if (mails_good(mails))
		return true;
	text_list_release(mails);
	*mails = (struct text_list){0};
	return false;
}

static bool take_relay(struct init *init, const char *answer)
{
	memory_set(&init->answers.relay, answer);
	if (answers_good(init))
		return true;
	memory_set(&init->answers.relay, NULL);
	return false;
}

static bool service_known(const struct init *init, const char *word)
{
	char *guess = page_word_guess(word);
	bool known = page_word_is_address(word) || guess != NULL ||
		     catalogue_find(&init->services, word) != NULL;

	if (!known)
		print_unknown(&init->services, word,
			"is neither an address (https://...) nor in the catalogue");
	free(guess);
	return known;
}

static bool add_service(struct init *init, const char *word)
{
	if (text_equal(word, NO_SERVICE) || word[0] == '\0')
		return true;
	if (!service_known(init, word))
		return false;
	if (!text_list_has(&init->answers.services, word))
		text_list_add(&init->answers.services, word);
	return true;
}

/* Names may have blanks in them. Those that are known are kept, whatever is wrong with others. */
static bool take_services(struct init *init, const char *answer)
{
	bool good = true;

	while (*answer != '\0') {
		size_t length = strcspn(answer, ",");
		char *word = text_collapse(answer, length, ANSWER_MAX);

		good = add_service(init, word) && good;
		free(word);
		answer += length + (answer[length] == ',');
	}
	return good;
}

static bool take_schedule(struct init *init, const char *answer)
{
	for (size_t i = 0; init_schedules[i] != NULL; i++)
		if (text_equal(init_schedules[i], answer)) {
			memory_set(&init->answers.schedule, answer);
			return true;
		}
	init_complain("a run is started by timer, cron or none of them");
	return false;
}

/* False where the input ends before there is a good answer. */
static bool ask_until_good(struct init *init, const char *question, const char *usual,
	bool (*take)(struct init *init, const char *answer))
{
	bool good = false;
	char *answer;

	while (!good && (answer = ask(question, usual)) != NULL) {
		good = take(init, answer);
		free(answer);
	}
	return good;
}

bool init_ask_archive(struct init *init)
{
	return ask_until_good(init, "1. In which folder is everything kept?",
		geteuid() == 0 ? ARCHIVE_HOME "/archive" : "archive", take_archive);
}

bool init_ask_mails(struct init *init)
{
	return ask_until_good(
		init, "2. Who is told? Mail addresses, with commas", NULL, take_mails);
}

/* With what the user logs in: typed, and then kept in a file, or the name of one. */
static bool ask_password(struct init *init)
{
	char *answer = ask_secret("   The password, which is not shown (empty: it is in a file)");
	bool ended = answer == NULL,
	     good = !ended && answer[0] != '\0' && init_password_keep(init, answer);

	secret_wipe(&answer);
	if (ended || good)
		return good;
	answer = ask("   The file that has the password and nothing else", NULL);
	ended = answer == NULL;
	memory_set(&init->answers.password_file, answer);
	free(answer);
	return !ended;
}

/* Until what is answered is right; nobody logs in to a program of this machine. */
static bool ask_user(struct init *init)
{
	bool good = text_starts(init->answers.relay, INIT_SENDMAIL);

	while (!good) {
		char *user = ask("   The user there (empty: it wants none)", NULL);
		bool ended = user == NULL;

		memory_set(&init->answers.user, text_empty(user) ? NULL : user);
		free(user);
		if (ended || (init->answers.user != NULL && !ask_password(init)))
			return false;
		good = answers_good(init);
		if (!good) {
			init_password_forget(init);
			memory_set(&init->answers.user, NULL);
		}
	}
	return true;
}

/* Most machines that have the program also listen on their loopback, which needs no rights. */
static const char *usual_relay(const struct init *init)
{
	if (access(INIT_SENDMAIL_PROGRAM, X_OK) != 0)
		return NULL;
	return init->relay_failed ? INIT_SENDMAIL : LOCAL_RELAY;
}

bool init_ask_relay(struct init *init)
{
	return ask_until_good(init,
		       "3. By which mail relay? smtp://HOST:PORT, smtps://HOST, or \"sendmail:\",\n"
		       "   this machine's own",
		       usual_relay(init), take_relay) &&
	       ask_user(init);
}

bool init_ask_services(struct init *init)
{
	return ask_until_good(init,
		"4. Which services are watched? Names such as github, or addresses of their\n"
		"   status pages, with commas (empty: none yet)",
		NULL, take_services);
}

bool init_ask_schedule(struct init *init)
{
	return ask_until_good(init, "5. What starts a run each minute? timer, cron or none",
		access("/run/systemd/system", F_OK) == 0 && geteuid() == 0 ? "timer" : "cron",
		take_schedule);
}

/* The zone that the system's clock has, where that is told by a link (localtime(5)). */
static char *local_zone(void)
{
	char target[PATH_MAX_BYTES];
	ssize_t length = readlink("/etc/localtime", target, sizeof target - 1);
	const char *zone;

	target[length > 0 ? length : 0] = '\0';
	zone = strstr(target, ZONES);
	return memory_string(zone != NULL && date_zone_known(zone + strlen(ZONES))
				     ? zone + strlen(ZONES)
				     : "UTC");
}

/* It is installed beside the templates; a checkout has none. */
static char *schema_file(const char *templates)
{
	char *folder = file_folder(templates), *path = file_join(folder, SCHEMA_FILE);
	char *found = realpath(path, NULL);

	free(path);
	free(folder);
	return found;
}

static bool given(const char *text, char **answer)
{
	memory_set(answer, text);
	return text != NULL;
}

/* What the options say; each answer that they do not give is named in missing. False where one of
 * them is wrong, after a complaint. */
bool init_take_options(struct init *init, const struct options *options, struct text_list *missing)
{
	struct init_answers *answers = &init->answers;
	bool good = true;

	answers->zone = local_zone();
	answers->schema = schema_file(init->context->templates);
	memory_set(&answers->from, options->from);
	memory_set(&answers->user, options->user);
	memory_set(&answers->password_file, options->password_file);
	if (!given(options->archive, &answers->archive))
		text_list_add(missing, "--archive");
	for (size_t i = 0; i < options->mails.count; i++)
		text_list_add(&answers->mails, options->mails.list[i]);
	if (options->mails.count == 0)
		text_list_add(missing, "--mail");
	else
		good = mails_good(&answers->mails) && good;
	if (!given(options->relay, &answers->relay))
		text_list_add(missing, "--relay");
	for (size_t i = 0; i < options->services.count; i++)
		good = add_service(init, options->services.list[i]) && good;
	if (options->services.count == 0)
		text_list_add(missing, "--service");
	if (options->schedule == NULL)
		text_list_add(missing, "--schedule");
	else
		good = take_schedule(init, options->schedule) && good;
	return good && answers_good(init);
}
