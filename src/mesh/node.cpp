#include "mesh/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <set>
#include <utility>

#include "model/applied_flow.hpp"
#include "schedule/schedule.hpp"

namespace cordyna::mesh {
namespace {

namespace json = boost::json;

constexpr int kStartsMax = 400;
constexpr Millis kLookAhead = Millis{400} * 24 * 3'600'000;
constexpr int kChainMax = 100;

const json::object* object_in(const json::object& in, std::string_view name) {
  const json::value* const found = in.if_contains(json::string_view(name.data(), name.size()));
  return found != nullptr && found->is_object() ? &found->get_object() : nullptr;
}

std::string text_in(const json::object& in, std::string_view name) {
  const json::value* const found = in.if_contains(json::string_view(name.data(), name.size()));
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

json::object object_of(const std::string& text) {
  json::error_code error;
  json::value value = json::parse(text.empty() ? "{}" : text, error);
  return !error && value.is_object() ? std::move(value.get_object()) : json::object();
}

/// A contract as it stands in a task.
void add_contract(const json::object& params, Use& use) {
  const json::object* const contract = object_in(params, "contract");
  if (contract == nullptr) return;
  if (const json::object* const columns = object_in(*contract, "columns"); columns != nullptr) {
    for (const auto& [name, rules] : *columns) {
      use.columns.push_back(
          {std::string(name), rules.is_object() ? text_in(rules.get_object(), "type") : ""});
    }
  }
  if (const json::object* const drift = object_in(*contract, "drift"); drift != nullptr) {
    const std::string missing = text_in(*drift, "missing");
    const std::string type = text_in(*drift, "type");
    use.minds_missing = missing.empty() || missing == "fail";
    use.minds_type = type.empty() || type == "fail" || type == "quarantine";
  }
}

class Reader {
 public:
  Reader(const Flow& flow, Node& node) : flow_(flow), node_(node) {
    params_.reserve(flow.tasks.size());
    for (const TaskSpec& task : flow.tasks) params_.push_back(object_of(task.params));
  }

  void read() {
    for (TaskIndex i = 0; i < flow_.tasks.size(); ++i) read_task(i);
    for (const TriggerSpec& trigger : flow_.triggers) read_trigger(trigger);
  }

 private:
  [[nodiscard]] Use use_of(TaskIndex task) const {
    const TaskSpec& spec = flow_.tasks[task];
    return {.part = "task " + spec.id, .task = task, .owner = spec.owner};
  }

  void read_task(TaskIndex i) {
    const TaskSpec& task = flow_.tasks[i];
    const json::object& params = params_[i];
    if (!task.subflow.id.empty()) {
      const std::string& ns = task.subflow.ns.empty() ? flow_.ns : task.subflow.ns;
      node_.links.push_back(
          {flow_name(ns, task.subflow.id), "task " + task.id, task.subflow.within, task.owner});
    }
    if (task.type == "load") read_load(i, params);
    if (task.type == "share") read_share(i, params);
    if (task.type == "sql") read_sql(i, params);
    if (task.type == "invoke") node_.output_schema = text_in(params, "output_schema");
  }

  void read_load(TaskIndex i, const json::object& params) {
    Use use = use_of(i);
    const json::object* const connection = object_in(params, "connection");
    if (connection == nullptr) {
      std::string from = text_in(params, "from");
      if (params.contains("files")) from += "*";
      use.data = file_dataset(from, flow_.folder);
    } else if (const std::string table = text_in(params, "table"); !table.empty()) {
      use.data = table_dataset(*connection, table, flow_.folder);
    } else {
      use.data.id = place_of(*connection, flow_.folder);
      use.sql = text_in(params, "sql");
    }
    add_contract(params, use);
    node_.reads.push_back(std::move(use));
  }

  void read_sql(TaskIndex i, const json::object& params) {
    const json::object* const connection = object_in(params, "connection");
    if (connection == nullptr) return;
    Use use = use_of(i);
    use.data.id = place_of(*connection, flow_.folder);
    use.sql = text_in(params, "sql");
    if (!use.sql.empty()) node_.reads.push_back(std::move(use));
  }

  void read_share(TaskIndex i, const json::object& params) {
    const json::value* const to = params.if_contains("to");
    if (to == nullptr) return;
    const auto add = [&](const json::value& target) {
      Use use = use_of(i);
      if (target.is_string()) {
        use.data = file_dataset(std::string(target.get_string()), flow_.folder);
      } else if (target.is_object()) {
        const json::object& object = target.get_object();
        const json::object* const connection = object_in(object, "connection");
        const std::string name = text_in(object, "to");
        use.data = connection == nullptr ? file_dataset(name, flow_.folder)
                                         : table_dataset(*connection, name, flow_.folder);
      }
      use.columns = columns_of(text_in(params, "of"));
      node_.makes.push_back(std::move(use));
    };
    if (!to->is_array()) return add(*to);
    for (const json::value& target : to->get_array()) add(target);
  }

  /// As contracts say it, through steps that change no column.
  [[nodiscard]] std::vector<Column> columns_of(std::string id) const {
    for (int i = 0; i < kChainMax; ++i) {
      const auto task = std::ranges::find(flow_.tasks, id, &TaskSpec::id);
      if (task == flow_.tasks.end()) return {};
      const json::object& params = params_[static_cast<std::size_t>(task - flow_.tasks.begin())];
      if (task->type == "load") {
        Use use;
        add_contract(params, use);
        return use.columns;
      }
      if (task->type != "check" && task->type != "guard") return {};
      id = text_in(params, "of");
    }
    return {};
  }

  void read_trigger(const TriggerSpec& trigger) {
    const std::string part = "trigger " + trigger.id;
    if (trigger.type == TriggerType::kFlow) {
      for (const std::string& flow : trigger.ends.flows) {
        // "/load" has no namespace.
        node_.links.push_back(
            {flow.starts_with('/') ? flow.substr(1) : flow, part, 0, node_.owner});
      }
      return;
    }
    const json::object connection = object_of(trigger.listen.connection);
    const auto add = [&](Dataset data) {
      node_.reads.push_back({.data = std::move(data), .part = part, .owner = node_.owner});
    };
    if (trigger.type == TriggerType::kPostgres) {
      for (const auto& table : trigger.postgres.tables) {
        add(table_dataset(connection, table, flow_.folder));
      }
    }
    if (trigger.type == TriggerType::kKafka) {
      for (const auto& topic : trigger.kafka.topics) {
        add(table_dataset(connection, topic, flow_.folder));
      }
    }
    if (trigger.type == TriggerType::kFile) {
      Dataset data = file_dataset(trigger.file.folder + "/", flow_.folder);
      add(std::move(data));
    }
  }

  const Flow& flow_;
  Node& node_;
  std::vector<json::object> params_;
};

Millis gap_of(const Flow& flow, Millis now) {
  // Several schedules of a flow: what counts is the longest time without any.
  std::set<Millis> starts;
  for (const TriggerSpec& trigger : flow.triggers) {
    if (trigger.type != TriggerType::kSchedule) continue;
    const auto schedule = schedule::Schedule::of(trigger);
    if (!schedule.has_value()) continue;
    Millis at = now;
    for (int i = 0; i < kStartsMax; ++i) {
      const auto next = schedule->next(at);
      if (!next.has_value() || *next > now + kLookAhead) break;
      starts.insert(at = *next);
    }
  }
  Millis gap = 0;
  for (auto at = starts.begin(); at != starts.end() && std::next(at) != starts.end(); ++at) {
    gap = std::max(gap, *std::next(at) - *at);
  }
  // One start alone, in more than a year.
  return starts.size() == 1 ? kLookAhead : gap;
}

}  // namespace

Node node_of(std::shared_ptr<const Flow> flow, Millis now) {
  Node node;
  node.name = flow_name(flow->ns, flow->id);
  node.owner = flow->owner;
  node.contacts = text_in(object_of(flow->labels), "contacts");
  Reader(*flow, node).read();
  node.gap = gap_of(*flow, now);
  node.flow = std::move(flow);
  return node;
}

}  // namespace cordyna::mesh
