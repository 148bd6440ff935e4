# Run by cordyna_texts() (texts.cmake): OUTPUT, HEADER, FUNCTION, FILES.
set(constants "")
set(rows "")
set(number 0)
foreach(path IN LISTS FILES)
  file(READ ${path} text)
  get_filename_component(name ${path} NAME)
  string(APPEND constants "constexpr std::string_view kText${number} = R\"~text~(${text})~text~\";\n")
  string(APPEND rows "    {\"${name}\", kText${number}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT}
  "#include \"${HEADER}\"\n\nnamespace cordyna {\nnamespace {\n\n${constants}\n"
  "constexpr NamedText kTexts[] = {\n${rows}};\n\n}  // namespace\n\n"
  "std::span<const NamedText> ${FUNCTION}() {\n  return kTexts;\n}\n\n}  // namespace cordyna\n")
