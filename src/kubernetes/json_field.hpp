/// Fields of the API's objects: what is missing or of another type is empty.
///
/// Pure. Threads: any.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace cordyna::kubernetes {

using Path = std::initializer_list<std::string_view>;

/// Null: there is none.
[[nodiscard]] const boost::json::value* value_at(const boost::json::value& from, Path path);
[[nodiscard]] std::string text_at(const boost::json::value& from, Path path);
[[nodiscard]] std::optional<std::int64_t> number_at(const boost::json::value& from, Path path);
[[nodiscard]] bool flag_at(const boost::json::value& from, Path path);
/// Null: there is no list.
[[nodiscard]] const boost::json::array* list_at(const boost::json::value& from, Path path);

}  // namespace cordyna::kubernetes
