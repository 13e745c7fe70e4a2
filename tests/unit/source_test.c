/* SPDX-License-Identifier: Apache-2.0 */
/* source_test.c: which https:// addresses may be asked. */
#include <criterion/criterion.h>
#include <string.h>
#include "batch/source.h"

static const char hosts[] = "pictures.example,*.cdn.example,host_1.example:8443,*.deep.example:99";

Test(source, a_host_that_is_named_may_be_asked_at_its_port)
{
	static const char *const rows[] = {
		"https://pictures.example", "https://pictures.example/", "https://pictures.example?a=b",
		"https://pictures.example/a/b.jpg?sig=1%2F2&x=@:/", "HTTPS://Pictures.EXAMPLE/a",
		"https://pictures.example:443/a", "https://a.cdn.example/", "https://b.a.cdn.example/",
		"https://host_1.example:8443/a", "https://x.deep.example:99/",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_null(source_defect(rows[i], hosts), "%s: %s", rows[i],
		    source_defect(rows[i], hosts));
}

Test(source, any_other_host_or_port_may_not)
{
	static const char *const rows[] = {
		"https://example/", "https://xpictures.example/", "https://a.pictures.example/",
		"https://pictures.example.evil/", "https://pictures.example./", "https://pictures.example:8443/",
		"https://cdn.example/", "https://.cdn.example.evil/", "https://evilcdn.example/",
		"https://.cdn.example/", "https://a.cdn.example:80/", "https://host_1.example/",
		"https://127.0.0.1/", "https://2130706433/", "https://a.deep.example/",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *defect = source_defect(rows[i], hosts);

		cr_expect(defect && strstr(defect, "BATCHLINE_SOURCE_HOSTS"), "%s: %s", rows[i], defect);
		cr_expect_not_null(source_defect(rows[i], ""), "%s", rows[i]);
	}
}

Test(source, an_address_that_two_readers_may_understand_in_two_ways_is_refused)
{
	static const struct { const char *uri, *word; } rows[] = {
		{ "https://user:pw@pictures.example/", "user" },
		{ "https://pictures.example@evil.example/", "user" },
		{ "https://pictures.example:443@evil.example/", "user" },
		{ "https://pictures.example\\@evil.example/", "user" },
		{ "https://", "no host" }, { "https:///a", "no host" }, { "https://:443/", "no host" },
		{ "https://pictures.example:/", "no host" }, { "https://pictures.example:0/", "no host" },
		{ "https://pictures.example:65536/", "no host" },
		{ "https://pictures.example:000443/", "no host" },
		{ "https://pictures.example%2eevil/", "no host" }, { "https://[::1]/", "no host" },
		{ "https://pictures.example\\evil/", "no host" }, { "https://b\xc3\xbc.example/", "no host" },
		{ "https://pictures.example/a b", "%XX" }, { "https://pictures.example/\r\nX: y", "%XX" },
		{ "https://pictures.example/\xc3\xbc", "%XX" }, { "https://pictures.example/\\a", "%XX" },
		{ "https://pictures.example/a#b", "fragment" }, { "https://pictures.example#b", "fragment" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *defect = source_defect(rows[i].uri, hosts);

		cr_expect(defect && strstr(defect, rows[i].word), "%s: %s", rows[i].uri, defect);
	}
}

Test(source, an_address_is_as_long_as_the_schema_lets_it_be)
{
	char uri[SOURCE_URI_MAX + 2] = "https://pictures.example/";
	size_t n = strlen(uri);

	memset(uri + n, 'a', sizeof(uri) - 1 - n);
	cr_expect_str_eq(source_defect(uri, hosts), "is longer than 2048 bytes");
	uri[SOURCE_URI_MAX] = '\0';
	cr_expect_null(source_defect(uri, hosts));
}

Test(source, https_alone_is_https)
{
	cr_expect(source_is_https("https://x") && source_is_https("HTTPS://x"));
	cr_expect(!source_is_https("http://x") && !source_is_https("https:/x")
	    && !source_is_https("blob:sha256/") && !source_is_https(""));
}

Test(source, a_list_of_hosts_is_read_whole_or_refused)
{
	static const char *const wrong[] = { "*", "*.", "a b", "a,,b", ",a", "https://a", "a/b", "a:", "a:0",
		"a:65536", "a:123456", "*.*.b", "a*", "[::1]", ".*", "a, b", "user@a" };
	struct err err = {0};

	cr_expect(source_hosts_check("", &err) && source_hosts_check(hosts, &err), "%s", err.text);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		cr_expect(!source_hosts_check(wrong[i], &err), "%s", wrong[i]);
		cr_expect_str_eq(err.code, "option");
	}
}
