/* SPDX-License-Identifier: ISC */
#include "run/schema.h"

#include <stddef.h>

#include "archive/timestamps.h"
#include "store/alarm.h"
#include "store/crowd.h"
#include "store/finding.h"
#include "store/meaning.h"
#include "store/silence.h"
#include "store/store.h"
#include "tell/disabled_webhook.h"
#include "tell/hosts.h"
#include "tell/outbox.h"
#include "tell/pending_subscription.h"
#include "tell/saves.h"
#include "tell/subscribers.h"

const struct schema_step *const schema[] = {store_schema, alarm_schema, silence_schema,
	timestamps_schema, outbox_schema, subscribers_schema, pending_subscriptions_schema,
	hosts_schema, disabled_schema, finding_schema, meaning_schema, saves_schema, crowd_schema,
	NULL};
