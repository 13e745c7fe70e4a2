/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h: processor time of a job in a child. It grows with the pixels that come in and that are
 * made, not with what a file thinks up. A job that has used it up is answered at once, code
 * image_too_complex, and its child ends: no library has to be asked to stop.
 */
#ifndef BUDGET_H
#define BUDGET_H
#include <stdbool.h>
#include <stdint.h>

enum {
	BUDGET_FIRST_MS = 10000,	/* for header and settings */
	BUDGET_MEGAPIXEL_MS = 2000,	/* ten to twenty times of what the slowest picture takes */
};

bool budget_open(int channel);		/* once, before the child closes itself in; who is answered */
void budget_start(int first_ms, uint64_t ticket);	/* the job of that order begins */
void budget_grow(double pixels);	/* so many more are to be worked at; nothing without a job */
void budget_stop(void);
#endif
