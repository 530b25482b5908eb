/* SPDX-License-Identifier: ISC
 *
 * Private to routes.c and routes_json.c: how a route is written, and `routes --json`.
 */
#ifndef LAMPWATCH_ROUTES_JSON_H
#define LAMPWATCH_ROUTES_JSON_H

#include <stddef.h>

struct route_config;
struct route_survey;

/* "smtp://relay.example.net:587", "sendmail /usr/sbin/sendmail" …; owned by the caller. */
char *route_way(const struct route_config *route);

/* Prints all of the survey as JSON; returns how many receivers are not reached in some case. */
size_t routes_print_json(const struct route_survey *survey);

#endif
