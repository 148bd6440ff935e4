# cordyna_built_pages(SOURCE REFERENCE FOLDER VARIABLE): the web UI, built by Node.js in a folder that all
# kinds of build share, as a source file that holds its files.
function(cordyna_built_pages source reference folder variable)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  find_program(CORDYNA_NPM npm)
  if(NOT CORDYNA_NPM)
    message(FATAL_ERROR "the web UI wants Node.js and npm: './dev build' brings them, or build without by -DCORDYNA_UI=OFF")
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${source}/src/* ${source}/tools/*)
  file(GLOB settings CONFIGURE_DEPENDS ${source}/*.json ${source}/*.ts ${source}/*.js ${source}/*.html)
  set(output ${folder}/ui_files.cpp)
  set(tool ${PROJECT_SOURCE_DIR}/tools/ui/build.py)
  add_custom_command(OUTPUT ${output}
    COMMAND ${Python3_EXECUTABLE} ${tool} --npm ${CORDYNA_NPM} --source ${source} --reference ${reference} --folder ${folder}
    DEPENDS ${sources} ${settings} ${source}/.npmrc ${reference}/openapi.json ${reference}/flow.schema.json ${tool}
    COMMENT "npm run build ${source}" VERBATIM)
  set_source_files_properties(${output} PROPERTIES GENERATED ON SKIP_UNITY_BUILD_INCLUSION ON)
  set(${variable} ${output} PARENT_SCOPE)
endfunction()
