/// JSON that is looked at where it lies: what is an object inside stays the text that it was, so
/// that numbers and the order of keys come out as they came in.
///
/// Borrows the text. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna::client {

class JsonSlice {
 public:
  /// Nothing: what a member that is not there gives. All that is asked of it is empty.
  JsonSlice() = default;

  /// Checks that all of `text` is one JSON value. Errors: kCorrupt.
  [[nodiscard]] static Result<JsonSlice> parse(std::string_view text);

  [[nodiscard]] bool exists() const { return !raw_.empty(); }
  [[nodiscard]] bool is_object() const { return raw_.starts_with('{'); }
  [[nodiscard]] bool is_array() const { return raw_.starts_with('['); }

  /// Of an object; the first of that name.
  [[nodiscard]] JsonSlice member(std::string_view name) const;
  [[nodiscard]] std::vector<std::pair<std::string, JsonSlice>> members() const;
  /// Of an array.
  [[nodiscard]] std::vector<JsonSlice> items() const;

  /// Of a string, without its escapes; empty: it is none.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::int64_t number(std::int64_t otherwise = 0) const;
  [[nodiscard]] bool flag() const { return raw_ == "true"; }
  [[nodiscard]] Millis time() const;  ///< 0: it is none
  /// As it stands there.
  [[nodiscard]] std::string_view raw() const { return raw_; }

  // Of members, in short.
  [[nodiscard]] std::string text(std::string_view name) const { return member(name).text(); }
  [[nodiscard]] std::int64_t number(std::string_view name) const { return member(name).number(); }
  [[nodiscard]] std::uint32_t count(std::string_view name) const;  ///< a number that is none: 0
  [[nodiscard]] bool flag(std::string_view name) const { return member(name).flag(); }
  [[nodiscard]] Millis time(std::string_view name) const { return member(name).time(); }
  [[nodiscard]] std::string raw(std::string_view name) const {
    return std::string(member(name).raw());
  }

 private:
  explicit JsonSlice(std::string_view raw) : raw_(raw) {}

  std::string_view raw_;
};

}  // namespace cordyna::client
