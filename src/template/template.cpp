#include "template/template.hpp"

#include <fmt/format.h>

#include "template/engine.hpp"

namespace cordyna::tmpl {
namespace {

Lookup hidden() {
  const auto stars = [](std::string_view) -> Result<std::string> { return std::string("***"); };
  return {stars, stars};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

bool has_template(std::string_view text) {
  std::size_t at = 0;
  while ((at = text.find('{', at)) != std::string_view::npos) {
    if (++at >= text.size()) return false;
    if (text[at] == '{' || text[at] == '%' || text[at] == '#') return true;
  }
  return false;
}

Analysis analyze(std::string_view text) {
  if (!has_template(text)) return {};
  return analyze_text(text);
}

Result<std::string> render(std::string_view text, std::string_view context, const Lookup& lookup) {
  if (!has_template(text)) return std::string(text);
  return evaluate(text, context, lookup, Mode::kText);
}

Result<std::string> evaluate(std::string_view expression, std::string_view context,
                             const Lookup& lookup) {
  return evaluate(expression, context, lookup, Mode::kExpression);
}

Result<std::string> TemplateEvaluator::render(std::string_view text,
                                              std::string_view context) const {
  return tmpl::render(text, context, hidden());
}

Result<std::string> TemplateEvaluator::render_json(std::string_view json,
                                                   std::string_view context) const {
  return tmpl::render_json(json, context, hidden());
}

Result<bool> TemplateEvaluator::condition(std::string_view text, std::string_view context) const {
  TRY_ASSIGN(const std::string value, tmpl::render(text, context, hidden()));
  const std::string_view word = trimmed(value);
  if (word == "true") return true;
  if (word == "false") return false;
  const std::string_view shown = word.substr(0, 80);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("the condition {} gives '{}', which is neither true nor false; write a "
                          "comparison such as {{{{ inputs.n > 3 }}}}",
                          trimmed(text), shown));
}

}  // namespace cordyna::tmpl
