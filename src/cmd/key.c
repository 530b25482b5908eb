/* SPDX-License-Identifier: ISC
 *
 * lampwatch key: makes the key that signs `heads`, once, and shows its public half.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive_owner.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/signature.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/print.h"
#include "run/terminal.h"

/* A file that root makes must be readable by the user that runs lampwatch: the archive's owner. */
static bool give_away(const char *path, const char *archive, struct error *error)
{
	struct archive_owner owner = archive_owner(archive);

	if (geteuid() != 0)
		return true;
	return lchown(path, owner.user, owner.group) == 0 ||
	       error_set(error, REMEDY_LOCAL, "%s: cannot be given to the archive's owner: %s",
		       path, strerror(errno));
}

/* The key of the configuration, made where there is none; NULL with error. */
static struct signature_key *have_key(const struct config *config, bool *made, struct error *error)
{
	struct signature_key *key;

	if (!file_absent(config->signing_key))
		return signature_key_load(config->signing_key, error);
	key = signature_key_new();
	*made = signature_key_save(key, config->signing_key, error) &&
		give_away(config->signing_key, config->archive, error);
	if (!*made) {
		signature_key_free(key);
		key = NULL;
	}
	return key;
}

static void print_key(const struct context *context, const struct signature_key *key, bool made)
{
	struct buffer public = {.maximum = SIGNATURE_PEM_MAX};
	char digest[DIGEST_TEXT];

	signature_public(key, &public);
	digest_sha256(buffer_string(&public), public.length, digest);
	if (context->invocation->json) {
		struct value *root = value_map();

		value_put_number(root, "format", 1);
		value_put_text(root, "path", context->config->signing_key);
		value_put_boolean(root, "made", made);
		value_put_text(root, "public_key", buffer_string(&public));
		value_put_text(root, "public_key_sha256", digest);
		terminal_json(root);
		value_free(root);
	} else {
		printf("%s: %s\n", context->config->signing_key,
			made ? "made; do not copy it into the archive" : "exists already");
		printf("The public key, which the archive shows as heads.pub, SHA-256 "
		       "%s:\n%s",
			digest, buffer_string(&public));
	}
	buffer_release(&public);
}

int command_key(struct context *context, const struct options *options, char **words)
{
	struct signature_key *key;
	struct error error;
	bool made = false;

	(void)options;
	(void)words;
	if (context->config->signing_key == NULL) {
		fprintf(stderr,
			"lampwatch: %s: has no \"signing_key\"; add a line such as\n"
			"  signing_key: /etc/lampwatch/key.pem\n",
			context->config->path);
		return EXIT_USAGE;
	}
	key = have_key(context->config, &made, &error);
	if (key == NULL)
		return error_print(&error);
	print_key(context, key, made);
	signature_key_free(key);
	return EXIT_DONE;
}
