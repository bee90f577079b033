# ron::version: `#include "version.hpp"` for the semantic version, the git commit and its date.
# Its one source is rewritten at build time, only when something in it changed, so that a new commit
# compiles one small file.
set(RON_VERSION_DIR "${CMAKE_SOURCE_DIR}/cmake/version")
set(RON_VERSION_SOURCE "${CMAKE_BINARY_DIR}/version/version.cpp")
set(RON_VERSION_COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
    -DTEMPLATE=${RON_VERSION_DIR}/version.cpp.in -DOUTPUT=${RON_VERSION_SOURCE}
    -P ${RON_VERSION_DIR}/write.cmake)
execute_process(COMMAND ${RON_VERSION_COMMAND})
add_custom_target(ron_version_source COMMAND ${RON_VERSION_COMMAND}
                  BYPRODUCTS "${RON_VERSION_SOURCE}")
add_library(ron_version STATIC "${RON_VERSION_SOURCE}")
add_dependencies(ron_version ron_version_source)
target_include_directories(ron_version PUBLIC "${RON_VERSION_DIR}")
add_library(ron::version ALIAS ron_version)
