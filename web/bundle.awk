# SPDX-License-Identifier: Apache-2.0
# bundle.awk: the module that is named, and every module it needs, as one: each once, after those that it
# needs itself, in a scope of its own that hands out what it exports. Lines stay as they are but for imports
# and exports, of which it takes the two forms that the dashboard has:
#
#   import { name, other as mine } from './dom.js';		export const name, [async] function or class
#
# Forty requests held the first paint up twice as long as one does: docs/benchmarks/page.md.
function fail(file, words) {
	print file ": " words > "/dev/stderr"
	exit 1
}
function import_of(file, line,	from) {
	if (line !~ /^import \{[^}]*\} from '\.\/[a-z]+\.js';$/)
		fail(file, "not a form of import that bundle.awk takes: " line)
	from = line
	gsub(/.*'\.\/|\.js';$/, "", from)
	add(folder from ".js", from)
	gsub(/ as /, ": ", line)
	return "const" substr(line, 7, index(line, "}") - 6) " = $" from ";"
}
function name_of(file, line) {
	if (!sub(/^(const|function|async function|class) /, "", line))
		fail(file, "not a form of export that bundle.awk takes: " line)
	sub(/[^A-Za-z0-9_].*/, "", line)
	return line
}
function add(file, name,	line, more, body, given, got) {
	if (added[file] == "begun")
		fail(file, "needs itself, by way of others")
	if (added[file])
		return
	added[file] = "begun"
	while ((got = (getline line < file)) > 0) {
		while (line ~ /^import [^;]*$/ && (getline more < file) > 0)
			line = line " " more
		if (line ~ /^import /)
			line = import_of(file, line)
		else if (sub(/^export /, "", line))
			given = given (given ? ", " : "") name_of(file, line)
		body = body line "\n"
	}
	if (got < 0)
		fail(file, "cannot be read")
	added[file] = "done"
	printf "const $%s = (() => {\n%sreturn { %s };\n})();\n", name, body, given
}
BEGIN {
	folder = ARGV[1]
	sub(/[^\/]*$/, "", folder)
	add(ARGV[1], "page")
}
