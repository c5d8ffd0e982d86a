# lua-aom. `make help` lists the targets.

LUA     ?= lua5.4
LUAS    ?= lua5.4 lua5.3 lua5.2 lua5.1 luajit
BUILD   ?= build
JOBS    ?=
TIMES   ?= 0
PREFIX  ?= /usr/local
DESTDIR ?=
ARGS    ?=

PKG_CONFIG ?= pkg-config
INSTALL    ?= install
CFLAGS     ?= -O2

# LuaJIT is compatible with Lua 5.1. An interpreter whose name tells no version is asked.
ask_version = $(shell $(LUA) -e 'print((_VERSION:gsub("Lua ", "")))' 2>/dev/null)
LUA_VERSION = $(eval LUA_VERSION := $(if $(filter luajit,$(LUA)),5.1,$(or \
  $(filter 5.%,$(LUA:lua5.%=5.%)),$(ask_version),$(error LUA=$(LUA) cannot be run, so its version is not known))))$(LUA_VERSION)

# Systems name Lua's pkg-config modules differently: the first that exists is used.
LUA_MODULES = $(if $(filter luajit,$(LUA)),luajit,$(addsuffix $(LUA_VERSION),lua lua-) lua$(subst .,,$(LUA_VERSION)) $(LUA))
LUA_PC      = $(firstword $(foreach m,$(LUA_MODULES),$(shell $(PKG_CONFIG) --exists $(m) && echo $(m))))

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(if $(filter 1,$(WERROR)),-Werror)

# Not linked with Lua: the program that loads the module provides it.
ifeq ($(shell uname),Darwin)
MODULE_LDFLAGS = -bundle -undefined dynamic_lookup
else
MODULE_LDFLAGS = -shared -Wl,-z,relro,-z,now -Wl,--as-needed
endif

# The headers must be those of the interpreter: a module that was built for another Lua crashes, or
# cannot be loaded. LuaJIT's have a version of their own.
no_headers      = $(if $(shell command -v $(PKG_CONFIG)),pkg-config knows no headers of Lua $(LUA_VERSION) (tried: \
  $(LUA_MODULES)). Install them (Debian: $(debian_headers)) or run make deps,pkg-config is missing: run make deps)
debian_headers  = $(if $(filter luajit,$(LUA)),libluajit2-5.1-dev,liblua$(LUA_VERSION:5.1=5.1-0)-dev)
lua_headers     = $(or $(LUA_PC),$(error $(no_headers)))
headers_version = $(shell $(PKG_CONFIG) --modversion $(lua_headers))
check_headers   = $(if $(filter luajit,$(lua_headers))$(filter $(LUA_VERSION) $(LUA_VERSION).%,$(headers_version)),,$(error \
  LUA=$(LUA) is Lua $(LUA_VERSION) but the headers that pkg-config finds as $(lua_headers) are of $(headers_version)))

# Evaluated once, and only by builds: `make clean` runs no pkg-config.
LUA_CFLAGS  = $(eval LUA_CFLAGS := $(check_headers)$(shell $(PKG_CONFIG) --cflags $(lua_headers)))$(LUA_CFLAGS)
core_cflags = $(eval core_cflags := $(shell $(PKG_CONFIG) --cflags libcurl libssl libcrypto))$(core_cflags)
core_libs   = $(eval core_libs := $(shell $(PKG_CONFIG) --libs libcurl libssl libcrypto))$(core_libs)

# What the first line of the command names: nothing, where only the library of this Lua is installed.
LUA_PROGRAM = $(shell command -v $(LUA))

# Prints one short line for each file; V=1 shows the commands.
run = $(if $(V),,@echo '  $1 $@'; )

# Before anything is done: what was installed would be gone by the time that a recipe looks at it.
ifneq ($(filter-out 0 1,$(COMPILED)),)
$(error COMPILED: expected 1, or nothing, got $(COMPILED))
endif

# What `make install` does with the Lua files that it has put in place: nothing, unless COMPILED=1.
precompile = $(if $(filter 1,$(COMPILED)),$(LUA) spec/support/precompile.lua "$(root)/share/lua/$(LUA_VERSION)" \
  "$(PREFIX)/share/lua/$(LUA_VERSION)" $(LUA_FILES:lua/%=%),true)

# Where `make install` puts its files, and its list of them.
root      = $(DESTDIR)$(PREFIX)
installed = $(root)/lib/lua/$(LUA_VERSION)/aom/installed

# The checkout's path, with single quotes escaped for the shell.
here = $(subst ','\'',$(CURDIR))

OUT     = $(BUILD)/$(LUA)
CORE    = $(OUT)/aom/core.so
COMMAND = $(OUT)/bin/aom
# What sees no lua.h is compiled once for all Luas.
COMMON  = $(BUILD)/obj
SOURCES = $(sort $(wildcard csrc/*.c))
SEEING  = $(filter csrc/lua_%.c csrc/module.c,$(SOURCES))
SHARED  = $(patsubst csrc/%.c,$(COMMON)/%.o,$(filter-out $(SEEING),$(SOURCES)))
OBJECTS = $(SEEING:csrc/%.c=$(OUT)/obj/%.o) $(SHARED)
# The simulator is a rock of its own.
LUA_FILES = $(shell find lua -name '*.lua' -not -path 'lua/aom/simulator/*' | sort)

.PHONY: build shared objects rock-core all-luas help deps demo simulator test lint bench matrix torture soak sanitize threads fuzz analyze coverage \
  smoke smoke-matrix smoke-torture smoke-fuzz smoke-soak prove doc install uninstall rock rockspecs env clean
.DEFAULT_GOAL := build

build: $(CORE) $(COMMAND)  ## Build the core for LUA=lua5.4|lua5.3|lua5.2|lua5.1|luajit
	@:

$(CORE): $(OBJECTS)
	@mkdir -p $(@D)
	$(call run,LD)$(CC) $(MODULE_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) $(core_libs) $(LIBS)

$(COMMAND): bin/aom Makefile
	@mkdir -p $(@D)
	@{ echo '#!$(or $(LUA_PROGRAM),/usr/bin/env $(LUA))' && sed 1d bin/aom; } >$@ && chmod 755 $@

# Its argument is what else the compiler is told.
define compile
	@command -v $(PKG_CONFIG) >/dev/null || { echo "pkg-config is missing: run make deps" >&2; exit 1; }
	@mkdir -p $(@D)
	$(call run,CC)$(CC) -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -MMD -MP $(WARNINGS) \
	  $(1) $(core_cflags) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
endef

$(OUT)/obj/%.o: csrc/%.c Makefile
	$(call compile,$(LUA_CFLAGS))

$(COMMON)/%.o: csrc/%.c Makefile
	$(call compile)

shared: $(SHARED)
	@:

# For what links them into a program: the folders may hold those of sources that are gone.
objects:
	@: $(info $(OBJECTS))

-include $(OBJECTS:.o=.d)

# For LuaRocks, which passes the headers of its Lua in LUA_CFLAGS. Always rebuilt,
# since that may be another Lua each time.
rock-core:
	@rm -rf $(BUILD)/rock-core
	@$(MAKE) --no-print-directory OUT=$(BUILD)/rock-core COMMON=$(BUILD)/rock-core/common $(BUILD)/rock-core/aom/core.so

all-luas: $(LUAS:%=build-%)  ## Build the core for all LUAS

build-%: shared
	@$(MAKE) --no-print-directory build LUA=$*

deps:  ## Install the packages that building, the demo and the specs need
	@sh spec/support/deps.sh demo test

deps-%:
	@sh spec/support/deps.sh $*

demo: deps-demo  ## Start the simulator, and make one good call and one wrong one
	@$(MAKE) --no-print-directory build LUA=lua5.4
	@sh examples/demo.sh

simulator: deps-demo  ## Run the simulator in the foreground: ARGS="--port 8080 --lifetime 600"
	@eval "$$($(MAKE) -s --no-print-directory env LUA=luajit)"; exec luajit examples/simulator.lua $(ARGS)

test: deps-test  ## Run the specs on all LUAS: SPEC=spec/unit/x_spec.lua LUAS="lua5.4 luajit" TIMES=10 WHOLE=1
	@$(MAKE) --no-print-directory all-luas LUAS='$(sort $(LUAS) luajit)'
	@SPEC='$(SPEC)' JOBS='$(JOBS)' TIMES='$(TIMES)' WHOLE='$(WHOLE)' BUILD='$(BUILD)' sh spec/support/suite.sh $(LUAS)

lint: deps-lint  ## Check style, compiler warnings, layers, rockspecs and versions
	@MAKE='$(MAKE)' sh spec/lint/run.sh

bench: deps-bench  ## Measure against bare libcurl, OpenSSL, curl, cjson and lua-resty-http, and print a table
	@$(MAKE) --no-print-directory all-luas LUAS="lua5.4 luajit"
	@sh spec/bench/all.sh $(ARGS)

matrix: deps-test  ## Ask every host and transport for the same story about many faults: ARGS="--hosts 'lua5.4 luv'"
	@$(MAKE) --no-print-directory all-luas LUAS='$(sort $(LUAS) luajit)'
	@LUA_PATH='$(here)/lua/?.lua;$(here)/lua/?/init.lua;$(here)/?.lua;;' LUA_CPATH='$(abspath $(BUILD))/luajit/?.so;;' \
	  BUILD='$(BUILD)' sh spec/matrix/run.sh $(ARGS)

torture: deps-test  ## Let each allocation fail, and print what came of it: ARGS="--luas lua5.4 --cases sign,bulk --growth 1"
	@$(MAKE) --no-print-directory all-luas LUAS="lua5.4 luajit"
	@LUA_PATH='$(here)/lua/?.lua;$(here)/lua/?/init.lua;$(here)/?.lua;;' BUILD='$(BUILD)' luajit spec/torture/run.lua $(ARGS)

soak: deps-test  ## Sign, call a faulty server and make clients for long in every host, and watch memory: ARGS="--scale 0.1"
	@$(MAKE) --no-print-directory all-luas LUAS='$(sort $(LUAS) luajit)'
	@LUA_PATH='$(here)/lua/?.lua;$(here)/lua/?/init.lua;$(here)/?.lua;;' BUILD='$(BUILD)' \
	  luajit spec/soak/run.lua $(ARGS)

sanitize: deps-sanitize  ## Run the specs under ASan, UBSan, LSan of gcc and clang, and Valgrind: ARGS="[gcc] [clang] [valgrind]"
	@MAKE='$(MAKE)' JOBS='$(or $(JOBS),3)' SPEC='$(SPEC)' sh spec/sanitize/run.sh $(ARGS)

threads: deps-fuzz  ## Run four Lua states in four threads under ThreadSanitizer: ARGS="ROUNDS"
	@sh spec/sanitize/threads.sh $(ARGS)

fuzz: deps-fuzz  ## Fuzz what reads what a server, a file or a caller says: ARGS="SECONDS [TARGET...]"
	@sh spec/fuzz/run.sh $(ARGS)

coverage: deps-test  ## Print which lines of C and Lua the specs run: ARGS="SPEC..."
	@sh spec/coverage/run.sh $(ARGS)

analyze: deps-analyze  ## Check the C with gcc -fanalyzer, cppcheck and clang-tidy
	@sh spec/lint/analyze.sh

rockspecs: deps-build  ## Update the module lists of the rockspecs
	@lua5.4 spec/support/rockspec.lua

doc: deps-build  ## Make the types for editors, doc/reference.md and doc/aom.txt from the rows and annotations
	@lua5.4 spec/support/doc/run.lua

rock: deps-test  ## Pack both rocks of a release into build/rock and install them: LUA=lua5.1|lua5.2|lua5.3|lua5.4
	@sh spec/support/rock.sh $(LUA)

smoke: deps-test deps-fuzz  ## A short form of the proofs, which CI runs
	@$(MAKE) --no-print-directory all-luas LUAS='$(sort $(LUAS) luajit)'
	@$(MAKE) --no-print-directory -j4 --output-sync=target $(SMOKE)

# What they mostly do is to wait: side by side.
SMOKE = smoke-matrix smoke-torture smoke-fuzz smoke-soak
smoke-matrix: ; @$(MAKE) matrix LUAS=lua5.4 ARGS='--hosts "lua5.4 nginx-curl" --every 12'
smoke-torture: ; @$(MAKE) torture ARGS='--luas lua5.4 --growth 1 --cases sign,trigger,error,bulk'
smoke-fuzz: ; @$(MAKE) fuzz ARGS=1
smoke-soak: ; @$(MAKE) soak ARGS='--scale 0.01 --hosts "lua5.4 luajit nginx"'

prove:  ## All proofs in their long form, and what came of each: hours. ARGS="PROOF..."
	@MAKE='$(MAKE)' sh spec/support/prove.sh $(ARGS)

install: build uninstall  ## Install for LUA under DESTDIR and PREFIX, in place of what was installed there: COMPILED=1
	@put() { mode=$$1 to=$$2; shift 2; mkdir -p "$(root)/$$to" && $(INSTALL) -m "$$mode" "$$@" "$(root)/$$to" && \
	  for file; do echo "$$to/$${file##*/}"; done >>"$(installed)"; }; \
	mkdir -p "$(root)/lib/lua/$(LUA_VERSION)/aom" && for folder in $(sort $(dir $(LUA_FILES))); do \
	  folder=$${folder#lua/}; put 644 "share/lua/$(LUA_VERSION)$${folder:+/}$${folder%/}" "lua/$$folder"*.lua || exit; \
	done && $(precompile) && put 755 "lib/lua/$(LUA_VERSION)/aom" $(CORE) && $(if $(LUA_PROGRAM),put 755 bin $(COMMAND),true)
	@echo "installed for Lua $(LUA_VERSION) in $(root)$(if $(LUA_PROGRAM),, without the command aom: there is no $(LUA))"

# The command belongs to the Lua that installed it last: its first line says which.
uninstall: $(COMMAND)  ## Remove what `make install` has put there for LUA
	@[ ! -f "$(installed)" ] || { \
	  set -- && while read -r file; do \
	    case $$file in bin/aom) [ "$$(sed 1q "$(root)/$$file" 2>&1)" = "$$(sed 1q $(COMMAND))" ] || continue ;; esac; \
	    set -- "$$@" "$(root)/$$file"; \
	  done <"$(installed)" && rm -f "$$@" "$(installed)"; }
	@for folder in share lib; do \
	  find "$(root)/$$folder/lua/$(LUA_VERSION)/aom" -depth -type d -exec rmdir {} \; 2>/dev/null || true; \
	done

env:  ## Print the exports that let this shell and LUA use this checkout: eval "$$(make -s env)"
	@: $(info export LUA_PATH='$(here)/lua/?.lua;$(here)/lua/?/init.lua;;')
	@: $(info export LUA_CPATH='$(here)/$(OUT)/?.so;;')
	@: $(info export PATH='$(here)/$(OUT)/bin':"$$PATH")

clean:  ## Remove all build results
	rm -rf $(BUILD)

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1\t/p' Makefile | sed 's/\$$\$$/$$/g' | \
	  while IFS="$$(printf '\t')" read -r name text; do printf '%-10s %s\n' "$$name" "$$text"; done
