# SPDX-License-Identifier: Apache-2.0
# topics.awk: topics.tbl as C. The dead-letter rows are not topics of their own: their names
# follow from the topic's.
/^#/ || NF == 0 || $1 ~ /\.dlq$/ { next }
{
	names = names "\tTOPIC_" toupper($1) ",\n"
	rows = rows "\t{ \"" $1 "\", " $2 ", " $7 ", " ($5 == "compact" ? "true" : "false") " },\n"
}
END {
	print "/* Made from schemas/topics.tbl. */"
	print "#ifndef TOPICS_H\n#define TOPICS_H\n#include <stdbool.h>\n#include <stdint.h>\n"
	print "enum topic {\n" names "\tTOPIC_COUNT\n};\n"
	print "struct topic_row {\n\tconst char *name;\t/* without the prefix */"
	print "\tint partitions;\n\tint64_t max_message_bytes;\n\tbool compact;\n};\n"
	print "static const struct topic_row topics[TOPIC_COUNT] = {\n" rows "};\n#endif"
}
