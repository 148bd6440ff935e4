// Any text can be analyzed, checked as a shell script, and rendered: to a value or to an error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "template/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace tmpl = cordyna::tmpl;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto analysis = tmpl::analyze(text);
  for (const auto& problem : analysis.problems) CHECK(problem.offset <= size);
  for (const auto& reference : analysis.references) CHECK(reference.offset <= size);
  for (const auto& problem : tmpl::check_shell(text)) CHECK(problem.offset <= size);

  const tmpl::Lookup lookup{
      .secret = [](std::string_view) { return cordyna::Result<std::string>("s"); },
      .env = [](std::string_view) { return cordyna::Result<std::string>("e"); }};
  const std::string context = R"({"inputs":{"a":"x'\"$(id)\n","n":3},"outputs":{}})";
  const auto rendered = tmpl::render(text, context, lookup);
  CHECK(rendered.has_value() || !rendered.error().message.empty());
  const auto script = tmpl::bind_shell(text, context, lookup);
  CHECK(script.has_value() || !script.error().message.empty());
  const auto sql = tmpl::bind_sql(text, context, lookup);
  CHECK(sql.has_value() || !sql.error().message.empty());
  return 0;
}
