/* A 32-bit kernel, linked to plain bytes, in an ELF64 file. */
    .section .payload, "ax"
    .global start
    .incbin PAYLOAD
    .set start, PAYLOAD_ENTRY
