# The Multiboot kernels: $(BUILD)/kernels/multiboot/mb1-*, mb2-*; .bin are the flat ones. Included by the top Makefile.
#
# All are one probe (multiboot/probe.c), in other files and with other headers.

# name : flags for entry.asm, with + for a space : where it is linked, if not at 1 MiB
MULTIBOOT_ROWS := \
    mb1-elf32:-DPROTOCOL=1 \
    mb1-video:-DPROTOCOL=1+-DVIDEO \
    mb1-kludge:-DPROTOCOL=1+-DKLUDGE \
    mb1-flag:-DPROTOCOL=1+-DFLAGS=0x800 \
    mb1-optional:-DPROTOCOL=1+-DFLAGS=0x40000 \
    mb2-elf32:-DPROTOCOL=2 \
    mb2-video:-DPROTOCOL=2+-DVIDEO \
    mb2-kludge:-DPROTOCOL=2+-DKLUDGE \
    mb1-video-elf32:-DPROTOCOL=1+-DVIDEO \
    mb2-video-elf32:-DPROTOCOL=2+-DVIDEO \
    mb1-video-kludge:-DPROTOCOL=1+-DVIDEO+-DKLUDGE \
    mb2-video-kludge:-DPROTOCOL=2+-DVIDEO+-DKLUDGE \
    mb1-any:-DPROTOCOL=1+-DVIDEO+-DSIZE=0,0,0 \
    mb2-any:-DPROTOCOL=2+-DVIDEO+-DSIZE=0,0,0 \
    mb1-text:-DPROTOCOL=1+-DVIDEO+-DSCREEN=1 \
    mb2-console:-DPROTOCOL=2+-DSCREEN=2 \
    mb2-console-video:-DPROTOCOL=2+-DVIDEO+-DSCREEN=2 \
    mb1-on-loader:-DPROTOCOL=1:0x1c000

MULTIBOOT_DIR := $(KERNELS_DIR)/multiboot
MULTIBOOT_OUT := $(KERNELS_OUT)/multiboot
MULTIBOOT_CFLAGS := $(filter-out -iquote%include,$(KERNEL_CFLAGS)) -Wno-array-bounds

# $(1) name, $(2) flags, $(3) place
define multiboot_rules
$(MULTIBOOT_OUT)/$(1).objects/entry.o: $(MULTIBOOT_DIR)/entry.asm
	@mkdir -p $$(@D)
	$(KERNEL_Q)$(NASM) -f elf32 $(2) -o $$@ $$<
$(MULTIBOOT_OUT)/$(1).elf: $(MULTIBOOT_DIR)/kernel.ld $(MULTIBOOT_OUT)/$(1).objects/entry.o $(MULTIBOOT_OUT)/multiboot.probe.o
	$(KERNEL_Q)$(LD32) $(KERNEL_LDFLAGS) $(if $(3),--defsym=base=$(3)) -T $$< -o $$@ $$(filter %.o,$$^)
$(MULTIBOOT_OUT)/$(1).bin: $(MULTIBOOT_OUT)/$(1).elf
	$(KERNEL_Q)$(OBJCOPY) -O binary $$< $$@
# The same code in an ELF64 file; the bytes of .bss are in the file.
$(MULTIBOOT_OUT)/$(1:32=64).wrap.o: $(MULTIBOOT_DIR)/wrap64.S $(MULTIBOOT_OUT)/$(1).elf
	$(KERNEL_Q)$(OBJCOPY) -O binary --set-section-flags .bss=alloc,load,contents $(MULTIBOOT_OUT)/$(1).elf $$@.bin
	$(KERNEL_Q)$(CC64) -DPAYLOAD='"$$@.bin"' -DPAYLOAD_ENTRY=$$$$(nm $(MULTIBOOT_OUT)/$(1).elf | sed -n 's/^\(.*\) T start$$$$/0x\1/p') -c -o $$@ $$<
endef

$(foreach row,$(MULTIBOOT_ROWS),$(eval $(call multiboot_rules,$(word 1,$(subst :, ,$(row))),$(subst +, ,$(word 2,$(subst :, ,$(row)))),$(word 3,$(subst :, ,$(row))))))

$(MULTIBOOT_OUT)/mb%-elf64.elf: $(MULTIBOOT_DIR)/wrap64.ld $(MULTIBOOT_OUT)/mb%-elf64.wrap.o
	$(KERNEL_Q)$(LD64) $(KERNEL_LDFLAGS) -T $< -e start -o $@ $(filter %.o,$^)

$(MULTIBOOT_OUT)/multiboot.probe.o: $(MULTIBOOT_DIR)/probe.c $(KERNELS_DIR)/lib/cpu.h
	@mkdir -p $(@D)
	$(KERNEL_Q)$(CC32) -march=i486 $(MULTIBOOT_CFLAGS) -c -o $@ $<

$(MULTIBOOT_OUT)/mb1-real-mode.bin: $(MULTIBOOT_DIR)/real-mode.asm
	@mkdir -p $(@D)
	$(KERNEL_Q)$(NASM) -f bin -o $@ $<

$(MULTIBOOT_OUT)/mb2-relocatable-%.bin: $(MULTIBOOT_DIR)/relocatable.asm
	@mkdir -p $(@D)
	$(KERNEL_Q)$(NASM) -f bin -DPREFERENCE=$* -o $@ $<

MULTIBOOT_FILES := $(foreach row,$(MULTIBOOT_ROWS),$(MULTIBOOT_OUT)/$(word 1,$(subst :, ,$(row))).elf) \
    $(addprefix $(MULTIBOOT_OUT)/,mb1-real-mode.bin mb2-relocatable-0.bin mb2-relocatable-1.bin mb2-relocatable-2.bin mb1-kludge.bin mb2-kludge.bin \
    mb1-video-kludge.bin mb2-video-kludge.bin mb1-elf64.elf mb2-elf64.elf mb1-video-elf64.elf mb2-video-elf64.elf)

.PHONY: all-multiboot
all-kernels: all-multiboot
all-multiboot: $(MULTIBOOT_FILES)
