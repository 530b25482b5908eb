/* SPDX-License-Identifier: ISC
 *
 * Sends one mail by one route, as the courier would, and prints what came of it.
 *
 *   mail-send --route smtp://HOST:PORT|smtps://HOST:PORT|sendmail:PROGRAM --from ADDRESS --to
 * ADDRESS
 *             [--tls required|off] [--ca FILE] [--helo NAME] [--user NAME --password WORD|--token
 * WORD] FILE
 *
 * Prints "OUTCOME CODE TEXT". Exit status: 0 delivered, 1 not, 2 usage.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "config/config.h"
#include "servers/mail.h"
#include "tell/attempt.h"

static const struct {
	const char *start;
	int type, port;
} schemes[] = {
	{"smtp://", ROUTE_SMTP, 587},
	{"smtps://", ROUTE_SMTPS, 465},
	{"sendmail:", ROUTE_SENDMAIL, 0},
};

static bool parse_route(char *text, struct route_config *route)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		char *rest = text + strlen(schemes[i].start), *colon = strrchr(rest, ':');

		if (!text_starts(text, schemes[i].start))
			continue;
		route->type = schemes[i].type;
		route->host = route->program = rest;
		route->port = colon != NULL ? atoi(colon + 1) : schemes[i].port;
		if (colon != NULL)
			*colon = '\0';
		return true;
	}
	return false;
}

static int send_file(const struct route_config *route, struct mail *mail, const char *path)
{
	struct buffer bytes = {.maximum = MAIL_BYTES_MAX};
	struct attempt attempt;
	struct error error;

	if (!file_read(path, &bytes, &error)) {
		fprintf(stderr, "mail-send: %s\n", error.text);
		return 2;
	}
	mail->bytes = buffer_string(&bytes);
	mail->length = bytes.length;
	mail_send(route_transport(route), route, mail, &attempt);
	printf("%s %d %s\n", outcome_name(attempt.outcome), attempt.code, attempt.text);
	buffer_release(&bytes);
	return attempt.outcome == OUTCOME_DELIVERED ? 0 : 1;
}

int main(int count, char **arguments)
{
	static const struct option options[] = {
		{"route", required_argument, NULL, 'r'},
		{"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 't'},
		{"tls", required_argument, NULL, 's'},
		{"ca", required_argument, NULL, 'c'},
		{"helo", required_argument, NULL, 'h'},
		{"user", required_argument, NULL, 'u'},
		{"password", required_argument, NULL, 'p'},
		{"token", required_argument, NULL, 'o'},
		{0},
	};
	char *values['z' + 1] = {NULL};
	struct route_config route = {0};
	struct mail mail = {0};
	bool good;
	int option;

	while ((option = getopt_long(count, arguments, "", options, NULL)) != -1)
		if (option <= 'z')
			values[option] = optarg;
	good = values['r'] != NULL && parse_route(values['r'], &route);
	if (!good || values['f'] == NULL || values['t'] == NULL || optind != count - 1) {
		fprintf(stderr, "usage: mail-send --route ROUTE --from ADDRESS --to ADDRESS "
				"[options] FILE\n");
		return 2;
	}
	route.tls = text_equal(values['s'], "off") ? TLS_OFF : TLS_REQUIRED;
	route.ca_file = values['c'];
	route.helo = values['h'];
	route.user = values['u'];
	route.password = values['p'];
	route.token = values['o'];
	mail.sender = values['f'];
	mail.recipient = values['t'];
	return send_file(&route, &mail, arguments[optind]);
}
