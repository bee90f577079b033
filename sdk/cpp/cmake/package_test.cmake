# Installs the SDK from BUILD and builds the example of SOURCE against it with find_package and with
# pkg-config. Run with cmake -P.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}\n${out}")
  endif()
endfunction()

set(root "${BUILD}/package_test")
file(REMOVE_RECURSE "${root}")
run(${CMAKE_COMMAND} --build "${BUILD}" --target ron_sdk_bundle)
run(${CMAKE_COMMAND} --install "${BUILD}" --component sdk --prefix "${root}/prefix")

file(WRITE "${root}/user/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES CXX)
find_package(ron REQUIRED)
add_executable(user ${SOURCE}/examples/pubsub.cpp)
target_link_libraries(user PRIVATE ron::sdk)
")
run(${CMAKE_COMMAND} -S "${root}/user" -B "${root}/user/build" -DCMAKE_CXX_COMPILER=${CXX}
    "-DCMAKE_PREFIX_PATH=${root}/prefix")
run(${CMAKE_COMMAND} --build "${root}/user/build")

set(ENV{PKG_CONFIG_PATH} "${root}/prefix/${LIBDIR}/pkgconfig")
execute_process(COMMAND pkg-config --cflags --libs ron OUTPUT_VARIABLE flags RESULT_VARIABLE code
                OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "pkg-config does not find ron")
endif()
separate_arguments(flags)
run(${CXX} -std=c++23 "${SOURCE}/examples/pubsub.cpp" -o "${root}/by_pkg_config" ${flags})

# It runs, and says what is wrong when there is no node.
execute_process(COMMAND "${root}/user/build/user" "ron://127.0.0.1:1" RESULT_VARIABLE code
                ERROR_VARIABLE said)
if(NOT code EQUAL 1 OR NOT said MATCHES "127.0.0.1:1")
  message(FATAL_ERROR "the example behaves oddly: ${code} ${said}")
endif()
