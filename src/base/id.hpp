/// Ids as distinct types, so that the compiler refuses a swap.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include "base/time.hpp"

namespace cordyna {

/// A UUID in its 36-character lower-case form, of the kind that `Tag` names. Empty: none.
template <class Tag>
struct Id {
  std::string value;

  auto operator<=>(const Id&) const = default;
  [[nodiscard]] bool empty() const { return value.empty(); }
};

struct RunTag;
using RunId = Id<RunTag>;

/// A UUIDv7 (RFC 9562): its order is the order in time. `entropy` fills the 74 free bits.
[[nodiscard]] std::string make_uuid7(Millis now, const std::array<std::uint8_t, 10>& entropy);

/// The same with entropy from the operating system. Threads: any.
[[nodiscard]] std::string make_uuid7(Millis now);

/// Whether `text` is a UUID in the form that make_uuid7 writes.
[[nodiscard]] bool is_uuid(const std::string& text);

}  // namespace cordyna

template <class Tag>
struct std::hash<cordyna::Id<Tag>> {
  std::size_t operator()(const cordyna::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.value);
  }
};
