/* SPDX-License-Identifier: ISC
 *
 * heads are read as strictly as they are written.
 */
#include "archive/chain_heads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TITLE "lampwatch heads 1 sha256\n"

static void test_heads_are_one_line_a_page(void **state)
{
	struct chain_heads heads = {0}, again = {0};
	struct buffer text = {0};
	struct error error;

	(void)state;
	chain_heads_add(&heads, "one", 3, A);
	chain_heads_add(&heads, "two", 1, A);
	chain_heads_write(&heads, &text);
	assert_string_equal(buffer_string(&text), TITLE "one\t3\t" A "\ntwo\t1\t" A "\n");
	assert_true(chain_heads_parse(buffer_string(&text), text.length, &again, &error));
	assert_int_equal(again.count, 2);
	assert_int_equal(chain_heads_find(&again, "one")->sequence, 3);
	assert_string_equal(chain_heads_find(&again, "two")->digest, A);
	assert_null(chain_heads_find(&again, "three"));
	chain_heads_release(&heads);
	chain_heads_release(&again);
	buffer_release(&text);
}

static void test_what_is_written_otherwise_is_refused(void **state)
{
	static const char *const texts[] = {"", "lampwatch heads 2 sha256\n", TITLE "one\t3\t" A,
		TITLE "one\t03\t" A "\n", TITLE "one\t0\t" A "\n", TITLE "one\t3\t" A " \n",
		TITLE "one\t3\tabc\n", TITLE "two\t3\t" A "\none\t3\t" A "\n",
		TITLE "one\t3\t" A "\none\t3\t" A "\n", TITLE "One\t3\t" A "\n", TITLE "\n"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct chain_heads heads = {0};
		struct error error = {0};

		if (chain_heads_parse(texts[i], strlen(texts[i]), &heads, &error))
			print_error("taken: %s\n", texts[i]);
		assert_int_equal(error.remedy, REMEDY_LOCAL);
		chain_heads_release(&heads);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads_are_one_line_a_page),
		cmocka_unit_test(test_what_is_written_otherwise_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
