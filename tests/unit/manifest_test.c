/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_test.c: what an archive says of itself. */
#include "batch/manifest.h"
#include "batch/name.h"
#include <criterion/criterion.h>
#include <string.h>
#include "base/json.h"

static struct manifest_file
a_file(const char *name)
{
	return (struct manifest_file){ .name = name, .uri = "blob:outputs/b/j/1-x/a.jpg",
		.sha256 = "ab", .media_type = "image/jpeg", .view = "web", .file_name = "a.png",
		.size = 7, .crc32 = 1, .width = 3, .height = 2, .attempt = 2 };
}

static struct manifest
a_manifest(struct manifest_file *files, size_t n)
{
	return (struct manifest){ .base_directory_name = "PL_2025-11-05_batch-1",
		.customer_prefix = "PL", .submitted_by = "test", .status = "partial", .run_no = 1,
		.pipeline_id = 1, .total_files = 2, .batch_date = 20397, .completed_at = INT64_MIN,
		.files = files, .n_files = n };
}

/* The manifest as JSON; the caller's. */
static struct doc *
read_back(const struct manifest *m)
{
	struct buf text = {0};
	struct doc *doc = NULL;
	struct err err = {0};

	cr_assert(manifest_write(m, &text));
	cr_assert(doc_read(&doc, text.data, text.size, &err), "%s", err.text);
	buf_clear(&text);
	return doc;
}

Test(manifest, a_name_is_safe_when_it_unpacks_anywhere)
{
	static const struct { const char *name; bool safe; const char *why; } rows[] = {
		{ "PL_DXB_image_web.jpg", true, "what the renderer makes" },
		{ "a-b.c_1", true, "every kind of character" },
		{ "", false, "empty" },
		{ ".hidden", false, "a dot first" },
		{ "..", false, "the folder above" },
		{ "../../etc/passwd", false, "a path" },
		{ "a/b.jpg", false, "a slash" },
		{ "a\\b.jpg", false, "a backslash" },
		{ "C:a.jpg", false, "a drive" },
		{ "a b.jpg", false, "a blank" },
		{ "a\x01.jpg", false, "a control" },
		{ "\xe4.jpg", false, "not UTF-8" },
		{ "a\u202eb.jpg", false, "turns the direction of writing" },
		{ "a\u200bb.jpg", false, "something that cannot be seen" },
		{ "nul.jpg", false, "a device of Windows" },
		{ "a.jpg.", false, "a dot last, which Windows drops" },
		{ "写真_web.jpg", true, "letters of any script" },
		{ "صورة_web.jpg", true, "from right to left, too" },
	};
	char long_name[300];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(output_name_is_safe(rows[i].name), rows[i].safe, "%s", rows[i].why);
	memset(long_name, 'a', sizeof(long_name));
	long_name[255] = '\0';
	cr_expect(output_name_is_safe(long_name));
	long_name[255] = 'a';
	long_name[256] = '\0';
	cr_expect_not(output_name_is_safe(long_name));
}

Test(manifest, of_two_names_that_a_file_system_may_take_for_one_the_first_stays)
{
	struct manifest_file files[] = { a_file("b_web.jpg"), a_file("A_web.jpg"), a_file("a_WEB.jpg"),
		a_file("manifest.JSON"), a_file("../up.jpg"), a_file("Ünï_web.jpg"),
		a_file("üNÏ_web.jpg") };
	struct manifest m = a_manifest(files, 7);
	struct err err = {0};

	cr_assert(manifest_check_names(&m, &err));

	cr_expect_null(files[0].lost);
	cr_expect_null(files[1].lost);
	cr_expect_str_eq(files[2].lost, MANIFEST_BAD_NAME);
	cr_expect_str_eq(files[3].lost, MANIFEST_BAD_NAME);
	cr_expect_str_eq(files[4].lost, MANIFEST_BAD_NAME);
	cr_expect_null(files[5].lost);
	cr_expect_str_eq(files[6].lost, MANIFEST_BAD_NAME);
	cr_expect_eq(manifest_count(&m), 3);
}

Test(manifest, a_file_is_listed_with_its_bytes_and_its_origin)
{
	struct manifest_file files[] = { a_file("a_web.jpg") };
	struct manifest m = a_manifest(files, 1);
	own(doc_freep) struct doc *doc = read_back(&m);
	const struct doc_value *f = doc_item(doc_member(doc_root(doc), "files"), 0);
	int64_t size, attempt;

	cr_expect_str_eq(doc_text(doc_member(f, "name")), "a_web.jpg");
	cr_expect_str_eq(doc_text(doc_member(f, "sha256")), "ab");
	cr_expect_str_eq(doc_text(doc_member(f, "view")), "web");
	cr_expect_str_eq(doc_text(doc_member(f, "file_name")), "a.png");
	cr_expect_str_eq(doc_text(doc_member(f, "job_id")), "00000000-0000-0000-0000-000000000000");
	cr_expect(doc_int(doc_member(f, "size"), &size) && size == 7);
	cr_expect(doc_int(doc_member(f, "attempt"), &attempt) && attempt == 2);
}

Test(manifest, a_partial_batch_says_which_jobs_failed_and_why)
{
	struct manifest_job jobs[] = { { .position = 1, .attempt = 3, .file_name = "no.png",
		.status = "failed", .error_code = "not_an_image", .error_message = "no \"image\"" } };
	struct manifest m = a_manifest(NULL, 0);
	const struct doc_value *j;

	m.jobs = jobs;
	m.n_jobs = 1;
	own(doc_freep) struct doc *doc = read_back(&m);

	cr_expect_str_eq(doc_text(doc_member(doc_root(doc), "status")), "partial");
	j = doc_item(doc_member(doc_root(doc), "missing_jobs"), 0);
	cr_expect_str_eq(doc_text(doc_member(j, "file_name")), "no.png");
	cr_expect_str_eq(doc_text(doc_member(j, "error_code")), "not_an_image");
	cr_expect_str_eq(doc_text(doc_member(j, "error_message")), "no \"image\"");
}

Test(manifest, a_contact_sheet_is_told_of_where_one_is_in_the_archive_and_stands_among_no_files)
{
	struct manifest_file files[1] = { a_file("a.jpg") };
	struct manifest_file sheet = { .name = "contact-sheet.jpg", .size = 7, .sha256 = "aa" };
	struct manifest m = a_manifest(files, 1);
	const struct doc_value *told;

	m.sheet = &sheet;
	own(doc_freep) struct doc *doc = read_back(&m);
	told = doc_member(doc_root(doc), "contact_sheet");
	cr_expect_str_eq(doc_text(doc_member(told, "name")), "contact-sheet.jpg");
	cr_expect_str_eq(doc_text(doc_member(told, "sha256")), "aa");
	cr_expect_eq(doc_size(doc_member(doc_root(doc), "files")), 1);

	sheet.lost = MANIFEST_MISSING;
	own(doc_freep) struct doc *without = read_back(&m);
	cr_expect_null(doc_member(doc_root(without), "contact_sheet"));
}

Test(manifest, a_lost_file_stands_among_the_missing_and_not_among_the_files)
{
	struct manifest_file files[] = { a_file("a_web.jpg"), a_file("b_web.jpg") };
	struct manifest m = a_manifest(files, 2);

	files[0].lost = MANIFEST_MISSING;
	own(doc_freep) struct doc *doc = read_back(&m);
	const struct doc_value *kept = doc_member(doc_root(doc), "files");
	const struct doc_value *lost = doc_member(doc_root(doc), "missing_files");

	cr_expect_eq(doc_size(kept), 1);
	cr_expect_str_eq(doc_text(doc_member(doc_item(kept, 0), "name")), "b_web.jpg");
	cr_expect_eq(doc_size(lost), 1);
	cr_expect_str_eq(doc_text(doc_member(doc_item(lost, 0), "error_code")), "output_missing");
}

Test(manifest, the_same_batch_gives_the_same_bytes)
{
	struct manifest_file files[] = { a_file("a_web.jpg"), a_file("b_web.jpg") };
	struct manifest m = a_manifest(files, 2);
	struct buf one = {0}, two = {0};

	cr_assert(manifest_write(&m, &one) && manifest_write(&m, &two));

	cr_expect(one.size == two.size && !memcmp(one.data, two.data, one.size));
	buf_clear(&one);
	buf_clear(&two);
}

Test(manifest, a_buffer_that_is_full_is_told)
{
	struct manifest m = a_manifest(NULL, 0);
	struct buf small = { .limit = 20 };

	cr_expect_not(manifest_write(&m, &small));
	buf_clear(&small);
}
