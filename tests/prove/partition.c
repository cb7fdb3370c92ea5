/* partition_list() over any disk, with sectors of either size. */
#include "prove.h"

#include "partition.h"

struct partition_table table;

void prove(void) {
    struct source disk = prove_source();
    //@ widen_hints global:"all", 31, 32, 1024;
    partition_list(&disk, Frama_C_interval(0, 1) ? 512 : 2048, &table);
}
