#include "flow/task_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.hpp"
#include "base/durations.hpp"
#include "base/words.hpp"
#include "flow/places.hpp"
#include "model/plugin.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

const KeySpec& common(std::string_view name) {
  const KeySpec* spec = find_key(task_keys(), name);
  CHECK(spec != nullptr);
  return *spec;
}

const KeySpec& field_of(const KeySpec& object, std::string_view name) {
  const KeySpec* spec = find_key(object.fields, name);
  CHECK(spec != nullptr);
  return *spec;
}

std::string label(const TaskDraft& draft) {
  return draft.spec.id.empty() ? std::string("a task") : fmt::format("task '{}'", draft.spec.id);
}

std::string_view text_of(const Node* node) {
  return node == nullptr || !node->is_scalar() ? std::string_view() : node->text;
}

/// The words of a value that is a list, or a single one.
std::vector<const Node*> items_of(const Node* node) {
  std::vector<const Node*> items;
  if (node == nullptr) return items;
  if (node->kind != NodeKind::kList) return {node};
  for (const Node* at = node->first; at != nullptr; at = at->next) items.push_back(at);
  return items;
}

}  // namespace

void read_retry(const Node& node, ValueReader& reader, Reporter& reporter, Retry& into) {
  const KeySpec& spec = common("retry");
  std::string json;
  if (!reader.read_object(node, spec.fields, "retry", json)) return;
  // From here on every value fits.
  const auto duration = [&](std::string_view name, Millis& value) {
    const Node* at = node.find(name);
    if (at != nullptr) value = reader.duration(*at, field_of(spec, name), name).value_or(value);
  };
  if (const Node* at = node.find("attempts"); at != nullptr) {
    into.attempts = static_cast<std::uint32_t>(
        reader.integer(*at, field_of(spec, "attempts"), "attempts").value_or(1));
  }
  duration("delay", into.delay);
  duration("max_delay", into.max_delay);
  if (const Node* at = node.find("backoff"); at != nullptr) {
    into.backoff =
        static_cast<Backoff>(reader.word(*at, field_of(spec, "backoff"), "backoff").value_or(0));
  }
  if (const Node* at = node.find("jitter"); at != nullptr) {
    into.jitter = reader.boolean(*at, "jitter").value_or(false);
  }
  if (const Node* at = node.find("on"); at != nullptr) {
    into.on.clear();
    for (const Node* item : items_of(at)) into.on.emplace_back(item->text);
    std::ranges::sort(into.on);
    const auto rest = std::ranges::unique(into.on);
    into.on.erase(rest.begin(), rest.end());
  }
  if (into.max_delay > 0 && into.max_delay < into.delay) {
    const Node* at = node.find("max_delay");
    reporter.error(at == nullptr ? node : *at, Code::kBadValue,
                   "'max_delay' is shorter than 'delay'; make it longer, or leave it out");
  }
}

void read_timeouts(const Node& node, ValueReader& reader, Timeouts& into) {
  const KeySpec& spec = common("timeouts");
  std::string json;
  if (!reader.read_object(node, spec.fields, "timeouts", json)) return;
  const auto read = [&](std::string_view name, Millis& value) {
    const Node* at = node.find(name);
    if (at != nullptr) value = reader.duration(*at, field_of(spec, name), name).value_or(value);
  };
  read("acknowledge", into.acknowledge);
  read("start", into.start);
  read("complete", into.complete);
}

void read_resources(const Node& node, ValueReader& reader, Resources& into) {
  const KeySpec& spec = common("resources");
  std::string json;
  if (!reader.read_object(node, spec.fields, "resources", json)) return;
  // From here on every value fits.
  const auto size = [&](std::string_view name, std::uint64_t& value) {
    const Node* at = node.find(name);
    if (at != nullptr) value = parse_size(at->text).value_or(value);
  };
  size("memory", into.memory_bytes);
  size("disk", into.disk_bytes);
  if (const Node* at = node.find("time"); at != nullptr) {
    into.cpu_time = reader.duration(*at, field_of(spec, "time"), "time").value_or(into.cpu_time);
  }
  if (const Node* at = node.find("cpu"); at != nullptr) {
    const std::string cores = scalar_as_json(*at);
    double value = 0;
    std::from_chars(cores.data(), cores.data() + cores.size(), value);
    into.cpu_millis = static_cast<std::uint32_t>(std::lround(value * 1000));
  }
}

void read_env(const Node& node, ValueReader& reader, Env& into) {
  std::string json;
  if (!reader.read(node, common("env"), "env", json)) return;
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    const auto found = std::ranges::lower_bound(
        into, key->text, {}, [](const auto& entry) { return std::string_view(entry.first); });
    if (found != into.end() && found->first == key->text) {
      found->second = key->next->text;
    } else {
      into.emplace(found, key->text, key->next->text);
    }
  }
}

TaskDraft TaskReader::read(const Node& node, const TaskPlace& place) {
  TaskDraft draft;
  draft.node = &node;
  draft.spec.section = place.section;
  draft.spec.inside = place.inside;
  draft.spec.branch = place.branch;
  draft.spec.line = node.mark.line;
  draft.spec.retry = defaults_.task.retry;
  draft.spec.timeouts = defaults_.task.timeouts;
  draft.spec.resources = defaults_.task.resources;
  draft.spec.env = defaults_.task.env;
  draft.spec.owner = defaults_.task.owner;
  draft.spec.priority = defaults_.task.priority;
  draft.spec.pool = defaults_.task.pool;
  ValueReader reader(reporter_, draft.uses);
  if (!reader.is_map(node, "task")) return draft;
  read_type(node, draft);
  if (!draft.spec.id.empty()) draft.spec.id.insert(0, place.prefix);
  for (const Node* key = node.first; key != nullptr; key = key->next->next) {
    read_key(*key, draft, reader);
  }
  check_required(draft);
  if (draft.type == nullptr) return draft;
  fill_defaults(draft);
  fill_presets(draft);
  if (draft.type->name == "pause") read_pause(draft);
  if (draft.type->name == "wait_for") read_wait_for(draft);
  if (draft.type->name == "flow") read_subflow(draft);
  if (draft.type->name == "invoke") read_invoke(draft);
  if (is_plugin_type(draft.spec.type)) read_plugin(draft);
  if (draft.spec.kind == TaskKind::kEngine) {
    refuse_key(draft, "resources", "the engine does this by itself, in no process");
    draft.spec.resources = Resources{};
    refuse_key(draft, "pool", "the engine does this by itself, without a slot");
    draft.spec.pool.clear();
  }
  finish_place(draft, reporter_);
  if (defaults_.project.has_value()) check_place(draft, defaults_.project->places, reporter_);
  if (!draft.spec.cache.key.empty()) check_cache(draft);
  if (draft.type->name == "load") check_load(draft);
  if (draft.type->name == "http") check_http(draft);
  if (draft.type->name == "sql") check_sql(draft);
  if (draft.type->name == "notify") check_notify(draft);
  if (draft.type->name == "python") check_python(draft);
  if (draft.type->name == "shell") finish_shell(draft);
  if (draft.type->name == "merge") check_merge(draft);
  if (draft.type->name == "share") check_share(draft);
  return draft;
}

void TaskReader::read_type(const Node& node, TaskDraft& draft) {
  if (const Node* id = node.find("id"); id != nullptr && id->is_scalar() && is_id(id->text)) {
    draft.spec.id = id->text;
  }
  const Node* type = node.find("type");
  if (type == nullptr || !type->is_scalar()) return;
  if (is_plugin_type(type->text)) return read_plugin_type(*type, draft);
  const TaskType* found = find_task_type(type->text);
  if (found == nullptr) {
    std::vector<std::string_view> names;
    for (const TaskType& row : task_types()) {
      if (!row.not_yet) names.push_back(row.name);
    }
    const std::string hint = did_you_mean(type->text, names);
    reporter_.error(*type, Code::kUnknownType,
                    fmt::format("unknown task type {}{}", quoted(type->text),
                                hint.empty() ? "; there are " + join_or(names) : hint));
    return;
  }
  if (found->not_yet) {
    reporter_.error(
        *type, Code::kNotYet,
        fmt::format("task type {} is not supported by this version", quoted(type->text)));
    return;
  }
  draft.type = found;
  draft.spec.type = found->name;
  draft.spec.kind = found->engine ? TaskKind::kEngine : TaskKind::kProcess;
}

void TaskReader::read_key(const Node& key, TaskDraft& draft, ValueReader& reader) {
  const std::span<const KeySpec> own =
      draft.type == nullptr ? std::span<const KeySpec>() : draft.type->keys;
  if (const KeySpec* spec = find_key(own, key.text); spec != nullptr) {
    read_param(*spec, *key.next, draft, reader);
    return;
  }
  if (const KeySpec* spec = find_key(task_keys(), key.text); spec != nullptr) {
    if (spec->not_yet) {
      reporter_.error(
          key, Code::kNotYet,
          fmt::format("key {} of tasks is not supported by this version", quoted(key.text)));
      return;
    }
    read_common(*spec, *key.next, draft, reader);
    return;
  }
  // Without a type, which keys it may have is not known.
  if (draft.type == nullptr) {
    for (const TaskType& type : task_types()) {
      if (find_key(type.keys, key.text) != nullptr) return;
    }
  }
  reader.unknown_key(key, own, task_keys(), renamed_task_keys(),
                     fmt::format("in {}", label(draft)));
}

void TaskReader::read_common(const KeySpec& spec, const Node& value, TaskDraft& draft,
                             ValueReader& reader) {
  TaskSpec& task = draft.spec;
  const std::string_view name = spec.name;
  std::string json;
  if (name == "type") {
    static_cast<void>(reader.text(value, name));
  } else if (name == "id" || name == "needs") {
    static_cast<void>(reader.read(value, spec, name, json));
  } else if (name == "description" || name == "owner" || name == "run_if") {
    if (!reader.read(value, spec, name, json)) return;
    std::string& field = name == "owner"    ? task.owner
                         : name == "run_if" ? task.run_if
                                            : task.description;
    if (name == "owner" && value.text.empty()) return;
    field = value.kind == NodeKind::kBool ? scalar_as_json(value) : std::string(value.text);
    if (name == "run_if" && !tmpl::has_template(field) && field != "true" && field != "false") {
      reporter_.error(value, Code::kBadValue,
                      fmt::format("'run_if' is true, false or a template such as "
                                  "\"{{{{ inputs.n > 3 }}}}\", not {}",
                                  quoted(field)));
    }
  } else if (name == "trigger_rule") {
    task.trigger_rule = static_cast<TriggerRule>(reader.word(value, spec, name).value_or(0));
  } else if (name == "retry") {
    read_retry(value, reader, reporter_, task.retry);
  } else if (name == "timeouts") {
    read_timeouts(value, reader, task.timeouts);
  } else if (name == "resources") {
    read_resources(value, reader, task.resources);
  } else if (name == "timeout") {
    task.timeout = reader.duration(value, spec, name).value_or(0);
  } else if (name == "cache") {
    read_cache(value, draft, reader);
  } else if (name == "priority") {
    task.priority =
        static_cast<std::int32_t>(reader.integer(value, spec, name).value_or(task.priority));
  } else if (name == "pool") {
    if (reader.read(value, spec, name, json)) task.pool = value.text;
    if (defaults_.project.has_value()) check_pool(value, *defaults_.project, reporter_);
  } else if (name == "place") {
    if (reader.read(value, spec, name, json)) read_place_need(value, reader, task.place);
  } else if (name == "allow_failure") {
    task.allow_failure = reader.boolean(value, name).value_or(false);
  } else if (name == "disabled") {
    task.disabled = reader.boolean(value, name).value_or(false);
  } else {
    CHECK(name == "env");
    read_env(value, reader, task.env);
  }
}

void TaskReader::read_param(const KeySpec& spec, const Node& value, TaskDraft& draft,
                            ValueReader& reader) {
  if (spec.name == "contract") {
    read_contract(spec, value, draft, reader);
    return;
  }
  if (names_connection(spec) && (spec.name == "connection" || value.is_scalar())) {
    const auto type = spec.name == "s3"           ? ConnectionType::kS3
                      : spec.name == "gcs"        ? ConnectionType::kGcs
                      : draft.type->name == "sql" ? ConnectionType::kDatabase
                                                  : ConnectionType::kTables;
    auto json = connections_.read(value, type, reporter_);
    if (json.has_value()) draft.params.emplace_back(spec.name, std::move(*json));
    return;
  }
  if (spec.name == "requirements") {
    read_requirements(value, draft, reader);
    return;
  }
  if (spec.name == "to") {
    read_targets(spec, value, draft);
    return;
  }
  if (spec.kind == ValueKind::kShell) {
    read_script(spec, value, draft, reader);
    return;
  }
  if (draft.type->name == "shell" && spec.name == "file") {
    read_script_file(spec, value, draft, reader);
    return;
  }
  if (draft.type->name == "shell" && spec.name == "language") {
    read_language(spec, value, draft, reader);
    return;
  }
  if (spec.name == "inputs" && draft.type->name == "pause") return;  // read_pause
  std::string json;
  if (!reader.read(value, spec, spec.name, json)) return;
  // The engine renders the message itself, and reads no JSON.
  if (draft.type->engine && spec.name == "message") draft.spec.message = value.text;
  if (spec.kind == ValueKind::kTasks || spec.name == "cases") return;  // tasks of their own
  draft.params.emplace_back(spec.name, json);
}

void TaskReader::read_contract(const KeySpec& spec, const Node& value, TaskDraft& draft,
                               ValueReader& reader) {
  if (value.kind == NodeKind::kString) {
    auto json = contracts_.load(value, reporter_);
    if (json.has_value()) draft.params.emplace_back(spec.name, std::move(*json));
    return;
  }
  if (value.kind != NodeKind::kMap) {
    reporter_.error(value, Code::kWrongType,
                    fmt::format("'contract' wants the name of a file, or the contract itself as a "
                                "map, not {}",
                                describe(value.kind)));
    return;
  }
  std::string json;
  if (!reader.read_object(value, spec.fields, spec.name, json)) return;
  check_contract(value, reporter_);
  draft.params.emplace_back(spec.name, std::move(json));
}

void TaskReader::read_targets(const KeySpec& spec, const Node& value, TaskDraft& draft) {
  const std::vector<const Node*> targets = items_of(&value);
  if (targets.empty()) {
    reporter_.error(value, Code::kBadValue, "'to' has 0 items; it wants at least 1");
  }
  std::string json;
  for (const Node* target : targets) {
    const auto one = connections_.read_target(*target, spec.item->fields, reporter_, draft.uses);
    if (!one.has_value()) return;
    json += (json.empty() ? "" : ",") + *one;
  }
  draft.params.emplace_back(spec.name, fmt::format("[{}]", json));
}

void TaskReader::check_required(TaskDraft& draft) {
  const auto check = [&](std::span<const KeySpec> keys) {
    for (const KeySpec& key : keys) {
      if (!key.required || draft.node->find(key.name) != nullptr) continue;
      reporter_.error(*draft.node, Code::kMissingKey,
                      fmt::format("{} has no '{}'; it is required", label(draft), key.name));
    }
  };
  check(task_keys());
  if (draft.type != nullptr) check(draft.type->keys);
}

/// What defaults.yaml gives to tasks of the type.
void TaskReader::fill_defaults(TaskDraft& draft) {
  const auto found = defaults_.params.find(draft.type->name);
  if (found == defaults_.params.end()) return;
  for (const auto& [name, json] : found->second) {
    if (draft.node->find(name) == nullptr) draft.params.emplace_back(name, json);
  }
}

void TaskReader::fill_presets(TaskDraft& draft) {
  for (const KeySpec& key : draft.type->keys) {
    if (key.preset.empty() || draft.node->find(key.name) != nullptr) continue;
    if (std::ranges::find(draft.params, key.name, &JsonFields::value_type::first) !=
        draft.params.end()) {
      continue;
    }
    draft.params.emplace_back(key.name, key.preset);
  }
  std::ranges::sort(draft.params, {}, &JsonFields::value_type::first);
}

void TaskReader::check_source(const TaskDraft& draft) {
  const Node& node = *draft.node;
  const Node* connection = node.find("connection");
  const Node* table = node.find("table");
  const Node* sql = node.find("sql");
  const auto wrong = [&](const Node& at, Code code, std::string what) {
    reporter_.error(at, code, std::move(what));
  };
  if (connection == nullptr) {
    if (node.find("from") == nullptr) {
      wrong(node, Code::kMissingKey,
            fmt::format("{} has no 'from'; it is required, or 'connection' with 'table' or 'sql'",
                        label(draft)));
    }
    for (const std::string_view name : {"table", "sql", "statement_timeout"}) {
      const Node* at = node.find(name);
      if (at == nullptr) continue;
      wrong(*at, Code::kMissingKey, fmt::format("'{}' wants 'connection' beside it", name));
    }
    return;
  }
  if ((table == nullptr) == (sql == nullptr)) {
    wrong(*connection, table == nullptr ? Code::kMissingKey : Code::kBadValue,
          "'connection' wants one of 'table' and 'sql' beside it");
  }
  for (const std::string_view name : {"from", "files", "format", "delimiter", "quote", "encoding",
                                      "header", "nulls", "rejects"}) {
    const Node* at = node.find(name);
    if (at == nullptr) continue;
    wrong(*at, Code::kBadValue,
          fmt::format("'{}' is for files, and this load has a connection; leave it out", name));
  }
}

void TaskReader::check_load(const TaskDraft& draft) {
  const Node& node = *draft.node;
  check_source(draft);
  const auto check = [&](std::string_view name, std::size_t least, std::size_t most,
                         std::string_view wanted) {
    const Node* at = node.find(name);
    if (at == nullptr || !at->is_scalar()) return;
    if (at->text.size() >= least && at->text.size() <= most) return;
    reporter_.error(*at, Code::kBadValue,
                    fmt::format("'{}' is {}, not {}", name, wanted, quoted(at->text)));
  };
  check("delimiter", 1, 4, "1 to 4 characters");
  check("quote", 0, 1, "one character, or empty for none");
  const std::string_view format = text_of(node.find("format"));
  if (format != "json" && format != "parquet") return;
  for (const std::string_view name : {"delimiter", "quote", "encoding", "header", "nulls"}) {
    const Node* at = node.find(name);
    if (at == nullptr) continue;
    reporter_.error(
        *at, Code::kBadValue,
        fmt::format("'{}' is for csv, and the format is {}; leave it out", name, format));
  }
}

void TaskReader::check_merge(const TaskDraft& draft) {
  const Node& node = *draft.node;
  std::vector<std::string_view> of;
  for (const Node* item : items_of(node.find("of"))) {
    if (std::ranges::find(of, item->text) != of.end()) {
      reporter_.error(*item, Code::kBadValue,
                      fmt::format("{} stands twice in 'of'", quoted(item->text)));
    }
    of.push_back(item->text);
  }
  const auto check = [&](const Node& at, std::string_view key) {
    if (!at.is_scalar() || std::ranges::find(of, at.text) != of.end()) return;
    reporter_.error(at, Code::kUnknownTask,
                    fmt::format("{} in '{}' is not among the tasks of 'of'{}", quoted(at.text), key,
                                did_you_mean(at.text, of)));
  };
  const auto is_choice = [](std::string_view text) {
    return text == "non_null" || text == "max" || text == "min" ||
           (text.starts_with("newest(") && text.ends_with(")") && text.size() > 8);
  };
  const Node* prefer = node.find("prefer");
  if (prefer != nullptr && prefer->kind == NodeKind::kMap) {
    for (const Node* key = prefer->first; key != nullptr; key = key->next->next) {
      const Node& word = *key->next;
      if (!word.is_scalar() || is_choice(word.text)) continue;
      if (std::ranges::find(of, word.text) != of.end()) continue;
      std::vector<std::string_view> words = of;
      words.insert(words.end(), {"non_null", "max", "min", "newest(column)"});
      reporter_.error(
          word, Code::kUnknownTask,
          fmt::format("{} in 'prefer' is not among the tasks of 'of', nor non_null, max, "
                      "min or newest(column){}",
                      quoted(word.text), did_you_mean(word.text, words)));
    }
  }
  const Node* dedupe = node.find("dedupe");
  if (dedupe != nullptr && dedupe->kind == NodeKind::kMap) {
    for (const Node* key = dedupe->first; key != nullptr; key = key->next->next) {
      check(*key, "dedupe");
    }
  }
}

void TaskReader::check_share(const TaskDraft& draft) {
  const Node* shared_mode = draft.node->find("mode");
  const auto check = [&](const Node* mode, const Node* key, const Node* or_key) {
    const std::string_view word = text_of(mode);
    if (word == "upsert" && key == nullptr && or_key == nullptr) {
      reporter_.error(*mode, Code::kMissingKey,
                      "mode upsert has no 'key': the columns that tell which row is which");
    }
  };
  const Node* shared_key = draft.node->find("key");
  check(shared_mode, shared_key, nullptr);
  for (const Node* to : items_of(draft.node->find("to"))) {
    const bool map = to->kind == NodeKind::kMap;
    const Node* mode = map ? to->find("mode") : nullptr;
    if (map) check(mode, to->find("key"), shared_key);
    if (mode == nullptr) mode = shared_mode;
    const bool table = map && to->find("connection") != nullptr;
    const std::string_view place = map ? text_of(to->find("to")) : text_of(to);
    if (mode == nullptr || table || mode->text == "replace" || !has_file_ending(place)) continue;
    reporter_.error(*mode, Code::kBadValue,
                    fmt::format("mode {} is for tables, and the file {} is always replaced; write "
                                "{{to: …, mode: {}}} for the table alone",
                                mode->text, quoted(place), mode->text));
  }
}

}  // namespace cordyna::flow
