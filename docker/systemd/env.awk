# env.awk: what --help of a service says, as the environment file of its unit: every option, commented.
# What the unit itself says (-v given="DATABASE_URL ..") shows that value.
BEGIN { split(given, pairs, " "); for (i in pairs) { at = index(pairs[i], "="); unit[substr(pairs[i], 1, at - 1)] = substr(pairs[i], at + 1) } }
NR == 1 { sub(/:.*/, ""); print "# Options of " $0 "(1). A line without # holds, from the next restart on."; next }
/^  [A-Z][A-Z_]+/ {
	name = $1; value = ""; limits = ""
	if (match($0, /\([^)]*\)/))
		value = substr($0, RSTART + 1, RLENGTH - 2)
	if (match($0, /\[[^]]*\]/))
		limits = " " substr($0, RSTART, RLENGTH)
	if (value == "required")
		value = ""
	getline
	sub(/^ */, "")
	print "\n# " $0 limits "\n#" name "=" (name in unit ? unit[name] : value)
}
