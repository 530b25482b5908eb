/* SPDX-License-Identifier: ISC */
#include "run/suppression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/config.h"
#include "store/silence.h"

/* Structs of the configuration own their strings; here they are literals that nobody frees. */
#define TEXT(literal) ((char *)(literal))

enum { NOW = 1390590000, HOUR = 3600 };

static char *of_mail[] = {TEXT("mail*")};
static struct maintenance_config maintenance[] = {
	{.pages = {of_mail, 1},
		.reason = TEXT("new racks"),
		.window = {.begins = NOW, .ends = NOW + 2 * HOUR}},
	{.window = {.begins = NOW + HOUR, .ends = NOW + 3 * HOUR}},
};
static const struct config config = {.maintenance = maintenance, .maintenance_count = 2};

static struct silence asked[] = {
	{TEXT("mail"), TEXT("moving"), NOW, NOW + HOUR},
	{TEXT("other"), TEXT(""), NOW, NOW + HOUR},
};
static const struct silences none = {0}, silences = {asked, 2};

static void assert_muted(const struct silences *by, const char *page, int64_t now, int64_t until,
	const char *reason, bool silence)
{
	struct suppression suppression;

	assert_true(suppression_holds(&config, by, page, now, NULL));
	assert_true(suppression_holds(&config, by, page, now, &suppression));
	assert_int_equal(suppression.until, until);
	assert_string_equal(suppression.reason, reason);
	assert_int_equal(suppression.silence, silence);
}

static void test_a_page_is_muted_from_the_first_second_of_maintenance_to_the_one_before_its_end(
	void **state)
{
	(void)state;
	assert_false(suppression_holds(&config, &none, "mail-in", NOW - 1, NULL));
	assert_muted(&none, "mail-in", NOW, NOW + 2 * HOUR, "new racks", false);
	assert_false(suppression_holds(&config, &none, "chat", NOW + HOUR - 1, NULL));
	assert_muted(&none, "chat", NOW + 3 * HOUR - 1, NOW + 3 * HOUR, "", false);
	assert_false(suppression_holds(&config, &none, "chat", NOW + 3 * HOUR, NULL));
}

static void test_a_silence_mutes_its_page_alone(void **state)
{
	static const struct config nothing = {0};
	struct suppression suppression;

	(void)state;
	assert_true(suppression_holds(&nothing, &silences, "mail", NOW, &suppression));
	assert_true(suppression.silence && suppression.until == NOW + HOUR);
	assert_string_equal(suppression.reason, "moving");
	assert_false(suppression_holds(&nothing, &silences, "mail", NOW + HOUR, NULL));
	assert_false(suppression_holds(&nothing, &silences, "mail2", NOW, NULL));
}

static void test_of_several_the_one_that_ends_last_says_why(void **state)
{
	(void)state;
	assert_muted(&silences, "mail", NOW, NOW + 2 * HOUR, "new racks", false);
	assert_muted(&none, "mail", NOW + HOUR, NOW + 3 * HOUR, "", false);
	asked[0].ends = NOW + 4 * HOUR;
	assert_muted(&silences, "mail", NOW + HOUR, NOW + 4 * HOUR, "moving", true);
	asked[0].ends = NOW + HOUR;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_page_is_muted_from_the_first_second_of_maintenance_to_the_one_before_its_end),
		cmocka_unit_test(test_a_silence_mutes_its_page_alone),
		cmocka_unit_test(test_of_several_the_one_that_ends_last_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
