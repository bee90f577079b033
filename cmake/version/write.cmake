# Writes version.cpp: run at build time with -DSOURCE -DVERSION -DTEMPLATE -DOUTPUT.
execute_process(COMMAND git -C "${SOURCE}" rev-parse --show-toplevel OUTPUT_VARIABLE top
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
set(GIT "unknown")
set(DATE "unknown")
if(top STREQUAL SOURCE)
  execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD OUTPUT_VARIABLE GIT
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND git -C "${SOURCE}" show -s --format=%cI HEAD OUTPUT_VARIABLE DATE
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND git -C "${SOURCE}" diff --quiet HEAD RESULT_VARIABLE dirty ERROR_QUIET)
  if(dirty)
    set(GIT "${GIT}-dirty")
  endif()
else()
  # An unpacked archive: git wrote the commit when it made it.
  file(READ "${SOURCE}/cmake/version/commit.txt" commit)
  if(commit MATCHES "^([0-9a-f]+) ([^\n]+)")
    set(GIT "${CMAKE_MATCH_1}")
    set(DATE "${CMAKE_MATCH_2}")
  endif()
endif()
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
