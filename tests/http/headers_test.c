/* SPDX-License-Identifier: Apache-2.0 */
/* Request headers that are rules of their own: Prefer, Idempotency-Key, Host and Origin. */
#include <criterion/criterion.h>
#include "producers/gateway/gateway.h"

Test(prefer, how_long_to_wait)
{
	static const struct {
		const char *header;
		int64_t wait_ms;
		const char *said;
	} rows[] = {
		{ NULL, 2000, "" },
		{ "", 2000, "" },
		{ "wait=5", 5000, "wait=5" },
		{ "WAIT=0", 0, "wait=0" },
		{ "wait=99999999999999999999", 30000, "wait=30" },
		{ "respond-async", 0, "respond-async" },
		{ "respond-async, wait=3", 3000, "respond-async, wait=3" },
		{ " ,, wait=3 ; x=y , respond-async", 3000, "respond-async, wait=3" },
		{ "wait=1, wait=2", 1000, "wait=1" },
		{ "wait", 2000, "" },
		{ "wait=", 2000, "" },
		{ "wait=-1", 2000, "" },
		{ "wait=x", 2000, "" },
		{ "return=minimal", 2000, "" },
		{ "handling=a-word-that-is-longer-than-any-of-ours-and-goes-on, wait=1", 1000,
		    "wait=1" },
	};
	char said[PREFER_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(
		    prefer_wait_ms(rows[i].header, said), rows[i].wait_ms, "%s", rows[i].header);
		cr_expect_str_eq(said, rows[i].said);
	}
}

Test(idempotency_key, bare_or_in_quotes)
{
	static const char *const rows[][2] = { { "a", "a" }, { "\"a\"", "a" }, { "a b", "a b" },
		{ "\"a\\\"b\"", "a\"b" }, { "\"a\\\\b\"", "a\\b" }, { "a\\b", "a\\b" },
		{ "1234567", "1234567" } };
	char key[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert_not_null(
		    idempotency_key_read(key, sizeof(key), rows[i][0]), "%s", rows[i][0]);
		cr_expect_str_eq(key, rows[i][1]);
	}
}

Test(idempotency_key, anything_else_is_none)
{
	static const char *const rows[] = { "", "\"\"", "\"a", "\"a\"b", "\"a\" ", "\"a\\n\"",
		"\"a\\", "\"\\", "12345678", "\"12345678\"", "a\tb", "\x7f", "\xc3\xbc" };
	char key[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_null(idempotency_key_read(key, sizeof(key), rows[i]), "%s", rows[i]);
}

Test(guard, names_of_this_machine)
{
	static const struct {
		const char *host;
		bool local;
	} rows[] = {
		{ "localhost", true },
		{ "LocalHost:8080", true },
		{ "127.0.0.1", true },
		{ "127.0.0.1:1", true },
		{ "[::1]", true },
		{ "[::1]:8080", true },
		{ NULL, false },
		{ "", false },
		{ "example.com", false },
		{ "localhost.example.com", false },
		{ "127.0.0.1.example.com", false },
		{ "127.0.0.10", false },
		{ "localhostx", false },
		{ "127.0.0.2", false },
		{ "localhost:80/x", false },
		{ "localhost:x@example.com", false },
		{ "::1", false },
		{ "0.0.0.0", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(guard_host_is_local(rows[i].host), rows[i].local, "%s", rows[i].host);
}

Test(guard, origins_of_our_own_pages)
{
	static const struct {
		const char *origin;
		bool own;
	} rows[] = {
		{ NULL, true },
		{ "http://localhost:8080", true },
		{ "https://localhost:8080", true },
		{ "HTTP://LOCALHOST:8080", true },
		{ "", false },
		{ "null", false },
		{ "http://localhost", false },
		{ "http://localhost:8081", false },
		{ "http://localhost:8080/x", false },
		{ "http://localhost:8080.example.com", false },
		{ "http://example.com//localhost:8080", false },
		{ "file://localhost:8080", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(guard_origin_is_own(rows[i].origin, "localhost:8080"), rows[i].own,
		    "%s", rows[i].origin);
	cr_expect_not(guard_origin_is_own("http://x", NULL));
}
