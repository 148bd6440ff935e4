/// A column's text, as the server's types print it, as to_json of PostgreSQL would give it.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cordyna::input {

struct PgValueType {
  std::uint32_t base = 0;     ///< its OID; of a domain, that of the type beneath
  std::uint32_t element = 0;  ///< of an array: the same of its elements; 0: it is none
};

/// Numbers, booleans, JSON and arrays of all kinds as what they are, times as to_json has them, all
/// else, composite types too, as the text that it is.
[[nodiscard]] std::string json_of(PgValueType type, std::string_view text);

}  // namespace cordyna::input
