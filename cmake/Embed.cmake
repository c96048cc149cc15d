# Files as C arrays: cmake -DOUTPUT=page_files.c "-DFILES=a;b" -P Embed.cmake; see bridge/flow/page_files.h.
# SPDX-License-Identifier: Apache-2.0
set(arrays "")
set(table "")
set(number 0)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR len "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const unsigned char file_${number}[] = {${bytes}};\n")
  string(APPEND table "\t{\"${name}\", file_${number}, ${len}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// The files of bridge/page, made by cmake/Embed.cmake.
// SPDX-License-Identifier: Apache-2.0
#include \"bridge/flow/page_files.h\"

${arrays}
const struct page_file page_files[] = {\n${table}\t{NULL, NULL, 0},\n};\n")
