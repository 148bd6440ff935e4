/// Shapes as JSON Schema (2020-12).
///
/// Pure. Threads: any.
#pragma once

#include <string_view>

#include "shape/shape.hpp"

namespace boost::json {
class object;  // NOLINT(readability-identifier-naming): Boost's
}

namespace cordyna::shape {

/// `refs`: where the schemas of other shapes stand, as "#/components/schemas/". Of a field that is
/// a reference, nothing else.
[[nodiscard]] boost::json::object schema_of(const Field& field, std::string_view refs);

/// `is_open`: fields that are not named may stand there, too.
[[nodiscard]] boost::json::object schema_of(const ObjectSpec& spec, std::string_view refs,
                                            bool is_open = false);

}  // namespace cordyna::shape
