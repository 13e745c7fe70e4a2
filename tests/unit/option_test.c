/* SPDX-License-Identifier: Apache-2.0 */
/* option_test.c: one table, read from flags and the environment. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "base/option.h"

static const struct option_row rows[] = {
	{ "TEST_URL", OPTION_TEXT, NULL, 0, 0, "where", true },
	{ "TEST_COUNT", OPTION_INT, "5", 1, 10, "how many", false },
	{ "BATCHLINE_COUNT", OPTION_INT, "1", 1, 10, "how many of ours", false },
	{ "TEST_LOUD", OPTION_BOOL, "false", 0, 0, "whether", false },
	{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
};
static const struct option_row *const tables[] = { rows };
static char memory[8][64];

#define READ(ret, err, ...) read_words(ret, err, (const char *[]){ "test", __VA_ARGS__ })

static bool
read_words(struct options *ret, struct err *err, const char *const *words)
{
	char *argv[8] = { NULL };
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = strcpy(memory[argc], words[argc]);
	err_clear(err);
	return options_read(ret, tables, 1, argc, argv, err);
}

Test(option, a_flag_wins_over_the_environment_and_that_over_the_default)
{
	struct options o;
	struct err err = {0};

	setenv("TEST_URL", "from the environment", 1);
	cr_assert(READ(&o, &err, NULL), "%s", err.text);
	cr_expect_str_eq(option_text(&o, "TEST_URL"), "from the environment");
	cr_expect_eq(option_int(&o, "TEST_COUNT"), 5);
	cr_expect(!option_bool(&o, "TEST_LOUD"));
	cr_assert(READ(&o, &err, "--test-url=flag", "--test-count=7", "--test-loud=true", "rest", NULL));
	cr_expect_str_eq(option_text(&o, "TEST_URL"), "flag");
	cr_expect_eq(option_int(&o, "TEST_COUNT"), 7);
	cr_expect(option_bool(&o, "TEST_LOUD"));
	cr_expect_eq(o.first_argument, 4);
}

Test(option, what_every_name_of_ours_begins_with_may_be_left_out_of_a_flag)
{
	struct options o;
	struct err err = {0};

	setenv("TEST_URL", "x", 1);
	cr_assert(READ(&o, &err, "--batchline-count=7", NULL), "%s", err.text);
	cr_expect_eq(option_int(&o, "BATCHLINE_COUNT"), 7);
	cr_assert(READ(&o, &err, "--count=8", NULL), "%s", err.text);
	cr_expect_eq(option_int(&o, "BATCHLINE_COUNT"), 8);
}

Test(option, a_defect_names_its_option)
{
	static const struct { const char *word, *named; } bad[] = {
		{ "--test-count=0", "TEST_COUNT" }, { "--test-count=11", "TEST_COUNT" },
		{ "--test-count=many", "TEST_COUNT" }, { "--test-count=", "TEST_COUNT" },
		{ "--test-count=5x", "TEST_COUNT" }, { "--test-loud=perhaps", "TEST_LOUD" },
		{ "--unheard=1", "unheard" },
	};
	struct options o;
	struct err err = {0};

	setenv("TEST_URL", "x", 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cr_expect(!READ(&o, &err, bad[i].word, NULL), "%s", bad[i].word);
		cr_expect_eq(err.verdict, ERR_FATAL);
		cr_expect(strstr(err.text, bad[i].named), "%s: %s", bad[i].word, err.text);
	}
	unsetenv("TEST_URL");
	cr_expect(!READ(&o, &err, NULL));
	cr_expect(strstr(err.text, "TEST_URL"), "%s", err.text);
	cr_expect(READ(&o, &err, "--help", NULL), "with --help nothing is required");
	cr_expect(o.help);
}

Test(option, a_text_has_its_form_or_is_refused_without_its_secret)
{
	static const struct option_row formed[] = {
		{ "TEST_BROKERS", OPTION_BROKERS, "127.0.0.1:9092", 0, 0, "where", false },
		{ "TEST_DATABASE", OPTION_DATABASE, "dbname=x", 0, 0, "where", true },
		{ "TEST_STORE", OPTION_STORE, "file:///x", 0, 0, "where", false },
		{ "TEST_LISTEN", OPTION_LISTEN, "", 0, 0, "where", false },
		{ "TEST_TOPIC", OPTION_TOPIC, "a.", 0, 0, "what", false },
		{ NULL, OPTION_TEXT, NULL, 0, 0, NULL, false },
	};
	static const struct option_row *const formed_tables[] = { formed };
	static const struct { char flag[64]; bool well; } cases[] = {
		{ "--test-brokers=a:1,[::1]:2", true }, { "--test-brokers=:::", false },
		{ "--test-brokers=a:", false }, { "--test-brokers= ", false },
		{ "--test-database=postgresql://u:secret@h:5432/d", true },
		{ "--test-database=u:secret@h", false },
		{ "--test-database=postgresql://u:secret@h:port/d", false },
		{ "--test-database=", false },
		{ "--test-store=file:///srv", true }, { "--test-store=s3://bucket", false },
		{ "--test-listen=", true }, { "--test-listen=[::]:80", true },
		{ "--test-listen=80", false }, { "--test-listen=h:65536", false },
		{ "--test-listen=[::80", false },
		{ "--test-topic=b-c_d.", true }, { "--test-topic=b/c", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char word[64], *argv[] = { "test", word, NULL };
		struct options o;
		struct err err = {0};

		strcpy(word, cases[i].flag);
		cr_expect_eq(options_read(&o, formed_tables, 1, 2, argv, &err), cases[i].well, "%s %s",
		    cases[i].flag, err.text);
		cr_expect(cases[i].well || !strcmp(err.code, "option"));
		cr_expect_null(strstr(err.text, "secret"));
	}
}

Test(option, properties_of_the_kafka_client_pass_through)
{
	struct options o;
	struct err err = {0};

	setenv("TEST_URL", "x", 1);
	cr_assert(READ(&o, &err, "--kafka.linger.ms=5", "--kafka.security.protocol=SASL_SSL", NULL));
	cr_assert_eq(o.n_kafka, 2);
	cr_expect_str_eq(o.kafka[0][0], "linger.ms");
	cr_expect_str_eq(o.kafka[0][1], "5");
	cr_expect_str_eq(o.kafka[1][0], "security.protocol");
}
