# Third-party libraries as ron:: targets. `./dev setup` provides them and records where they are.
if(DEFINED ENV{RON_DEPS_DIR})
  set(ron_deps_dir "$ENV{RON_DEPS_DIR}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(ron_deps_dir "$ENV{XDG_CACHE_HOME}/ron-deps")
else()
  set(ron_deps_dir "$ENV{HOME}/.cache/ron-deps")
endif()
foreach(record "${CMAKE_SOURCE_DIR}/build/deps.cmake" "${ron_deps_dir}/deps.cmake")
  if(EXISTS "${record}" AND NOT RON_BLAKE3_DIR)
    include("${record}")
  endif()
endforeach()
if(NOT RON_BLAKE3_DIR)
  message(FATAL_ERROR "dependencies are not set up: run ./dev setup")
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# BLAKE3: the official C sources; the SIMD variants are chosen at run time.
file(GLOB blake3_sources "${RON_BLAKE3_DIR}/blake3.c" "${RON_BLAKE3_DIR}/blake3_dispatch.c"
     "${RON_BLAKE3_DIR}/blake3_portable.c")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  file(GLOB blake3_assembly "${RON_BLAKE3_DIR}/*_x86-64_unix.S")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(blake3_assembly "${RON_BLAKE3_DIR}/blake3_neon.c")
endif()
add_library(ron_blake3 STATIC ${blake3_sources} ${blake3_assembly})
target_include_directories(ron_blake3 SYSTEM PUBLIC "${RON_BLAKE3_DIR}")
add_library(ron::blake3 ALIAS ron_blake3)

pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
add_library(ron_zstd INTERFACE)
target_link_libraries(ron_zstd INTERFACE PkgConfig::ZSTD)
add_library(ron::zstd ALIAS ron_zstd)

find_package(nlohmann_json REQUIRED)
find_package(GTest REQUIRED)
find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)

if(NOT RON_CORE_ONLY)
  # Never OpenSSL::SSL: another package's find_package(OpenSSL) would bind that to an older one.
  foreach(lib ssl crypto)
    add_library(ron_openssl_${lib} STATIC IMPORTED)
    set_target_properties(ron_openssl_${lib} PROPERTIES
      IMPORTED_LOCATION "${RON_OPENSSL_LIBDIR}/lib${lib}.a"
      INTERFACE_INCLUDE_DIRECTORIES "${RON_OPENSSL_PREFIX}/include")
    if(NOT EXISTS "${RON_OPENSSL_LIBDIR}/lib${lib}.a")
      message(FATAL_ERROR "OpenSSL >= 3.5 is not set up: run ./dev setup")
    endif()
  endforeach()
  target_link_libraries(ron_openssl_crypto INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
  target_link_libraries(ron_openssl_ssl INTERFACE ron_openssl_crypto)
  # Without this an executable re-exports the symbols and other libraries bind to them.
  target_link_options(ron_openssl_crypto INTERFACE
    "LINKER:--exclude-libs,libssl.a:libcrypto.a")
  add_library(ron::ssl ALIAS ron_openssl_ssl)
  add_library(ron::crypto_lib ALIAS ron_openssl_crypto)

  # Asio and Beast compiled once; everybody else sees declarations only.
  add_library(ron_asio STATIC "${CMAKE_SOURCE_DIR}/cmake/asio.cpp")
  target_compile_definitions(ron_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION
    BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
  target_link_libraries(ron_asio PUBLIC Threads::Threads)
  add_library(ron::asio ALIAS ron_asio)
endif()
