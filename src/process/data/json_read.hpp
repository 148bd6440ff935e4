/// Reading checked values out of JSON objects, with errors that name the key.
///
/// Only for .cpp files of this folder. Threads: any.
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "process/data/step_result.hpp"

namespace cordyna::data {

/// kInputInvalid in phase kPrepare: "key: what is wrong".
[[nodiscard]] std::unexpected<TaskError> bad_value(std::string_view key, std::string_view what);

/// Absent and null give nullopt. A number or a boolean counts as its text.
[[nodiscard]] StepResult<std::optional<std::string>> read_text(const boost::json::object& object,
                                                               std::string_view key);
[[nodiscard]] StepResult<std::optional<double>> read_number(const boost::json::object& object,
                                                            std::string_view key);
[[nodiscard]] StepResult<std::optional<std::int64_t>> read_int(const boost::json::object& object,
                                                               std::string_view key);
[[nodiscard]] StepResult<std::optional<bool>> read_bool(const boost::json::object& object,
                                                        std::string_view key);
/// A duration as a canonical flow has it, "1500ms", or a number of milliseconds.
[[nodiscard]] StepResult<std::optional<std::int64_t>> read_millis(const boost::json::object& object,
                                                                  std::string_view key);
/// One text counts as a list of one. Absent gives an empty list.
[[nodiscard]] StepResult<std::vector<std::string>> read_texts(const boost::json::object& object,
                                                              std::string_view key);
/// Bytes: a number, or a text such as "512MB", "1GiB".
[[nodiscard]] StepResult<std::optional<std::uint64_t>> read_bytes(const boost::json::object& object,
                                                                  std::string_view key);
/// Null where absent.
[[nodiscard]] StepResult<const boost::json::object*> read_object(const boost::json::object& object,
                                                                 std::string_view key);

/// A piece of SQL that stays inside our parentheses, without the ";" at its end; `name` in errors.
[[nodiscard]] StepResult<std::string> read_fragment(const boost::json::object& object,
                                                    std::string_view key, std::string_view name);
/// The task under "of"; it must be there.
[[nodiscard]] StepResult<std::string> read_of(const boost::json::object& params);

/// One of a table's words.
template <class T, std::size_t N>
[[nodiscard]] StepResult<T> parse_word(std::string_view key, std::string_view word,
                                       const std::array<std::pair<std::string_view, T>, N>& words) {
  std::string all;
  for (const auto& [name, value] : words) {
    if (name == word) return value;
    all += all.empty() ? "" : ", ";
    all += name;
  }
  return bad_value(key, "one of " + all + " is wanted, not '" + std::string(word) + "'");
}

/// A key, as the standard library has texts.
[[nodiscard]] std::string text_of(std::string_view key);

/// A scalar as text: strings as they are, others as JSON.
[[nodiscard]] std::string scalar_text(const boost::json::value& value);

}  // namespace cordyna::data
