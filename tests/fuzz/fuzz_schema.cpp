// Any text is a JSON Schema or has flaws, and any value is checked with it in bounded work: the
// first line is the schema, the rest the value.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "shape/schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace shape = cordyna::shape;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const auto made = shape::compile_schema(text.substr(0, end));
  const auto check = [](const std::vector<cordyna::Flaw>& flaws) {
    CHECK(flaws.size() <= 10);
    for (const cordyna::Flaw& flaw : flaws) {
      CHECK(flaw.at.starts_with('#'));
      CHECK(!flaw.detail.starts_with("cannot be checked (a bug)"));
    }
  };
  if (const auto* flaws = std::get_if<std::vector<cordyna::Flaw>>(&made)) {
    CHECK(!flaws->empty());
    check(*flaws);
    return 0;
  }
  const auto& schema = std::get<std::shared_ptr<const cordyna::ValueCheck>>(made);
  check(schema->flaws_of(end == std::string_view::npos ? "{}" : text.substr(end + 1)));
  return 0;
}
