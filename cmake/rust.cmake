# Rust is the same in each kind of build: ./dev gives all of them one folder, so that it is compiled once.
set(CORDYNA_CARGO_DIR ${CMAKE_BINARY_DIR}/cargo CACHE PATH "where cargo builds")

# cordyna_rust_library(TARGET CRATE_FOLDER ARCHIVE): a static library that cargo builds, with its lock file.
function(cordyna_rust_library target folder archive)
  find_program(CORDYNA_CARGO cargo REQUIRED)
  set(output ${CORDYNA_CARGO_DIR}/release/${archive})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/src/*.rs)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CORDYNA_CARGO} build --release --locked --quiet
            --manifest-path ${folder}/Cargo.toml --target-dir ${CORDYNA_CARGO_DIR}
    DEPENDS ${sources} ${folder}/Cargo.toml ${folder}/Cargo.lock
    COMMENT "cargo build ${folder}" VERBATIM)
  add_custom_target(${target}_build DEPENDS ${output})
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${output})
  add_dependencies(${target} ${target}_build)
endfunction()
