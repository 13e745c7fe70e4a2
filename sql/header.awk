# SPDX-License-Identifier: Apache-2.0
# header.awk: the names that embed.awk gives to the statements.
BEGIN { print "/* Made from sql/queries. */\n#ifndef SQL_H\n#define SQL_H" }
FNR == 1 {
	n = split(FILENAME, part, "/")
	name = part[n - 1] "_" part[n]
	sub(/\.sql$/, "", name)
	gsub(/[^A-Za-z0-9]/, "_", name)
	print "extern const char sql_" name "[];"
}
END { print "#endif" }
