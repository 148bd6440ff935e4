# cordyna_texts(OUTPUT HEADER FUNCTION FILE...): makes the source file OUTPUT, which includes HEADER and defines
# FUNCTION of it, `std::span<const NamedText>`: each FILE by its name, in this order.
function(cordyna_texts output header function)
  set(maker ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/make_texts.cmake)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DHEADER=${header} -DFUNCTION=${function} "-DFILES=${ARGN}" -P ${maker}
    DEPENDS ${ARGN} ${maker} VERBATIM)
  set_source_files_properties(${output} PROPERTIES GENERATED ON SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
