# cordyna_quick_to_compile(TARGET): sanitized, the compiler optimizes nothing, which takes it half the time.
# For code in which no test spends its time: test programs, and what only answers people.
function(cordyna_quick_to_compile target)
  if(CORDYNA_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# cordyna_library(NAME [COLD] SOURCES ... [DEPS ...] [PRIVATE_DEPS ...] [TESTS ...] [TEST_DEPS ...])
#
# One folder, one library `cordyna_NAME`, one test program `cordyna_NAME_test`. DEPS are names of our own
# libraries; PRIVATE_DEPS are third-party targets, which no user of the library sees. COLD: it is to be
# quick to compile.
function(cordyna_library name)
  cmake_parse_arguments(ARG "COLD" "" "SOURCES;DEPS;PRIVATE_DEPS;TESTS;TEST_DEPS" ${ARGN})
  add_library(cordyna_${name} STATIC ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPS PREPEND cordyna_)
  target_link_libraries(cordyna_${name} PUBLIC ${ARG_DEPS} PRIVATE cordyna_options ${ARG_PRIVATE_DEPS})
  cordyna_precompile(cordyna_${name} DEPS ${ARG_PRIVATE_DEPS})
  if(ARG_COLD)
    cordyna_quick_to_compile(cordyna_${name})
  endif()
  if(ARG_TESTS)
    find_package(GTest REQUIRED)
    add_executable(cordyna_${name}_test ${ARG_TESTS})
    list(TRANSFORM ARG_TEST_DEPS PREPEND cordyna_)
    target_link_libraries(cordyna_${name}_test
      PRIVATE cordyna_${name} ${ARG_TEST_DEPS} cordyna_options ${ARG_PRIVATE_DEPS} GTest::gtest_main)
    cordyna_quick_to_compile(cordyna_${name}_test)
    cordyna_precompile(cordyna_${name}_test TEST DEPS ${ARG_PRIVATE_DEPS})
    add_test(NAME unit.${name} COMMAND cordyna_${name}_test)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()
