/* SPDX-License-Identifier: ISC
 *
 * What repeats on a page, for who writes its kind by hand.
 */
#ifndef LAMPWATCH_SKETCH_LISTS_H
#define LAMPWATCH_SKETCH_LISTS_H

#include "watch/kind/xml_p.h"

/* What repeats on the page, as "/json/item (13 of: id, name), ...": the longest lists;
 * empty: nothing does. Owned by the caller. */
char *lists_describe(xmlDocPtr tree);

#endif
