#include "doctor_loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootcode.h"
#include "message.h"

void loader_line(struct loader_report *report, const char *line) {
    unsigned vector, code, ip;
    const char *calls = strstr(line, "  calls 0x");
    if (sscanf(line, "  vector %u, error code 0x%x, EIP 0x%x,", &vector, &code, &ip) == 3)
        *report = (struct loader_report){.found = true, .vector = vector, .code = code, .ip = ip};
    if (!report->found || !calls)
        return;
    char *at = (char *)(calls + strlen("  calls"));
    report->call_count = 0;
    while (report->call_count < LOADER_CALLS_MAX && !strncmp(at, " 0x", 3))
        report->calls[report->call_count++] = (u32)strtoul(at, &at, 16);
}

/* The symbols are lines as nm -n prints them: "00020090 T name", in rising order. */
const char *loader_function(u32 address) {
    struct bytes symbols = bootcode_symbols();
    const char *line = (const char *)symbols.at, *end = line + symbols.size;
    char name[80] = "", last[80] = "";
    u32 start = 0;
    while (line < end) {
        char kind;
        unsigned value;
        if (sscanf(line, "%x %c %79s", &value, &kind, name) == 3 && strchr("tT", kind)) {
            if (value > address)
                break;
            start = value;
            memcpy(last, name, sizeof last);
        }
        line = memchr(line, '\n', (size_t)(end - line));
        line = line ? line + 1 : end;
    }
    return *last ? make_text("%s+0x%x", last, address - start) : make_text("0x%x", address);
}
