/* SPDX-License-Identifier: Apache-2.0 */
/* definition_test.c: what a pipeline may ask for, and what is refused with its place. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "consumers/renderer/command.h"
#include "consumers/renderer/definition.h"

#define VIEW(operations) "{\"views\":[{\"name\":\"web\",\"operations\":[" operations \
    "],\"format\":\"jpeg\",\"options\":{\"Q\":85}}]}"

static void
expect_refused(const char *json, const char *where)
{
	struct definition *d = NULL;
	struct err err = {0};

	cr_expect(!definition_read(&d, json, &err), "%s", json);
	cr_expect_eq(err.verdict, ERR_REJECT);
	cr_expect_str_eq(err.code, "bad_pipeline");
	cr_expect(strstr(err.text, where), "%s: %s", json, err.text);
	definition_free(d);
}

Test(definition, a_view_is_read_with_its_operations_and_its_format)
{
	struct definition *d = NULL;
	struct err err = {0};
	const struct argument *width;

	cr_assert(definition_read(&d, VIEW("{\"operation\":\"thumbnail_image\",\"width\":2048,"
	    "\"height\":1024,\"size\":\"down\"},{\"operation\":\"sharpen\"}"), &err), "%s", err.text);
	cr_expect_eq(d->n_views, 1);
	cr_expect_str_eq(d->views[0].name, "web");
	cr_expect_str_eq(d->views[0].format->extension, "jpg");
	cr_expect_eq(d->views[0].n_steps, 2);
	width = argument_find(d->views[0].steps[0].arguments, d->views[0].steps[0].n_arguments, "width");
	cr_assert(width);
	cr_expect_eq((int)width->number, 2048);
	cr_expect_str_eq(d->command, "");
	definition_free(d);
}

Test(definition, what_is_not_on_the_list_is_refused_where_it_stands)
{
	expect_refused("nonsense", "line");
	expect_refused("[]", "views");
	expect_refused("{\"views\":[]}", "views");
	expect_refused(VIEW("{\"operation\":\"system\"}"), "views[0].operations[0]");
	expect_refused(VIEW("{\"operation\":\"sharpen\"},{\"operation\":\"thumbnail_image\"}"),
	    "views[0].operations[1]");
	expect_refused(VIEW("{\"operation\":\"thumbnail_image\",\"width\":0}"),
	    "views[0].operations[0].width");
	expect_refused(VIEW("{\"operation\":\"thumbnail_image\",\"width\":\"wide\"}"),
	    "views[0].operations[0].width");
	expect_refused(VIEW("{\"operation\":\"thumbnail_image\",\"width\":10,\"evil\":1}"),
	    "views[0].operations[0].evil");
	expect_refused("{\"views\":[{\"name\":\"web\",\"operations\":[],\"format\":\"svg\"}]}",
	    "views[0]");
	expect_refused("{\"views\":[{\"name\":\"../x\",\"operations\":[],\"format\":\"jpeg\"}]}",
	    "views[0]");
	expect_refused("{\"views\":[{\"name\":\"a_b\",\"operations\":[],\"format\":\"jpeg\"}]}", "views[0]");
	expect_refused("{\"views\":[{\"name\":\"a\",\"operations\":[],\"format\":\"jpeg\"},"
	    "{\"name\":\"a\",\"operations\":[],\"format\":\"jpeg\"}]}", "views[1]");
}

Test(definition, more_views_than_the_limit_are_refused)
{
	char json[4000] = "{\"views\":[";

	for (int i = 0; i <= VIEWS_MAX; i++)
		snprintf(json + strlen(json), sizeof(json) - strlen(json),
		    "%s{\"name\":\"v%d\",\"operations\":[],\"format\":\"png\"}", i ? "," : "", i);
	strcat(json, "]}");
	expect_refused(json, "views");
}

Test(definition, a_command_is_a_name_alone)
{
	struct definition *d = NULL;
	struct err err = {0};

	cr_assert(definition_read(&d, "{\"command\":\"thumbnail\",\"views\":[{\"name\":\"out\","
	    "\"format\":\"png\"}]}", &err), "%s", err.text);
	cr_expect_str_eq(d->command, "thumbnail");
	definition_free(d);
	expect_refused("{\"command\":\"\",\"views\":[{\"name\":\"out\",\"format\":\"png\"}]}", "command");
	expect_refused("{\"command\":[\"sh\"],\"views\":[{\"name\":\"out\",\"format\":\"png\"}]}",
	    "command");
	expect_refused("{\"command\":\"thumbnail\",\"arguments\":[\"-c\"],\"views\":[{\"name\":\"out\","
	    "\"format\":\"png\"}]}", "arguments");
}

Test(command, braces_become_paths_in_the_job_s_own_folder)
{
	static const struct { const char *argument, *is; } rows[] = {
		{ "{input}", "/tmp/j/input.jpg" },
		{ "{output}", "/tmp/j/output_out.png" },
		{ "{output:out}", "/tmp/j/output_out.png" },
		{ "--to={output}", "--to=/tmp/j/output_out.png" },
		{ "plain", "plain" },
	};
	struct definition *d = NULL;
	struct err err = {0};
	char argument[200];

	cr_assert(definition_read(&d, "{\"command\":\"t\",\"views\":[{\"name\":\"out\","
	    "\"format\":\"png\"}]}", &err), "%s", err.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect(command_argument(argument, sizeof(argument), rows[i].argument, "/tmp/j", "jpg",
		    d, &err), "%s", err.text);
		cr_expect_str_eq(argument, rows[i].is, "%s: %s", rows[i].argument, argument);
	}
	cr_expect(!command_argument(argument, sizeof(argument), "{output:other}", "/tmp/j", "jpg", d,
	    &err));
	cr_expect_str_eq(err.code, "bad_pipeline");
	definition_free(d);
}
