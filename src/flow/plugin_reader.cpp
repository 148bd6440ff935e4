// Tasks whose type is a plugin's.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/words.hpp"
#include "flow/plugin_keys.hpp"
#include "flow/task_reader.hpp"
#include "model/plugin.hpp"
#include "ports/plugin_types.hpp"
#include "shape/schema.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

/// Whether templates stand in a value, so that it is not known yet.
bool has_templates_inside(const Node& node) {
  if (node.kind == NodeKind::kString) return tmpl::has_template(node.text);
  const bool map = node.kind == NodeKind::kMap;
  for (const Node* at = node.first; at != nullptr; at = map ? at->next->next : at->next) {
    if (has_templates_inside(map ? *at->next : *at)) return true;
  }
  return false;
}

const Node* item_at(const Node& list, std::string_view index) {
  std::size_t number = 0;
  const auto got = std::from_chars(index.data(), index.data() + index.size(), number);
  if (got.ec != std::errc{}) return nullptr;
  const Node* at = list.first;
  while (at != nullptr && number-- > 0) at = at->next;
  return at;
}

struct Found {
  const Node* node;    ///< the value, or what it would stand in
  bool there = false;  ///< false: nothing stands there
};

/// What a JSON pointer leads to: "#/filter/states/0".
Found follow(const Node& root, std::string_view pointer) {
  Found found{&root, true};
  pointer.remove_prefix(std::min<std::size_t>(pointer.size(), 1));
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    std::string name(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(name.size());
    for (std::size_t at = 0; (at = name.find('~', at)) != std::string::npos; ++at) {
      name.replace(at, 2, name.substr(at, 2) == "~1" ? "/" : "~");
    }
    const Node* next =
        found.node->kind == NodeKind::kList ? item_at(*found.node, name) : found.node->find(name);
    if (next == nullptr) return {found.node, false};
    found.node = next;
  }
  return found;
}

/// Whether what is missing may be wanted only because a template is no value yet.
bool hangs_on_values(std::string_view schema) {
  return schema.find("\"if\"") != std::string_view::npos ||
         schema.find("\"dependent") != std::string_view::npos;
}

const PluginProgram* find_plugin(const Project& project, std::string_view type) {
  const auto found = std::ranges::find(project.plugins, type, &PluginProgram::type);
  return found == project.plugins.end() ? nullptr : &*found;
}

/// The same JSON without what would be read as a template: that can stand in its texts alone.
std::string plain_json(std::string json) {
  for (const std::string_view mark : {"{{", "{%", "{#"}) {
    for (std::size_t at = 0; (at = json.find(mark, at)) != std::string::npos;) {
      json.replace(at, 1, "\\u007b");
    }
  }
  return json;
}

void append_text(JsonFields& fields, std::string_view name, const std::string& text) {
  if (text.empty()) return;
  std::string json;
  append_json_string(json, text);
  fields.emplace_back(name, std::move(json));
}

}  // namespace

const TaskType& plugin_task_type(bool stored) {
  static constexpr std::string_view kText =
      "Runs a program of the project: TEAM/TASK, as `plugins` of cordyna.yaml declares it. Its "
      "outputs are what the program gives with `task.completed`.";
  static constexpr TaskType kWritten{.description = kText, .keys = plugin_detail::kPlugin};
  static constexpr TaskType kStored{.description = kText, .keys = plugin_detail::kStoredPlugin};
  return stored ? kStored : kWritten;
}

void TaskReader::read_plugin_type(const Node& type, TaskDraft& draft) {
  const bool stored = !defaults_.project.has_value();
  if (!stored && find_plugin(*defaults_.project, type.text) == nullptr) {
    std::vector<std::string_view> names;
    names.reserve(defaults_.project->plugins.size());
    for (const PluginProgram& plugin : defaults_.project->plugins) names.emplace_back(plugin.type);
    std::string hint = did_you_mean(type.text, names);
    if (hint.empty() && !names.empty()) hint = "; it declares " + join_or(names);
    if (hint.empty()) {
      hint = "; a program is declared there as plugins: {acme/geocode: ./geocode.py}";
    }
    reporter_.error(
        type, Code::kUnknownType,
        fmt::format("the project's cordyna.yaml declares no plugin {}{}", quoted(type.text), hint));
    return;
  }
  draft.type = &plugin_task_type(stored);
  draft.spec.type = type.text;
  draft.spec.kind = TaskKind::kProcess;
}

void TaskReader::read_plugin(TaskDraft& draft) {
  const Node& type = *draft.node->find("type");
  if (!defaults_.project.has_value()) {
    const Node* declared = draft.node->find("declared");
    const auto text = [declared](std::string_view key) {
      const Node* at = declared == nullptr ? nullptr : declared->find(key);
      return at == nullptr || !at->is_scalar() ? std::string() : std::string(at->text);
    };
    hold_to_schemas(draft, text("input_schema"), text("output_schema"));
    return;
  }
  const PluginProgram* program = find_plugin(*defaults_.project, draft.spec.type);
  if (program == nullptr) return;
  if (defaults_.plugin_types == nullptr) {
    reporter_.error(type, Code::kPlugin,
                    fmt::format("nothing here asks the program of {}", quoted(type.text)));
    return;
  }
  const auto declared = defaults_.plugin_types->find(*program);
  if (!declared.has_value()) {
    reporter_.error(type, Code::kPlugin, declared.error().message);
    return;
  }
  if (tmpl::has_template(declared->version)) {
    reporter_.error(type, Code::kPlugin,
                    fmt::format("the plugin {} has a template in its version", quoted(type.text)));
    return;
  }
  JsonFields fields;
  append_text(fields, "version", declared->version);
  append_text(fields, "input_schema", plain_json(declared->input_schema));
  append_text(fields, "output_schema", plain_json(declared->output_schema));
  if (!fields.empty()) {
    std::string json;
    append_json_object(json, fields, KeyOrder::kSorted);
    draft.params.emplace_back("declared", std::move(json));
    std::ranges::sort(draft.params, {}, &JsonFields::value_type::first);
  }
  Timeouts& timeouts = draft.spec.timeouts;
  if (timeouts.acknowledge == 0) timeouts.acknowledge = declared->timeouts.acknowledge;
  if (timeouts.start == 0) timeouts.start = declared->timeouts.start;
  if (timeouts.complete == 0) timeouts.complete = declared->timeouts.complete;
  hold_to_schemas(draft, declared->input_schema, declared->output_schema);
  check_plugin_inputs(draft, declared->input_schema);
}

void TaskReader::hold_to_schemas(TaskDraft& draft, const std::string& inputs,
                                 const std::string& output) {
  Contract& contract = draft.spec.contract;
  if (!inputs.empty()) contract.own_inputs = shape::schema_when_needed(inputs);
  if (!output.empty()) contract.output = shape::schema_when_needed(output);
}

/// What is known of the inputs before any template is rendered.
void TaskReader::check_plugin_inputs(const TaskDraft& draft, const std::string& schema) {
  if (schema.empty()) return;
  const Node* inputs = draft.node->find("inputs");
  if (inputs != nullptr && inputs->kind != NodeKind::kMap) return;  // reported already
  std::string json = "{}";
  if (inputs != nullptr) {
    json.clear();
    append_json(json, *inputs, KeyOrder::kSorted);
  }
  for (const Flaw& flaw : draft.spec.contract.own_inputs->flaws_of(json)) {
    Found found{draft.node, false};
    if (inputs != nullptr) found = follow(*inputs, flaw.at);
    const bool open = inputs != nullptr && has_templates_inside(*found.node) &&
                      (found.there || hangs_on_values(schema));
    if (open) continue;
    std::string place = "inputs" + flaw.at.substr(std::min<std::size_t>(flaw.at.size(), 1));
    std::ranges::replace(place, '/', '.');
    reporter_.error(*found.node, Code::kBadValue,
                    fmt::format("'{}' of {} {}", place, quoted(draft.spec.type), flaw.detail));
  }
}

}  // namespace cordyna::flow
