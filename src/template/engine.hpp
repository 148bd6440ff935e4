/// The template engine as C++ sees it: the only file that knows the C interface is engine.cpp.
///
/// Errors: kInvalidArgument with the place ("at byte 12"); what the lookup returned; kInternal for
/// a bug of the engine. Threads: any.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "template/template.hpp"

namespace cordyna::tmpl {

enum class Mode : std::uint8_t { kText, kExpression };

/// One evaluation: a template's text, or one expression's value as JSON.
[[nodiscard]] Result<std::string> evaluate(std::string_view text, std::string_view context,
                                           const Lookup& lookup, Mode mode);

struct Expression {
  std::size_t size = 0;  ///< bytes from "{{" to behind "}}"
  bool is_raw = false;   ///< `raw` is the last filter
};

/// Of a text that begins with "{{". Offsets of the problem count from there. An expression in a
/// script is 64 KiB at most.
[[nodiscard]] std::expected<Expression, Problem> find_expression(std::string_view text);

[[nodiscard]] Analysis analyze_text(std::string_view text);

}  // namespace cordyna::tmpl
