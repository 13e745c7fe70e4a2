/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own.h: a local that frees itself when its scope ends.
 *
 * One macro, one rule: the name after own() is X_freep. Handing the value over to somebody
 * else is said by name: `*ret = x_free_hand_over(&x);` leaves NULL behind.
 */
#ifndef OWN_H
#define OWN_H
#include <stddef.h>

#define own(freep) __attribute__((cleanup(freep)))

#define OWN_FREEP(T, free_fn)                                     \
	static inline void free_fn##p(T **p)                      \
	{                                                         \
		free_fn(*p);                                      \
		*p = NULL;                                        \
	}                                                         \
	static inline T *free_fn##_hand_over(T **p)               \
	{                                                         \
		T *given = *p;                                    \
		*p = NULL;                                        \
		return given;                                     \
	}
#endif
