# What most of our sources include of others is read once by the compiler, not once for each file
# (docs/decisions/034-files-together.md). Only where several files are compiled as one: a file that stands
# alone, as for clang-tidy, must include what it needs by itself. Only by clang: gcc 12 forgets that they are
# headers of the system, and warns of what is in them.
# Not <filesystem>: it brings std::quoted, which is then found beside ours.
set(CORDYNA_OFTEN <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <deque>
                  <expected> <fstream> <functional> <map> <memory> <mutex> <optional> <random>
                  <set> <span> <string> <string_view> <thread> <utility> <variant> <vector>
                  <fmt/format.h> <fmt/ranges.h>)

# cordyna_often_included(KIND SOURCE_TYPE HEADERS ... DEPS ...): a target that holds them precompiled.
function(cordyna_often_included kind type)
  cmake_parse_arguments(ARG "" "" "HEADERS;DEPS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/headers/${kind}.cpp)
  if(type STREQUAL "executable")
    file(CONFIGURE OUTPUT ${source} CONTENT "int main() {}\n")
    add_executable(cordyna_headers_${kind} EXCLUDE_FROM_ALL ${source})
  else()
    file(CONFIGURE OUTPUT ${source} CONTENT "namespace cordyna {}\n")
    add_library(cordyna_headers_${kind} STATIC EXCLUDE_FROM_ALL ${source})
  endif()
  target_link_libraries(cordyna_headers_${kind} PRIVATE cordyna_options fmt::fmt ${ARG_DEPS})
  target_precompile_headers(cordyna_headers_${kind} PRIVATE ${CORDYNA_OFTEN} ${ARG_HEADERS})
endfunction()

set(CORDYNA_PRECOMPILE OFF)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(CORDYNA_PRECOMPILE ON)
  find_package(Boost 1.81 REQUIRED COMPONENTS json)
  find_package(GTest REQUIRED)
  cordyna_often_included(plain library)
  cordyna_often_included(json library HEADERS <boost/json.hpp> DEPS Boost::json)
  cordyna_often_included(plain_test executable HEADERS <gtest/gtest.h> DEPS GTest::gtest_main)
  cordyna_often_included(json_test executable HEADERS <boost/json.hpp> <gtest/gtest.h> DEPS Boost::json GTest::gtest_main)
endif()

# cordyna_precompile(TARGET [TEST] DEPS ...): the target, which has these dependencies, reads them there.
function(cordyna_precompile target)
  cmake_parse_arguments(ARG "TEST" "" "DEPS" ${ARGN})
  if(NOT CORDYNA_PRECOMPILE OR NOT "fmt::fmt" IN_LIST ARG_DEPS)
    return()
  endif()
  set(kind plain)
  if("Boost::json" IN_LIST ARG_DEPS)
    set(kind json)
  endif()
  if(ARG_TEST)
    string(APPEND kind _test)
  endif()
  target_precompile_headers(${target} REUSE_FROM cordyna_headers_${kind})
endfunction()
