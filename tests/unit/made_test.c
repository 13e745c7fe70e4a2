/* SPDX-License-Identifier: Apache-2.0 */
/* What the build makes from data: topics.h, schemas.c, sql.c, web.c hold what the files say. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "schemas.h"
#include "topics.h"
#include "web.h"

/* The whole file, to be freed. */
static char *
file_read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *bytes = malloc(1 << 20);

	cr_assert_not_null(f, "%s", path);
	cr_assert_not_null(bytes);
	*size = fread(bytes, 1, (1 << 20) - 1, f);
	bytes[*size] = '\0';
	fclose(f);
	return bytes;
}

Test(made, submissions_and_events_have_the_same_partitions)
{
	cr_assert_eq(topics[TOPIC_SUBMISSIONS].partitions, topics[TOPIC_EVENTS].partitions);
	cr_assert_str_eq(topics[TOPIC_EVENTS].name, "events");
}

Test(made, batches_alone_is_compacted)
{
	for (int t = 0; t < TOPIC_COUNT; t++)
		cr_assert_eq(topics[t].compact, t == TOPIC_BATCHES, "%s", topics[t].name);
}

Test(made, a_dead_letter_topic_takes_what_its_topic_takes)
{
	size_t size;
	char *table = file_read("schemas/topics.tbl", &size);

	for (int t = 0; t < TOPIC_COUNT; t++) {
		char name[64], *row;
		long long most;

		snprintf(name, sizeof(name), "\n%s.dlq ", topics[t].name);
		row = strstr(table, name);
		cr_assert_not_null(row, "%s has none", topics[t].name);
		cr_assert_eq(sscanf(row + 1, "%*s %*s %*s %*s %*s %*s %lld", &most), 1);
		cr_assert_gt(most, topics[t].max_message_bytes);
	}
	free(table);
}

Test(made, every_schema_is_embedded_byte_for_byte)
{
	size_t today = 0;

	for (size_t i = 0; i < n_schema_texts; i++) {
		char path[256], *text;
		size_t size;

		if (schema_texts[i].released)
			continue;
		today++;
		snprintf(path, sizeof(path), "schemas/%s.avsc", schema_texts[i].name);
		text = file_read(path, &size);
		cr_assert_str_eq(schema_texts[i].text, text);
		free(text);
	}
	cr_assert_gt(today, 0);
}

Test(made, every_page_is_embedded_byte_for_byte_but_for_the_modules)
{
	size_t n = 0;

	for (const struct web_file *file = web_files; file->path; file++, n++) {
		char path[256], *bytes;
		size_t size;

		if (!strcmp(file->path, "/app.js"))
			continue;
		snprintf(path, sizeof(path), "%s%s", strcmp(file->path, "/openapi.yaml") ? "web" : "docs",
		    file->path);
		bytes = file_read(path, &size);
		cr_assert_eq(file->size, size, "%s", path);
		cr_assert_eq(memcmp(file->bytes, bytes, size), 0, "%s", path);
		free(bytes);
	}
	cr_assert_eq(n, n_web_files);
}

static const struct web_file *
modules(void)
{
	const struct web_file *file = web_files;

	while (file->path && strcmp(file->path, "/app.js") != 0)
		file++;
	cr_assert_not_null(file->path);
	return file;
}

static size_t
times_in(const struct web_file *file, const char *text)
{
	const char *at = (const char *)file->bytes;	/* ends with a zero byte, see embed.sh */
	size_t n = 0;

	while ((at = strstr(at, text)) != NULL)
		at++, n++;
	return n;
}

Test(made, every_module_stands_once_in_app_js)
{
	glob_t found;

	cr_assert_eq(glob("web/*.js", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = found.gl_pathv[i] + strlen("web/");
		char first[64];

		snprintf(first, sizeof(first), "\n// %s: ", name);
		cr_expect_eq(times_in(modules(), first), strcmp(name, "theme.js") != 0, "%s", name);
	}
	globfree(&found);
}

Test(made, app_js_asks_for_no_other_module)
{
	cr_expect_eq(times_in(modules(), "\nimport "), 0);
	cr_expect_eq(times_in(modules(), "\nexport "), 0);
}
