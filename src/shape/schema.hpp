/// JSON Schemas of others as checks of values.
///
/// The whole of the drafts 2020-12 (where a schema names none), 2019-09, 7 and 6, by the crate
/// jsonschema; `format` is checked, but for formats that nobody knows. A reference leads within its
/// schema: nothing is ever fetched. A schema of somebody hostile costs bounded memory, stack and
/// time, when it is compiled and with any value: what is beyond is refused as a flaw.
///
/// Errors: flaws, at most ten, each at its JSON pointer. Threads: any.
/// Source: docs/decisions/046-json-schema.md.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/value_check.hpp"

namespace cordyna::shape {

inline constexpr std::size_t kSchemaBytesMax = std::size_t{256} << 10;

using SchemaOrFlaws = std::variant<std::shared_ptr<const ValueCheck>, std::vector<Flaw>>;

/// Takes 20 µs and more, a check one: keep what it gives.
[[nodiscard]] SchemaOrFlaws compile_schema(std::string_view text);

/// Compiled when it is first needed. One that is no schema refuses each value, with what is wrong
/// with it.
[[nodiscard]] std::shared_ptr<const ValueCheck> schema_when_needed(std::string text);

/// Flaws of a value in one line, for people: "#/output/rows is missing; …". `place`: where the
/// value stands, "#/output".
[[nodiscard]] std::string as_line(const std::vector<Flaw>& flaws, std::string_view place);

}  // namespace cordyna::shape
