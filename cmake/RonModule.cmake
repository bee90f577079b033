# One folder, one target: a wrong include has nothing to link against.
#
#   ron_module(oap DEPS base LIBS ron::zstd)
#
# makes ron_oap (alias ron::oap) of the folder's *.cpp, and oap_test of its *_test.cpp.
function(ron_add_folder folder)
  if(EXISTS "${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory("${folder}")
  endif()
endfunction()

# ThinLTO where it pays: for the node, across the folders a message passes. The objects carry native
# code as well, so that everything else links without it, and fast.
set(ron_lto_modules base oap policy session gossip mesh node runtime transport host crypto)

function(ron_module name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS;TEST_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "*.cpp")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  if(sources)
    add_library(ron_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(ron_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(ron::${name} ALIAS ron_${name})
  target_include_directories(ron_${name} ${scope} "${CMAKE_SOURCE_DIR}/src")
  if(sources)
    target_link_libraries(ron_${name} PRIVATE ron_options)
    if(RON_LTO AND name IN_LIST ron_lto_modules)
      target_compile_options(ron_${name} PRIVATE
        $<$<COMPILE_LANGUAGE:CXX>:-flto=thin -ffat-lto-objects>)
    endif()
    if(RON_CORE_ONLY AND NOT name STREQUAL "config")  # the TOML reader behind config/ may throw
      target_compile_options(ron_${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
    endif()
  endif()
  list(TRANSFORM ARG_DEPS PREPEND ron_)
  target_link_libraries(ron_${name} ${scope} ${ARG_DEPS} ${ARG_LIBS})
  if(tests)
    ron_test(${name}_test SOURCES ${tests} LIBS ron_${name} ${ARG_TEST_LIBS})
  endif()
endfunction()

# For code that waits for people: half the time to compile, and nobody notices at run time.
function(ron_compile_quickly name)
  target_compile_options(${name} PRIVATE $<IF:$<CONFIG:Release>,-O1,-O0>)
endfunction()

# The test framework's headers, parsed once for all tests instead of three seconds for each file.
function(ron_test_headers)
  if(TARGET ron_test_headers)
    return()
  endif()
  file(WRITE "${CMAKE_BINARY_DIR}/test_headers.cpp" "int main() {}\n")
  add_executable(ron_test_headers EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/test_headers.cpp")
  target_compile_definitions(ron_test_headers PRIVATE RON_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(ron_test_headers PRIVATE ron_options GTest::gmock GTest::gtest)
  target_precompile_headers(ron_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

# A GoogleTest executable, registered with ctest test by test.
function(ron_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/src")
  target_compile_definitions(${name} PRIVATE RON_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ron_options ${ARG_LIBS} GTest::gmock GTest::gtest
                        GTest::gtest_main ${RAPIDCHECK_LIBRARY})
  ron_test_headers()
  target_precompile_headers(${name} REUSE_FROM ron_test_headers)
  set_target_properties(${name} PROPERTIES
    UNITY_BUILD OFF
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# A program for people, in the binary directory.
function(ron_executable name)
  cmake_parse_arguments(ARG "LTO" "" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS "*.cpp")
    list(FILTER ARG_SOURCES EXCLUDE REGEX "_test\\.cpp$")
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(${name} PRIVATE ron_options ${ARG_LIBS})
  if(RON_LTO AND ARG_LTO)
    target_link_options(${name} PRIVATE -flto=thin -ffat-lto-objects
      "LINKER:--thinlto-cache-dir=${CMAKE_BINARY_DIR}/lto-cache")
  endif()
  if(NOT RON_SANITIZE)
    add_test(NAME ${name}_exports
      COMMAND "${CMAKE_SOURCE_DIR}/tools/lint/check_exports.py" $<TARGET_FILE:${name}>)
  endif()
endfunction()
