#include "flow/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "flow/case_file.hpp"
#include "flow/case_keys.hpp"
#include "flow/connection_keys.hpp"
#include "flow/diagnostic_codes.hpp"
#include "flow/examples.hpp"
#include "flow/git_file.hpp"
#include "flow/git_keys.hpp"
#include "flow/key_spec.hpp"
#include "flow/team_keys.hpp"
#include "flow/teams_file.hpp"
#include "model/exit_codes.hpp"
#include "model/task_error.hpp"

namespace cordyna::flow {
namespace {

std::string kind_of(const KeySpec& spec);

std::string list_kind(const KeySpec& spec) {
  if (spec.item == nullptr) return "list";
  const std::string item = kind_of(*spec.item);
  return fmt::format(fmt::runtime(spec.one_or_list ? "{0}, or list of {0}" : "list of {0}"), item);
}

std::string kind_of(const KeySpec& spec) {
  switch (spec.kind) {
    case ValueKind::kText: return "text";
    case ValueKind::kTemplate: return "template";
    case ValueKind::kCondition: return "condition";
    case ValueKind::kShell:
    case ValueKind::kPython: return "script";
    case ValueKind::kVerbatim: return "text";
    case ValueKind::kSql: return "SQL";
    case ValueKind::kUrl: return "address, a template";
    case ValueKind::kId:
    case ValueKind::kNamespace: return "id";
    case ValueKind::kTask:
    case ValueKind::kDataTask: return "task";
    case ValueKind::kNeed: return "task or flow";
    case ValueKind::kDataColumn: return "task.column";
    case ValueKind::kInt: return "whole number";
    case ValueKind::kNumber:
    case ValueKind::kCpu: return "number";
    case ValueKind::kBool: return "true or false";
    case ValueKind::kDuration: return "duration";
    case ValueKind::kSize: return "size";
    case ValueKind::kEnum:
      return spec.words.empty() ? "word" : fmt::format("{}", fmt::join(spec.words, " &#124; "));
    case ValueKind::kRetryOn: return "exit code, kind or code";
    case ValueKind::kColumnType: return "column type";
    case ValueKind::kScalar: return "text, number or true or false";
    case ValueKind::kAny: return "any";
    case ValueKind::kList: return list_kind(spec);
    case ValueKind::kTasks: return "list of tasks";
    case ValueKind::kMap:
      return spec.item->kind == ValueKind::kObject
                 ? "map of names to objects"
                 : fmt::format("map of names to {}", kind_of(*spec.item));
    case ValueKind::kObject:
      if (names_connection(spec)) return "name, or object";
      if (!spec.short_field.empty()) return "text or object";
      return spec.name == "contract" ? "file, or object" : "object";
  }
  return {};
}

/// Text that stands in a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') {
      out += "\\|";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

/// The fields inside a value: of an object, or of the objects in a list or map.
std::span<const KeySpec> fields_inside(const KeySpec& spec) {
  if (spec.kind == ValueKind::kObject) return spec.fields;
  const bool holds = spec.kind == ValueKind::kList || spec.kind == ValueKind::kMap;
  return holds && spec.item != nullptr ? fields_inside(*spec.item) : std::span<const KeySpec>();
}

void rows(std::string& out, std::span<const KeySpec> keys, const std::string& prefix) {
  for (const KeySpec& key : keys) {
    if (key.not_yet) continue;
    const std::string preset = key.required         ? "required"
                               : key.preset.empty() ? ""
                                                    : fmt::format("`{}`", key.preset);
    out += fmt::format("| `{}{}` | {} | {} | {} |\n", prefix, key.name, kind_of(key), cell(preset),
                       cell(key.description));
    if (key.name == "connection") continue;  // a section of its own
    const bool many = key.kind == ValueKind::kMap;
    rows(out, fields_inside(key), fmt::format("{}{}.{}", prefix, key.name, many ? "*." : ""));
  }
}

void table(std::string& out, std::span<const KeySpec> keys) {
  out += "| key | value | default | meaning |\n|---|---|---|---|\n";
  rows(out, keys, "");
  out += '\n';
}

/// A flow that runs as it stands, with the files beside it.
void example(std::string& out, std::string_view of) {
  const auto found = std::ranges::find(examples(), of, &Example::of);
  if (found == examples().end()) return;
  out += fmt::format("An example, `flow.yaml`; a run of it ends as {}:\n```yaml\n{}```\n",
                     found->ends, found->flow);
  for (const ExampleFile& file : found->files) {
    if (file.text.empty()) {
      out += fmt::format("Beside it, an empty `{}`.\n", file.name);
    } else {
      out += fmt::format("Beside it, `{}`:\n```\n{}```\n", file.name, file.text);
    }
  }
  out += '\n';
}

/// Says of each key of an input which types it is for.
void inputs(std::string& out) {
  std::vector<KeySpec> keys(input_keys().begin(), input_keys().end());
  std::deque<std::string> texts;  // the rows point at them
  for (KeySpec& key : keys) {
    const auto rule = std::ranges::find(input_key_rules(), key.name, &InputKeyRule::key);
    if (rule == input_key_rules().end()) continue;
    texts.push_back(fmt::format("{} For {}.", key.description, fmt::join(rule->types, ", ")));
    key.description = texts.back();
  }
  table(out, keys);
}

void types(std::string& out) {
  out += "## Task types\n\n";
  for (const TaskType& type : task_types()) {
    if (type.not_yet) continue;
    out += fmt::format("### {}\n\n{}", type.name, type.description);
    if (type.data) out += " Other tasks may name it in `of` and `sql`.";
    out += "\n\n";
    table(out, type.keys);
    example(out, type.name == "flow" ? "flow task" : type.name);
  }
  out += fmt::format("### Types of plugins\n\n{} `dyna types` lists those of a project.\n\n",
                     plugin_task_type(false).description);
  table(out, plugin_task_type(false).keys);
}

void codes(std::string& out) {
  out += "## Findings in a flow file\n\n| code | meaning |\n|---|---|\n";
  for (const CodeInfo& row : code_table()) {
    out += fmt::format("| `{}` | {} |\n", row.name, cell(row.meaning));
  }
  out += "\n## Errors of tasks\n\n| code | kind | retried | meaning |\n|---|---|---|---|\n";
  for (const TaskErrorInfo& row : task_error_table()) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.name, to_string(row.kind),
                       row.retryable ? "yes" : "no", cell(row.meaning));
  }
  out += "\n## Exit codes\n\n| code | name | meaning |\n|---|---|---|\n";
  for (const ExitCodeInfo& row : exit_code_table()) {
    out +=
        fmt::format("| {} | {} | {} |\n", static_cast<int>(row.code), row.name, cell(row.meaning));
  }
}

}  // namespace

std::string reference_as_markdown() {
  std::string out =
      "# Reference of the flow language\n\nGenerated by `dyna schema --reference` from the "
      "tables of the program.\n\n## Flow\n\n";
  table(out, flow_keys());
  example(out, "flow");
  out += "## Inputs\n\n";
  inputs(out);
  example(out, "inputs");
  out += "## Triggers\n\n";
  table(out, trigger_keys());
  for (const TriggerKind& kind : trigger_kinds()) {
    out += fmt::format("### Trigger `{}`\n\n{}\n\n", kind.name, kind.description);
    table(out, kind.keys);
    example(out, kind.name == "schedule" ? "triggers" : kind.name);
  }
  out += "## Tasks: keys of every type\n\n";
  table(out, task_keys());
  example(out, "tasks");
  types(out);
  out +=
      "## Connections\n\nOf `connections/NAME.yaml` beside the nearest `cordyna.yaml`, else beside "
      "the flow.\n\n";
  for (const ConnectionKind& kind : connection_kinds()) {
    out += fmt::format("### Connection `{}`\n\n", kind.name);
    table(out, kind.keys);
  }
  out +=
      "## Defaults\n\nOf `defaults.yaml` beside the nearest `cordyna.yaml`, else beside the flow. "
      "They are part of each version of a flow: who changes them makes new versions. No templates."
      "\n\n";
  table(out, defaults_keys());
  example(out, "defaults");
  out +=
      "## Project\n\nOf `cordyna.yaml`, which marks a project's folder and may be empty. What it "
      "says is no part of a flow's version: it holds from when the owner of the state begins.\n\n";
  table(out, project_keys());
  out += "### A pool\n\n";
  table(out, pool_keys());
  out += "### A place\n\n";
  table(out, place_keys());
  example(out, "places");
  example(out, "project");
  codes(out);
  return out;
}

std::string case_reference_as_markdown() {
  std::string out =
      "# Reference of tests of flows\n\nGenerated by `dyna schema --tests --reference` from the "
      "tables of the program.\n\nA file `NAME.test.yaml` beside a flow has these keys:\n\n"
      "| key | value | default | meaning |\n|---|---|---|---|\n";
  for (const KeySpec& key : case_detail::kFileFields) {
    out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, kind_of(key),
                       key.required ? "required" : "", cell(key.description));
  }
  out += "\n## A test\n\n";
  table(out, case_detail::kTestFields);
  return out;
}

std::string teams_reference_as_markdown() {
  std::string out =
      "# Reference of teams.yaml\n\nGenerated by `dyna schema --teams --reference` from the tables "
      "of "
      "the program.\n\nThe file `teams.yaml` beside `cordyna.yaml` says who is told of what goes "
      "wrong, and how. It has these keys:\n\n";
  table(out, kTeamFileKeys);
  return out;
}

std::string git_reference_as_markdown() {
  std::string out =
      "# Reference of git.yaml\n\nGenerated by `dyna schema --git --reference` from the tables of "
      "the program.\n\nThe file `git.yaml` beside `cordyna.yaml` says which namespaces follow "
      "which branches ([how that works](../git.md)). It has these keys:\n\n";
  table(out, kGitFileKeys);
  return out;
}

}  // namespace cordyna::flow
