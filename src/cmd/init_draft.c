/* SPDX-License-Identifier: ISC
 *
 * What init has on the disk until all is answered: a draft, a password, folders.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "cmd/init.h"
#include "run/context.h"

#define PASSWORD_FILE INIT_ROUTE ".password"

enum { ROOTS_MODE = 0640 };

void init_complain(const char *text)
{
	fprintf(stderr, "lampwatch init: %s\n", text);
}

int init_fail(const struct error *error)
{
	init_complain(error->text);
	return error->remedy == REMEDY_LOCAL ? EXIT_LOCAL : EXIT_USAGE;
}

bool init_talks(const struct init *init)
{
	return init->invocation->verbosity >= 0;
}

/* EXIT_DONE where there is none yet. */
int init_draft_place(const struct init *init)
{
	struct error error;
	enum file_presence presence = file_presence(init->path, &error);

	if (presence == FILE_UNKNOWN)
		return init_fail(&error);
	if (presence == FILE_PRESENT) {
		fprintf(stderr,
			"lampwatch init: %s exists already, and is not touched: `lampwatch add` "
			"and an editor change it, -c FILE names another\n",
			init->path);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* Root's file is read by whoever runs us. The file that was made, and not what somebody may have
 * put in its place: root must not give that away. */
static bool hand_over(
	const struct init *init, const char *path, uid_t user, mode_t mode, struct error *error)
{
	int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool good = true;

	if (file < 0 || (geteuid() == 0 && fchown(file, user, init->owner.group) != 0))
		good = system_error_set(error, path, "cannot be given to the archive's owner");
	else if (fchmod(file, mode) != 0)
		good = system_error_set(error, path, "cannot get its mode");
	if (file >= 0)
		close(file);
	return good;
}

bool init_draft_write(const struct init *init, struct error *error)
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

/* False where the password cannot be kept, after a complaint. */
bool init_password_keep(struct init *init, const char *password)
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
		init_complain(error.text);
	return good;
}

void init_password_forget(struct init *init)
{
	if (init->password != NULL)
		unlink(init->password);
	memory_set(&init->password, NULL);
	memory_set(&init->answers.password_file, NULL);
}

void init_draft_take_back(struct init *init)
{
	char *archive = file_join(
		init->folder, text_empty(init->answers.archive) ? "" : init->answers.archive);

	unlink(init->draft);
	init_password_forget(init);
	if (init->archive_made)
		rmdir(archive);
	if (init->folder_made)
		rmdir(init->folder);
	free(archive);
}

int init_draft_commit(struct init *init)
{
	struct error error;
	int status = EXIT_DONE;

	if (link(init->draft, init->path) != 0) {
		system_error_set(&error, init->path, "cannot be written");
		return init_fail(&error);
	}
	unlink(init->draft);
	if (!file_sync_folder(init->folder, &error))
		status = init_fail(&error);
	memory_set(&init->password, NULL); /* it stays */
	init->archive_made = false;
	return status;
}
