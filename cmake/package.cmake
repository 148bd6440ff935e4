# The shared library and its package: `cmake --install build/release --component library` installs it alone.
# Not of sanitized builds, whose runtime is the program's, not a library's.
if(CORDYNA_SANITIZE)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Of the sources of src/embed, src/input, src/event_container and src/event_http, what is marked CORDYNA_API is shown; of all others, nothing.
set(library_parts cordyna_embed cordyna_input_postgres cordyna_input_kafka cordyna_input_webhook cordyna_input_file cordyna_input_poll cordyna_input_redis cordyna_event_container cordyna_event_http)
list(TRANSFORM library_parts REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE library_objects)
add_library(cordyna SHARED ${library_objects})
add_library(cordyna::cordyna ALIAS cordyna)
target_link_libraries(cordyna PRIVATE ${library_parts})
set_property(TARGET cordyna PROPERTY CORDYNA_SYSTEM_LIBRARIES ON)
target_link_options(cordyna PRIVATE -Wl,--exclude-libs,ALL -Wl,--no-undefined
  -Wl,--version-script,${PROJECT_SOURCE_DIR}/packaging/library/cordyna.map)
set_property(TARGET cordyna PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/packaging/library/cordyna.map)
target_compile_features(cordyna PUBLIC cxx_std_23)
target_include_directories(cordyna INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
# Before 1.0 each minor version may break what was compiled against another.
set_target_properties(cordyna PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/cordyna)
file(RELATIVE_PATH CORDYNA_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(packaging/library/cordyna.pc.in ${CMAKE_CURRENT_BINARY_DIR}/cordyna.pc @ONLY)
configure_package_config_file(packaging/library/cordynaConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/cordynaConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/cordynaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)

install(TARGETS cordyna EXPORT cordyna COMPONENT library)
install(EXPORT cordyna FILE cordynaTargets.cmake NAMESPACE cordyna:: DESTINATION ${package_folder}
  COMPONENT library)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cordynaConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/cordynaConfigVersion.cmake DESTINATION ${package_folder} COMPONENT library)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/cordyna.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT library)
install(DIRECTORY include/cordyna DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library
  FILES_MATCHING PATTERN "*.hpp")
