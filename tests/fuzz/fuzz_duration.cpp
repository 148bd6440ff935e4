// Any text is a duration, a size, or an error; the canonical form of a duration is that duration.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "base/durations.hpp"
#include "base/time.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto duration = cordyna::parse_duration(text);
  if (duration.has_value()) {
    CHECK(*duration >= 0);
    const auto again = cordyna::parse_duration(cordyna::canonical_duration(*duration));
    CHECK(again.has_value() && *again == *duration);
  } else {
    CHECK(!duration.error().message.empty());
  }
  const auto bytes = cordyna::parse_size(text);
  CHECK(bytes.has_value() || !bytes.error().message.empty());
  const auto at = cordyna::parse_timestamp(text);
  if (!at.has_value()) return 0;
  const auto same = cordyna::parse_timestamp(cordyna::format_timestamp(*at));
  CHECK(same.has_value() && *same == *at);
  return 0;
}
