/* SPDX-License-Identifier: Apache-2.0 */
/* jpeg.c: a walk from marker to marker, and a decoding that listens to libjpeg's warnings. */
#include "consumers/renderer/jpeg.h"
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <jpeglib.h>
#include <jerror.h>

struct file { const uint8_t *bytes; size_t size; };

static bool
file_open(struct file *ret, int fd, struct err *err)
{
	off_t place = lseek(fd, 0, SEEK_CUR), size = lseek(fd, 0, SEEK_END);
	void *at = MAP_FAILED;

	lseek(fd, place, SEEK_SET);	/* of another reader */
	if (size > 0)
		at = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return err_code(err, ERR_REJECT, "out_of_memory", "the file cannot be looked at");
	*ret = (struct file){ at, (size_t)size };
	return true;
}

static void
file_close(struct file *file)
{
	munmap((void *)(uintptr_t)file->bytes, file->size);
}

/* ---- the walk ---- */

static bool
stands_alone(uint8_t marker)	/* no length follows: restarts, start, TEM */
{
	return (marker >= 0xd0 && marker <= 0xd8) || marker == 0x01;
}

/* The next marker from *at on, which moves behind it; 0 at the end. What is none is passed over,
 * as libjpeg does it: data of scans, rubbish, fill bytes. */
static uint8_t
marker_next(const struct file *file, size_t *at)
{
	while (*at + 1 < file->size) {
		const uint8_t *ff = memchr(file->bytes + *at, 0xff, file->size - *at - 1);

		if (!ff)
			return 0;
		*at = (size_t)(ff - file->bytes) + 1;
		if (file->bytes[*at] != 0x00 && file->bytes[*at] != 0xff)
			return file->bytes[(*at)++];
	}
	return 0;
}

bool
jpeg_is_modest(int fd, struct err *err)
{
	struct file file;
	size_t at = 0;
	int markers = 0, scans = 0;

	if (!file_open(&file, fd, err))
		return false;
	for (uint8_t m; markers <= JPEG_MARKERS_MAX && scans <= JPEG_SCANS_MAX
	    && (m = marker_next(&file, &at)) && m != 0xd9;) {
		if (stands_alone(m))
			continue;
		markers++;
		scans += m == 0xda;
		if (at + 1 < file.size)
			at += (size_t)file.bytes[at] << 8 | file.bytes[at + 1];
	}
	file_close(&file);
	return (markers <= JPEG_MARKERS_MAX && scans <= JPEG_SCANS_MAX)
	    || err_code(err, ERR_REJECT, "image_too_complex",
	        "it has more than %d markers or %d scans", JPEG_MARKERS_MAX, JPEG_SCANS_MAX);
}

/* JFIF, ICC profiles and Adobe's word on the colours stay. */
static bool
is_words(uint8_t marker, const uint8_t *segment, size_t size)
{
	return marker == 0xfe || (marker >= 0xe1 && marker <= 0xef && marker != 0xee
	    && !(marker == 0xe2 && size > 14 && !memcmp(segment + 2, "ICC_PROFILE", 12)));
}

/* What stays, to ret, which has room for all. */
static size_t
words_leave(const struct file *file, uint8_t *ret)
{
	size_t at = 0, kept = 0, n = 0;

	for (uint8_t m; (m = marker_next(file, &at)) != 0xd9;) {
		if (!m) {
			at = file->size;	/* no end marker */
			break;
		}
		size_t size = stands_alone(m) || at + 1 >= file->size ? 0
		    : (size_t)file->bytes[at] << 8 | file->bytes[at + 1];

		size = size < file->size - at ? size : file->size - at;
		if (is_words(m, file->bytes + at, size)) {
			memcpy(ret + n, file->bytes + kept, at - 2 - kept);
			n += at - 2 - kept;
			kept = at + size;
		}
		at += size;
	}
	memcpy(ret + n, file->bytes + kept, at - kept);
	return n + at - kept;
}

bool
jpeg_drop_words(int fd, struct err *err)
{
	struct file file;
	uint8_t *bytes;
	size_t n = 0;
	bool well;

	if (!file_open(&file, fd, err))
		return false;
	bytes = malloc(file.size);
	if (bytes)
		n = words_leave(&file, bytes);
	well = bytes && pwrite(fd, bytes, n, 0) == (ssize_t)n && !ftruncate(fd, (off_t)n);
	free(bytes);
	file_close(&file);
	return well || err_code(err, ERR_RETRY, "output_failed", "the output cannot be written again");
}

/* ---- the decoding ---- */

struct listener {
	struct jpeg_error_mgr manager;	/* first: libjpeg hands out its address */
	jmp_buf back;
	const char *code;		/* what the first defect that costs pixels comes to */
	char text[JMSG_LENGTH_MAX];
	bool ended_early;		/* no end marker, which may be all that is missing */
};

static void
note(j_common_ptr cinfo, const char *code)
{
	struct listener *l = (struct listener *)cinfo->err;

	if (l->code)
		return;
	l->code = code;
	cinfo->err->format_message(cinfo, l->text);
}

static void
heard(j_common_ptr cinfo, int level)
{
	if (level >= 0)
		return;
	switch (cinfo->err->msg_code) {
	case JWRN_JPEG_EOF:
		((struct listener *)cinfo->err)->ended_early = true;
		break;
	case JWRN_HIT_MARKER:
	case JWRN_MUST_RESYNC:
		note(cinfo, "image_truncated");
		break;
	case JWRN_HUFF_BAD_CODE:
	case JWRN_ARITH_BAD_CODE:
		note(cinfo, "image_damaged");
		break;
	default:
		break;	/* said wrongly, meant well */
	}
}

static void
broken(j_common_ptr cinfo)
{
	struct listener *l = (struct listener *)cinfo->err;

	note(cinfo, l->manager.msg_code == JERR_OUT_OF_MEMORY ? "out_of_memory"
	    : l->ended_early ? "image_truncated" : "image_damaged");
	longjmp(l->back, 1);
}

static void
silent(j_common_ptr cinfo)
{
	(void)cinfo;
}

/* Of a progressive picture: did the scans bring every bit of every coefficient? */
static bool
scans_are_all_there(const struct jpeg_decompress_struct *cinfo)
{
	for (int i = 0; cinfo->coef_bits && i < cinfo->num_components; i++)
		for (int k = 0; k < DCTSIZE2; k++)
			if (cinfo->coef_bits[i][k] != 0)
				return false;
	return true;
}

static void
decode(struct jpeg_decompress_struct *cinfo, struct listener *l, void *state)
{
	JSAMPARRAY rows;

	(void)state;
	jpeg_read_header(cinfo, TRUE);
	cinfo->scale_num = 1;
	cinfo->scale_denom = 8;
	cinfo->dct_method = JDCT_IFAST;
	cinfo->do_fancy_upsampling = FALSE;
	jpeg_start_decompress(cinfo);
	rows = cinfo->mem->alloc_sarray((j_common_ptr)cinfo, JPOOL_IMAGE,
	    cinfo->output_width * (JDIMENSION)cinfo->output_components, 1);
	while (cinfo->output_scanline < cinfo->output_height)
		jpeg_read_scanlines(cinfo, rows, 1);
	if (l->ended_early && !l->code && !scans_are_all_there(cinfo)) {
		l->code = "image_truncated";
		snprintf(l->text, sizeof(l->text), "the last scans are missing");
	}
}

/* True: work() came to its end and heard of no defect that costs pixels. */
static bool
listen_to(void (*work)(struct jpeg_decompress_struct *, struct listener *, void *), void *state,
    const uint8_t *bytes, size_t size, struct err *err)
{
	struct jpeg_decompress_struct cinfo = {0};
	struct listener l = {0};

	cinfo.err = jpeg_std_error(&l.manager);
	l.manager.emit_message = heard;
	l.manager.error_exit = broken;
	l.manager.output_message = silent;
	if (!setjmp(l.back)) {
		jpeg_create_decompress(&cinfo);
		jpeg_mem_src(&cinfo, bytes, size);
		work(&cinfo, &l, state);
	}
	jpeg_destroy_decompress(&cinfo);
	return !l.code || err_code(err, ERR_REJECT, l.code,
	    "the picture cannot be read to its end: %s", l.text);
}

bool
jpeg_is_whole(int fd, struct err *err)
{
	struct file file;
	bool well;

	if (!file_open(&file, fd, err))
		return false;
	well = listen_to(decode, NULL, file.bytes, file.size, err);
	file_close(&file);
	return well;
}

struct square { uint8_t *at; size_t stride; JDIMENSION side; };

static void
place(struct jpeg_decompress_struct *cinfo, struct listener *l, void *state)
{
	const struct square *square = state;
	uint8_t *row;

	jpeg_read_header(cinfo, TRUE);
	cinfo->out_color_space = JCS_RGB;
	cinfo->scale_denom = cinfo->scale_num = 8;
	for (jpeg_calc_output_dimensions(cinfo); cinfo->output_width > square->side
	    || cinfo->output_height > square->side; jpeg_calc_output_dimensions(cinfo))
		if (--cinfo->scale_num == 0) {
			l->code = "image_too_large";
			return;
		}
	jpeg_start_decompress(cinfo);
	row = square->at + (square->side - cinfo->output_height) / 2 * square->stride
	    + (size_t)(square->side - cinfo->output_width) / 2 * 3;
	for (; cinfo->output_scanline < cinfo->output_height; row += square->stride)
		jpeg_read_scanlines(cinfo, &row, 1);
	if (l->ended_early)
		note((j_common_ptr)cinfo, "image_truncated");
}

bool
jpeg_place(uint8_t *at, size_t stride, int side, const uint8_t *bytes, size_t size, struct err *err)
{
	struct square square = { at, stride, (JDIMENSION)side };

	return listen_to(place, &square, bytes, size, err);
}
