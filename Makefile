# make              every program, into build/bin
# make demo         on a fresh machine: set-up, build, stack, a real batch, its ZIP (PHOTOS=DIR)
# make up, down     the local stack alone; docker/stack status and logs tell more
# make test         set-up, then every ring of tests, on a stack of its own
# make check        the fast rings: unit, bus, http (no server needed)
# make sql flow web one other ring, on the test stack; check-sql prepares every query
# make asan         every ring that runs our programs, under AddressSanitizer and UBSan
# make clang        the fast rings, built by clang, under the same two
# make fuzz bench chaos     the long ones
# make bench-render         the renderer beside sharp and others: docs/benchmarks/render.md
# make bench-http ROWS=lists  the gateway beside other servers (lists scale submit zips builds listeners), on a stack of its own: docs/benchmarks/http.md
# make bench-page           the dashboard's first paint, on the running stack: docs/benchmarks/page.md
# make bench-small          jobs a second of tiny pictures, on the running stack (. .stack/env)
# make bench-line SET=jpeg  the line beside its renderer's children alone, on the running stack
# make format       clang-format on every C file
# make install      all that a host needs: programs, man pages, units, migrations, topics, schemas, docs
#                   (PREFIX, DESTDIR; a server takes PREFIX=/usr)
# make deb          a Debian package per program and batchline-common, in build/packages, judged by lintian
# make clean
#
# Groups are found by wildcard: a new service, test, query or schema needs no edit here.
# BUILD=DIR builds elsewhere, SAN=FLAGS adds sanitizers, WERROR=1 makes warnings errors, V=1 shows
# every command, LIBVIPS=system links the renderer with Debian's libvips.

VERSION   = 0.1.0
BUILD    ?= build
PREFIX   ?= /usr/local
PHOTOS   ?= docker/demo/photos
CFLAGS   ?= -O2 -g
PACKAGES  = rdkafka libpq avro-c libzip uuid libmicrohttpd jansson libcurl libcrypto zlib libseccomp \
            libutf8proc

# $(call once,NAME,COMMAND): what COMMAND says, asked when first needed, after the set-up.
once      = $(if $(filter undefined,$(origin $1)),$(eval $1 := $$(shell $2)))$($1)
try       = for f in $1; do $(CC) -Werror $$$$f -xc -c -o /dev/null /dev/null 2>/dev/null && echo $$$$f; done
includes  = $(call once,pkg-flags,pkg-config --cflags $(PACKAGES))
libraries = $(call once,pkg-libs,pkg-config --libs $(PACKAGES) libjpeg) $(vips) -lm -lpthread
# The renderer's libvips: the one that docker/libvips fetched (headers are Debian's), or, where there
# is none or with LIBVIPS=system, Debian's.
LIBVIPS  ?= $(wildcard .stack/libvips/libvips-*.so.*)
bundled   = $(filter-out system,$(LIBVIPS))
carried   = $(bundled:%=$(BUILD)/lib/batchline/$(notdir $(bundled)))
vips      = $(if $(bundled),$(carried) -Wl$(comma)-rpath$(comma)'$$ORIGIN/../lib/batchline',$(debians))
debians   = $(call once,vips-libs,pkg-config --libs vips)
comma     = ,
warnings  = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wformat=2 -Wimplicit-fallthrough $(if $(WERROR),-Werror)
hardening = -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
            $(call once,taken,$(call try,-ftrivial-auto-var-init=zero -fstrict-flex-arrays=3)) \
            $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
compile   = $(CC) -std=c17 -D_GNU_SOURCE -DBATCHLINE_VERSION='"$(VERSION)"' \
            -I. -Ilib -Ischemas -Iweb -I$(BUILD) $(warnings) $(hardening) $(includes) \
            $(CPPFLAGS) $(CFLAGS) $(SAN)
link      = $(CC) -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed $(CFLAGS) $(SAN) $(LDFLAGS)

parallel  = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
sanitize  = -fsanitize=address,undefined -fno-sanitize-recover=undefined
quiet     = $(if $(V),,@echo "  $@";)
objects   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $1))
program   = $(BUILD)/bin/batchline$(filter-out -cli,-$(notdir $1))
services  = $(patsubst %/main.c,%,$(wildcard consumers/*/main.c producers/*/main.c))
programs  = $(foreach s,$(services),$(call program,$s))
rings     = $(foreach r,unit bus http,$(if $(wildcard tests/$r/*_test.c),$(BUILD)/ring/$r))
manuals   = $(wildcard docs/man/*.1)
fuzzers   = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
benches   = $(patsubst tests/bench/render/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/render/*.c)) \
            $(BUILD)/bench/loop-carried
made      = $(BUILD)/topics.h $(BUILD)/sql.h
parts     = $(filter-out %/main.o,$(call objects,consumers/*/*.c producers/*/*.c))

all: $(programs)

$(foreach s,$(services),$(eval $(call program,$s): $(call objects,$s/*.c)))
$(foreach r,unit bus http,$(eval $(BUILD)/ring/$r: $(call objects,tests/$r/*.c)))
$(foreach f,$(fuzzers),$(eval $f: $(f:$(BUILD)/%=$(BUILD)/tests/%.o)))
$(foreach b,$(benches),$(eval $b: $(BUILD)/tests/bench/render/$(firstword $(subst -, ,$(notdir $b))).o))
$(rings) $(fuzzers) $(benches): $(BUILD)/libparts.a
$(rings): libraries += -lcriterion
$(fuzzers): libraries += -fsanitize=fuzzer
$(BUILD)/bench/loop: vips = $(debians)
$(carried): $(bundled)
	@mkdir -p $(@D)
	$(quiet) cp $< $@
$(programs) $(rings) $(fuzzers) $(benches): $(BUILD)/libbatchline.a | $(carried)
	@mkdir -p $(@D)
	$(quiet) $(link) -o $@ $(filter %.o,$^) $(filter %/libparts.a,$^) $(filter %/libbatchline.a,$^) \
	    $(libraries)

$(BUILD)/libbatchline.a: $(call objects,lib/*.c lib/*/*.c) $(addprefix $(BUILD)/,schemas.o sql.o web.o)
$(BUILD)/libparts.a: $(parts)
$(BUILD)/%.a:
	$(quiet) rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/consumers/renderer/%.o $(BUILD)/tests/bench/%.o $(BUILD)/tests/unit/clips.o: includes += $(call once,vips-flags,pkg-config --cflags vips)
$(BUILD)/%.o: %.c | $(made)
	@mkdir -p $(@D)
	$(quiet) $(compile) -MMD -MP -c -o $@ $<
$(BUILD)/%.o: $(BUILD)/%.c | $(made)
	$(quiet) $(compile) -Wno-overlength-strings -c -o $@ $<

# What is made from data: the C names of topics, schemas, statements and the dashboard's files.
lists     = $(call once,list-names,awk -f sql/lists.awk sql/queries/gateway/lists.tbl)
queries   = $(wildcard sql/queries/*/*.sql) $(lists:%=$(BUILD)/queries/gateway/list_%.sql)
schemas   = $(wildcard schemas/*.avsc schemas/released/*.avsc)
modules   = $(filter-out web/theme.js,$(wildcard web/*.js))
pages     = $(filter-out $(modules) %.h %.sh %.awk %.md,$(wildcard web/*.* docs/openapi.yaml)) $(BUILD)/web/app.js
$(BUILD)/queries/gateway/list_%.sql: sql/lists.awk sql/queries/gateway/lists.tbl
	@mkdir -p $(@D)
	@awk -v list=$* -f $^ > $@
$(BUILD)/topics.h: schemas/topics.awk schemas/topics.tbl
$(BUILD)/schemas.c: schemas/embed.awk $(schemas)
$(BUILD)/sql.c: sql/embed.awk $(queries)
$(BUILD)/sql.h: sql/header.awk $(queries)
$(BUILD)/topics.h $(BUILD)/schemas.c $(BUILD)/sql.c $(BUILD)/sql.h:
	@mkdir -p $(@D)
	$(quiet) awk -f $^ /dev/null > $@
$(BUILD)/web/app.js: web/bundle.awk web/app.js $(modules)
	@mkdir -p $(@D)
	$(quiet) awk -f web/bundle.awk web/app.js > $@
$(BUILD)/web.c: web/embed.sh $(pages)
	@mkdir -p $(@D)
	$(quiet) $^ > $@

# The stack and the tests: docker/setup, docker/stack and tests/run say what they do.
demo: up
	BUILD=$(BUILD) docker/demo/run "$(PHOTOS)"
up:
	docker/setup run
	$(MAKE) --no-print-directory $(parallel) all
	STACK_BIN=$(BUILD)/bin docker/stack up
down: ; docker/stack down
test:
	docker/setup
	$(MAKE) --no-print-directory $(parallel) all rings
	BUILD=$(BUILD) tests/run unit bus http check-sql sql flow web
rings: $(rings)
check: $(rings) ; BUILD=$(BUILD) tests/run unit bus http
check-sql sql flow web bench chaos: all ; BUILD=$(BUILD) tests/run $@
asan:
	$(MAKE) $(parallel) BUILD=build/asan SAN="$(sanitize)" all rings
	BUILD=build/asan tests/run unit bus http flow web
# two of its warnings are about libseccomp's macros and about texts on two lines
clang:
	$(MAKE) $(parallel) BUILD=build/clang CC=clang SAN="$(sanitize)" \
	    CPPFLAGS="-Wno-missing-field-initializers -Wno-string-concatenation" rings
	BUILD=build/clang tests/run unit bus http
fuzz:
	$(MAKE) $(parallel) BUILD=build/fuzz CC=clang \
	    SAN="-fsanitize=address,undefined,fuzzer-no-link" fuzzers
fuzzers: $(fuzzers) ; BUILD=$(BUILD) tests/run fuzz
bench-render: $(benches)
	BUILD=$(BUILD) .stack/venv/bin/python tests/bench/render/run
bench-http: ; BUILD=$(BUILD) ROWS=$(or $(ROWS),lists) .stack/venv/bin/python tests/bench/http/run
bench-page: ; node tests/bench/page/run.mjs $(BESIDE)
bench-small: ; .stack/venv/bin/python tests/bench/line/run small
bench-line: $(BUILD)/bench/child
	BUILD=$(BUILD) .stack/venv/bin/python tests/bench/line/run $(or $(SET),jpeg)
format: ; clang-format -i $(wildcard $(foreach d,lib lib/* consumers/* producers/* tests/*,$d/*.[ch]))
# The migrations and the topics each lie beside the program that makes them; bin has links to those.
place     = $(DESTDIR)$(PREFIX)
carry     = install -D -m $1 -t $(place)/$3 $2
linked    = $(call carry,755,$1,share/batchline/$(dir $1)) && \
            ln -sf ../share/batchline/$1 $(place)/bin/batchline-$(notdir $1)
install-programs: all
	$(call carry,755,$(programs),bin)
	$(if $(bundled),$(call carry,644,$(bundled),lib/batchline))
install: install-programs
	$(call linked,sql/migrate)
	$(call carry,644,sql/sqitch.plan sql/sqitch.conf,share/batchline/sql)
	$(foreach d,deploy revert verify,$(call carry,644,sql/$d/*.sql,share/batchline/sql/$d) &&) :
	$(call linked,schemas/topics)
	$(call carry,644,schemas/*.avsc schemas/topics.tbl,share/batchline/schemas)
	$(call carry,644,schemas/released/*.avsc,share/batchline/schemas/released)
	$(call carry,644,docker/commands.json,share/batchline)
	$(call carry,644,$(manuals),share/man/man1)
	$(call carry,644,README.md CHANGELOG.md LICENSE NOTICE docs/*.md docs/openapi.yaml,share/doc/batchline)
	$(BUILD)/bin/batchline completion bash | \
	    install -D -m 644 /dev/stdin $(place)/share/bash-completion/completions/batchline
	docker/systemd/install $(BUILD)/bin $(PREFIX) $(DESTDIR)
deb:
	docker/setup deb
	debian/rules clean binary
	lintian --allow-root --fail-on error,warning build/packages/*.deb
clean: ; rm -rf $(BUILD)

.PHONY: all demo up down test rings check check-sql sql flow web bench bench-render bench-http bench-page bench-small bench-line chaos asan \
        clang fuzz fuzzers format install install-programs deb clean
.SECONDARY:
.DELETE_ON_ERROR:
-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d $(BUILD)/*/*/*/*.d)
