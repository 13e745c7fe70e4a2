/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.c: version 5 and parsing by libuuid; version 7 here, since libuuid 2.38 has none. */
#include "base/uuid.h"
#include <string.h>
#include <uuid/uuid.h>
#include "base/clock.h"
#include "base/random.h"

/* RFC 9562, 5.7: 48 bits of Unix milliseconds, version, 12 random bits, variant, 62 random bits. */
struct uuid
uuid_v7(void)
{
	uint64_t ms = (uint64_t)clock_now_us() / 1000;
	struct uuid uuid;

	random_fill(uuid.bytes, sizeof(uuid.bytes));
	for (int i = 0; i < 6; i++)
		uuid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	uuid.bytes[6] = (uint8_t)(0x70 | (uuid.bytes[6] & 0x0f));
	uuid.bytes[8] = (uint8_t)(0x80 | (uuid.bytes[8] & 0x3f));
	return uuid;
}

struct uuid
uuid_v5(struct uuid name_space, const void *name, size_t size)
{
	struct uuid uuid;

	uuid_generate_sha1(uuid.bytes, name_space.bytes, name, size);
	return uuid;
}

bool
uuid_read(struct uuid *ret, const char *text, size_t size)
{
	char copy[UUID_TEXT_SIZE];
	uuid_t bytes;

	if (size != UUID_TEXT_SIZE - 1)
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (uuid_parse(copy, bytes))
		return false;
	memcpy(ret->bytes, bytes, sizeof(ret->bytes));
	return true;
}

char *
uuid_print(char text[UUID_TEXT_SIZE], struct uuid uuid)
{
	uuid_unparse_lower(uuid.bytes, text);
	return text;
}

int
uuid_order(struct uuid a, struct uuid b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes));
}

bool
uuid_is_nil(struct uuid uuid)
{
	return uuid_order(uuid, (struct uuid){{0}}) == 0;
}
