/* SPDX-License-Identifier: ISC
 *
 * From a receiver and the data of a message to the bytes that are sent to it.
 */
#ifndef LAMPWATCH_DELIVERY_H
#define LAMPWATCH_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

struct buffer;
struct config;
struct error;
struct value;

/*
 * Adds to out what goes to this receiver: a whole mail, or the body of a
 * webhook's request. in_reply_to may be NULL. Pure but for reading the templates.
 * REMEDY_CONFIGURATION: a template is wrong (out then holds the data in plain words, which
 * is to be sent all the same), or the webhook is not in the configuration.
 */
bool delivery_render(const struct config *config, const char *templates, const char *receiver,
	const char *message_id, const char *in_reply_to, const struct value *data, int64_t now,
	struct buffer *out, struct error *error);

#endif
