# SPDX-License-Identifier: Apache-2.0
# embed.awk: sql/queries/<service>/<file>.sql as the constant sql_<service>_<file>. Lines that are
# a comment alone stay behind; everything else goes to the server as it stands.
BEGIN { print "/* Made from sql/queries. */\n#include \"sql.h\"" }
FNR == 1 {
	if (NR > 1)
		print "\t;"
	n = split(FILENAME, part, "/")
	name = part[n - 1] "_" part[n]
	sub(/\.sql$/, "", name)
	gsub(/[^A-Za-z0-9]/, "_", name)
	print "const char sql_" name "[] ="
}
/^[ \t]*--/ { next }
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END { print NR ? "\t;" : "typedef int no_statements;" }
