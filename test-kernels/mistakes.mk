# Kernels that die of a mistake, for the tests of `aloft doctor`: $(BUILD)/kernels/mistakes/NAME.elf.
# Included by the top Makefile; alone:
#   make -f test-kernels/mistakes.mk BUILD=/tmp/build all-mistakes
BUILD ?= build
LD32 ?= ld -m elf_i386
LD64 ?= ld -m elf_x86_64
NASM ?= nasm

# name : class : linker script
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
    trap64:64:native64

MISTAKES_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))/mistakes
MISTAKES_OUT := $(BUILD)/kernels/mistakes
MISTAKE_LDFLAGS := -nostdlib -static --build-id=none -z max-page-size=0x1000 -z noexecstack

# $(1) name, $(2) class, $(3) linker script
define mistake_rules
$(MISTAKES_OUT)/$(1).o: $(MISTAKES_DIR)/$(1)/kernel.asm $(MISTAKES_DIR)/common.inc
	@mkdir -p $$(@D)
	$(if $(V),,@)$$(NASM) -w+all -w-unknown-warning -w-reloc-rel -Werror -f elf$(patsubst 64%,64,$(2)) -i $(MISTAKES_DIR)/ -o $$@ $$<
$(MISTAKES_OUT)/$(1).elf: $(MISTAKES_DIR)/$(3).ld $(MISTAKES_OUT)/$(1).o
	$(if $(V),,@)$$(LD$(2)) $$(MISTAKE_LDFLAGS) -T $$< -o $$@ $$(filter %.o,$$^)
MISTAKE_FILES += $(MISTAKES_OUT)/$(1).elf
endef

MISTAKE_FILES :=
mistake_row = $(call mistake_rules,$(word 1,$(1)),$(word 2,$(1)),$(word 3,$(1)))
$(foreach row,$(MISTAKE_ROWS),$(eval $(call mistake_row,$(subst :, ,$(row)))))

.PHONY: all-mistakes
all-mistakes: $(MISTAKE_FILES) ## every kernel with a mistake
