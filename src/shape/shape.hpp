/// What JSON objects look like that others send or get: fields, their types, what they are for.
///
/// Tables of these decide how a body is checked and what documents say of it; nothing else does.
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cordyna::shape {

enum class ValueType : std::uint8_t {
  kString,
  kInteger,
  kNumber,
  kBoolean,
  kTime,    ///< "2026-01-02T03:04:05.678Z"; seconds and below may be missing
  kObject,  ///< any JSON object
  kStrings,
  kRef,    ///< an object as `ref` says
  kRefs,   ///< a list of such
  kParts,  ///< a list of such, each of which is checked by itself, later: one may be wrong
  kAny,
};

/// A field of an object, or a parameter of a query.
struct Field {
  std::string_view name;
  ValueType type = ValueType::kString;
  bool required = false;
  std::string_view text;                       ///< what it is, for people
  std::span<const std::string_view> values{};  ///< kString: only these
  std::string_view ref{};                      ///< kRef, kRefs, kParts: name of an ObjectSpec
  std::int64_t min = 0;                        ///< kInteger
  std::int64_t max = 0;                        ///< kInteger; kString: bytes; 0: none
};

struct ObjectSpec {
  std::string_view name;
  std::string_view text;
  std::span<const Field> fields;
};

/// Null: it has no such field.
[[nodiscard]] const Field* find_field(const ObjectSpec& spec, std::string_view name);

/// Where a `ref` is looked up.
using Specs = std::span<const ObjectSpec* const>;

/// Null: none has this name.
[[nodiscard]] const ObjectSpec* find_spec(Specs specs, std::string_view name);

}  // namespace cordyna::shape
