/// Values of an enumeration that have names, in the order of their values.
///
/// Pure. Threads: any.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace cordyna {

/// The value of that name; nullopt: none has it.
template <class Value, std::size_t size>
[[nodiscard]] std::optional<Value> value_named(const std::array<std::string_view, size>& names,
                                               std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Value>(found - names.begin());
}

}  // namespace cordyna
