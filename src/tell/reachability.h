/* SPDX-License-Identifier: ISC
 *
 * Who can be reached while providers are in trouble, and why the others cannot. Pure.
 */
#ifndef LAMPWATCH_REACHABILITY_H
#define LAMPWATCH_REACHABILITY_H

#include <stdbool.h>
#include <stddef.h>

#include "tell/dependence.h"
#include "tell/receivers.h"

struct config;
struct text_list;

/* Made by reachability_make(), freed by reachability_release(); the rest is borrowed. */
struct reachability {
	const struct dependences *dependences;
	const struct text_list *troubled; /* providers */
	struct dependence route;          /* of the best route there is; owned */
};

struct reachability reachability_make(const struct dependences *dependences,
	const struct config *config, const struct text_list *troubled);
void reachability_release(struct reachability *reach);

/*
 * True if neither way of the receiver works as long as the trouble lasts; without any trouble, if
 * neither ever does. why (may be NULL) says it for people: "hosted at google; no second way";
 * owned by the caller, NULL where it is false.
 */
bool reachability_lost(
	const struct reachability *reach, const struct receiver *receiver, char **why);

/* True if DNS finds neither way of the receiver: whether it is reached, it does not say. why as
 * above. */
bool reachability_unfound(
	const struct reachability *reach, const struct receiver *receiver, char **why);

/* Fills in endangered, doubtful and provider of all receivers. Returns how many the trouble keeps
 * from being reached by either way. */
size_t reachability_receivers(const struct reachability *reach, struct receivers *receivers);

#endif
