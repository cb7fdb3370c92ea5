/* A picture as a file: SVG 1.1, without scripts and without fonts of its own. */
#ifndef TOOLS_SVG_H
#define TOOLS_SVG_H

#include <stdio.h>

#include "draw.h"

void svg_write(FILE *to, const struct picture *picture);

#endif
