find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS json)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)

# oap_library(NAME shared-target archive): oap_ext_NAME is the shared library, and for programs with the
# property OAP_STATIC its archive: these start without a dynamic linker's work (oap-hook).
function(oap_library NAME SHARED ARCHIVE)
  find_library(OAP_${NAME}_ARCHIVE NAMES ${ARCHIVE} REQUIRED)
  add_library(oap_ext_${NAME} INTERFACE)
  target_link_libraries(oap_ext_${NAME} INTERFACE
    $<IF:$<BOOL:$<TARGET_PROPERTY:OAP_STATIC>>,${OAP_${NAME}_ARCHIVE},${SHARED}>)
endfunction()
oap_library(json Boost::json libboost_json.a)
oap_library(re2 PkgConfig::RE2 libre2.a)
oap_library(yaml yaml-cpp libyaml-cpp.a)
oap_library(crypto OpenSSL::Crypto libcrypto.a)
oap_library(sqlite SQLite::SQLite3 libsqlite3.a)
# Debian has no archive of fmt: what it would hold is compiled from its own header.
add_library(oap_fmt_archive STATIC EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/cmake/fmt.cpp)
add_library(oap_ext_fmt INTERFACE)
target_link_libraries(oap_ext_fmt INTERFACE
  $<IF:$<BOOL:$<TARGET_PROPERTY:OAP_STATIC>>,oap_fmt_archive,fmt::fmt>)

add_library(oap_flags INTERFACE)
target_include_directories(oap_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(oap_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_compile_options(oap_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough
  -Wswitch-enum -Wconversion -Wno-sign-conversion
  -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(oap_flags INTERFACE -Wthread-safety -Wno-missing-field-initializers)
else()
  target_compile_options(oap_flags INTERFACE -Wno-attributes -Wno-missing-field-initializers)
endif()
if(OAP_WERROR)
  target_compile_options(oap_flags INTERFACE -Werror)
endif()
target_link_libraries(oap_flags INTERFACE oap_ext_fmt tl::expected Threads::Threads)
find_package(Threads REQUIRED)

target_link_options(oap_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT OAP_SANITIZE)
  target_compile_definitions(oap_flags INTERFACE _FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
endif()
if(OAP_SANITIZE)
  target_compile_options(oap_flags INTERFACE -fsanitize=${OAP_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(oap_flags INTERFACE -fsanitize=${OAP_SANITIZE})
endif()
if(OAP_FUZZ)
  target_compile_options(oap_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(OAP_MOLD mold)
if(OAP_MOLD)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_GREATER 12.1)
    target_link_options(oap_flags INTERFACE -fuse-ld=mold)
  endif()
endif()
find_program(OAP_CCACHE ccache)
if(OAP_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${OAP_CCACHE})
endif()
