/// What a Redis server answers.
///
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordyna::redis {

struct Reply {
  enum class Kind : std::uint8_t { kNil, kText, kNumber, kList };

  Kind kind = Kind::kNil;
  std::string text{};
  std::int64_t number = 0;
  std::vector<Reply> list{};

  [[nodiscard]] bool is_nil() const { return kind == Kind::kNil; }
  /// Of a list of names and values, as XINFO gives them; null: there is none.
  [[nodiscard]] const Reply* find(std::string_view name) const;
};

struct Fault {
  std::string word{};  ///< "NOGROUP", as the server said it; empty: the network, or TLS
  Error error{};
  bool too_large = false;  ///< the answer is more than we take
};

template <class T = void>
using Answer = std::expected<T, Fault>;

/// Of an error of the server: "NOGROUP No such key …". Never shows a password.
[[nodiscard]] Fault fault_of(std::string_view text);

}  // namespace cordyna::redis
