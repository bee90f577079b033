# ron::version: `#include "version.hpp"` with the semantic version, the git commit and the date.
# The header is rewritten at build time, and only when something in it changed.
set(RON_VERSION_DIR "${CMAKE_BINARY_DIR}/version")
set(RON_VERSION_COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
    -DTEMPLATE=${CMAKE_SOURCE_DIR}/cmake/version.hpp.in -DOUTPUT=${RON_VERSION_DIR}/version.hpp
    -P ${CMAKE_SOURCE_DIR}/cmake/write_version.cmake)
execute_process(COMMAND ${RON_VERSION_COMMAND})
add_custom_target(ron_version_header COMMAND ${RON_VERSION_COMMAND}
                  BYPRODUCTS "${RON_VERSION_DIR}/version.hpp")
add_library(ron_version INTERFACE)
add_dependencies(ron_version ron_version_header)
target_include_directories(ron_version INTERFACE "${RON_VERSION_DIR}")
add_library(ron::version ALIAS ron_version)
