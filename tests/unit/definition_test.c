/* SPDX-License-Identifier: Apache-2.0 */
/* definition_test.c: what a pipeline may ask for, and what is refused with its place. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "consumers/renderer/command.h"
#include "pipeline/definition.h"

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
	expect_refused(VIEW("{\"operation\":\"sharpen_mild\",\"sigma\":1}"),
	    "views[0].operations[0].sigma");
	expect_refused(VIEW("{\"operation\":\"trim\",\"threshold\":256}"), "[0].threshold: is not from");
	expect_refused(VIEW("{\"operation\":\"trim\",\"border\":[]}"), "[0].border");
	expect_refused(VIEW("{\"operation\":\"trim\",\"line_art\":true}"), "[0].line_art");
	expect_refused(VIEW("{\"operation\":\"pad\",\"width\":9}"), "[0].height: is missing");
	expect_refused(VIEW("{\"operation\":\"pad\",\"height\":9}"), "[0].width: is missing");
	expect_refused(VIEW("{\"operation\":\"pad\",\"width\":9,\"height\":65001}"), "[0].height");
	expect_refused(VIEW("{\"operation\":\"pad\",\"width\":9,\"height\":9,\"gravity\":\"up\"}"),
	    "[0].gravity: is not one of: centre");
	expect_refused(VIEW("{\"operation\":\"pad\",\"width\":9,\"height\":9,\"blur\":7}"), "[0].blur");
	expect_refused(VIEW("{\"operation\":\"pad\",\"width\":9,\"height\":9,\"background\":-1}"),
	    "[0].background");
	expect_refused("{\"views\":[{\"name\":\"web\",\"operations\":[],\"format\":\"svg\"}]}",
	    "views[0]");
	expect_refused("{\"views\":[{\"name\":\"../x\",\"operations\":[],\"format\":\"jpeg\"}]}",
	    "views[0]");
	expect_refused("{\"views\":[{\"name\":\"a_b\",\"operations\":[],\"format\":\"jpeg\"}]}", "views[0]");
	expect_refused("{\"views\":[{\"name\":\"a\",\"operations\":[],\"format\":\"jpeg\"},"
	    "{\"name\":\"a\",\"operations\":[],\"format\":\"jpeg\"}]}", "views[1]");
}

#define AVIF(options) "{\"views\":[{\"name\":\"a\",\"format\":\"avif\",\"options\":{" options "}}]}"

Test(definition, options_are_those_of_the_format)
{
	struct definition *d = NULL;
	struct err err = {0};

	cr_assert(definition_read(&d, AVIF("\"Q\":60,\"effort\":3,\"bitdepth\":10"), &err), "%s",
	    err.text);
	cr_expect_str_eq(d->views[0].format->media_type, "image/avif");
	cr_expect_str_eq(d->views[0].format->extension, "avif");
	definition_free(d);
	expect_refused(AVIF("\"Q\":0"), "views[0].options.Q");
	expect_refused(AVIF("\"effort\":7"), "views[0].options.effort: is not from 0 to 6");
	expect_refused(AVIF("\"compression\":\"hevc\""), "views[0].options.compression: is not allowed");
	expect_refused(AVIF("\"subsample_mode\":1"), "views[0].options.subsample_mode");
	expect_refused(AVIF("\"bitdepth\":13"), "views[0].options.bitdepth");
}

#define CLIP(format, operations) "{\"views\":[{\"name\":\"a\",\"format\":\"" format \
    "\",\"animated\":true,\"operations\":[" operations "]}]}"

Test(definition, what_is_the_same_is_named_by_its_input)
{
	static const char json[] = "{\"views\":[{\"name\":\"a\",\"format\":\"same\"},"
	    "{\"name\":\"b\",\"format\":\"webp\"}]}";
	struct definition *d = NULL;
	struct err err = {0};

	cr_assert(definition_read(&d, json, &err), "%s", err.text);
	cr_expect_str_eq(view_format(&d->views[0], "tiff")->extension, "tif");
	cr_expect_str_eq(view_format(&d->views[0], NULL)->name, "same");
	cr_expect_str_eq(view_format(&d->views[1], "tiff")->extension, "webp");
	definition_free(d);
	expect_refused("{\"command\":\"c\",\"views\":[{\"name\":\"o\",\"format\":\"same\"}]}",
	    "views[0].format: the output of a command");
	expect_refused("{\"views\":[{\"name\":\"o\",\"format\":\"same\",\"options\":{\"effort\":1}}]}",
	    "views[0].options.effort");
}

Test(definition, frames_are_for_formats_that_have_them_and_for_steps_that_cut_all_alike)
{
	struct definition *d = NULL;
	struct err err = {0};

	cr_assert(definition_read(&d, CLIP("gif", "{\"operation\":\"smartcrop\",\"width\":9,"
	    "\"height\":9,\"interesting\":\"centre\"}"), &err), "%s", err.text);
	cr_expect(d->views[0].animated);
	definition_free(d);
	expect_refused(CLIP("png", ""), "views[0].animated: only gif, webp and same");
	expect_refused("{\"views\":[{\"name\":\"a\",\"format\":\"gif\",\"animated\":1}]}",
	    "views[0].animated: is not true or false");
	expect_refused(CLIP("gif", "{\"operation\":\"trim\"}"), "views[0].operations[0]: would cut");
	expect_refused(CLIP("gif", "{\"operation\":\"smartcrop\",\"width\":9,\"height\":9}"),
	    "views[0].operations[0]: would cut");
	expect_refused(CLIP("gif", "{\"operation\":\"thumbnail_image\",\"width\":9,"
	    "\"crop\":\"attention\"}"), "views[0].operations[0]: would cut");
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define OVER(digit, more) "{\"operation\":\"composite\",\"asset\":\"" HASH digit "\"" more "}"

Test(definition, an_asset_is_named_by_its_hash_and_stands_once)
{
	struct definition *d = NULL;
	struct err err = {0};

	cr_assert(definition_read(&d, VIEW(OVER("0", "") "," OVER("1", ",\"opacity\":0.5") ","
	    OVER("0", "")), &err), "%s", err.text);
	cr_expect_eq(d->n_assets, 2);
	cr_expect_str_eq(d->assets[1].key, HASH "1");
	cr_expect_null(d->assets[1].label);
	cr_expect_eq(d->views[0].steps[1].asset, 1);
	cr_expect_eq(d->views[0].steps[2].asset, 0);
	definition_free(d);
	expect_refused(VIEW("{\"operation\":\"composite\"}"), "[0].asset: is missing");
	expect_refused(VIEW(OVER("", "")), "[0].asset: is not the SHA-256 of a blob");
	expect_refused(VIEW(OVER("A", "")), "[0].asset: is not the SHA-256 of a blob");
	expect_refused(VIEW(OVER("a", ",\"blend\":\"dest-out\"")), "[0].blend: is not one of: over");
	expect_refused(VIEW(OVER("a", ",\"opacity\":1.1")), "[0].opacity: is not from 0 to 1");
	expect_refused(VIEW(OVER("a", ",\"scale\":0")), "[0].scale");
	expect_refused(VIEW(OVER("a", ",\"x\":65001")), "[0].x");
	expect_refused(VIEW(OVER("a", ",\"gravity\":\"up\"")), "[0].gravity");
	expect_refused(VIEW(OVER("0", "") "," OVER("1", "") "," OVER("2", "") "," OVER("3", "") ","
	    OVER("4", "") "," OVER("5", "") "," OVER("6", "") "," OVER("7", "") "," OVER("8", "")),
	    "views[0].operations[8]: is one more than 8");
}

#define SAY(text, more) "{\"operation\":\"text\",\"text\":\"" text "\"" more "}"

Test(definition, words_are_an_asset_that_stands_once_however_they_are_laid)
{
	struct definition *d = NULL;
	struct err err = {0};

	cr_assert(definition_read(&d, VIEW(SAY("(c) Rug", ",\"colour\":[255,0,0]") ","
	    SAY("(c) Rug", ",\"colour\":[255,0,0],\"x\":4,\"gravity\":\"south\",\"opacity\":0.5") ","
	    SAY("(c) Rug", ",\"colour\":[255,0,1]") "," SAY("(c) Rug", ",\"size\":40") ","
	    OVER("0", "")), &err), "%s", err.text);
	cr_expect_eq(d->n_assets, 4);
	cr_expect_eq(d->views[0].steps[1].asset, 0);
	cr_expect_eq(d->views[0].steps[2].asset, 1);
	cr_expect_str_eq(argument_find(d->assets[1].label->arguments,
	    d->assets[1].label->n_arguments, "text")->text, "(c) Rug");
	cr_expect_eq(d->views[0].steps[4].asset, 3);
	definition_free(d);
}

Test(definition, words_are_to_be_seen_and_every_slip_is_named)
{
	expect_refused(VIEW("{\"operation\":\"text\"}"), "[0].text: is missing");
	expect_refused(VIEW(SAY("", "")), "[0].text: is not a text of 1 to 500 bytes");
	expect_refused(VIEW("{\"operation\":\"text\",\"text\":7}"), "[0].text: is not a text");
	expect_refused(VIEW(SAY(" \\n ", "")), "[0].text: is blank");
	expect_refused(VIEW(SAY("a\\u0007b", "")), "[0].text: has a control character");
	expect_refused(VIEW(SAY("a", ",\"size\":501")), "[0].size: is not from 4 to 500");
	expect_refused(VIEW(SAY("a", ",\"font\":\"\"")), "[0].font: is not a text of 1 to 100");
	expect_refused(VIEW(SAY("a", ",\"colour\":[0,0,256]")), "[0].colour: is not from 0 to 255");
	expect_refused(VIEW(SAY("a", ",\"align\":\"left\"")), "[0].align: is not one of: low");
	expect_refused(VIEW(SAY("a", ",\"asset\":\"b\"")), "[0].asset: is not allowed here");
}

#define OF_ALL(said, operations) "{" said ",\"views\":[{\"name\":\"a\",\"operations\":[" operations \
    "],\"format\":\"jpeg\",\"options\":{\"metadata\":\"none\"}}]}"

Test(definition, what_is_said_of_all_views_is_in_each_that_does_not_say_it_itself)
{
	static const char json[] = OF_ALL("\"background\":[1,2,3],\"on_alpha\":\"flatten\","
	    "\"metadata\":\"copyright\"", "{\"operation\":\"pad\",\"width\":9,\"height\":9},"
	    "{\"operation\":\"pad\",\"width\":9,\"height\":9,\"background\":7},{\"operation\":\"trim\"}");
	struct definition *d = NULL;
	struct err err = {0};
	const struct view *view;

	cr_assert(definition_read(&d, json, &err), "%s", err.text);
	view = d->views;
	cr_assert_eq(view->n_steps, 4);
	cr_expect_eq(view->steps[0].arguments[2].numbers[2], 3);
	cr_expect_eq(view->steps[1].arguments[2].numbers[0], 7);
	cr_expect_eq(view->steps[2].n_arguments, 0);
	cr_expect_str_eq(view->steps[3].operation->name, "flatten");
	cr_expect_eq(view->steps[3].arguments[0].numbers[1], 2);
	cr_expect_str_eq(argument_find(view->options, view->n_options, "metadata")->word, "none");
	cr_expect_eq(argument_find(view->options, view->n_options, "background")->numbers[0], 1);
	definition_free(d);
}

Test(definition, what_is_said_of_all_views_is_checked)
{
	expect_refused(OF_ALL("\"background\":256", ""), "background: is not from 0 to 255");
	expect_refused(OF_ALL("\"background\":\"white\"", ""), "background: is not a number");
	expect_refused(OF_ALL("\"background\":[1,2]", ""), "background: is not one number or three");
	expect_refused(OF_ALL("\"on_alpha\":\"black\"", ""), "on_alpha: is not one of: keep flatten");
	expect_refused(OF_ALL("\"on_alpha\":true", ""), "on_alpha");
	expect_refused(OF_ALL("\"metadata\":\"all\"", ""), "metadata: is not one of: none copyright");
	expect_refused(OF_ALL("\"metadata\":null", ""), "metadata");
	expect_refused(OF_ALL("\"upscale\":0", ""), "upscale: is not true or false");
	expect_refused(OF_ALL("\"strip\":true", ""), "strip: is not known");
	expect_refused("{\"command\":\"c\",\"background\":9,\"views\":[{\"name\":\"o\","
	    "\"format\":\"png\"}]}", "background: is not for the outputs of a command");
}

Test(definition, a_deadline_is_a_number_of_seconds_for_commands_too)
{
	static const char *const whole[] = { OF_ALL("\"deadline_s\":30", ""),
		"{\"command\":\"c\",\"deadline_s\":30,\"views\":[{\"name\":\"o\",\"format\":\"png\"}]}" };
	struct definition *d = NULL;
	struct err err = {0};

	for (size_t i = 0; i < 2; i++) {
		cr_assert(definition_read(&d, whole[i], &err), "%s", err.text);
		cr_expect_eq(d->deadline_s, 30);
		definition_free(d);
	}
	cr_assert(definition_read(&d, OF_ALL("\"upscale\":true", ""), &err));
	cr_expect_eq(d->deadline_s, 0, "none of its own");
	definition_free(d);
	expect_refused(OF_ALL("\"deadline_s\":0", ""), "deadline_s: is not from 1 to 3600");
	expect_refused(OF_ALL("\"deadline_s\":3601", ""), "deadline_s: is not from 1 to 3600");
	expect_refused(OF_ALL("\"deadline_s\":1.5", ""), "deadline_s: is not a whole number");
	expect_refused(OF_ALL("\"deadline_s\":null", ""), "deadline_s: is not a whole number");
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

Test(definition, a_defect_names_the_member_that_has_it)
{
	expect_refused("{\"views\":[{\"format\":\"png\"}]}", "views[0].name: is not 1 to 32");
	expect_refused("{\"views\":[{\"name\":\"A\",\"format\":\"png\"}]}", "views[0].name: is not");
	expect_refused("{\"views\":[{\"name\":\"a\",\"format\":\"png\"},{\"name\":\"a\","
	    "\"format\":\"png\"}]}", "views[1].name: is the name of another view");
	expect_refused("{\"views\":[{\"name\":\"a\",\"format\":\"bmp\"}]}", "views[0].format: is not");
	expect_refused("{\"views\":[{\"name\":\"a\",\"format\":\"png\",\"operations\":{}}]}",
	    "views[0].operations: is not an array");
	expect_refused(VIEW("{\"width\":1}"), "views[0].operations[0].operation: is missing");
	expect_refused("{\"command\":\"../sh\",\"views\":[{\"name\":\"a\",\"format\":\"png\"}]}",
	    "command: is not 1 to 63 of a-z");
}

Test(definition, it_may_want_the_contact_sheet_in_the_archive_of_commands_too)
{
	static const char *const whole[] = { OF_ALL("\"contact_sheet\":true", ""),
		"{\"command\":\"c\",\"contact_sheet\":true,\"views\":[{\"name\":\"o\",\"format\":\"png\"}]}" };
	struct definition *d = NULL;
	struct err err = {0};

	for (size_t i = 0; i < 2; i++) {
		cr_assert(definition_read(&d, whole[i], &err), "%s", err.text);
		cr_expect(d->contact_sheet);
		definition_free(d);
	}
	cr_assert(definition_read(&d, OF_ALL("\"upscale\":true", ""), &err));
	cr_expect(!d->contact_sheet);
	definition_free(d);
	expect_refused(OF_ALL("\"contact_sheet\":\"yes\"", ""), "contact_sheet: is not true or false");
	expect_refused(OF_ALL("\"contact_sheet\":null", ""), "contact_sheet: is not true or false");
}
