# Compiler, warnings and hardening, the same for every target.
#
# clang 19 builds everything. gcc 12 miscompiles coroutines and builds the core folders only, as a
# second opinion (RON_CORE_ONLY).
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
include(CheckPIESupported)
check_pie_supported()
if(NOT CMAKE_RUNTIME_OUTPUT_DIRECTORY)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT RON_CORE_ONLY)
  message(FATAL_ERROR "gcc miscompiles coroutines here: use clang (cmake --preset release), or "
                      "-DRON_CORE_ONLY=ON")
endif()

add_library(ron_options INTERFACE)
target_compile_options(ron_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Werror>)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(ron_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-designated-field-initializers>)
  add_link_options(-fuse-ld=lld)
else()
  target_compile_options(ron_options INTERFACE
    # clang judges conversions; gcc 12 also sees them in conditional expressions that cannot lose.
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers -Wno-conversion
      -Wno-sign-conversion>)
endif()

if(RON_SANITIZE)
  add_compile_options(-fsanitize=${RON_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RON_SANITIZE})
  if(RON_SANITIZE MATCHES "undefined")
    # The vptr check probes memory through a pipe: without a free file descriptor, which tests provoke
    # on purpose, it calls every object invalid.
    add_compile_options(-fno-sanitize=vptr)
  endif()
else()
  add_compile_options(-fstack-protector-strong)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_definitions(_FORTIFY_SOURCE=2)
  endif()
endif()
if(RON_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(RON_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
# libstdc++ ships its symbols; a static one keeps a micronode to one file.
if(NOT RON_SANITIZE)
  add_link_options(-static-libstdc++ -static-libgcc)
endif()
