#include "flow/inputs_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "flow/diagnostics.hpp"
#include "flow/flow_file.hpp"
#include "flow/input_rules.hpp"
#include "flow/json_text.hpp"
#include "flow/path_input.hpp"
#include "flow/text_file.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {
namespace {

class InputsReader {
 public:
  InputsReader(const Flow& flow, Reporter& reporter, std::string folder)
      : flow_(flow), reporter_(reporter), folder_(std::move(folder)) {
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
    if (input->type == InputType::kJson) {
      std::string json;
      append_json(json, value, KeyOrder::kAsWritten);
      given_.emplace_back(input->id, std::move(json));
    } else if (is_list(input->type) && value.kind == NodeKind::kList) {
      take_list(*input, value);
    } else if (value.is_scalar()) {
      take_text(*input, value);
    } else {
      const std::string_view wanted = is_list(input->type) ? "a list" : "one value";
      reporter_.error(value, Code::kWrongType,
                      fmt::format("input '{}' wants {} ({}), not {}", input->id, wanted,
                                  to_string(input->type), describe(value.kind)));
    }
  }

  void take_list(const InputSpec& input, const Node& list) {
    auto checked = checked_list(input, list);
    if (checked.has_value()) {
      given_.emplace_back(input.id, std::move(*checked));
    } else {
      refuse(*checked.error().at, input, checked.error().message);
    }
  }

  void take_text(const InputSpec& input, const Node& value) {
    const Result<std::string> checked = checked_input(input, value.text);
    if (!checked.has_value()) return refuse(value, input, checked.error().message);
    if (input.type != InputType::kFile) {
      given_.emplace_back(input.id, value.text);
      return;
    }
    Result<std::string> found = readable_file(value.text, folder_);
    if (!found.has_value()) return refuse(value, input, found.error().message);
    given_.emplace_back(input.id, std::move(*found));
  }

  void refuse(const Node& at, const InputSpec& input, std::string_view message) {
    reporter_.error(at, Code::kBadValue, fmt::format("input '{}' {}", input.id, message));
  }

  const Flow& flow_;
  Reporter& reporter_;
  std::string folder_;  // of the file: paths in it are from there
  std::vector<std::string_view> known_;
  GivenInputs given_;
};

std::string folder_of(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).parent_path().string();
}

}  // namespace

GivenInputs read_inputs(const Flow& flow, const Node& root, Reporter& reporter,
                        std::string folder) {
  return InputsReader(flow, reporter, std::move(folder)).read(root);
}

Result<GivenInputs> read_inputs_file(const Flow& flow, const std::string& path) {
  TRY_ASSIGN(const std::string text, read_text_file(path, kInputsBytesMax));
  Findings findings;
  Reporter reporter(findings, path, text);
  YamlTree tree;
  GivenInputs given;
  const Node* root = tree.load(text, reporter);
  if (root != nullptr) given = read_inputs(flow, *root, reporter, folder_of(path));
  if (!findings.has_error()) return given;
  std::string problems;
  for (const Diagnostic& found : findings.take(path)) {
    problems += (problems.empty() ? "" : "\n") + format(found);
  }
  return fail(ErrorCode::kInvalidArgument, std::move(problems));
}

}  // namespace cordyna::flow
