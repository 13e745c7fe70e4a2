# make              every program, into build/bin
# make demo         on a fresh machine: set-up, build, stack, a real batch, its ZIP (PHOTOS=DIR)
# make up, down     the local stack alone; docker/stack status, logs
# make test         set-up, then every ring of tests, on a stack of its own
# make check        the fast rings: unit, bus, http (no server needed)
# make sql, flow, web, check-sql    one ring of the others, on the test stack
# make asan         the fast rings under AddressSanitizer and UBSan
# make fuzz, bench, chaos           the long ones
# make format       clang-format on all of it
# make install      programs and man pages (PREFIX, DESTDIR)
# make clean
#
# Groups are found by wildcard: a new service, test, query or schema needs no edit here.
# BUILD=dir builds elsewhere; SAN=flags adds sanitizers; WERROR=1 makes warnings errors.

BUILD    ?= build
PREFIX   ?= /usr/local
PKGS      = rdkafka libpq avro-c libzip uuid libmicrohttpd jansson libcurl libcrypto zlib libseccomp
VERSION  := $(shell cat VERSION 2>/dev/null || echo 0.1.0)

# $(call once,NAME,COMMAND): the answer of COMMAND, asked when first needed (set-up comes before).
once      = $(eval $1 := $(shell $2))$($1)
takes     = $(shell $(CC) -Werror $1 -x c -c -o /dev/null /dev/null 2>/dev/null && echo $1)
PKG_FLAGS = $(call once,PKG_FLAGS,pkg-config --cflags $(PKGS))
PKG_LIBS  = $(call once,PKG_LIBS,pkg-config --libs $(PKGS) vips)
VIPS      = $(call once,VIPS,pkg-config --cflags vips)
EXTRA     = $(eval EXTRA := $(foreach f,-ftrivial-auto-var-init=zero -fstrict-flex-arrays=3 \
            -Wtrampolines,$(call takes,$f)))$(EXTRA)
WARNINGS  = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wformat=2 -Wimplicit-fallthrough $(if $(WERROR),-Werror)
HARDENING = -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fPIE $(EXTRA) \
            $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
CFLAGS   ?= -O2 -g
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DBATCHLINE_VERSION='"$(VERSION)"' -Ilib -I$(BUILD) -I. \
             $(WARNINGS) $(HARDENING) $(PKG_FLAGS) $(CFLAGS) $(SAN)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(LDFLAGS) $(SAN)

objects   = $(patsubst %.c,$(BUILD)/%.o,$1)
made      = $(addprefix $(BUILD)/,topics.h schemas.h sql.h web.h)
lib       = $(call objects,$(wildcard lib/*.c lib/*/*.c)) $(addprefix $(BUILD)/,schemas.o sql.o web.o)
mains     = $(wildcard consumers/*/main.c producers/*/main.c)
services  = $(patsubst %/,%,$(dir $(mains)))
name      = batchline$(filter-out -cli,-$(notdir $1))
programs  = $(foreach s,$(services),$(BUILD)/bin/$(call name,$s))
parts     = $(call objects,$(filter-out $(mains),$(foreach s,$(services),$(wildcard $s/*.c))))
rings     = $(foreach r,unit bus http,$(if $(wildcard tests/$r/*.c),$(BUILD)/tests/$r))
queries   = $(wildcard sql/queries/*/*.sql)
schemas   = $(wildcard schemas/*.avsc schemas/released/*.avsc)
pages     = $(filter %.html %.css %.js %.mjs %.svg %.png %.ico %.json %.webmanifest %.woff2, \
            $(wildcard web/* web/*/*))
TEST_STACK = STACK_DIR=.stack-test docker/stack

all: $(programs)

define program
$(BUILD)/bin/$(call name,$1): $(call objects,$(wildcard $1/*.c)) $(BUILD)/libbatchline.a
endef
$(foreach s,$(services),$(eval $(call program,$s)))
$(foreach r,unit bus http,$(eval $(BUILD)/tests/$r: $(call objects,$(wildcard tests/$r/*.c)) \
    $(BUILD)/libparts.a $(BUILD)/libbatchline.a))
$(BUILD)/tests/%: PKG_LIBS += -lcriterion
$(programs) $(rings):
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm -lpthread

$(BUILD)/libbatchline.a: $(lib)
$(BUILD)/libparts.a: $(parts)
$(BUILD)/%.a:
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/consumers/renderer/%.o: PKG_FLAGS += $(VIPS)
$(BUILD)/%.o: %.c | $(made)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/%.o: $(BUILD)/%.c $(BUILD)/%.h
	$(CC) $(ALL_CFLAGS) -Wno-overlength-strings -c -o $@ $<
