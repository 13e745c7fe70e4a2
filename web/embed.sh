#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# embed.sh FILE...: the dashboard's files as C, for the gateway (see web.h), each under its own name.
set -eu
type_of() {
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.js | *.mjs) echo 'text/javascript; charset=utf-8' ;;
	*.svg) echo 'image/svg+xml' ;;
	*.png) echo 'image/png' ;;
	*.ico) echo 'image/x-icon' ;;
	*.json) echo 'application/json' ;;
	*.webmanifest) echo 'application/manifest+json' ;;
	*.woff2) echo 'font/woff2' ;;
	*.yaml) echo 'application/yaml' ;;
	*) echo 'application/octet-stream' ;;
	esac
}
echo '/* Made from web. */'
echo '#include "web.h"'
n=0
for file; do
	echo "static const unsigned char bytes_$n[] = {"
	od -An -v -tx1 "$file" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '0 };'
	n=$((n + 1))
done
echo 'const struct web_file web_files[] = {'
n=0
for file; do
	echo "	{ \"/${file##*/}\", \"$(type_of "$file")\", bytes_$n, sizeof(bytes_$n) - 1 },"
	n=$((n + 1))
done
echo '	{ 0 }'
echo '};'
echo "const size_t n_web_files = $n;"
