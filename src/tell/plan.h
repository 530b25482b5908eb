/* SPDX-License-Identifier: ISC
 *
 * Who is owed what, because of what happened on a page: events become one
 * delivery for each receiver. Pure.
 *
 * The data of a message, as templates get it (all times are both RFC 3339 and, under
 * NAME_local, in the configured zone):
 *
 *   page        {name, title, url, provider, provider_or_name}
 *   headline    {red, green, both, update, lost, back, gone}: true for those that occur;
 *               {colour: "red"|"green"|"grey"|"yellow", word: "red"|"green"|"red and green"|…, count, more: count - 1}
 *   first       the first event (as in events)
 *   events      a list, worst first, of
 *     type      red, green, both (was red, is green again), update, lost, back, gone; and is_TYPE: true
 *     indicator, group, id      as the page names it; overall: true for the page's own overall level
 *     label     "group / name", or the name alone
 *     before, after             {level, words, colour}: e.g. operational, "operational", green
 *     word      the provider's own word
 *     said_at, said_at_local    when the page says it began; empty where it does not
 *     seen_at, seen_at_local    when lampwatch saw it
 *     since, since_local, duration   of green and both: when red was seen, how long it lasted
 *     fetches   how many fetches in a row confirm it; needed: how many were asked for
 *     reason    of lost: why; of gone: empty
 *     incidents a list of {title, state, word, level, started, started_local, updated, updated_local, url, updates: [{time, time_local, state, text}]}
 *   snapshot    {path, digest, head}: folder in the archive, SHA-256 of its SHA256SUMS, the page's chain head; absent for lost
 *   sent        {created, created_local}: when this message was made
 *   others_red  a list of {label, words}: what else is red on this page now
 *   message_id  without brackets; webhook_id
 *   version     of lampwatch
 *   simulated   true under --clock
 *   test        true for `lampwatch try`
 */
#ifndef LAMPWATCH_PLAN_H
#define LAMPWATCH_PLAN_H

#endif
