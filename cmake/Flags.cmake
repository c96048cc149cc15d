# Compiler and linker flags for every target: warnings, sanitizers, hardening.
add_library(flags INTERFACE)
target_include_directories(flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(flags INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE
                           BRIDGE_VERSION="${PROJECT_VERSION}")
target_compile_options(flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes
  -Wswitch-enum -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
if(WERROR)
  target_compile_options(flags INTERFACE -Werror)
endif()
if(TEST_HOOKS)
  target_compile_definitions(flags INTERFACE BRIDGE_TEST_HOOKS=1)
endif()

set(sanitize "${SANITIZE}")
if(sanitize STREQUAL "")
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(sanitize address)
  else()
    set(sanitize none)
  endif()
endif()
if(sanitize STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(sanitize STREQUAL "thread")
  set(sanitizers -fsanitize=thread -fno-omit-frame-pointer)
elseif(sanitize STREQUAL "none")
  set(sanitizers "")
else()
  message(FATAL_ERROR "SANITIZE=${sanitize}: use address, thread or none")
endif()
target_compile_options(flags INTERFACE ${sanitizers} -g)
target_link_options(flags INTERFACE ${sanitizers})

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(flags INTERFACE -O1)
else()
  # OpenSSF Compiler Options Hardening Guide for C; the binary is checked by tests/style.
  target_compile_options(flags INTERFACE
    -fstack-protector-strong -fstack-clash-protection -fno-delete-null-pointer-checks
    -fno-strict-overflow)
  # clang 14 has the flag behind another one.
  include(CheckCCompilerFlag)
  check_c_compiler_flag(-ftrivial-auto-var-init=zero HAVE_AUTO_VAR_INIT)
  if(HAVE_AUTO_VAR_INIT)
    target_compile_options(flags INTERFACE -ftrivial-auto-var-init=zero)
  endif()
  if(sanitize STREQUAL "none")
    target_compile_options(flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
    target_compile_options(flags INTERFACE -fcf-protection=full)
  endif()
  target_link_options(flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
endif()
