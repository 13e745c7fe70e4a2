/* SPDX-License-Identifier: Apache-2.0 */
/* web.h: the files of the dashboard as bytes in the program; made by embed.sh. */
#ifndef WEB_H
#define WEB_H
#include <stddef.h>

struct web_file {
	const char *path;	/* as a browser asks: /index.html */
	const char *type;	/* its media type */
	const unsigned char *bytes;
	size_t size;
};

extern const struct web_file web_files[];	/* ends with a row without a path */
extern const size_t n_web_files;
#endif
