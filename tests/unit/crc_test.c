/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include "base/crc.h"

Test(crc, is_the_one_of_zip)
{
	cr_assert_eq(crc_add(0, "123456789", 9), 0xCBF43926u);
}

Test(crc, bytes_may_come_in_pieces)
{
	cr_assert_eq(crc_add(crc_add(0, "1234", 4), "56789", 5), crc_add(0, "123456789", 9));
}
