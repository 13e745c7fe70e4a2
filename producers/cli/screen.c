/* SPDX-License-Identifier: Apache-2.0 */
/* screen.c: standard output, as a terminal or as lines. */
#include "screen.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/words.h"

enum { WIDTH_OTHERWISE = 80, WIDTH_LEAST = 40, LINE_SIZE = 1200 };

void
screen_look(struct cli *cli)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	bool dumb = !term || !*term || !strcmp(term, "dumb");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return;
	cli->width = WIDTH_OTHERWISE;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_LEAST)
		cli->width = size.ws_col;
	cli->terminal = !dumb;
	cli->coloured = !dumb && (!no_colour || !*no_colour);
}

/* SIGPIPE is ignored for the sockets' sake; when nobody reads any longer what we write, we end by
 * it as every program does. */
static void
flush(bool written)
{
	if ((written && fflush(stdout) == 0) || errno != EPIPE)
		return;
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

void
screen_say(const struct cli *cli, enum tone tone, const char *fmt, ...)
{
	struct buf shown = {0};
	char line[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	words_add_printable(&shown, line);
	tone = cli->coloured ? tone : TONE_PLAIN;
	flush(printf("%s%s%s\n", tone_begin(tone), shown.size ? buf_text(&shown) : "", tone_end(tone)) >= 0);
	buf_clear(&shown);
}

void
screen_write(struct buf *bytes)
{
	bool ended = !bytes->size || bytes->data[bytes->size - 1] == '\n';

	flush(fwrite(bytes->data, 1, bytes->size, stdout) == bytes->size && (ended || putchar('\n') != EOF));
}

bool
screen_table(const struct cli *cli, const struct table *table, struct err *err)
{
	struct buf text = {0};
	bool well = table_write(table, &text, cli->width, cli->coloured);

	if (well)
		screen_write(&text);
	buf_clear(&text);
	return well || err_set(err, ERR_FATAL, "out of memory");
}

void
screen_draw(const struct cli *cli, const char *line)
{
	size_t columns = cli->width - 1;

	if (!cli->terminal || cli->json)
		return;
	flush(printf("\r%.*s\033[K", (int)words_fitting(line, &columns), line) >= 0);
}

void
screen_wipe(const struct cli *cli)
{
	screen_draw(cli, "");
}

void
bar_add(struct buf *ret, int64_t done, int64_t total, size_t columns)
{
	size_t full = total > 0 ? (size_t)((double)done / (double)total * (double)columns) : 0;

	if (full > columns)
		full = columns;
	buf_add_byte(ret, '[');
	for (size_t i = 0; i < columns; i++)
		buf_add_byte(ret, i < full ? '=' : i == full && done > 0 ? '>' : '.');
	buf_add_byte(ret, ']');
}

enum tone
tone_of_status(const char *status)
{
	static const struct { const char *status; enum tone tone; } tones[] = {
		{ "completed", TONE_GOOD }, { "failed", TONE_BAD }, { "partial", TONE_BAD },
		{ "cancelled", TONE_FAINT }, { "processing", TONE_BUSY }, { "retry_wait", TONE_BUSY },
		{ "dispatched", TONE_BUSY }, { "paused", TONE_FAINT },
	};

	for (size_t i = 0; i < sizeof(tones) / sizeof(*tones); i++)
		if (!strcmp(tones[i].status, status))
			return tones[i].tone;
	return TONE_PLAIN;
}
