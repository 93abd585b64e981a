/* SPDX-License-Identifier: Apache-2.0 */
/* Force-included into every unit of the pure core and of sim's world: using what would make a run
 * depend on anything but its events is a compile error. The link check (tests/tidy) proves the same
 * on the archive. */
#ifndef CORE_BASE_PURE_H
#define CORE_BASE_PURE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma GCC poison malloc calloc realloc free strdup alloca
#pragma GCC poison printf fprintf sprintf snprintf vsnprintf puts fopen fwrite fread
#pragma GCC poison time clock gettimeofday clock_gettime localtime gmtime mktime strftime
#pragma GCC poison rand srand random srandom getenv setlocale getpid qsort
#pragma GCC poison exp log log2 log10 log1p expm1 pow sin cos tan tanh
#pragma GCC poison erf erfc lgamma tgamma cbrt fma
#pragma GCC poison strcpy strcat strtok atoi atof strtod

#endif
