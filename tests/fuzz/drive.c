/* SPDX-License-Identifier: ISC
 *
 * Drives a fuzz target without libFuzzer: fuzz-TARGET SECONDS RANDOM INPUT SEED…
 *
 * Tries each seed file as it is, then seeds that were changed at random, until so many seconds are
 * over. The same RANDOM gives the same inputs in the same order. Each input
 * stands in the file INPUT before it is tried: where one breaks the target, it is left there.
 * Prints how many were tried.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

enum {
	INPUT_MAX = 65536, /* bytes: of a longer seed, the beginning */
	CHANGES_MAX = 8,   /* of one input */
	HANG_SECONDS = 60, /* for one input, on a machine that is busy */
};

struct input {
	size_t size;
	uint8_t bytes[INPUT_MAX];
};

static uint64_t state;

/* splitmix64: below limit, or 0. */
static size_t draw(size_t limit)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return limit > 0 ? (z ^ (z >> 31)) % limit : 0;
}

static void load(const char *path, struct input *input)
{
	FILE *file = fopen(path, "re");

	MUST(file != NULL);
	input->size = fread(input->bytes, 1, INPUT_MAX, file);
	fclose(file);
}

/* Makes room for count bytes at a place, as far as there is any. */
static size_t make_room(struct input *input, size_t place, size_t count)
{
	if (count > INPUT_MAX - input->size)
		count = INPUT_MAX - input->size;
	memmove(input->bytes + place + count, input->bytes + place, input->size - place);
	input->size += count;
	return count;
}

static void set_byte(struct input *input, const struct input *other)
{
	(void)other;
	input->bytes[draw(input->size)] = (uint8_t)draw(256);
}

static void flip_bit(struct input *input, const struct input *other)
{
	(void)other;
	input->bytes[draw(input->size)] ^= (uint8_t)(1U << draw(8));
}

static void remove_piece(struct input *input, const struct input *other)
{
	size_t place = draw(input->size), count = 1 + draw(input->size - place);

	(void)other;
	memmove(input->bytes + place, input->bytes + place + count, input->size - place - count);
	input->size -= count;
}

static void repeat_piece(struct input *input, const struct input *other)
{
	size_t place = draw(input->size), count = 1 + draw(input->size - place);

	(void)other;
	count = make_room(input, place, count);
	memmove(input->bytes + place, input->bytes + place + count,
		count < input->size - place - count ? count : input->size - place - count);
}

static void insert_byte(struct input *input, const struct input *other)
{
	/* What begins and ends something in the formats that are read here. */
	static const char bytes[] = "\"'<>{}[]()&;:,.\\/\n\r\t -+=?%#0 9eE\x80\xff\xc3";
	size_t place = draw(input->size);

	(void)other;
	if (make_room(input, place, 1) == 1)
		input->bytes[place] = (uint8_t)bytes[draw(sizeof bytes)];
}

static void take_piece(struct input *input, const struct input *other)
{
	size_t place = draw(input->size), from = draw(other->size);
	size_t count = make_room(input, place, draw(other->size - from + 1));

	memcpy(input->bytes + place, other->bytes + from, count);
}

static void change(struct input *input, const struct input *other)
{
	static void (*const changes[])(struct input * input, const struct input *other) = {
		set_byte, flip_bit, remove_piece, repeat_piece, insert_byte, take_piece};

	for (size_t left = 1 + draw(CHANGES_MAX); left > 0; left--)
		if (input->size > 0)
			changes[draw(sizeof changes / sizeof *changes)](input, other);
}

/* In a block of its own size, so that each byte too far is seen. */
static void try(const struct input *input, int kept)
{
	uint8_t *bytes = malloc(input->size > 0 ? input->size : 1);

	MUST(bytes != NULL && pwrite(kept, input->bytes, input->size, 0) == (ssize_t)input->size &&
		ftruncate(kept, (off_t)input->size) == 0);
	memcpy(bytes, input->bytes, input->size);
	alarm(HANG_SECONDS);
	LLVMFuzzerTestOneInput(bytes, input->size);
	alarm(0);
	free(bytes);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int count, char **words)
{
	static struct input input, other;
	enum { SECONDS = 1, RANDOM, INPUT, SEEDS };
	uint64_t tried = 0;
	double end;
	int kept;

	MUST(count > SEEDS);
	end = seconds() + atof(words[SECONDS]);
	state = strtoull(words[RANDOM], NULL, 10);
	kept = open(words[INPUT], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (int i = SEEDS; i < count; i++, tried++) {
		load(words[i], &input);
		try(&input, kept);
	}
	for (; seconds() < end; tried++) {
		load(words[SEEDS + draw((size_t)(count - SEEDS))], &input);
		load(words[SEEDS + draw((size_t)(count - SEEDS))], &other);
		change(&input, &other);
		try(&input, kept);
	}
	printf("%" PRIu64 " inputs\n", tried);
	return 0;
}
