/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queries.c: what Monday is asked. tests/flow/test_monday.py holds each against the vendor's types.
 *
 * settings_str is asked for by itself: it is deprecated, and a board may be judged without it.
 */
#include "monday.h"

const char *const queries[QUERIES] = {
	[QUERY_FIND] = "query ($board: ID!, $columns: [ItemsPageByColumnValuesQuery!]) {"
	    " items_page_by_column_values(board_id: $board, limit: 100, columns: $columns)"
	    " { items { id } } }",
	[QUERY_CREATE] = "mutation ($board: ID!, $group: String, $name: String!, $values: JSON!) {"
	    " create_item(board_id: $board, group_id: $group, item_name: $name,"
	    " column_values: $values, create_labels_if_missing: false) { id } }",
	[QUERY_CHANGE] = "mutation ($board: ID!, $item: ID!, $values: JSON!) {"
	    " change_multiple_column_values(board_id: $board, item_id: $item, column_values: $values,"
	    " create_labels_if_missing: false) { id state url }"
	    " complexity { before after reset_in_x_seconds } }",
	[QUERY_FILES] = "query ($item: ID!, $column: String!) { items(ids: [$item]) { id"
	    " column_values(ids: [$column]) { ... on FileValue { files {"
	    " ... on FileAssetValue { name } } } } } }",
	[QUERY_ATTACH] = "mutation ($item: ID!, $column: String!, $file: File!) {"
	    " add_file_to_column(item_id: $item, column_id: $column, file: $file) { id } }",
	[QUERY_BOARD] = "query ($board: ID!) { boards(ids: [$board]) { id name"
	    " groups { id title } columns { id title type } } }",
	[QUERY_LABELS] = "query ($board: ID!, $column: String!) { boards(ids: [$board]) {"
	    " columns(ids: [$column]) { id settings_str } } }",
};
