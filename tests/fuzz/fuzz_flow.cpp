// Any text is a flow or a list of errors; a flow's canonical form gives the same flow again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "flow/flow_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = cordyna::flow::parse(text, "flow.yaml", "/nonexistent");
  bool errors = false;
  for (const auto& diagnostic : parsed.diagnostics) {
    CHECK(!diagnostic.message.empty());
    CHECK(!cordyna::flow::format(diagnostic).empty());
    errors = errors || diagnostic.severity == cordyna::flow::Severity::kError;
  }
  CHECK(errors == (parsed.flow == nullptr));
  if (parsed.flow != nullptr) {
    const auto again = cordyna::flow::from_canonical(parsed.canonical, "/nonexistent");
    CHECK(again.has_value());
    CHECK((*again)->hash == parsed.flow->hash);
  }
  return 0;
}
