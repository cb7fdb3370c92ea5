# Kernels with a mistake: those that die of it, for the tests of `aloft doctor`, and those that show it in the file, for
# `aloft check` and the loader's refusals. $(BUILD)/kernels/mistakes/NAME.elf.
# Included by the top Makefile; alone:
#   make -f test-kernels/mistakes.mk BUILD=/tmp/build all-mistakes
BUILD ?= build
LD32 ?= ld -m elf_i386
LD64 ?= ld -m elf_x86_64
NASM ?= nasm

# For a kernel whose mistake newer linkers warn of.
QUIET_RWX := $(shell $(LD32) --no-warn-rwx-segments -v >/dev/null 2>&1 && echo --no-warn-rwx-segments)

# name : class : linker script : more options of the linker
MISTAKE_ROWS := \
    no-identity:32:high \
    virtual-cr3:32:high \
    virtual-pde:32:high \
    no-pse:32:high \
    stays-low:32:high \
    gdt-unmapped:32:high \
    idt-unmapped:32:high \
    stack-physical:32:high \
    stack-unset:32:high \
    stack-overflow:32:high \
    boot-info:32:high \
    text-screen:32:high \
    framebuffer:32:high \
    outgrown:32:high \
    wrong-entry:32:high \
    null-pointer:32:high \
    reserved-bits:32:low \
    read-only-parent:32:low \
    no-execute:32:low \
    sse-off:32:low \
    no-idt:32:low \
    interrupts-early:32:low \
    wild-pointer:32:high \
    no-long-mode:32:low \
    selector:32:low \
    returns:32:high \
    returns64:64:native64 \
    guard64:64:native64 \
    read-only64:64:native64 \
    la57-late64:64:native64 \
    trap64:64:native64 \
    at-forgotten:32:at-forgotten/kernel \
    at-same:32:at-same/kernel:--no-check-sections \
    at-drift:32:at-drift/kernel \
    at-orphan:32:at-orphan/kernel:--build-id=sha1 \
    at-other:32:at-other/kernel \
    header-late:32:header-late/kernel \
    header2-late:64:header2-late/kernel \
    header-unaligned:32:header-unaligned/kernel \
    header2-only:32:header2-only/kernel \
    header64:64:header64/kernel \
    hole:32:hole/kernel \
    entry-physical:32:entry-physical/kernel \
    entry-data:32:entry-data/kernel \
    shares-page:32:shares-page/kernel \
    within-page:32:within-page/kernel \
    page-conflict:32:page-conflict/kernel \
    writable-code:32:writable-code/kernel:$(QUIET_RWX) \
    code-model:64:code-model/kernel \
    bss-huge:32:bss-huge/kernel

MISTAKES_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))/mistakes
MISTAKES_OUT := $(BUILD)/kernels/mistakes
MISTAKE_LDFLAGS := -nostdlib -static --build-id=none -z max-page-size=0x1000 -z noexecstack

# A kernel has a source of its own, or the sections that all the others are linked from.
mistake_source = $(firstword $(wildcard $(MISTAKES_DIR)/$(1)/kernel.asm) $(MISTAKES_DIR)/sections.asm)

# $(1) name, $(2) class, $(3) linker script, $(4) more options of the linker
define mistake_rules
$(MISTAKES_OUT)/$(1).o: $(call mistake_source,$(1)) $(MISTAKES_DIR)/common.inc
	@mkdir -p $$(@D)
	$(if $(V),,@)$$(NASM) -w+all -w-unknown-warning -w-reloc-rel -Werror -f elf$(patsubst 64%,64,$(2)) -i $(MISTAKES_DIR)/ -o $$@ $$<
$(MISTAKES_OUT)/$(1).elf: $(MISTAKES_DIR)/$(3).ld $(MISTAKES_OUT)/$(1).o
	$(if $(V),,@)$$(LD$(2)) $$(MISTAKE_LDFLAGS) $(4) -T $$< -o $$@ $$(filter %.o,$$^)
MISTAKE_FILES += $(MISTAKES_OUT)/$(1).elf
endef

MISTAKE_FILES :=
mistake_row = $(call mistake_rules,$(word 1,$(1)),$(word 2,$(1)),$(word 3,$(1)),$(word 4,$(1)))
$(foreach row,$(MISTAKE_ROWS),$(eval $(call mistake_row,$(subst :, ,$(row)))))

.PHONY: all-mistakes
all-mistakes: $(MISTAKE_FILES) ## every kernel with a mistake
