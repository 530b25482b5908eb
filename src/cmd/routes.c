/* SPDX-License-Identifier: ISC
 *
 * lampwatch routes: every route and receiver, the providers that each depends on and how we know,
 * and who would not be reached while a provider is down.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/routes_causes.h"
#include "cmd/routes_json.h"
#include "cmd/webhooks.h"
#include "net/address.h"
#include "run/route_survey.h"
#include "run/terminal.h"
#include "tell/reachability.h"

enum {
	NAME_COLUMNS = 16,
	NEXT_LINE_BEGIN = 6,
	ADDRESSES_SHOWN = 3, /* of one domain, without -v */
	LOST_SHOWN = 10,     /* of one provider, without -v */
};

char *route_way(const struct route_config *route)
{
	static const char *const schemes[] = {[ROUTE_SMTP] = "smtp", [ROUTE_SMTPS] = "smtps"};
	char *host, *way;

	if (route->type == ROUTE_SENDMAIL)
		return memory_format("sendmail %s", route->program);
	if (route->type == ROUTE_MX)
		return memory_format("direct to each domain's MX, port %d", route->port);
	host = address_in_url(route->host);
	way = memory_format("%s://%s:%d%s%s", schemes[route->type], host, route->port,
		route->tls == TLS_OFF ? " (no TLS)" : "",
		route->token_file != NULL || route->token_command.count > 0 ? " (token)" : "");
	free(host);
	return way;
}

/* Prints the line and empties it. */
static void end_line(struct buffer *line)
{
	terminal_wrap_rest(buffer_string(line), 0, NEXT_LINE_BEGIN);
	buffer_release(line);
}

/* ---- dependences ---- */

static void print_dependence(const struct dependence *dependence)
{
	struct buffer line = {0};

	for (size_t i = 0; i < dependence->count; i++) {
		const struct dependence_reason *reason = &dependence->reasons[i];

		buffer_format(&line, "    needs %s (%s%s%s)", reason->provider,
			evidence_words(reason->evidence), reason->name[0] != '\0' ? " " : "",
			reason->name);
		end_line(&line);
	}
	if (dependence->why != NULL) {
		buffer_format(&line, "    %s", dependence->why);
		end_line(&line);
	} else if (dependence->count == 0) {
		puts("    needs no provider that is known");
	}
}

static void print_routes(const struct route_survey *survey)
{
	puts("Routes, in this order:");
	for (size_t i = 0; i < survey->config->route_count; i++) {
		const struct route_config *route = &survey->config->routes[i];
		struct dependence dependence = dependence_of_route(survey->dependences, i);
		char *way = route_way(route);
		struct buffer line = {0};

		buffer_format(&line, "  %-*s %s", NAME_COLUMNS, route->name, way);
		end_line(&line);
		print_dependence(&dependence);
		dependence_release(&dependence);
		free(way);
	}
}

/* ---- receivers, by domain ---- */

struct address {
	const char *text, *domain; /* borrowed */
	bool second;               /* it is the second address of a subscriber */
};

static int by_domain(const void *left, const void *right)
{
	const struct address *a = left, *b = right;
	int order = strcasecmp(a->domain, b->domain);

	return order != 0 ? order : strcmp(a->text, b->text);
}

static void add_address(struct address **list, size_t *count, const char *receiver, bool second)
{
	const char *text = receiver != NULL ? receiver_address(receiver) : NULL;
	const char *at = text != NULL ? strrchr(text, '@') : NULL;

	if (at != NULL)
		*(struct address *)memory_append(list, count, sizeof **list) =
			(struct address){text, at + 1, second};
}

/* Prints the addresses that share the domain of the first. Returns how many. */
static size_t print_domain(
	const struct route_survey *survey, const struct address *first, size_t count, bool all)
{
	struct dependence dependence = dependence_of_address(survey->dependences, first->text);
	struct buffer line = {0};
	size_t same = 1, shown;

	while (same < count && strcasecmp(first[same].domain, first->domain) == 0)
		same++;
	shown = all || same < ADDRESSES_SHOWN ? same : ADDRESSES_SHOWN;
	buffer_format(&line, "  %-*s ", NAME_COLUMNS, first->domain);
	for (size_t i = 0; i < shown; i++)
		buffer_format(&line, "%s%s%s", i > 0 ? ", " : "", first[i].text,
			first[i].second ? " (second)" : "");
	if (shown < same)
		buffer_format(&line, " and %zu more (-v: all)", same - shown);
	end_line(&line);
	print_dependence(&dependence);
	dependence_release(&dependence);
	return same;
}

static void print_receivers(const struct route_survey *survey, bool all)
{
	struct address *addresses = NULL;
	size_t count = 0;

	puts("Receivers:");
	for (size_t i = 0; i < survey->receivers.count; i++) {
		add_address(&addresses, &count, survey->receivers.list[i].name, false);
		add_address(&addresses, &count, survey->receivers.list[i].otherwise, true);
	}
	if (count > 0)
		qsort(addresses, count, sizeof *addresses, by_domain);
	for (size_t i = 0; i < count;)
		i += print_domain(survey, &addresses[i], count - i, all);
	free(addresses);
	for (size_t i = 0; i < survey->config->webhook_count; i++) {
		const char *name = survey->config->webhooks[i].name;
		struct dependence dependence = dependence_of_webhook(survey->dependences, name);

		printf("  webhook:%s\n", name);
		print_dependence(&dependence);
		dependence_release(&dependence);
	}
}

/* ---- who would not be reached ---- */

/* What it means that one provider is down, in lines; for many providers it is the same. */
struct outage {
	struct text_list providers;
	struct buffer lines;
};

static void print_lines(const char *lines)
{
	char *copy = memory_string(lines), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			terminal_wrap_rest(line, 0, NEXT_LINE_BEGIN);
	free(copy);
}

static void add_ways(
	const struct route_survey *survey, const struct text_list *troubled, struct buffer *lines)
{
	size_t count = 0;

	for (size_t i = 0; i < survey->config->route_count; i++) {
		enum dependency dependency =
			route_dependency(survey->dependences, survey->config, i, troubled);

		if (dependency != DEPENDENCY_CERTAIN)
			buffer_format(lines, "%s%s%s", count++ > 0 ? ", " : "  mail goes by ",
				survey->config->routes[i].name,
				dependency == DEPENDENCY_POSSIBLE ? " (perhaps)" : "");
	}
	if (count == 0 && survey->config->route_count > 0)
		buffer_text(lines,
			"  no independent route: mail goes last of all by one that depends on it");
	if (survey->config->route_count > 0)
		buffer_byte(lines, '\n');
}

/* Adds who is not reached, except those who never are (with never NULL: those too). Returns how
 * many. */
static size_t add_lost(const struct route_survey *survey, const struct reachability *reach,
	const struct reachability *never, bool all, struct buffer *lines)
{
	size_t lost = 0;
	char *why;

	for (size_t i = 0; i < survey->receivers.count; i++) {
		const struct receiver *receiver = &survey->receivers.list[i];

		if ((never != NULL && reachability_lost(never, receiver, NULL)) ||
			!reachability_lost(reach, receiver, &why))
			continue;
		if (all || lost < LOST_SHOWN)
			buffer_format(lines, "  NOT reached: %s: %s\n",
				receiver_shown(receiver->name), why);
		free(why);
		lost++;
	}
	if (!all && lost > LOST_SHOWN)
		buffer_format(lines, "  and %zu more (-v: all)\n", lost - LOST_SHOWN);
	return lost;
}

/* Adds whom DNS does not find. Returns how many. */
static size_t add_unfound(const struct route_survey *survey, const struct reachability *never,
	bool all, struct buffer *lines)
{
	size_t unfound = 0;
	char *why;

	for (size_t i = 0; i < survey->receivers.count; i++) {
		const struct receiver *receiver = &survey->receivers.list[i];

		if (!reachability_unfound(never, receiver, &why))
			continue;
		if (all || unfound < LOST_SHOWN)
			buffer_format(lines, "  perhaps NOT reached: %s: %s\n",
				receiver_shown(receiver->name), why);
		free(why);
		unfound++;
	}
	if (!all && unfound > LOST_SHOWN)
		buffer_format(lines, "  and perhaps %zu more (-v: all)\n", unfound - LOST_SHOWN);
	return unfound;
}

/* Whether of somebody nobody knows yet, or can know, where he is hosted. */
static bool is_guess(const struct route_survey *survey)
{
	bool guess = false;

	for (size_t i = 0; i < survey->receivers.count && !guess; i++) {
		struct dependence dependence =
			dependence_of_receiver(survey->dependences, survey->receivers.list[i].name);

		guess = dependence.unknown || dependence.hidden;
		dependence_release(&dependence);
	}
	return guess;
}

/* Returns how many are not reached. */
static size_t foresee(const struct route_survey *survey, const struct text_list *down,
	const struct reachability *never, bool all, struct buffer *lines)
{
	struct reachability reach = reachability_make(survey->dependences, survey->config, down);
	size_t lost;

	add_ways(survey, down, lines);
	lost = add_lost(survey, &reach, never, all, lines);
	reachability_release(&reach);
	return lost;
}

static void print_outage(const struct outage *outage, bool all)
{
	const struct text_list *providers = &outage->providers;
	size_t shown = all || providers->count < LOST_SHOWN ? providers->count : LOST_SHOWN;
	struct buffer heading = {0};

	if (outage->lines.length == 0) /* there are no routes, and nobody is left out */
		return;
	for (size_t i = 0; i < shown; i++)
		buffer_format(&heading, "%s%s",
			i == 0                      ? providers->count > 1 ? "If any of " : "If "
			: i + 1 == providers->count ? " or "
						    : ", ",
			providers->list[i]);
	if (shown < providers->count)
		buffer_format(&heading, " and %zu more (-v: all)", providers->count - shown);
	buffer_text(&heading, " is down:");
	terminal_wrap(buffer_string(&heading), 0);
	print_lines(buffer_string(&outage->lines));
	buffer_release(&heading);
}

/* Providers whose outages mean the same stand together, where the first of them stands; always:
 * somebody may not be reached whoever is down. Returns how many are not reached. */
static size_t print_outages(
	const struct route_survey *survey, const struct reachability *never, bool always, bool all)
{
	struct outage *outages = NULL;
	struct buffer rest = {0};
	size_t count = 0, lost = 0;

	for (size_t i = 0; i < survey->watched.count; i++) {
		const struct text_list one = {&survey->watched.list[i], 1};
		struct buffer lines = {0};
		size_t j = 0;

		lost += foresee(survey, &one, never, all, &lines);
		while (j < count &&
			!text_equal(buffer_string(&outages[j].lines), buffer_string(&lines)))
			j++;
		if (j == count)
			((struct outage *)memory_append(&outages, &count, sizeof *outages))->lines =
				lines;
		else
			buffer_release(&lines);
		text_list_add(&outages[j].providers, one.list[0]);
	}
	for (size_t i = 0; i < count; i++) {
		print_outage(&outages[i], all);
		text_list_release(&outages[i].providers);
		buffer_release(&outages[i].lines);
	}
	buffer_format(&rest, "%s is still reached%s.",
		lost == 0 && !always ? "Whichever of them is down, everybody" : "Everybody else",
		is_guess(survey) ? ", as far as is known" : "");
	if (count > 0)
		terminal_wrap(buffer_string(&rest), 0);
	buffer_release(&rest);
	free(outages);
	return lost;
}

static size_t print_survey(const struct route_survey *survey, bool all)
{
	const struct text_list nobody = {0};
	struct reachability never = reachability_make(survey->dependences, survey->config, &nobody);
	struct buffer lines = {0};
	size_t lost, unfound;

	print_routes(survey);
	print_receivers(survey, all);
	lost = add_lost(survey, &never, NULL, all, &lines);
	unfound = add_unfound(survey, &never, all, &lines);
	if (lost + unfound > 0)
		puts("Always:");
	print_lines(buffer_string(&lines));
	lost += print_outages(survey, &never, lost + unfound > 0, all);
	routes_print_causes(survey->config);
	buffer_release(&lines);
	reachability_release(&never);
	return lost;
}

int command_routes(struct context *context, const struct options *options, char **words)
{
	struct route_survey survey = {0};
	size_t lost;

	(void)options;
	(void)words;
	route_survey_open(&survey, context, true);
	if (context->invocation->json) {
		lost = routes_print_json(&survey);
	} else {
		lost = print_survey(&survey, context->invocation->verbosity > 0);
		webhooks_disabled(context, NULL);
	}
	route_survey_close(&survey);
	return lost > 0 ? EXIT_PENDING : EXIT_DONE;
}
