execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD OUTPUT_VARIABLE GIT
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -C "${SOURCE}" show -s --format=%cI HEAD OUTPUT_VARIABLE DATE
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -C "${SOURCE}" diff --quiet HEAD RESULT_VARIABLE DIRTY ERROR_QUIET)
if(NOT GIT)
  set(GIT "unknown")
elseif(DIRTY)
  set(GIT "${GIT}-dirty")
endif()
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
