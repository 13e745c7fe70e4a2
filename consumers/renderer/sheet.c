/* SPDX-License-Identifier: Apache-2.0 */
/* sheet.c: the life of a process that draws one contact sheet, or the words of one. */
#include "consumers/renderer/sheet.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "consumers/renderer/channel.h"
#include "consumers/renderer/picture.h"
#include "consumers/renderer/sandbox.h"

enum { GIVEN_FD = 0, MADE_FD = 1, LAYER_FD = 3 };

static const struct sandbox_limits limits = { (int64_t)2 << 30, (int64_t)256 << 20 };

/* As the spawner and a child do: nothing of who started it stays, and then the cage. */
static bool
close_in(bool of_words, struct err *err)
{
	enum sandbox_sight sight = of_words ? SEES_FONTS : SEES_NOTHING;
	unsigned holds = 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (of_words)
		dup2(null, 2); /* fontconfig complains each time that it may write no cache */
	clearenv();
	signal(SIGPIPE, SIG_IGN);
	sandbox_leave_network(&holds);
	if (!picture_open(err) || !sandbox_limit(&limits, &holds, err))
		return false;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* now: a change of user forgets it */
	syscall(SYS_close_range, LAYER_FD + !of_words, ~0u, 0);
	return sandbox_close(sight, &holds, err) && sandbox_is_closed(sight, err);
}

/* What was given, as a whole, and a NUL behind it. */
static bool
given_read(char **ret, size_t *size, struct err *err)
{
	off_t whole = lseek(GIVEN_FD, 0, SEEK_END);
	char *bytes = whole < 0 ? NULL : malloc((size_t)whole + 1);
	ssize_t n;

	if (!bytes)
		return err_set(err, ERR_FATAL, "what was given: %s", strerror(errno));
	for (*size = 0;
	     (n = pread(GIVEN_FD, bytes + *size, (size_t)whole - *size, (off_t)*size)) > 0;
	     *size += (size_t)n)
		;
	bytes[*size] = '\0';
	*ret = bytes;
	return true;
}

/* What is dark in the layer becomes dark in the picture. It comes while its process draws it. */
static void
layer_lay(uint8_t *pixels, size_t n)
{
	uint8_t piece[64 * 1024];
	ssize_t got;

	for (size_t at = 0; at < n && (got = read(LAYER_FD, piece, sizeof(piece))) > 0;)
		for (ssize_t i = 0; i < got && at < n; i++, at++)
			for (size_t band = 0; piece[i] != SHEET_PAPER && band < 3; band++)
				pixels[at * 3 + band] = (uint8_t)(pixels[at * 3 + band] * piece[i]
				    / 255);
}

static bool
make(bool of_words, int cells, bool has_end, struct err *err)
{
	struct sheet_layout layout;
	uint8_t *made = NULL;
	char *given = NULL;
	size_t size, n;
	bool well;

	sheet_lay_out(&layout, cells, has_end);
	n = (size_t)layout.width * (size_t)layout.height;
	if (!given_read(&given, &size, err))
		return false;
	if (of_words) {
		well = sheet_words(&made, &layout, cells, given, err)
		    && (channel_write_all(MADE_FD, made, n)
			|| err_set(err, ERR_RETRY, "layer: %s", strerror(errno)));
	} else if ((well = sheet_pictures(
			&made, &layout, cells, (const uint8_t *)given, size, err))) {
		layer_lay(made, n);
		well = sheet_save(made, &layout, MADE_FD, err);
	}
	free(made);
	free(given);
	return well;
}

int
sheet_main(bool of_words, int argc, char **argv)
{
	struct err err = { 0 };
	int cells = argc == 2 ? atoi(argv[0]) : 0;

	if (cells < 1 || cells > SHEET_CELLS_MAX) {
		fputs("batchline-renderer: the archiver alone asks for a sheet\n", stderr);
		return 2;
	}
	if (close_in(of_words, &err) && make(of_words, cells, atoi(argv[1]) != 0, &err))
		return 0;
	dprintf(2, "batchline-renderer: contact sheet: %s\n", err.text);
	return 1;
}
