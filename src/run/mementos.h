/* SPDX-License-Identifier: ISC
 *
 * What became of the pages that were handed to Save Page Now (tell/saves.h): the address of each
 * memento is noted in its page's chain.
 */
#ifndef LAMPWATCH_MEMENTOS_H
#define LAMPWATCH_MEMENTOS_H

#include <stdint.h>

struct observer;
struct page_states;
struct work;

/* Within the transaction of a change that is kept: asks for a capture, where the page wants that.
 */
void memento_want(const struct work *work);

/*
 * Notes those that are there, forgets what came to nothing, and says so in one line when that
 * begins: it is nobody's alarm, and no fault of this machine.
 */
void mementos_note(struct observer *observer, const struct page_states *states, int64_t now);

#endif
