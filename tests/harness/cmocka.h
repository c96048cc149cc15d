/* cmocka - the test library with the headers that it wants before it. */
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_HARNESS_CMOCKA_H
#define TESTS_HARNESS_CMOCKA_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#endif
