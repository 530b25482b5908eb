/* SPDX-License-Identifier: ISC
 *
 * lampwatch init: asks five questions, writes a configuration, and shows that it works. What is
 * tried (a test message, each page, a run) is done by the commands that do it for people, on a
 * draft beside the file, which gets its name when all is answered.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive_owner.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/user.h"
#include "cmd/add_name.h"
#include "cmd/add_print.h"
#include "cmd/add_target.h"
#include "cmd/ask.h"
#include "cmd/catalogue.h"
#include "cmd/command.h"
#include "cmd/init_next.h"
#include "cmd/init_text.h"
#include "cmd/own_command.h"
#include "cmd/page_word.h"
#include "config/config.h"
#include "config/config_edit.h"
#include "config/secret.h"
#include "run/context.h"
#include "run/print.h"

#define LOCAL_RELAY "smtp://localhost:25"
#define SENDMAIL "sendmail:"
#define SENDMAIL_PROGRAM "/usr/sbin/sendmail"
#define PASSWORD_FILE INIT_ROUTE ".password"
#define NO_SERVICE "none"
#define SCHEMA_FILE "lampwatch.schema.json"
#define ZONES "/zoneinfo/"

enum { ROOTS_MODE = 0640, OWN_MODE = 0600, FOLDER_MODE = 0755, PATH_MAX_BYTES = 4096 };

struct init {
	const struct context *context;
	const struct invocation *invocation;
	struct catalogue services;
	struct init_answers answers;
	char *path, *folder, *draft; /* owned; the draft lies beside the file */
	char *password;              /* owned: the file that we have made; NULL: none */
	struct archive_owner owner;
	bool archive_made, folder_made; /* by us, and so taken back */
	bool relay_failed;
	int status; /* the worst of all that was tried */
};

static void complain(const char *text)
{
	fprintf(stderr, "lampwatch init: %s\n", text);
}

static int fail(const struct error *error)
{
	complain(error->text);
	return error->remedy == REMEDY_LOCAL ? EXIT_LOCAL : EXIT_USAGE;
}

static bool talks(const struct init *init)
{
	return init->invocation->verbosity >= 0;
}

/* ---- what is on the disk until all is answered ---- */

/* Root's file is read by whoever runs us. */
static bool hand_over(
	const struct init *init, const char *path, uid_t user, mode_t mode, struct error *error)
{
	if (geteuid() == 0 && chown(path, user, init->owner.group) != 0)
		return system_error_set(error, path, "cannot be given to the archive's owner");
	return chmod(path, mode) == 0 || system_error_set(error, path, "cannot get its mode");
}

static bool write_draft(const struct init *init, struct error *error)
{
	struct buffer text = {0};
	bool good;

	init_text(&init->answers, &text);
	unlink(init->draft); /* one that was killed has left it */
	good = file_create(init->draft, buffer_string(&text), text.length, OWN_MODE, error) &&
	       hand_over(
		       init, init->draft, geteuid(), geteuid() == 0 ? ROOTS_MODE : OWN_MODE, error);
	buffer_release(&text);
	return good;
}

static void forget_password(struct init *init)
{
	if (init->password != NULL)
		unlink(init->password);
	memory_set(&init->password, NULL);
	memory_set(&init->answers.password_file, NULL);
}

static void take_back(struct init *init)
{
	char *archive = file_join(
		init->folder, text_empty(init->answers.archive) ? "" : init->answers.archive);

	unlink(init->draft);
	forget_password(init);
	if (init->archive_made)
		rmdir(archive);
	if (init->folder_made)
		rmdir(init->folder);
	free(archive);
}

/* ---- answers, from options or from the terminal ---- */

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
			complain(problems.list[i].text);
	}
	problems_release(&problems);
	buffer_release(&text);
	return !complained;
}

/* Root makes the folder of an archive that is to be somebody else's. */
static bool settle_archive(struct init *init)
{
	char *archive = file_join(init->folder, init->answers.archive);
	struct error error;
	bool good = geteuid() != 0 ||
		    archive_owner_make(archive, &init->owner, &init->archive_made, &error);

	if (!good)
		complain(error.text);
	else if (geteuid() == 0 && init->owner.user == 0)
		complain("warning: runs will be root's, who may do more than they need. "
			 "`systemd-sysusers` makes the user lampwatch, and an archive "
			 "in " ARCHIVE_HOME " is that user's then");
	free(archive);
	return good;
}

static bool take_archive(struct init *init, const char *answer)
{
	memory_set(&init->answers.archive, answer);
	if (answers_good(init) && settle_archive(init))
		return true;
	memory_set(&init->answers.archive, NULL);
	return false;
}

static bool mails_good(const struct text_list *mails)
{
	bool good = mails->count > 0;

	if (!good)
		complain("somebody must be told: an address such as ops@example.com");
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
	complain("a run is started by timer, cron or none of them");
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

static bool ask_archive(struct init *init)
{
	return ask_until_good(init, "1. In which folder is everything kept?",
		geteuid() == 0 ? ARCHIVE_HOME "/archive" : "archive", take_archive);
}

static bool ask_mails(struct init *init)
{
	return ask_until_good(
		init, "2. Who is told? Mail addresses, with commas", NULL, take_mails);
}

/* ---- the relay, which is tried ---- */

/* False where the password cannot be kept, after a complaint. */
static bool keep_password(struct init *init, const char *password)
{
	char *path = file_join(init->folder, PASSWORD_FILE);
	struct error error = {.text = "the password cannot be kept"};
	bool good = file_create(path, password, strlen(password), OWN_MODE, &error);

	if (good) {
		init->password = path;
		memory_set(&init->answers.password_file, PASSWORD_FILE);
		good = hand_over(init, path, init->owner.user, OWN_MODE, &error);
	} else {
		free(path);
	}
	if (!good)
		complain(error.text);
	return good;
}

/* With what the user logs in: typed, and then kept in a file, or the name of one. */
static bool ask_password(struct init *init)
{
	char *answer = ask_secret("   The password, which is not shown (empty: it is in a file)");
	bool ended = answer == NULL,
	     good = !ended && answer[0] != '\0' && keep_password(init, answer);

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
	bool good = text_starts(init->answers.relay, SENDMAIL);

	while (!good) {
		char *user = ask("   The user there (empty: it wants none)", NULL);
		bool ended = user == NULL;

		memory_set(&init->answers.user, text_empty(user) ? NULL : user);
		free(user);
		if (ended || (init->answers.user != NULL && !ask_password(init)))
			return false;
		good = answers_good(init);
		if (!good) {
			forget_password(init);
			memory_set(&init->answers.user, NULL);
		}
	}
	return true;
}

/* Most machines that have the program also listen on their loopback, which needs no rights. */
static const char *usual_relay(const struct init *init)
{
	if (access(SENDMAIL_PROGRAM, X_OK) != 0)
		return NULL;
	return init->relay_failed ? SENDMAIL : LOCAL_RELAY;
}

static bool ask_relay(struct init *init)
{
	return ask_until_good(init,
		       "3. By which mail relay? smtp://HOST:PORT, smtps://HOST, or sendmail:",
		       usual_relay(init), take_relay) &&
	       ask_user(init);
}

static bool try_relay(struct init *init)
{
	const char *to = init->answers.mails.list[0];
	int status;

	if (talks(init))
		printf("   A test message to %s: ", to);
	status = own_command(
		init->invocation, (const char *const[]){"-c", init->draft, "try", INIT_ROUTE,
					  "--to", to, talks(init) ? NULL : "-q", NULL});
	init->relay_failed = status != EXIT_DONE;
	return !init->relay_failed;
}

/* Whether another one is wanted in place of one that takes no mail. */
static bool wants_another(void)
{
	char *answer =
		ask("   Another relay, or go on with this one (mail then waits)? another, go on",
			"another");
	bool other = answer != NULL && !text_starts("go on", answer);

	free(answer);
	return other;
}

/* Until one takes mail, or the user goes on without. EXIT_DONE, or after a complaint why not. */
static int settle_relay(struct init *init)
{
	struct error error;

	for (;;) {
		if (!write_draft(init, &error))
			return fail(&error);
		if (try_relay(init) || !ask_possible())
			return EXIT_DONE;
		if (!wants_another())
			return EXIT_DONE;
		forget_password(init);
		memory_set(&init->answers.user, NULL);
		memory_set(&init->answers.relay, NULL);
		if (!ask_relay(init))
			return EXIT_USAGE;
	}
}

/* ---- services ---- */

static bool ask_services(struct init *init)
{
	return ask_until_good(init,
		"4. Which services are watched? Names such as github, or addresses of their status "
		"pages,\n   with commas (empty: none yet)",
		NULL, take_services);
}

/* As the catalogue has it, without a look at the page. False where it does not say all. */
static bool add_unseen(const struct init *init, const char *word)
{
	static const struct options none = {0};
	const struct catalogue_entry *service = catalogue_find(&init->services, word);
	struct invocation quiet = *init->invocation;
	struct add_target target = {.invocation = &quiet, .options = &none};
	struct buffer lines = {0};
	char *name;
	int status;

	if (service == NULL)
		service = catalogue_at(&init->services, word);
	if (service == NULL || service->kind == NULL)
		return false;
	quiet.config_path = init->draft;
	quiet.verbosity = -1;
	status = add_target_load(&target);
	name = name_unique(target.config, name_of_text(service->name));
	add_target_page_lines(&lines, name, service->url, service->kind, service->provider);
	if (status == EXIT_DONE && add_target_page(&target, service->url, NULL, NULL) == NULL)
		status = add_target_add(&target, name,
			&(struct config_member){"pages", buffer_string(&lines)},
			&(struct config_member){"pages", buffer_string(&lines)});
	buffer_release(&lines);
	free(name);
	add_target_release(&target);
	return status == EXIT_DONE;
}

/* Comes behind the pages, so that it is not forgotten. */
static void note_missing(const struct init *init, const char *word)
{
	char *visible = text_visible_copy(word);
	char *line = memory_format("  # Could not be read at first: lampwatch add %s\n", visible);
	struct error error;

	if (!file_append(init->draft, line, strlen(line), OWN_MODE, &error))
		complain(error.text);
	free(line);
	free(visible);
}

/* What of a page that cannot be read now is known is written; the rest stays to be done. */
static void add_pages(struct init *init)
{
	const struct text_list *services = &init->answers.services;
	struct text_list missing = {0};

	for (size_t i = 0; i < services->count; i++) {
		const char *word = services->list[i];
		const char *result = "watched";
		int status = own_command(init->invocation,
			(const char *const[]){"-q", "-c", init->draft, "add", "--", word, NULL});

		if (ask_interrupted() != 0)
			break;
		if (status != EXIT_DONE && add_unseen(init, word)) {
			result =
				"cannot be read now; watched all the same, as the catalogue has it";
		} else if (status != EXIT_DONE) {
			text_list_add(&missing, word);
			result = "cannot be read now, and what kind of page it is is not known; "
				 "`lampwatch add` it once it answers";
		}
		init->status = exit_status_worse(
			init->status, status == EXIT_DONE ? EXIT_DONE : EXIT_PENDING);
		if (talks(init))
			printf("   %s: %s\n", word, result);
	}
	for (size_t i = 0; i < missing.count; i++)
		note_missing(init, missing.list[i]);
	text_list_release(&missing);
}

static bool ask_schedule(struct init *init)
{
	return ask_until_good(init, "5. What starts a run each minute? timer, cron or none",
		access("/run/systemd/system", F_OK) == 0 && geteuid() == 0 ? "timer" : "cron",
		take_schedule);
}

/* ---- all of it ---- */

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
static bool take_options(
	struct init *init, const struct options *options, struct text_list *missing)
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

static bool ask_first(struct init *init)
{
	const struct init_answers *answers = &init->answers;

	return (answers->archive != NULL || ask_archive(init)) &&
	       (answers->mails.count > 0 || ask_mails(init)) &&
	       (answers->relay != NULL || ask_relay(init));
}

static int commit(struct init *init)
{
	struct error error;
	int status = EXIT_DONE;

	if (link(init->draft, init->path) != 0) {
		system_error_set(&error, init->path, "cannot be written");
		return fail(&error);
	}
	unlink(init->draft);
	if (!file_sync_folder(init->folder, &error))
		status = fail(&error);
	memory_set(&init->password, NULL); /* it stays */
	init->archive_made = false;
	return status;
}

static void show(struct init *init)
{
	static const char *const commands[] = {"check", "run", "status", "routes"};
	size_t count = talks(init) ? sizeof commands / sizeof *commands : 2; /* of use unseen */

	for (size_t i = 0; i < count; i++) {
		const char *const words[] = {"-c", init->path, commands[i], NULL};

		if (talks(init))
			printf("\n$ lampwatch -c %s %s\n", init->path, commands[i]);
		init->status =
			exit_status_worse(init->status, own_command(init->invocation, words));
	}
}

static void print_next(const struct init *init)
{
	char *path = realpath(init->path, NULL), *program = realpath("/proc/self/exe", NULL);
	char *user = user_name(init->owner.user), *data = file_folder(init->context->templates);
	char *archive = file_join(init->folder, init->answers.archive);
	struct buffer text = {0};

	init_next_write(
		&(struct init_next){.schedule = init->answers.schedule,
			.path = path != NULL ? path : init->path,
			.program = program != NULL ? program : "lampwatch",
			.user = geteuid() == 0 ? user : NULL,
			.unit = text_equal(path, CONFIG_SYSTEM),
			.cron_line =
				text_equal(path, CONFIG_SYSTEM) && !file_absent(INIT_CRON_LINE),
			.sendmail = text_starts(init->answers.relay, SENDMAIL),
			.data = data,
			.archive = text_starts(init->answers.archive, ARCHIVE_HOME "/") ? NULL
											: archive},
		&text);
	printf("\nNext:\n%s", buffer_string(&text));
	buffer_release(&text);
	free(archive);
	free(data);
	free(user);
	free(program);
	free(path);
}

/* Everything that can still be taken back. */
static int prepare(struct init *init, const struct options *options)
{
	struct error error;
	int status;

	init->folder_made = file_absent(init->folder);
	if (!file_make_folders(init->folder, FOLDER_MODE, &error))
		return fail(&error);
	if ((init->answers.archive != NULL && !settle_archive(init)) || !ask_first(init))
		return EXIT_USAGE;
	status = settle_relay(init);
	if (status != EXIT_DONE)
		return status;
	if (options->services.count == 0 && !ask_services(init))
		return EXIT_USAGE;
	add_pages(init);
	if (init->answers.schedule == NULL && !ask_schedule(init))
		return EXIT_USAGE;
	return ask_interrupted() == 0 ? EXIT_DONE : EXIT_USAGE;
}

static int write_all(struct init *init, const struct options *options)
{
	int status;

	ask_begin();
	status = prepare(init, options);
	if (status == EXIT_DONE)
		status = commit(init);
	if (status != EXIT_DONE) {
		take_back(init);
		complain("stopped; nothing was written");
	}
	ask_end();
	if (status != EXIT_DONE)
		return status;
	if (talks(init))
		printf("\nWritten: %s\n", init->path);
	if (init->relay_failed)
		init->status = exit_status_worse(init->status, EXIT_PENDING);
	show(init);
	if (talks(init))
		print_next(init);
	return init->status;
}

/* EXIT_DONE where there is none yet. */
static int look_for_place(const struct init *init)
{
	struct error error;
	enum file_presence presence = file_presence(init->path, &error);

	if (presence == FILE_UNKNOWN)
		return fail(&error);
	if (presence == FILE_PRESENT) {
		fprintf(stderr,
			"lampwatch init: %s exists already, and is not touched: `lampwatch add` "
			"and "
			"an editor change it, -c FILE names another\n",
			init->path);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static int answer_and_write(struct init *init, const struct options *options)
{
	struct text_list missing = {0};
	int status = EXIT_USAGE;
	char *words;

	if (!take_options(init, options, &missing)) {
		/* has been said */
	} else if (missing.count > 0 && !ask_possible()) {
		words = text_list_words(&missing);
		fprintf(stderr,
			"lampwatch init: asks on a terminal; without one it needs these options "
			"too: %s\n",
			words);
		free(words);
	} else {
		if (talks(init) && missing.count > 0)
			printf("%s: five questions. Enter takes what is in brackets; ^C ends this, "
			       "and nothing is written.\n\n",
				init->path);
		status = write_all(init, options);
	}
	text_list_release(&missing);
	return status;
}

int command_init(struct context *context, const struct options *options, char **words)
{
	const char *usual = geteuid() == 0 ? CONFIG_SYSTEM : CONFIG_HERE;
	const char *asked = context->invocation->config_path;
	struct init init = {.context = context,
		.invocation = context->invocation,
		.path = memory_string(asked != NULL ? asked : usual)};
	struct problems problems = {0};
	int status;

	(void)words;
	init.folder = file_folder(init.path);
	init.draft = memory_format("%s.draft", init.path);
	status = look_for_place(&init);
	if (status == EXIT_DONE &&
		!catalogue_load(context->templates, CATALOGUE_PAGES, &init.services, &problems)) {
		problems_print(&problems);
		status = problems_status(&problems);
	}
	if (status == EXIT_DONE)
		status = answer_and_write(&init, options);
	problems_release(&problems);
	catalogue_release(&init.services);
	init_answers_release(&init.answers);
	free(init.path);
	free(init.folder);
	free(init.draft);
	free(init.password);
	return status;
}
