// What only a whole task of type `python` can have wrong, and its requirements.
#include <fmt/format.h>

#include <algorithm>

#include "flow/json_text.hpp"
#include "flow/requirements.hpp"
#include "flow/task_reader.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

bool is_python_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !text.empty() && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// "a.b.c".
bool is_dotted_name(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_python_name(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

/// The first text in a value, or one inside of it, that looks a secret up.
const Node* find_secret_use(const Node& node, int depth = 0) {
  constexpr int kDepthMax = 100;
  if (depth > kDepthMax) return nullptr;
  if (node.is_scalar()) {
    if (!tmpl::has_template(node.text)) return nullptr;
    const auto analysis = tmpl::analyze(node.text);
    const bool found = std::ranges::any_of(analysis.references, [](const auto& reference) {
      return !reference.path.empty() && reference.path[0] == "secret";
    });
    return found ? &node : nullptr;
  }
  for (const Node* at = node.first; at != nullptr; at = at->next) {
    if (const Node* found = find_secret_use(*at, depth + 1); found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace

void TaskReader::read_requirements(const Node& value, TaskDraft& draft, ValueReader& reader) {
  std::vector<std::string> lines;
  if (value.kind != NodeKind::kList) {
    const KeySpec path{.kind = ValueKind::kText, .required = true};
    std::string json;
    if (!reader.read(value, path, "requirements", json)) return;
    auto loaded = requirements_.load(value, reporter_);
    if (!loaded.has_value()) return;
    lines = *std::move(loaded);
  } else {
    for (const Node* at = value.first; at != nullptr; at = at->next) {
      std::string json;
      if (!reader.read(*at, KeySpec{.kind = ValueKind::kText}, "requirements", json)) return;
      auto checked = check_requirement(at->text);
      if (!checked.has_value()) {
        reporter_.error(
            *at, Code::kBadValue,
            fmt::format("'requirements' has {}: {}", quoted(at->text), checked.error().message));
        return;
      }
      lines.push_back(*std::move(checked));
    }
  }
  std::string json;
  for (const std::string& line : lines) {
    json += json.empty() ? "" : ",";
    append_json_string(json, line);
  }
  draft.params.emplace_back("requirements", fmt::format("[{}]", json));
}

void TaskReader::check_python(TaskDraft& draft) {
  draft.reads_values = true;
  const Node& node = *draft.node;
  const Node* script = node.find("script");
  const Node* function = node.find("function");
  const Node* arguments = node.find("arguments");
  if (script == nullptr && function == nullptr) {
    reporter_.error(node, Code::kMissingKey,
                    fmt::format("{} has no 'script', and no 'function' instead; one is required",
                                draft.spec.id.empty() ? std::string("a task")
                                                      : fmt::format("task '{}'", draft.spec.id)));
  }
  if (script != nullptr && function != nullptr) {
    reporter_.error(*function, Code::kBadValue,
                    "a task has 'script' or 'function'; leave one of them out");
  }
  if (script != nullptr && function == nullptr && arguments != nullptr) {
    reporter_.error(*arguments, Code::kBadValue,
                    "'arguments' are those of a 'function'; a script reads `inputs` and `outputs` "
                    "from the module cordyna_task");
  }
  if (function != nullptr && function->is_scalar() && !tmpl::has_template(function->text)) {
    const std::size_t colon = function->text.find(':');
    if (!is_dotted_name(function->text.substr(0, colon)) || colon == std::string_view::npos ||
        !is_dotted_name(function->text.substr(colon + 1))) {
      reporter_.error(*function, Code::kBadValue,
                      fmt::format("'function' is MODULE:FUNCTION, as prices:load or "
                                  "jobs.prices:load, not {}",
                                  quoted(function->text)));
    }
  }
  if (arguments == nullptr) return;
  if (const Node* use = find_secret_use(*arguments); use != nullptr) {
    reporter_.error_in(
        *use, use->text.find('{'), Code::kTemplateNotAllowed,
        "arguments lie in a file, and no secret does; give it by "
        "env: {NAME: \"{{ secret('…') }}\"}, which the function finds in os.environ");
  }
}

}  // namespace cordyna::flow
