#include "flow/defaults_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "flow/project_folder.hpp"
#include "flow/task_reader.hpp"
#include "flow/text_file.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kDefaultsBytesMax = std::size_t{1} << 20;
constexpr std::string_view kFileName = "defaults.yaml";

const KeySpec& key_of(std::string_view name) {
  return *find_key(defaults_keys(), name);
}

bool is_within(std::string_view ns, std::string_view outer) {
  return ns == outer || (ns.starts_with(outer) && ns[outer.size()] == '.');
}

/// Calls `what` with each key of a map and its value.
template <class What>
void each_entry(const Node* map, const What& what) {
  if (map == nullptr || map->kind != NodeKind::kMap) return;
  for (const Node* key = map->first; key != nullptr; key = key->next->next) what(*key, *key->next);
}

class DefaultsReader {
 public:
  DefaultsReader(std::string_view ns, std::optional<Project> project, Reporter& reporter)
      : ns_(ns), reporter_(reporter) {
    found_.project = std::move(project);
  }

  Defaults read(const Node& root) {
    if (!reader_.is_map(root, "defaults.yaml")) return std::move(found_);
    read_level(root, &found_, true);
    read_namespaces(root.find("namespaces"));
    for (const TemplateUse& use : uses_.templates) {
      reporter_.error(*use.node, Code::kTemplateNotAllowed,
                      "defaults have no templates; write it into the flow");
    }
    return std::move(found_);
  }

 private:
  /// The outermost level, or that of a namespace; into `into` unless it is for other flows.
  void read_level(const Node& level, Defaults* into, bool outermost) {
    for (const Node* key = level.first; key != nullptr; key = key->next->next) {
      const KeySpec* spec = find_key(defaults_keys(), key->text);
      if (spec == nullptr) {
        reader_.unknown_key(*key, defaults_keys(), {}, renamed_flow_keys(), "of defaults");
      } else if (key->text == "namespaces" && !outermost) {
        reporter_.error(*key, Code::kBadKey,
                        "namespaces do not stand in one another; write the whole name: 'a.b'");
      }
    }
    Defaults elsewhere;  // what is for other flows is checked all the same
    read_values(level, into == nullptr ? elsewhere : *into);
  }

  void read_values(const Node& level, Defaults& into) {
    std::string json;
    if (const Node* at = level.find("owner"); at != nullptr) {
      if (reader_.read(*at, key_of("owner"), "owner", json)) into.task.owner = at->text;
    }
    if (const Node* at = level.find("retry"); at != nullptr) {
      read_retry(*at, reader_, reporter_, into.task.retry);
    }
    if (const Node* at = level.find("timeouts"); at != nullptr) {
      read_timeouts(*at, reader_, into.task.timeouts);
    }
    if (const Node* at = level.find("resources"); at != nullptr) {
      read_resources(*at, reader_, into.task.resources);
    }
    if (const Node* at = level.find("pool"); at != nullptr) {
      if (reader_.read(*at, key_of("pool"), "pool", json)) into.task.pool = at->text;
      if (found_.project.has_value()) check_pool(*at, *found_.project, reporter_);
    }
    if (const Node* at = level.find("priority"); at != nullptr) {
      into.task.priority = static_cast<std::int32_t>(
          reader_.integer(*at, key_of("priority"), "priority").value_or(into.task.priority));
    }
    for (const auto& [key, to] :
         {std::pair("timeout", &into.timeout), std::pair("late_after", &into.late_after),
          std::pair("stuck_after", &into.stuck_after)}) {
      if (const Node* at = level.find(key); at != nullptr) {
        *to = reader_.duration(*at, key_of(key), key).value_or(*to);
      }
    }
    if (const Node* at = level.find("env"); at != nullptr) read_env(*at, reader_, into.task.env);
    read_labels(level.find("labels"), into);
    read_types(level.find("tasks"), into);
  }

  void read_labels(const Node* labels, Defaults& into) {
    std::string all;
    if (labels == nullptr || !reader_.read(*labels, key_of("labels"), "labels", all)) return;
    each_entry(labels, [&](const Node& key, const Node& value) {
      std::string json;
      (void)reader_.read(value, *key_of("labels").item, key.text, json);
      into.labels.insert_or_assign(std::string(key.text), std::move(json));
    });
  }

  void read_types(const Node* types, Defaults& into) {
    if (types == nullptr || !reader_.is_map(*types, "tasks")) return;
    each_entry(types, [&](const Node& key, const Node& value) {
      const TaskType* type = find_task_type(key.text);
      if (type != nullptr && !type->not_yet) return read_type(*type, value, into);
      std::vector<std::string_view> names;
      for (const TaskType& row : task_types()) {
        if (!row.not_yet) names.push_back(row.name);
      }
      const std::string hint = did_you_mean(key.text, names);
      reporter_.error(key, Code::kUnknownType,
                      fmt::format("unknown task type {}{}", quoted(key.text),
                                  hint.empty() ? "; there are " + join_or(names) : hint));
    });
  }

  void read_type(const TaskType& type, const Node& keys, Defaults& into) {
    if (!reader_.is_map(keys, type.name)) return;
    each_entry(&keys, [&](const Node& key, const Node& value) {
      const KeySpec* spec = find_key(type.keys, key.text);
      if (spec == nullptr || !spec->shared) return refuse(type, key);
      std::string json;
      if (!reader_.read(value, *spec, spec->name, json)) return;
      JsonFields& fields = into.params[std::string(type.name)];
      std::erase_if(fields, [&](const auto& field) { return field.first == spec->name; });
      fields.emplace_back(spec->name, std::move(json));
    });
  }

  void refuse(const TaskType& type, const Node& key) {
    std::vector<std::string_view> names;
    for (const KeySpec& spec : type.keys) {
      if (spec.shared) names.push_back(spec.name);
    }
    reporter_.error(
        key, Code::kUnknownKey,
        names.empty() ? fmt::format("tasks of type {} take nothing from defaults", type.name)
                      : fmt::format("{} of {} has no default here, only {} may{}", quoted(key.text),
                                    type.name, join_or(names), did_you_mean(key.text, names)));
  }

  /// From the outer to the inner, so that the nearest has the last word.
  void read_namespaces(const Node* namespaces) {
    if (namespaces == nullptr || !reader_.is_map(*namespaces, "namespaces")) return;
    std::vector<const Node*> within;
    each_entry(namespaces, [&](const Node& key, const Node& value) {
      std::string json;
      const KeySpec name{.kind = ValueKind::kNamespace};
      if (!reader_.read(key, name, "namespaces", json) || !reader_.is_map(value, key.text)) return;
      if (is_within(ns_, key.text)) {
        within.push_back(&key);
      } else {
        read_level(value, nullptr, false);
      }
    });
    std::ranges::sort(within, {}, [](const Node* key) { return key->text.size(); });
    for (const Node* key : within) read_level(*key->next, &found_, false);
  }

  std::string_view ns_;
  Reporter& reporter_;
  Uses uses_;
  ValueReader reader_{reporter_, uses_};
  Defaults found_;
};

}  // namespace

Defaults read_defaults(const std::string& folder, std::string_view ns,
                       std::optional<Project> project, Reporter& reporter) {
  Defaults none;
  none.project = project;
  const std::string path = fmt::format("{}/{}", project_folder(folder), kFileName);
  const auto text = read_text_file(path, kDefaultsBytesMax);
  if (!text.has_value()) {
    if (text.error().code == ErrorCode::kNotFound) return none;
    reporter.error(Mark{1, 1}, Code::kDefaultsFile,
                   fmt::format("the project's defaults: {}", text.error().message));
    return none;
  }
  Reporter own(reporter.findings(), path, *text);
  YamlTree tree;
  const Node* root = tree.load(*text, own);
  return root == nullptr ? none : DefaultsReader(ns, std::move(project), own).read(*root);
}

}  // namespace cordyna::flow
