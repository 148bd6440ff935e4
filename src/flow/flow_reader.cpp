#include "flow/flow_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/check.hpp"
#include "flow/input_reader.hpp"
#include "flow/subflow_reader.hpp"
#include "flow/task_reader.hpp"
#include "flow/trigger_reader.hpp"

namespace cordyna::flow {
namespace {

struct SectionKey {
  std::string_view name;
  Section section;
};

// Also the order of the tasks in a flow.
constexpr std::array kSections{SectionKey{"tasks", Section::kTasks},
                               SectionKey{"errors", Section::kErrors},
                               SectionKey{"finally", Section::kFinally}};

const KeySpec& flow_key(std::string_view name) {
  const KeySpec* spec = find_key(flow_keys(), name);
  CHECK(spec != nullptr);
  return *spec;
}

class FlowReader {
 public:
  FlowReader(const Node& root, Reporter& reporter, const std::string& folder, Defaults defaults)
      : root_(root),
        reporter_(reporter),
        contracts_(folder),
        connections_(folder),
        requirements_(folder),
        defaults_(std::move(defaults)) {
    draft_.flow.folder = folder;
  }

  FlowDraft read() {
    check_keys();
    read_texts();
    read_maps();
    read_defaults();
    read_concurrency();
    read_inputs();
    read_triggers();
    for (const SectionKey& key : kSections) read_tasks(key);
    return std::move(draft_);
  }

 private:
  void check_keys();
  void read_texts();
  void read_maps();
  void add_labels();
  void read_defaults();
  void read_concurrency();
  void read_inputs();
  void read_triggers();
  void read_tasks(const SectionKey& key);
  /// The JSON object of a map; its names go into `names`.
  std::string read_map(std::string_view key, Uses& uses, std::vector<std::string>* names);

  const Node& root_;
  Reporter& reporter_;
  ContractFiles contracts_;
  ConnectionFiles connections_;
  RequirementFiles requirements_;
  Defaults defaults_;
  FlowDraft draft_;
};

void FlowReader::check_keys() {
  Uses none;
  ValueReader reader(reporter_, none);
  for (const Node* key = root_.first; key != nullptr; key = key->next->next) {
    const KeySpec* spec = find_key(flow_keys(), key->text);
    if (key->text == "plugins") {
      reporter_.error(*key, Code::kUnknownKey,
                      "no flow names programs: 'plugins' stands in the project's cordyna.yaml, and "
                      "a task has the type that it gives");
    } else if (spec == nullptr) {
      reader.unknown_key(*key, flow_keys(), {}, renamed_flow_keys(), "in the flow");
    } else if (spec->not_yet) {
      reporter_.error(*key, Code::kNotYet,
                      fmt::format("key {} is not supported by this version", quoted(key->text)));
    }
  }
  for (const KeySpec& spec : flow_keys()) {
    if (!spec.required || root_.find(spec.name) != nullptr) continue;
    reporter_.error(root_, Code::kMissingKey,
                    fmt::format("the flow has no '{}'; it is required", spec.name));
  }
}

void FlowReader::read_texts() {
  Uses none;
  ValueReader reader(reporter_, none);
  const auto read = [&](std::string_view name, std::string& field) {
    const Node* at = root_.find(name);
    std::string json;
    if (at == nullptr || !reader.read(*at, flow_key(name), name, json)) return;
    field = at->text;
  };
  read("id", draft_.flow.id);
  read("namespace", draft_.flow.ns);
  read("description", draft_.flow.description);
  read("owner", draft_.flow.owner);
  if (draft_.flow.owner.empty()) draft_.flow.owner = defaults_.task.owner;
  if (draft_.flow.owner.empty()) draft_.flow.owner = "flow:" + draft_.flow.id;
}

std::string FlowReader::read_map(std::string_view key, Uses& uses,
                                 std::vector<std::string>* names) {
  const Node* at = root_.find(key);
  std::string json;
  ValueReader reader(reporter_, uses);
  if (at == nullptr || !reader.read(*at, flow_key(key), key, json)) return "{}";
  if (names == nullptr) return json;
  for (const Node* name = at->first; name != nullptr; name = name->next->next) {
    names->emplace_back(name->text);
  }
  return json;
}

void FlowReader::read_maps() {
  Uses none;
  draft_.flow.labels = read_map("labels", none, &draft_.label_names);
  add_labels();
  draft_.flow.vars = read_map("vars", draft_.vars_uses, &draft_.var_names);
  draft_.flow.outputs = read_map("outputs", draft_.output_uses, nullptr);
  const Node* outputs = root_.find("outputs");
  const bool map = outputs != nullptr && outputs->kind == NodeKind::kMap;
  if (map && outputs->find("run") != nullptr) {
    reporter_.error(*outputs->find("run"), Code::kBadValue,
                    "an output is not called 'run': a task of type flow that runs this one has its "
                    "run there; name it otherwise");
  }
}

/// Those of defaults.yaml that the flow does not have itself.
void FlowReader::add_labels() {
  const Node* own = root_.find("labels");
  JsonFields all;
  for (const auto& [name, json] : defaults_.labels) {
    if (own != nullptr && own->kind == NodeKind::kMap && own->find(name) != nullptr) continue;
    draft_.label_names.push_back(name);
    all.emplace_back(name, json);
  }
  if (all.empty()) return;
  if (own != nullptr && own->kind == NodeKind::kMap) {
    for (const Node* key = own->first; key != nullptr; key = key->next->next) {
      std::string json;
      append_json_string(json, key->next->text);  // labels are texts, as written
      all.emplace_back(key->text, std::move(json));
    }
  }
  draft_.flow.labels.clear();
  append_json_object(draft_.flow.labels, all, KeyOrder::kSorted);
}

void FlowReader::read_defaults() {
  ValueReader reader(reporter_, draft_.env_uses);
  if (const Node* at = root_.find("retry"); at != nullptr) {
    read_retry(*at, reader, reporter_, defaults_.task.retry);
  }
  if (const Node* at = root_.find("timeouts"); at != nullptr) {
    read_timeouts(*at, reader, defaults_.task.timeouts);
  }
  if (const Node* at = root_.find("resources"); at != nullptr) {
    read_resources(*at, reader, defaults_.task.resources);
  }
  draft_.flow.timeout = defaults_.timeout;
  draft_.flow.late_after = defaults_.late_after;
  draft_.flow.stuck_after = defaults_.stuck_after;
  for (const auto& [key, to] : {std::pair("timeout", &draft_.flow.timeout),
                                std::pair("late_after", &draft_.flow.late_after),
                                std::pair("stuck_after", &draft_.flow.stuck_after)}) {
    if (const Node* at = root_.find(key); at != nullptr) {
      *to = reader.duration(*at, flow_key(key), key).value_or(0);
    }
  }
  if (const Node* at = root_.find("pool"); at != nullptr) {
    std::string json;
    if (reader.read(*at, flow_key("pool"), "pool", json)) defaults_.task.pool = at->text;
    if (defaults_.project.has_value()) check_pool(*at, *defaults_.project, reporter_);
  }
  if (const Node* at = root_.find("priority"); at != nullptr) {
    defaults_.task.priority = static_cast<std::int32_t>(
        reader.integer(*at, flow_key("priority"), "priority").value_or(0));
  }
  if (const Node* at = root_.find("env"); at != nullptr) read_env(*at, reader, defaults_.task.env);
  defaults_.task.owner = draft_.flow.owner;
  draft_.env = defaults_.task.env;
}

void FlowReader::read_concurrency() {
  const Node* at = root_.find("concurrency");
  if (at == nullptr) return;
  const KeySpec& spec = flow_key("concurrency");
  ValueReader reader(reporter_, draft_.concurrency_uses);
  std::string json;
  if (!reader.read(*at, spec, "concurrency", json)) return;
  // From here on every value fits.
  Concurrency& into = draft_.flow.concurrency;
  const Node* limit = at->is_scalar() ? at : at->find("limit");
  into.limit = static_cast<std::uint32_t>(
      reader.integer(*limit, *find_key(spec.fields, "limit"), "limit").value_or(0));
  if (const Node* key = at->find("key"); key != nullptr) into.key = key->text;
  if (const Node* word = at->find("when_full"); word != nullptr) {
    into.when_full = static_cast<WhenFull>(
        reader.word(*word, *find_key(spec.fields, "when_full"), "when_full").value_or(0));
  }
}

void FlowReader::read_inputs() {
  const Node* at = root_.find("inputs");
  if (at == nullptr) return;
  ValueReader reader(reporter_, draft_.default_uses);
  if (!reader.is_list(*at, "inputs")) return;
  InputReader inputs(reporter_, draft_.default_uses);
  for (const Node* item = at->first; item != nullptr; item = item->next) {
    draft_.flow.inputs.push_back(inputs.read(*item));
  }
}

void FlowReader::read_triggers() {
  const Node* at = root_.find("triggers");
  if (at == nullptr) return;
  ValueReader reader(reporter_, draft_.trigger_uses);
  if (!reader.is_list(*at, "triggers")) return;
  TriggerReader triggers(draft_.flow, connections_, reporter_, draft_.trigger_uses,
                         draft_.event_uses, draft_.row_uses);
  for (const Node* item = at->first; item != nullptr; item = item->next) {
    draft_.flow.triggers.push_back(triggers.read(*item));
  }
}

void FlowReader::read_tasks(const SectionKey& key) {
  const Node* at = root_.find(key.name);
  if (at == nullptr) return;
  Uses none;
  ValueReader reader(reporter_, none);
  if (!reader.is_list(*at, key.name)) return;
  if (at->first == nullptr && key.section == Section::kTasks) {
    reporter_.error(*at, Code::kBadValue, "'tasks' is empty; a flow has at least one task");
  }
  const auto first = static_cast<TaskIndex>(draft_.tasks.size());
  TaskReader tasks(reporter_, contracts_, connections_, requirements_, defaults_, draft_.flow.ns,
                   draft_.flow.folder);
  tasks.read_all(*at, {.section = key.section}, draft_.tasks);
  add_flow_needs(draft_, first, reporter_);
}

}  // namespace

FlowDraft read_flow(const Node& root, Reporter& reporter, const std::string& folder,
                    Defaults defaults) {
  if (root.kind != NodeKind::kMap) {
    reporter.error(
        root, Code::kWrongType,
        fmt::format("a flow is a map with 'id' and 'tasks', not {}",
                    root.is_scalar() ? quoted(root.text) : std::string(describe(root.kind))));
    return {};
  }
  return FlowReader(root, reporter, folder, std::move(defaults)).read();
}

}  // namespace cordyna::flow
