/* SPDX-License-Identifier: ISC */
#include "cmd/init_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_edit.h"

void init_answers_release(struct init_answers *answers)
{
	free(answers->archive);
	free(answers->from);
	text_list_release(&answers->mails);
	free(answers->relay);
	free(answers->user);
	free(answers->password_file);
	text_list_release(&answers->services);
	free(answers->schedule);
	free(answers->zone);
	free(answers->schema);
}

/* "key: value" behind a comment; nothing where there is no value. */
static void write_key(struct buffer *out, const char *comment, const char *key, const char *value)
{
	if (text_empty(value))
		return;
	buffer_format(out, "%s%s: ", comment, key);
	config_value_write(value, out);
	buffer_byte(out, '\n');
}

/* A relay that knows us by an address takes mail from that address, often from no other; else the
 * sender is where the first reader is. */
static char *sender(const struct init_answers *answers)
{
	const char *at;

	if (answers->from != NULL)
		return memory_string(answers->from);
	if (answers->user != NULL && strchr(answers->user, '@') != NULL)
		return memory_string(answers->user);
	at = answers->mails.count > 0 ? strchr(answers->mails.list[0], '@') : NULL;
	return at != NULL ? memory_format("lampwatch%s", at) : NULL;
}

static bool stays_here(const char *relay)
{
	char *host = config_host_part(relay);
	bool here = text_equal(host, "localhost") || text_equal(host, "::1") ||
		    (text_starts(host, "127.") && host[strspn(host, "0123456789.")] == '\0');

	free(host);
	return here && text_starts(relay, "smtp:");
}

static void write_route(const struct init_answers *answers, struct buffer *out)
{
	const char *relay = answers->relay;
	struct buffer lines = {0};

	config_member_key(&lines, "name", INIT_ROUTE);
	if (text_equal(relay, INIT_SENDMAIL))
		config_member_key(&lines, "sendmail", INIT_SENDMAIL_PROGRAM);
	else if (text_starts(relay, INIT_SENDMAIL))
		config_member_key(&lines, "sendmail", relay + strlen(INIT_SENDMAIL));
	else
		config_member_key(&lines, "smtp", relay);
	config_member_key(&lines, "user", answers->user);
	config_member_key(&lines, "password_file", answers->password_file);
	if (stays_here(relay) && answers->user == NULL)
		buffer_text(
			&lines, "  tls: off # nobody can listen in on this machine's loopback\n");
	config_member_write(&(struct config_member){"routes", buffer_string(&lines)}, out);
	buffer_release(&lines);
}

static void write_routes(const struct init_answers *answers, struct buffer *out)
{
	if (answers->relay == NULL)
		return;
	buffer_text(out, "\n# The ways out for mail, tried in this order. Those that depend on a "
			 "provider in "
			 "trouble come\n# last: name it in \"depends\", and have a second route "
			 "that depends "
			 "on none that is watched.\n# `lampwatch routes` says who is cut off by "
			 "whose outage, "
			 "`lampwatch try " INIT_ROUTE "` sends a test message.\nroutes:\n");
	write_route(answers, out);
}

static void write_subscribers(const struct init_answers *answers, struct buffer *out)
{
	if (answers->relay == NULL) /* nobody is told without a way */
		return;
	buffer_text(out, "\n# Who is told. \"second\" is an address for when the first is out of "
			 "order; \"pages\" and \"on\" say of what,\n# \"quiet\" when not.\n"
			 "subscribers:\n");
	for (size_t i = 0; i < answers->mails.count; i++) {
		struct buffer lines = {0};

		config_member_key(&lines, "mail", answers->mails.list[i]);
		config_member_write(
			&(struct config_member){"subscribers", buffer_string(&lines)}, out);
		buffer_release(&lines);
	}
}

void init_text(const struct init_answers *answers, struct buffer *out)
{
	char *from = sender(answers);

	if (answers->schema != NULL)
		buffer_format(out, "# yaml-language-server: $schema=%s\n", answers->schema);
	buffer_text(out, "# What lampwatch watches, who is told, and by which way. Written by "
			 "`lampwatch init`.\n# lampwatch.yaml(5) describes every key; `lampwatch "
			 "check` says what is wrong, with its line.\n");
	write_key(out, "\n# Where everything is kept. Copy this folder, and all is saved.\n",
		"archive", answers->archive);
	write_key(out,
		"\n# The sender of all mail: best of a domain that depends on nothing that is "
		"watched.\n",
		"from", from);
	write_key(out,
		"\n# Who hears of pages that can no longer be read, and of mail that cannot be "
		"delivered.\n",
		"operator", answers->mails.count > 0 ? answers->mails.list[0] : NULL);
	write_key(out, "\n# For times that people read.\n", "timezone", answers->zone);
	buffer_text(out, "\n# How often each page is asked; what has not changed costs next to "
			 "nothing. 5m without this line.\nevery: 1m\n");
	write_routes(answers, out);
	write_subscribers(answers, out);
	buffer_text(out,
		"\n# Worth a look; lampwatch.yaml(5) says what they do.\n"
		"#signing_key: lampwatch.key             # and once: lampwatch key\n"
		"#site_url: https://status.example.org   # where the archive is published\n"
		"#mail_in: lampwatch@example.org         # people subscribe by a mail to it\n"
		"#heartbeat: https://beat.example.org/   # notices when runs stop\n");
	buffer_text(out,
		"\n# The pages that are watched. `lampwatch add NAME` adds one at the end. "
		"A name never changes: it\n# is the page's folder in the archive.\n"
		"pages:\n");
	free(from);
}
