/* aloft plan --json: a plan for other programs. docs/plan-json.md describes it. */
#ifndef TOOLS_PLAN_JSON_H
#define TOOLS_PLAN_JSON_H

#include "model.h"
#include "tables.h"
#include "work.h"

struct json_wish {
    const struct model *model;
    const struct work *work;       /* planned and finished */
    const struct words *addresses; /* to be translated */
};

/* One object on standard output. ERROR_MEMORY_MAP_FULL where the kernel's memory map cannot be
 * made. */
MUST_USE struct error print_plan_json(const char *who, const struct json_wish *wish);

/* {"error": ...} instead, where there is no plan. */
void print_error_json(const struct error *error);

#endif
