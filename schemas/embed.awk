# SPDX-License-Identifier: Apache-2.0
# embed.awk: every schema as a row of schema_texts. A file below released/ is an older version of
# the record whose name it begins with: released/BatchSubmitted-1.avsc.
FNR == 1 {
	if (NR > 1)
		print "\t},"
	name = FILENAME
	released = name ~ /\/released\//
	sub(/.*\//, "", name)
	sub(/[-.].*/, "", name)
	if (NR == 1)
		print "/* Made from schemas. */\n#include \"schemas.h\"\n\nconst struct schema_text schema_texts[] = {"
	print "\t{ \"" name "\", " (released ? "true" : "false") ","
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END { print "\t},\n};\nconst size_t n_schema_texts = sizeof(schema_texts) / sizeof(*schema_texts);" }
