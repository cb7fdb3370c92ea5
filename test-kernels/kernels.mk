# Builds every test kernel to $(BUILD)/kernels/NAME.elf. Included by the top Makefile; alone:
#   make -f test-kernels/kernels.mk BUILD=/tmp/build all-kernels
BUILD ?= build
CC32 ?= gcc -m32
CC64 ?= gcc -m64
LD32 ?= ld -m elf_i386
LD64 ?= ld -m elf_x86_64
NASM ?= nasm
HOSTCC ?= cc

# name : class and code model : folder of the source : folder of kernel.ld : bytes of pattern
KERNEL_ROWS := \
    c0100000:32:c0100000:c0100000:0 \
    c0000000:32:c0000000:c0000000:0 \
    low32:32:low32:low32:0 \
    top2g:64kernel:top2g:top2g:0 \
    half64:64large:half64:half64:0 \
    low64:64small:low64:low64:0 \
    four:32:four:four:0 \
    four64:64kernel:four:four64:0 \
    shared-page:32:shared-page:shared-page:0 \
    below1m:32:below1m:below1m:0 \
    on-loader:32:on-loader:on-loader:352256 \
    zero-loader:32:zero-loader:zero-loader:0 \
    big32m:32:big32m:big32m:33554432 \
    above4g:64kernel:above4g:above4g:65536 \
    entry-physical:32:entry-physical:entry-physical:0 \
    state32:32:state:c0100000:0 \
    state64:64kernel:state:top2g:0 \
    state-off:32:state:low32:0 \
    usable32:32:usable:c0100000:0 \
    usable64:64kernel:usable:top2g:0 \
    modules32:32:modules:c0100000:0 \
    modules64:64kernel:modules:top2g:0 \
    wx32:32:wx:c0100000:0 \
    wx64:64kernel:wx:top2g:0 \
    no-paging:32:no-paging:low32:0 \
    nasm32:32:nasm32:c0100000:0 \
    example:64kernel:example:top2g:0 \
    example32:32:example:c0100000:0

KERNELS_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
KERNELS_OUT := $(BUILD)/kernels
KERNEL_Q := $(if $(V),,@)

KERNEL_INCLUDES := -iquote $(KERNELS_DIR)/lib -iquote $(KERNELS_DIR)/../include
KERNEL_CFLAGS := -std=c11 -Os -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
    -fno-asynchronous-unwind-tables -mgeneral-regs-only -Wall -Wextra -Werror -Wshadow \
    -Wmissing-prototypes -Wconversion -Wno-sign-conversion -MMD -MP $(KERNEL_INCLUDES)
KERNEL_LDFLAGS := -nostdlib -static --build-id=none -z max-page-size=0x1000 -z noexecstack

# Compiler, linker and NASM for each class and code model.
KERNEL_CC_32 = $(CC32) -march=i486
KERNEL_CC_64kernel = $(CC64) -mno-red-zone -mcmodel=kernel
KERNEL_CC_64large = $(CC64) -mno-red-zone -mcmodel=large
KERNEL_CC_64small = $(CC64) -mno-red-zone -mcmodel=small
KERNEL_LD_32 = $(LD32)
KERNEL_LD_64kernel = $(LD64)
KERNEL_LD_64large = $(LD64)
KERNEL_LD_64small = $(LD64)

kernel_objects = $(addprefix $(2)/,$(addsuffix .o,$(notdir \
    $(wildcard $(KERNELS_DIR)/$(1)/*.c $(KERNELS_DIR)/$(1)/*.S $(KERNELS_DIR)/$(1)/*.asm))))

# $(1) class and model, $(2) source folder, $(3) folder of the objects, $(4) more flags
define kernel_compile
$(3)/%.c.o: $(KERNELS_DIR)/$(2)/%.c
	@mkdir -p $$(@D)
	$(KERNEL_Q)$$(KERNEL_CC_$(1)) $(KERNEL_CFLAGS) $(4) -c -o $$@ $$<
$(3)/%.S.o: $(KERNELS_DIR)/$(2)/%.S
	@mkdir -p $$(@D)
	$(KERNEL_Q)$$(KERNEL_CC_$(1)) $(KERNEL_CFLAGS) $(4) -c -o $$@ $$<
$(3)/%.asm.o: $(KERNELS_DIR)/$(2)/%.asm $(KERNELS_DIR)/../include/aloft.inc
	@mkdir -p $$(@D)
	$(KERNEL_Q)$$(NASM) -f elf$(patsubst 64%,64,$(1)) -i $(KERNELS_DIR)/../include/ -o $$@ $$<
endef

$(foreach model,32 64kernel 64large 64small,\
    $(eval $(call kernel_compile,$(model),lib,$(KERNELS_OUT)/lib.$(model),)))

# $(1) name, $(2) class and model, $(3) source folder, $(4) script folder, $(5) bytes of pattern
define kernel_rules
$(call kernel_compile,$(2),$(3),$(KERNELS_OUT)/$(1).objects,-DKERNEL_NAME='"$(1)"')
$(KERNELS_OUT)/$(1).elf: $(KERNELS_DIR)/$(4)/kernel.ld \
    $(call kernel_objects,$(3),$(KERNELS_OUT)/$(1).objects) \
    $(call kernel_objects,lib,$(KERNELS_OUT)/lib.$(2)) \
    $(if $(filter-out 0,$(5)),$(KERNELS_OUT)/$(1).pattern.o)
	$(KERNEL_Q)$$(KERNEL_LD_$(2)) $(KERNEL_LDFLAGS) -T $$< -o $$@ $$(filter %.o,$$^)
$(KERNELS_OUT)/$(1).pattern: $(KERNELS_OUT)/pattern-file $(KERNELS_DIR)/kernels.mk
	$(KERNEL_Q)$$< $(5) > $$@
$(KERNELS_OUT)/$(1).pattern.o: $(KERNELS_DIR)/pattern/pattern.S $(KERNELS_OUT)/$(1).pattern
	$(KERNEL_Q)$$(KERNEL_CC_$(2)) $(KERNEL_CFLAGS) -DPATTERN_FILE='"$(KERNELS_OUT)/$(1).pattern"' -c -o $$@ $$<
KERNEL_FILES += $(KERNELS_OUT)/$(1).elf
endef

kernel_row = $(call kernel_rules,$(word 1,$(1)),$(word 2,$(1)),$(word 3,$(1)),$(word 4,$(1)),$(word 5,$(1)))
KERNEL_FILES :=
$(foreach row,$(KERNEL_ROWS),$(eval $(call kernel_row,$(subst :, ,$(row)))))

$(KERNELS_OUT)/pattern-file: $(KERNELS_DIR)/pattern/pattern-file.c $(KERNELS_DIR)/lib/pattern.h
	@mkdir -p $(@D)
	$(KERNEL_Q)$(HOSTCC) -std=c11 -O2 -Wall -Wextra -Werror -iquote $(KERNELS_DIR)/lib -o $@ $<

.PHONY: all-kernels
all-kernels: $(KERNEL_FILES) ## every test kernel
-include $(wildcard $(KERNELS_OUT)/*/*.d)
