/* SPDX-License-Identifier: ISC
 *
 * lampwatch mail-in: one mail on standard input, from an alias or a transport of
 * the mail server. It prints nothing, for what a pipe prints goes back to the writer,
 * and ends with 0, or with 75 (EX_TEMPFAIL), which lets the mail server try again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "archive/archive_owner.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/command.h"
#include "run/context.h"
#include "run/mail_command.h"
#include "run/schema.h"
#include "store/store.h"
#include "tell/incoming_mail.h"

/* The mail's owner cannot mend what is wrong here, and nobody reads a pipe: the system's log
 * tells the reason, without addresses. */
static void note(const char *reason)
{
	openlog("lampwatch", LOG_PID, LOG_MAIL);
	syslog(LOG_ERR, "mail-in: %s", reason);
}

static int again(const char *reason)
{
	note(reason);
	return EX_TEMPFAIL;
}

/* The address that the mail came to: as told, as the mail server says, or as its header does. */
static const char *recipient_of(const char *told, const struct incoming_mail *incoming)
{
	const char *said = getenv("RECIPIENT");

	if (!text_empty(told))
		return told;
	return !text_empty(said) ? said : incoming->recipient;
}

/* As much as is looked at; a pipe that is closed early would send the mail back. */
static void read_mail(struct buffer *mail)
{
	char rest[4096];

	file_read_descriptor(STDIN_FILENO, "standard input", mail, NULL);
	while (read(STDIN_FILENO, rest, sizeof rest) > 0)
		;
}

static int receive(struct context *context, const char *told, const struct buffer *mail)
{
	struct error error = {0};
	struct mail_command command = {.config = context->config,
		.templates = context->templates,
		.now = context->invocation->clock,
		.simulated = context->invocation->simulated};
	struct incoming_mail incoming;
	char *key;
	bool understood, good;

	if (!archive_writable(context->config->archive, NULL, 0, &error))
		return again(error.text);
	context->database = database_open(context->database_path, schema, false, &error);
	if (context->database == NULL)
		return again(error.text);
	command.database = context->database;
	key = store_fact(context->database, "key");
	command.key = key;
	if (text_empty(key)) {
		free(key);
		return again("no run has made the archive yet");
	}
	understood = incoming_mail_read(
		context->readers, buffer_string(mail), mail->length, &incoming, &error);
	good = understood ? mail_command_receive(
				    &command, &incoming, recipient_of(told, &incoming), &error)
			  : error.remedy != REMEDY_LOCAL;
	if (good && !understood)
		note(error.text); /* trying again would not make it better */
	incoming_mail_release(&incoming);
	free(key);
	return good ? EX_OK : again(error.text);
}

/* A mistake in the alias sends nothing back to who wrote the mail. */
int mail_in_misused(const struct invocation *invocation)
{
	return isatty(STDERR_FILENO) ? usage_error(invocation)
				     : again("wrong arguments after mail-in");
}

/* The mail is read before anything can fail: whoever writes it has no use for a broken pipe, nor
 * for what is wrong with our files. */
int command_mail_in(struct context *context, const struct options *options, char **words)
{
	struct buffer mail = {.maximum = INCOMING_MAIL_MAX};
	int result;

	(void)words;
	if (!isatty(STDERR_FILENO) && freopen("/dev/null", "w", stderr) == NULL)
		return EX_TEMPFAIL;
	read_mail(&mail);
	if (context_open(context, NEEDS_CONFIGURATION) != EXIT_DONE)
		result = again("the configuration cannot be used; `lampwatch check` says why");
	else if (context->config->mail_in == NULL || context->config->from == NULL)
		result = again("the configuration has no \"mail_in\" or no \"from\"");
	else
		result = receive(context, options->recipient, &mail);
	buffer_release(&mail);
	return result;
}
