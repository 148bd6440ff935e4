/// JSON that somebody sent: parsed within limits and checked against its ObjectSpec.
///
/// Errors are found all at once, each at its JSON pointer. Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/value_check.hpp"
#include "shape/shape.hpp"

namespace boost::json {
class object;  // NOLINT(readability-identifier-naming): Boost's
}

namespace cordyna::shape {

using cordyna::Flaw;

/// An object that was checked against its ObjectSpec. Cheap to copy. What is missing reads as
/// empty, 0 or false.
class JsonBody {
 public:
  JsonBody() = default;
  explicit JsonBody(std::shared_ptr<const boost::json::object> object)
      : object_(std::move(object)) {}

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t otherwise = 0) const;
  [[nodiscard]] double real(std::string_view name, double otherwise = 0) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  /// Whatever it is, as JSON text; empty: missing.
  [[nodiscard]] std::string json(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  /// Empty: missing.
  [[nodiscard]] JsonBody object(std::string_view name) const;
  /// The objects of a list.
  [[nodiscard]] std::vector<JsonBody> objects(std::string_view name) const;

  /// Null: empty. Lives as long as this.
  [[nodiscard]] const boost::json::object* raw() const { return object_.get(); }

 private:
  std::shared_ptr<const boost::json::object> object_;  // null: empty
};

/// What is wrong with a text that should be JSON; nullopt: nothing. It is UTF-8 without BOM, at
/// most 32 levels deep, no object has a key twice, and a double can hold each number. No message
/// has a value.
[[nodiscard]] std::optional<std::string> json_flaw(std::string_view text);

using BodyOrFlaws = std::variant<JsonBody, std::vector<Flaw>>;

/// What becomes of a field that no spec names.
enum class Unknown : std::uint8_t { kRefused, kIgnored };

/// JSON as above: an object with all required fields, each of its type. `specs`: those that it
/// refers to.
[[nodiscard]] BodyOrFlaws read_body(std::string_view text, const ObjectSpec& spec, Specs specs = {},
                                    Unknown unknown = Unknown::kRefused);

/// The same of what was read already, as a part of another; it is at `at` there.
[[nodiscard]] std::vector<Flaw> check_body(const JsonBody& body, const ObjectSpec& spec,
                                           Specs specs, Unknown unknown, const std::string& at);

}  // namespace cordyna::shape
