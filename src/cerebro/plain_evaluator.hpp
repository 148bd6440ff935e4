/// Takes every template for plain text and every condition for true: where a run is only looked at,
/// and for tests.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "ports/evaluator.hpp"

namespace cordyna {

class PlainEvaluator final : public Evaluator {
 public:
  Result<std::string> render(std::string_view text, std::string_view) const override {
    return std::string(text);
  }
  Result<std::string> render_json(std::string_view json, std::string_view) const override {
    return std::string(json);
  }
  /// "no" is false, "wrong" cannot be told, all else is true.
  Result<bool> condition(std::string_view text, std::string_view) const override {
    if (text == "wrong") return fail(ErrorCode::kInvalidArgument, "undefined name");
    return text != "no";
  }
};

}  // namespace cordyna
