# SPDX-License-Identifier: Apache-2.0
# topics.awk: topics.tbl as C. The dead-letter rows are not topics of their own: their names
# follow from the topic's.
/^#/ || NF == 0 { next }
$1 ~ /\.dlq$/ { letters[substr($1, 1, length($1) - 4)] = $7; next }
{ most = $2 > most ? $2 : most }
{ topic[++n] = $1; row[$1] = $2 ", " $7; compact[$1] = $5 == "compact" ? "true" : "false" }
END {
	for (i = 1; i <= n; i++) {
		t = topic[i]
		names = names "\tTOPIC_" toupper(t) ",\n"
		rows = rows "\t{ \"" t "\", " row[t] ", " letters[t] ", " compact[t] " },\n"
	}
	print "/* Made from schemas/topics.tbl. */"
	print "#ifndef TOPICS_H\n#define TOPICS_H\n#include <stdbool.h>\n#include <stdint.h>\n"
	print "enum topic {\n" names "\tTOPIC_COUNT\n};\nenum { TOPIC_PARTITIONS_MAX = " most " };\n"
	print "struct topic_row {\n\tconst char *name;\t/* without the prefix */"
	print "\tint partitions;\n\tint64_t max_message_bytes, letter_bytes;\t/* of a record, of one in its .dlq */\n\tbool compact;\n};\n"
	print "static const struct topic_row topics[TOPIC_COUNT] = {\n" rows "};\n#endif"
}
