# SPDX-License-Identifier: Apache-2.0
# lists.awk: the statement of one list, -v list=<sort>_asc or <sort>_desc, from its line of lists.tbl;
# without -v list, the names of all.
function mirrored(text) {
	gsub(/>/, "\001", text); gsub(/</, ">", text); gsub(/\001/, "<", text)
	gsub(/ asc/, "\001", text); gsub(/ desc/, " asc", text); gsub(/\001/, " desc", text)
	return text
}
BEGIN { FS = " [|] " }
/^#/ { next }
!list { print $1 "_asc " $1 "_desc" }
list == $1 "_asc" { after = $2; order = $3 }
list == $1 "_desc" { after = NF > 3 ? $4 : mirrored($2); order = mirrored($3) }
END {
	if (!list)
		exit
	print "-- $1::text[] customers the caller may see   $2::text[] statuses   $3::text customer"
	print "-- $4::date from   $5::date to   $6::uuid[] ids of a search   $7::int counter of a name"
	print "-- each null: no matter; $8::bigint rows   $9::bigint rows to skip   $10::uuid id of the row before"
	print "-- The filter is that of batches_found(), spelled out: a function's text would be read anew for each page."
	print "select b.* from batch_items b"
	print " where ($1::text[] is null or b.customer_prefix = any ($1)) and ($2::text[] is null or b.status = any ($2))"
	print "   and ($3::text is null or b.customer_prefix = $3)"
	print "   and ($4::date is null or b.batch_date >= $4) and ($5::date is null or b.batch_date <= $5)"
	print "   and ($6::uuid[] is null or b.id = any ($6)) and ($7::int is null or b.batch_counter = $7)"
	print "   and ($10::uuid is null or (" after "))"
	print " order by " order " limit $8::bigint offset $9::bigint"
}
