# How everything of ours is compiled.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 17)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

set(CORDYNA_SANITIZE "" CACHE STRING "address or thread: build with that sanitizer")
option(CORDYNA_FAILPOINTS "Compile in the failpoints that the crash tests use" OFF)

add_library(cordyna_options INTERFACE)
# Where several files are compiled as one (CMAKE_UNITY_BUILD), gcc takes what is private to one of them
# for something of a header, and both take a name of one for something that the next one hides: gcc can
# tell the locals, clang says it only where files stand alone, as for clang-tidy.
target_compile_options(cordyna_options INTERFACE
  $<$<NOT:$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wshadow>
  $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<CXX_COMPILER_ID:GNU>>:-Wshadow=local>
  $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<CXX_COMPILER_ID:GNU>,$<COMPILE_LANGUAGE:CXX>>:-Wno-subobject-linkage>
  -Wall -Wextra -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion> -Wno-missing-field-initializers -Werror
  # gcc 12 finds overlapping copies in "literal" + std::string that are not there (gcc bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # libstdc++ 12 sorts with a function of its own that it has marked as deprecated; gcc does not say so.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)
target_include_directories(cordyna_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(cordyna_options INTERFACE CORDYNA_VERSION="${PROJECT_VERSION}")
if(CORDYNA_FAILPOINTS)
  target_compile_definitions(cordyna_options INTERFACE CORDYNA_FAILPOINTS=1)
endif()

# The build with AddressSanitizer is clang's, that with ThreadSanitizer gcc's (CMakePresets.json).
if(CORDYNA_SANITIZE STREQUAL "address")
  # null and alignment are checked in the thread build and by the fuzz targets: they double the time
  # of the compiler, and what they find as a crash AddressSanitizer finds, too.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,alignment
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(CORDYNA_SANITIZE STREQUAL "thread")
  # -Wno-tsan: gcc does not instrument fences; we use none. What gcc takes for uninitialized among
  # sanitized code is often not; the release build is warned of it.
  add_compile_options(-fsanitize=thread,null,alignment -fno-sanitize-recover=null,alignment
    -fno-omit-frame-pointer -Wno-tsan -Wno-maybe-uninitialized)
  add_compile_definitions(CORDYNA_TSAN=1)
  add_link_options(-fsanitize=thread,null,alignment)
else()
  # Hardening (S44).
  add_compile_options(-fstack-protector-strong -fcf-protection)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")  # what nothing calls is left out
    add_compile_options(-ffunction-sections -fdata-sections)
    add_link_options(-Wl,--gc-sections)
  endif()
  add_compile_definitions($<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=3>)
  add_link_options(-Wl,-z,relro,-z,now
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
endif()

find_program(CORDYNA_CCACHE ccache)
if(CORDYNA_CCACHE)
  # What ccache wants to be told where headers are precompiled (cmake/headers.cmake).
  set(CMAKE_C_COMPILER_LAUNCHER ${CORDYNA_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CORDYNA_CCACHE})
  add_compile_options("$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:Clang>>:SHELL:-Xclang -fno-pch-timestamp>")
endif()
find_program(CORDYNA_MOLD mold)
if(CORDYNA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
