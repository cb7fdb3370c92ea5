# Aloft: `make help` lists the targets. Everything that is built goes under build/.
#
# Needed: a C compiler that makes 32-bit x86 code (gcc with -m32, i686-linux-gnu-gcc, or clang), GNU or LLVM
# binutils, NASM. `make setup` installs what is missing on a Debian machine and names it elsewhere.

BUILD ?= build
V ?=
Q := $(if $(V),,@)
say = @printf '  %-8s %s\n'

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# ---- tools ----------------------------------------------------------------------------------------------

# $(call first,A;B;C): the first of these commands that works on an empty C file or with -v.
compiles = $(shell for c in $(1); do c=$$(echo "$$c" | tr '~' ' '); \
	if echo 'int x;' | $$c -ffreestanding -c -x c -o /dev/null - 2>/dev/null; then echo "$$c"; break; fi; done)
links = $(shell for c in $(1); do c=$$(echo "$$c" | tr '~' ' '); \
	if $$c -V 2>/dev/null | grep -q $(2) || $$c -v 2>/dev/null | grep -q LLD; then echo "$$c"; break; fi; done)

HOSTCC ?= $(CC)
CC32 ?= $(call compiles,$(CC)~-m32 $(CC)~--target=i686-unknown-elf i686-linux-gnu-gcc clang~--target=i686-unknown-elf)
CC64 ?= $(call compiles,$(CC)~-m64 $(CC)~--target=x86_64-unknown-elf x86_64-linux-gnu-gcc clang~--target=x86_64-unknown-elf)
LD32 ?= $(call links,ld~-melf_i386 i686-linux-gnu-ld~-melf_i386 ld.lld~-melf_i386,elf_i386)
LD64 ?= $(call links,ld~-melf_x86_64 x86_64-linux-gnu-ld~-melf_x86_64 ld.lld~-melf_x86_64,elf_x86_64)
OBJCOPY ?= $(shell command -v objcopy || command -v llvm-objcopy)
NASM ?= nasm
CC32 := $(CC32)
CC64 := $(CC64)
LD32 := $(LD32)
LD64 := $(LD64)

# Boots share nothing, so they run side by side where pytest-xdist is installed.
PYTEST ?= /usr/bin/python3 -m pytest -p no:cacheprovider $(shell /usr/bin/python3 -c "import xdist" 2>/dev/null && printf %s '-n 2')
QEMU ?= qemu-system-x86_64

# ---- sources --------------------------------------------------------------------------------------------

# The pure modules, from left to right: a module may include only what stands left of it, which its list of
# folders enforces. Each file is compiled twice, unchanged: for the loader and for the host.
MODULES := base fs config elf paging plan handoff menu
uses_base := base
uses_fs := base fs
uses_config := base config
uses_elf := base elf
uses_paging := base paging
uses_plan := base elf paging config plan
uses_handoff := $(uses_plan) handoff include
uses_menu := base menu
uses_stage2 := $(uses_handoff) menu fs stage1 stage2

# The inflater, vendored: fs/gzip.c alone may call it. Z_SOLO: no C library; Z_PREFIX: no name of a system's zlib.
ZLIB := third_party/zlib
ZLIB_DEFINES := -DZ_SOLO -DZ_PREFIX -DNO_GZIP -DHAVE_MEMCPY
flags_fs := -isystem $(ZLIB) $(ZLIB_DEFINES)
fuzz_flags_stage2 := -include tests/fuzz/stage2_host.h

sources = $(wildcard $(1)/*.c)
iquote = $(addprefix -iquote ,$(1))

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wconversion -Wno-sign-conversion
# The compiler's own headers (stdint.h for include/aloft.h) and no others. There is memory at address 0.
FREESTANDING := -ffreestanding -nostdinc -isystem $(shell $(CC32) -print-file-name=include) -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident -fno-delete-null-pointer-checks
IS_CLANG := $(if $(findstring clang,$(shell $(CC32) --version 2>/dev/null)),yes)
SMALL := $(if $(shell echo "int x;" | $(CC32) -Oz -x c -c -o /dev/null - 2>&1),-Os,-Oz)
LOADER_TUNE := $(if $(IS_CLANG),-Oz -mstack-alignment=4,$(SMALL) -mpreferred-stack-boundary=2 -fno-inline-functions-called-once)
LOADER_CFLAGS := -std=c11 -march=i486 -mno-sse -mno-mmx $(LOADER_TUNE) $(FREESTANDING) $(WARNINGS) \
	-ffunction-sections -fdata-sections -MMD -MP
HOST_CFLAGS := -std=c11 -g -O2 $(WARNINGS) -MMD -MP
TEST_CFLAGS := -std=c11 -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined $(WARNINGS) -MMD -MP
FUZZCC ?= clang
# Without traces of comparisons, which cost half of the executions and more: seeds and dictionaries know the magic words. The
# depth of the stack and indirect calls tell nothing new either, and cost a tenth.
FUZZ_COVERAGE ?= -fno-sanitize-coverage=trace-cmp,stack-depth,indirect-calls
FUZZ_COMMON := -std=c11 -g -O3 $(WARNINGS) -MMD -MP
FUZZ_CFLAGS := $(FUZZ_COMMON) -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined $(FUZZ_COVERAGE)

# What the unit tests reach is counted by clang, whatever compiles the rest: its counts of branches are of the source's.
COVERAGECC ?= clang
COVERAGE_CFLAGS := -std=c11 -g -O1 -fprofile-instr-generate -w -MMD -MP

# ---- the loader -----------------------------------------------------------------------------------------

loader_objects = $(patsubst %.c,$(BUILD)/loader/%.o,$(call sources,$(1)))
STAGE2_OBJECTS := $(foreach m,$(MODULES) $(ZLIB),$(call loader_objects,$(m))) \
	$(patsubst %.c,$(BUILD)/loader/%.o,$(filter-out stage2/offsets.c,$(call sources,stage2))) \
	$(patsubst %.asm,$(BUILD)/loader/%.asm.o,$(filter-out stage2/head.asm,$(wildcard stage2/*.asm)))

define module_rules
$(BUILD)/loader/$(1)/%.o: $(1)/%.c
	@mkdir -p $$(@D)
	$(say) LOADER $$<
	$(Q)$(CC32) $(LOADER_CFLAGS) $(flags_$(1)) $(call iquote,$(uses_$(1))) -c -o $$@ $$<
$(BUILD)/host/$(1)/%.o: $(1)/%.c
	@mkdir -p $$(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) $(flags_$(1)) $(call iquote,$(uses_$(1))) -c -o $$@ $$<
$(BUILD)/test/$(1)/%.o: $(1)/%.c
	@mkdir -p $$(@D)
	$(Q)$(HOSTCC) $(TEST_CFLAGS) $(flags_$(1)) $(call iquote,$(uses_$(1))) -c -o $$@ $$<
$(BUILD)/fuzzed/$(1)/%.o: $(1)/%.c
	@mkdir -p $$(@D)
	$(Q)$(FUZZCC) $(FUZZ_CFLAGS) $(flags_$(1)) $(fuzz_flags_$(1)) $(call iquote,$(uses_$(1))) -c -o $$@ $$<
$(BUILD)/coverage/$(1)/%.o: $(1)/%.c
	@mkdir -p $$(@D)
	$(Q)$(COVERAGECC) $(COVERAGE_CFLAGS) -fcoverage-mapping $(flags_$(1)) $(call iquote,$(uses_$(1))) -c -o $$@ $$<
endef
$(foreach module,$(MODULES) stage2,$(eval $(call module_rules,$(module))))

# zlib has warnings of its own kind: it is compiled with -Wall only. base/types.h declares memcpy().
zlib_flags = $(filter-out $(WARNINGS),$(1)) -Wall -Werror $(ZLIB_DEFINES) -include base/types.h

$(BUILD)/loader/$(ZLIB)/%.o: $(ZLIB)/%.c
	@mkdir -p $(@D)
	$(say) LOADER $<
	$(Q)$(CC32) $(call zlib_flags,$(LOADER_CFLAGS)) -c -o $@ $<
$(BUILD)/host/$(ZLIB)/%.o: $(ZLIB)/%.c
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(call zlib_flags,$(HOST_CFLAGS)) -c -o $@ $<
$(BUILD)/test/$(ZLIB)/%.o: $(ZLIB)/%.c
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(call zlib_flags,$(TEST_CFLAGS)) -c -o $@ $<
$(BUILD)/fuzzed/$(ZLIB)/%.o: $(ZLIB)/%.c
	@mkdir -p $(@D)
	$(Q)$(FUZZCC) $(call zlib_flags,$(FUZZ_CFLAGS)) -c -o $@ $<

$(BUILD)/offsets.inc: stage2/offsets.c $(wildcard stage1/*.h handoff/*.h stage2/*.h base/*.h paging/*.h plan/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC32) $(filter-out -MMD -MP,$(LOADER_CFLAGS)) $(call iquote,$(uses_stage2)) -S -o $(BUILD)/offsets.s $<
	$(Q)sed -n 's/^[^"]*"->\(.*\)"$$/\1/p' $(BUILD)/offsets.s >$@

$(BUILD)/loader/%.asm.o: %.asm $(BUILD)/offsets.inc
	@mkdir -p $(@D)
	$(say) NASM $<
	$(Q)$(NASM) -w+all -w-unknown-warning -w-reloc-rel -Werror -f elf32 -I$(BUILD)/ -o $@ $<

$(BUILD)/boot.bin $(BUILD)/cd.bin: $(BUILD)/%.bin: stage1/%.asm $(wildcard stage1/*.inc) $(BUILD)/offsets.inc $(BUILD)/stage2.bin
	$(say) NASM $<
	$(Q)$(NASM) -w+all -w-unknown-warning -w-reloc-rel -Werror -f bin -I$(BUILD)/ -Istage1/ -o $@ $<

$(BUILD)/stage2.elf: stage2/stage2.ld $(wildcard stage2/parts/*.ld) $(BUILD)/offsets.inc $(STAGE2_OBJECTS)
	$(say) LINK $@
	$(Q)$(LD32) -nostdlib -static --build-id=none --gc-sections -z noexecstack $$(sed -n "s/^%define \(STAGE2_FLAT\|STAGE2_ADDRESS\|STAGE2_END\|HEAD_SIZE\|LOADER_CODE_END\|LOADER_END\) /--defsym=\1=/p" $(BUILD)/offsets.inc) \
		-T $< -Map $(BUILD)/stage2.map -o $@ $(filter %.o,$^)

$(BUILD)/head.bin: stage2/head.asm stage1/print.inc $(BUILD)/offsets.inc
	$(say) NASM $<
	$(Q)$(NASM) -w+all -w-unknown-warning -w-reloc-rel -Werror -f bin -I$(BUILD)/ -Istage1/ -o $@ $<

$(BUILD)/seal: tools/seal.c tools/pack.c base/unlzma.c tools/pack.h base/unlzma.h stage1/boot.h
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(filter-out -MMD -MP,$(HOST_CFLAGS)) $(call iquote,base stage1 tools) -o $@ $(filter %.c,$^) -llzma

# Stage 2 on disk: the head and packed parts, the check word; what is read when it is needed, its check word.
$(BUILD)/stage2.bin: $(BUILD)/head.bin $(BUILD)/stage2.elf $(BUILD)/seal
	$(Q)$(OBJCOPY) -O binary $(BUILD)/stage2.elf $(BUILD)/stage2.raw
	$(Q)$(BUILD)/seal $(BUILD)/head.bin $(BUILD)/stage2.raw $@ $(BUILD)/resident.inc

# Names for the doctor, where the loader tells of an exception in itself.
$(BUILD)/stage2.symbols: $(BUILD)/stage2.elf
	$(Q)$(OBJCOPY:%objcopy=%nm) -n $< >$@

# ---- the host command -----------------------------------------------------------------------------------

HOST_MODULE_OBJECTS := $(foreach m,$(MODULES) $(ZLIB),$(patsubst %.c,$(BUILD)/host/%.o,$(call sources,$(m))))
TOOL_OBJECTS := $(patsubst %.c,$(BUILD)/host/%.o,$(filter-out tools/seal.c tools/pack.c,$(call sources,tools)))

$(BUILD)/host/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -D_DEFAULT_SOURCE $(call iquote,$(uses_handoff) fs stage1 tools) -c -o $@ $<

$(BUILD)/host/tools/bootcode-bytes.o: tools/bootcode.S $(BUILD)/boot.bin $(BUILD)/cd.bin $(BUILD)/stage2.bin $(BUILD)/stage2.symbols
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -Wa,-I,$(BUILD) -c -o $@ $<

$(BUILD)/aloft: $(TOOL_OBJECTS) $(BUILD)/host/tools/bootcode-bytes.o $(HOST_MODULE_OBJECTS)
	$(say) LINK $@
	$(Q)$(HOSTCC) -o $@ $^

# ---- test kernels ---------------------------------------------------------------------------------------

include test-kernels/kernels.mk
include test-kernels/mistakes.mk
include test-kernels/multiboot.mk

# ---- tests ----------------------------------------------------------------------------------------------

TEST_MODULE_OBJECTS := $(foreach m,$(MODULES) $(ZLIB),$(patsubst %.c,$(BUILD)/test/%.o,$(call sources,$(m))))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))

$(BUILD)/test/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(TEST_CFLAGS) $(call iquote,$(uses_handoff) tools) -c -o $@ $<

$(BUILD)/test/modules.a: $(TEST_MODULE_OBJECTS) $(addprefix $(BUILD)/test/tools/,pack.o draw.o tables.o sections.o)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/test/modules.a
	@mkdir -p $(@D)
	$(say) TEST $<
	$(Q)$(HOSTCC) $(filter-out -Wmissing-prototypes -Wconversion,$(TEST_CFLAGS)) -MF $@.d \
		$(call iquote,$(uses_handoff) menu fs stage1 tools tests/unit) -o $@ $< $(BUILD)/test/modules.a -lcmocka -lz -llzma

# The unit tests over modules that count what they execute. The rest of the tests' archive counts nothing.
COVERAGE_OBJECTS := $(foreach m,$(MODULES),$(patsubst %.c,$(BUILD)/coverage/%.o,$(call sources,$(m))))
COVERAGE_TESTS := $(patsubst $(BUILD)/unit/%,$(BUILD)/coverage/%,$(UNIT_TESTS))
COVERAGE_PLAIN := $(addprefix $(BUILD)/host/tools/,pack.o draw.o tables.o sections.o) \
	$(patsubst %.c,$(BUILD)/host/%.o,$(call sources,$(ZLIB)))

$(BUILD)/coverage/modules.a: $(COVERAGE_OBJECTS) $(COVERAGE_PLAIN)
	$(Q)rm -f $@ && ar rcs $@ $^

$(COVERAGE_TESTS): $(BUILD)/coverage/%: tests/unit/%.c $(BUILD)/coverage/modules.a
	$(Q)$(COVERAGECC) $(COVERAGE_CFLAGS) -MF $@.d \
		$(call iquote,$(uses_handoff) menu fs stage1 tools tests/unit) -o $@ $< $(BUILD)/coverage/modules.a -lcmocka -lz -llzma

# What a mutant of tests/mutation meets: the tests as programs whose modules are a library, made in two ways.
MUTATION_KINDS := plain checked
mutation_plain = $(COVERAGECC) $(filter-out $(WARNINGS),$(HOST_CFLAGS)) -O1 -fPIC -w
mutation_checked = $(HOSTCC) $(filter-out $(WARNINGS),$(TEST_CFLAGS)) -fPIC -w
MUTATION_SOURCES := $(foreach m,$(MODULES) $(ZLIB),$(call sources,$(m))) $(addprefix tools/,pack.c draw.c tables.c sections.c)

define mutation_rules
$(BUILD)/mutation/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(Q)$$(mutation_$(1)) $(ZLIB_DEFINES) $$(if $$(filter $(ZLIB)/%,$$<),-include base/types.h,-isystem $(ZLIB)) \
		$(call iquote,$(uses_handoff) menu fs tools) -c -o $$@ $$<
$(BUILD)/mutation/$(1)/libmodules.so: $(patsubst %.c,$(BUILD)/mutation/$(1)/%.o,$(MUTATION_SOURCES))
	$(Q)$$(mutation_$(1)) -shared -Wl,-soname,libmodules.so -o $$@ $$^
$(BUILD)/mutation/$(1)/test_%: tests/unit/test_%.c $(BUILD)/mutation/$(1)/libmodules.so
	$(Q)$$(mutation_$(1)) -MF $$@.d $(call iquote,$(uses_handoff) menu fs stage1 tools tests/unit) -o $$@ $$< \
		$(BUILD)/mutation/$(1)/libmodules.so -lcmocka -lz -llzma
endef
$(foreach kind,$(MUTATION_KINDS),$(eval $(call mutation_rules,$(kind))))
MUTATION_TESTS := $(foreach kind,$(MUTATION_KINDS),$(patsubst tests/unit/%.c,$(BUILD)/mutation/$(kind)/%,$(wildcard tests/unit/test_*.c)))

# The random plans once more, a million of each, without the sanitizers that make them slow.
MILLION_TESTS := $(addprefix $(BUILD)/unit/million_,paging_random random_plans)

$(BUILD)/unit/million_%: tests/unit/test_%.c $(HOST_MODULE_OBJECTS)
	@mkdir -p $(@D)
	$(say) TEST "$< (a million)"
	$(Q)$(HOSTCC) $(filter-out -Wmissing-prototypes -Wconversion,$(HOST_CFLAGS)) -DPLANS=1000000 -MF $@.d \
		$(call iquote,$(uses_handoff) fs stage1 tools tests/unit) -o $@ $< $(HOST_MODULE_OBJECTS) -lcmocka

# libFuzzer with address and undefined-behaviour sanitizers, from the seeds in tests/fuzz/corpus.
FUZZ_SECONDS ?= 20
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJECTS := $(foreach m,$(MODULES) $(ZLIB),$(patsubst %.c,$(BUILD)/fuzzed/%.o,$(call sources,$(m))))

# Stage 2's own story of files runs on the host as it is.
FUZZ_OBJECTS += $(addprefix $(BUILD)/fuzzed/stage2/,run.o volumes.o)

# The modules once for all targets. Out of the archive a target takes what it calls, and counts no other code.
$(BUILD)/fuzzed/modules.a: $(FUZZ_OBJECTS)
	$(Q)rm -f $@ && ar rcs $@ $^

# The target's own file, and the checks of the unit tests in it, are not what is looked at: they are not counted, and run faster.
$(BUILD)/fuzzed/tests/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(Q)$(FUZZCC) $(filter-out -Wmissing-prototypes -Wconversion,$(FUZZ_COMMON)) -fsanitize=address \
		$(call iquote,$(uses_handoff) menu fs stage1 stage2 tests/unit tests/fuzz) -c -o $@ $<

$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzzed/tests/%.o $(BUILD)/fuzzed/modules.a
	@mkdir -p $(@D)
	$(say) FUZZ $@
	$(Q)$(FUZZCC) -fsanitize=fuzzer,address,undefined -o $@ $(filter %.o %.a,$^)

.PHONY: all setup run debug test unit coverage mutation prove prove-fast boot-test fuzz fuzz-campaign fuzz-replay parts bench torture compilers image size format help clean
all: $(BUILD)/aloft $(BUILD)/boot.bin $(BUILD)/cd.bin $(BUILD)/stage2.bin ## build the loader and the host command

setup: ## install what is missing (Debian), or name it
	$(Q)tools/setup.sh $(BUILD)

EXAMPLE := $(BUILD)/kernels/example.elf

$(BUILD)/example.img: $(BUILD)/aloft $(EXAMPLE) test-kernels/example/aloft.cfg
	$(Q)rm -rf $(BUILD)/example && mkdir -p $(BUILD)/example/boot
	$(Q)cp $(EXAMPLE) $(BUILD)/example/boot/kernel.elf && cp test-kernels/example/aloft.cfg $(BUILD)/example/boot/
	$(Q)$(BUILD)/aloft image -o $@ $(BUILD)/example

image: $(BUILD)/example.img ## build/example.img: a disk image that boots the example kernel

run: $(BUILD)/example.img ## boot the example kernel in QEMU
	$(Q)$(BUILD)/aloft run $(BUILD)/example

debug: $(BUILD)/example.img ## the same, stopped at the kernel's entry under GDB
	$(Q)tools/debug.sh $(QEMU) $(BUILD)/example.img $(EXAMPLE) $(BUILD)/stage2.elf

unit: $(UNIT_TESTS) $(MILLION_TESTS) ## the tests that need no boot
	$(Q)printf '%s\n' $^ | xargs -P 2 -I{} sh -c '{} >{}.log 2>&1; s=$$?; cat {}.log; exit $$s'

coverage: $(COVERAGE_TESTS) ## lines and branches of the pure modules that the unit tests reach; COVERAGE=--missed: those that they do not
	$(Q)BUILD=$(BUILD) /usr/bin/python3 tests/coverage/coverage.py $(COVERAGE)

mutation: $(COVERAGE_TESTS) $(MUTATION_TESTS) ## small bugs put into the pure modules: which the unit tests find (long; it goes on where it was)
	$(Q)BUILD=$(BUILD) MUTATION_FLAGS="$(ZLIB_DEFINES) -isystem $(ZLIB)" MUTATION_CC="$(HOSTCC)" nice -n 15 /usr/bin/python3 tests/mutation/mutate.py $(MUTATION)

prove: ## Frama-C: no alarm in the decoders of ELF, Multiboot, partitions and in the lexer; primitives are proved
	$(Q)BUILD=$(BUILD) /usr/bin/python3 tests/prove/prove.py $(PROVE)

prove-fast: ## a part of it, for make test
	$(Q)BUILD=$(BUILD) /usr/bin/python3 tests/prove/prove.py --fast

# What counts the instructions of a boot: a plugin for QEMU, which brings the functions that it calls.
COUNTER := $(BUILD)/bench/counter.so

$(COUNTER): tests/bench/counter.c
	@mkdir -p $(@D)
	$(say) PLUGIN $<
	$(Q)$(HOSTCC) $(filter-out -MMD -MP -Wmissing-prototypes,$(HOST_CFLAGS)) -D_DEFAULT_SOURCE -fPIC -shared -fvisibility=hidden -o $@ $<

boot-test: all all-kernels all-mistakes $(COUNTER) ## boot every test kernel under QEMU
	$(Q)BUILD=$(BUILD) $(PYTEST) -q tests/boot

fuzz: $(FUZZERS) ## run each fuzzer for FUZZ_SECONDS (20), from the seeds
	$(Q)BUILD=$(BUILD) tests/fuzz/campaign.py --seconds $(FUZZ_SECONDS)

FUZZ_EXECUTIONS ?= 50000000

fuzz-campaign: $(FUZZERS) ## run each fuzzer until it has FUZZ_EXECUTIONS (50 million); it goes on where it was stopped
	$(Q)BUILD=$(BUILD) tests/fuzz/campaign.py --executions $(FUZZ_EXECUTIONS)

fuzz-replay: $(FUZZERS) ## run the fuzzers over their seeds once
	$(Q)for f in $^; do n=$${f##*/}; $$f -runs=0 -timeout=5 -verbosity=0 tests/fuzz/corpus/$${n#fuzz_} && echo "$$n: seeds pass" || exit 1; done

parts: all $(COUNTER) ## write stage2/parts/*.ld: which functions a plain boot executes
	$(Q)BUILD=$(BUILD) /usr/bin/python3 tests/bench/parts.py

bench: all $(COUNTER) ## Aloft beside GRUB, syslinux and the limit of the BIOS; BENCH=--counts: the counts alone
	$(Q)BUILD=$(BUILD) /usr/bin/python3 tests/bench/bench.py $(BENCH)

torture: all all-kernels ## bad input, faults and odd machines, all of it (hours; it goes on where it was stopped)
	$(Q)BUILD=$(BUILD) /usr/bin/python3 tests/torture/torture.py $(TORTURE)

# The loader as the other compiler makes it, booted; and built by the cross compiler where it is installed.
compilers: all-kernels $(BUILD)/aloft ## build the loader with gcc and with clang, boot both
	$(Q)for cc in gcc clang; do $(MAKE) --no-print-directory BUILD=$(BUILD)/$$cc CC=$$cc all all-kernels && \
		BUILD=$(BUILD)/$$cc $(PYTEST) -q tests/boot/test_kernels.py tests/boot/test_multiboot.py -k "pc and 128M or were_built or test_probe and 16M" || exit 1; done

test: unit fuzz-replay prove-fast boot-test compilers size ## all tests

size: $(BUILD)/stage2.elf $(BUILD)/stage2.bin $(BUILD)/boot.bin ## bytes of each module, and on disk
	$(Q)tools/size.sh $(BUILD)

format: ## lay out the C sources by .clang-format
	$(Q)clang-format -i $(foreach d,$(MODULES) stage1 stage2 tools tests/unit tests/fuzz tests/prove,$(wildcard $(d)/*.c $(d)/*.h))

clean: ## remove everything that was built
	$(Q)rm -rf $(BUILD)

help: ## this list
	$(Q)sed -n 's/^\([a-z-]*\):.*## /  \1|/p' Makefile | while IFS='|' read -r a b; do printf '%-14s %s\n' "$$a" "$$b"; done

-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d $(BUILD)/mutation/*/*/*.d)
