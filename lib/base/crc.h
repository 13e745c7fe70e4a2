/* SPDX-License-Identifier: Apache-2.0 */
/* crc.h: CRC-32 as ZIP wants it (IEEE 802.3). Begin with 0. Only crc.c includes zlib. */
#ifndef CRC_H
#define CRC_H
#include <stddef.h>
#include <stdint.h>

uint32_t crc_add(uint32_t crc, const void *bytes, size_t size);
#endif
