# Builds every test kernel to $(BUILD)/kernels/NAME.elf. Included by the top Makefile; alone:
#   make -f test-kernels/kernels.mk BUILD=/tmp/build all-kernels
BUILD ?= build
CC32 ?= gcc -m32
CC64 ?= gcc -m64
LD32 ?= ld -m elf_i386
LD64 ?= ld -m elf_x86_64
NASM ?= nasm
OBJCOPY ?= objcopy
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
    on-loader:32:on-loader:on-loader:548864 \
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
    example32:32:example:c0100000:0 \
    enable:32:enable:low32:0 \
    nasm-tables:32:nasm-tables:low32:0 \
    pse-mix:32:pse-mix:low32:0 \
    higher-half:32:higher-half:c0100000:0 \
    higher-half-off:32flat:higher-half:c0100000:0 \
    half-4k:32:half-4k:half-4k:0 \
    half-4k-off:32flat:half-4k:half-4k:0 \
    lower-empty32:32:lower-empty:c0100000:0 \
    lower-empty64:64kernel:lower-empty:top2g:0 \
    split-40000000:32:split:split-40000000:0 \
    split-80000000:32:split:split-80000000:0 \
    split-e0000000:32:split:split-e0000000:0 \
    split-minus4g:64large:split:split-minus4g:0 \
    split-at-first:32:split:split-at-first:0 \
    split-at-after:32:split:split-at-after:0 \
    faults32:32:faults:low32:0 \
    faults64:64small:faults:low64:0 \
    tlb:32:tlb:c0100000:0 \
    segments:32:segments:c0100000:0 \
    guard32:32:guard:c0100000:0 \
    guard64:64kernel:guard:top2g:0 \
    user:32:user:c0100000:0 \
    heap:32:heap:half-4k:0 \
    translate:64small:translate:low64:0 \
    new-mapping:64small:new-mapping:low64:0 \
    device:64kernel:device:top2g:0 \
    tables-identity:64small:tables:low64:0 \
    tables-offset:64small:tables:low64:0 \
    tables-direct:64kernel:tables:top2g:0 \
    tables-window:64kernel:tables:top2g:0 \
    tables-recursive:64kernel:tables:top2g:0 \
    tables-own-recursive:64kernel:tables:top2g:0 \
    recursive32:32:recursive32:c0100000:0 \
    pie32:32pie:pie:pie:0 \
    pie64:64pie:pie:pie:0 \
    pie32-relr:32relr:pie:pie:0 \
    pie64-relr:64relr:pie:pie:0 \
    pixels32:32:pixels:c0100000:0 \
    pixels64:64kernel:pixels:top2g:0

KERNELS_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
KERNELS_OUT := $(BUILD)/kernels
KERNEL_Q := $(if $(V),,@)

KERNEL_INCLUDES := -iquote $(KERNELS_DIR)/lib -iquote $(KERNELS_DIR)/../include
KERNEL_CFLAGS := -std=c11 -Os -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
    -fno-delete-null-pointer-checks -fno-asynchronous-unwind-tables -mgeneral-regs-only -Wall \
    -Wextra -Werror -Wshadow -Wmissing-prototypes -Wconversion -Wno-sign-conversion -MMD -MP $(KERNEL_INCLUDES)
KERNEL_LDFLAGS := -nostdlib -static --build-id=none -z max-page-size=0x1000 -z noexecstack \
    -L $(KERNELS_DIR)/lib

# Compiler, linker and NASM for each class and code model.
KERNEL_CC_32 = $(CC32) -march=i486
KERNEL_CC_32flat = $(KERNEL_CC_32)
KERNEL_CC_64kernel = $(CC64) -mno-red-zone -mcmodel=kernel
KERNEL_CC_64large = $(CC64) -mno-red-zone -mcmodel=large
KERNEL_CC_64small = $(CC64) -mno-red-zone -mcmodel=small
KERNEL_CC_32pie = $(KERNEL_CC_32)
KERNEL_CC_64pie = $(CC64) -mno-red-zone
KERNEL_CC_32relr = $(KERNEL_CC_32)
KERNEL_CC_64relr = $(CC64) -mno-red-zone
KERNEL_LD_32 = $(LD32)
KERNEL_LD_32flat = $(LD32)
KERNEL_LD_64kernel = $(LD64)
KERNEL_LD_64large = $(LD64)
KERNEL_LD_64small = $(LD64)
# A static PIE; its relocations are REL for i386, RELA for x86-64, and RELR where it is asked for.
KERNEL_PIE_CFLAGS := -fpie -fvisibility=hidden -ftls-model=local-exec
KERNEL_PIE_LDFLAGS := -pie --no-dynamic-linker -z text -z relro --build-id=sha1
KERNEL_LD_32pie = $(LD32)
KERNEL_LD_64pie = $(LD64)
KERNEL_LD_32relr = $(LD32)
KERNEL_LD_64relr = $(LD64)
KERNEL_RELR := $(if $(findstring LLD,$(shell $(LD32) -v 2>&1)),--pack-dyn-relocs=relr,-z pack-relative-relocs)
KERNEL_MORE_CFLAGS = $(if $(filter %pie %relr,$(1)),$(KERNEL_PIE_CFLAGS))
KERNEL_MORE_LDFLAGS = $(if $(filter %pie %relr,$(1)),$(KERNEL_PIE_LDFLAGS)) $(if $(filter %relr,$(1)),$(KERNEL_RELR))
KERNEL_NASM = $(NASM) -f elf$(if $(filter 32%,$(1)),32,64)

# 32flat: linked 0xC0000000 above its load address; then the virtual addresses in the file's headers are
# made the physical ones, which --paging=off asks for. The code stays as it is: it turns paging on itself.
KERNEL_AFTER_32flat = && $(OBJCOPY) --change-section-vma '*-0xC0000000' --change-start -0xC0000000

kernel_objects = $(addprefix $(2)/,$(addsuffix .o,$(notdir \
    $(wildcard $(KERNELS_DIR)/$(1)/*.c $(KERNELS_DIR)/$(1)/*.S $(KERNELS_DIR)/$(1)/*.asm))))

# $(1) class and model, $(2) source folder, $(3) folder of the objects, $(4) more flags
define kernel_compile
$(3)/%.c.o: $(KERNELS_DIR)/$(2)/%.c
	@mkdir -p $$(@D)
	$(KERNEL_Q)$$(KERNEL_CC_$(1)) $(KERNEL_CFLAGS) $(call KERNEL_MORE_CFLAGS,$(1)) $(4) -c -o $$@ $$<
$(3)/%.S.o: $(KERNELS_DIR)/$(2)/%.S
	@mkdir -p $$(@D)
	$(KERNEL_Q)$$(KERNEL_CC_$(1)) $(KERNEL_CFLAGS) $(call KERNEL_MORE_CFLAGS,$(1)) $(4) -c -o $$@ $$<
$(3)/%.asm.o: $(KERNELS_DIR)/$(2)/%.asm $(KERNELS_DIR)/../include/aloft.inc $(wildcard $(KERNELS_DIR)/$(2)/*.inc)
	@mkdir -p $$(@D)
	$(KERNEL_Q)$$(call KERNEL_NASM,$(1)) -i $(KERNELS_DIR)/../include/ -i $(KERNELS_DIR)/$(2)/ -o $$@ $$<
endef

$(foreach model,32 32flat 64kernel 64large 64small 32pie 64pie 32relr 64relr,\
    $(eval $(call kernel_compile,$(model),lib,$(KERNELS_OUT)/lib.$(model),)))

# $(1) name, $(2) class and model, $(3) source folder, $(4) script folder, $(5) bytes of pattern
define kernel_rules
$(call kernel_compile,$(2),$(3),$(KERNELS_OUT)/$(1).objects,-DKERNEL_NAME='"$(1)"')
$(KERNELS_OUT)/$(1).elf: $(KERNELS_DIR)/$(4)/kernel.ld \
    $(call kernel_objects,$(3),$(KERNELS_OUT)/$(1).objects) \
    $(call kernel_objects,lib,$(KERNELS_OUT)/lib.$(2)) \
    $(if $(filter-out 0,$(5)),$(KERNELS_OUT)/$(1).pattern.o)
	$(KERNEL_Q)$$(KERNEL_LD_$(2)) $(KERNEL_LDFLAGS) $(call KERNEL_MORE_LDFLAGS,$(2)) -T $$< -o $$@ $$(filter %.o,$$^) $$(KERNEL_AFTER_$(2))$$(if $$(KERNEL_AFTER_$(2)), $$@)
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

# make run-kernel KERNEL=NAME [OPTIONS="--paging=off"] [MACHINE="--cpu=486 --memory=16M"]: boots one, its
# serial line on the terminal. Fails if the kernel does.
run-kernel: $(KERNELS_OUT)/$(KERNEL).elf $(BUILD)/aloft
	@rm -rf $(BUILD)/run-kernel && mkdir -p $(BUILD)/run-kernel/boot
	@cp $< $(BUILD)/run-kernel/boot/kernel.elf
	@echo "kernel $(OPTIONS) /boot/kernel.elf $(ARGUMENTS)" >$(BUILD)/run-kernel/boot/aloft.cfg
	@$(BUILD)/aloft run $(MACHINE) $(BUILD)/run-kernel -- -display none -serial stdio \
	    -device isa-debug-exit,iobase=0xf4,iosize=4; test $$? -eq 33

.PHONY: all-kernels run-kernel
all-kernels: $(KERNEL_FILES) ## every test kernel
-include $(wildcard $(KERNELS_OUT)/*/*.d)
