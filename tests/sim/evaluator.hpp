/// Templates of the simulator's flows: text is what it is, and a condition is one of a few words.
#pragma once

#include <string>
#include <string_view>

#include "ports/evaluator.hpp"

namespace cordyna::sim {

class WordEvaluator final : public Evaluator {
 public:
  /// "{inputs}" is what the run was given.
  Result<std::string> render(std::string_view text, std::string_view context) const override {
    if (text != "{inputs}") return std::string(text);
    const std::size_t begin = context.find("\"inputs\":") + 9;
    return std::string(context.substr(begin, context.find(",\"labels\"") - begin));
  }
  Result<std::string> render_json(std::string_view json, std::string_view) const override {
    return std::string(json);
  }
  /// "at " and a time holds from then on.
  Result<bool> condition(std::string_view text, std::string_view context) const override {
    const std::size_t now = context.find("\"now\":\"");
    if (text.starts_with("at ") && now != std::string_view::npos)
      return context.substr(now + 7, 24) >= text.substr(3);
    if (text == "true" || text == "false") return text == "true";
    return fail(ErrorCode::kInvalidArgument, "neither true nor false");
  }
};

}  // namespace cordyna::sim
