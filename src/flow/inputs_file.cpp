#include <fmt/format.h>

#include <algorithm>

#include "flow/diagnostics.hpp"
#include "flow/flow_file.hpp"
#include "flow/json_text.hpp"
#include "flow/text_file.hpp"
#include "flow/typed_input.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {
namespace {

class InputsReader {
 public:
  InputsReader(const Flow& flow, Reporter& reporter) : flow_(flow), reporter_(reporter) {
    for (const InputSpec& input : flow.inputs) known_.emplace_back(input.id);
  }

  GivenInputs read(const Node& root) {
    if (root.kind != NodeKind::kMap) {
      reporter_.error(
          root, Code::kWrongType,
          fmt::format("inputs are a map of names to values, not {}", describe(root.kind)));
      return {};
    }
    for (const Node* key = root.first; key != nullptr; key = key->next->next) take(*key);
    return std::move(given_);
  }

 private:
  void take(const Node& key) {
    const auto input = std::ranges::find(flow_.inputs, key.text, &InputSpec::id);
    if (input == flow_.inputs.end()) {
      std::string hint = did_you_mean(key.text, known_);
      if (hint.empty()) {
        hint = known_.empty() ? "; the flow has none" : "; it has " + join_or(known_);
      }
      reporter_.error(key, Code::kUnknownKey,
                      fmt::format("unknown input {}{}", quoted(key.text), hint));
      return;
    }
    const Node& value = *key.next;
    if (value.kind == NodeKind::kNull && input->type != InputType::kJson) return;
    std::string text(value.text);
    if (input->type == InputType::kJson) {
      text.clear();
      append_json(text, value, KeyOrder::kAsWritten);
    } else if (!value.is_scalar()) {
      reporter_.error(value, Code::kWrongType,
                      fmt::format("input '{}' wants one value ({}), not {}", input->id,
                                  to_string(input->type), describe(value.kind)));
      return;
    }
    const Result<std::string> typed = typed_input(input->type, text);
    if (!typed.has_value()) {
      reporter_.error(value, Code::kBadValue,
                      fmt::format("input '{}' {}", input->id, typed.error().message));
      return;
    }
    given_.emplace_back(input->id, std::move(text));
  }

  const Flow& flow_;
  Reporter& reporter_;
  std::vector<std::string_view> known_;
  GivenInputs given_;
};

}  // namespace

Result<GivenInputs> read_inputs_file(const Flow& flow, const std::string& path) {
  TRY_ASSIGN(const std::string text, read_text_file(path, kInputsBytesMax));
  Findings findings;
  Reporter reporter(findings, path, text);
  YamlTree tree;
  GivenInputs given;
  const Node* root = tree.load(text, reporter);
  if (root != nullptr) given = InputsReader(flow, reporter).read(*root);
  if (!findings.has_error()) return given;
  std::string problems;
  for (const Diagnostic& found : findings.take(path)) {
    problems += (problems.empty() ? "" : "\n") + format(found);
  }
  return fail(ErrorCode::kInvalidArgument, std::move(problems));
}

}  // namespace cordyna::flow
