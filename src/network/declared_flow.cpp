#include "network/declared_flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>
#include <variant>

#include "model/task_server.hpp"
#include "protocol/envelope.hpp"

namespace cordyna::network {
namespace {

namespace json = boost::json;

std::string duration_text(Millis time) {
  return fmt::format("{}ms", time);
}

/// The type of an input for what a schema says of a property; what has no such type is json.
std::string_view input_type(const json::object& property) {
  const json::value* type = property.if_contains("type");
  const json::value* format = property.if_contains("format");
  if (type == nullptr || !type->is_string()) return "json";
  const std::string_view word = type->get_string();
  if (word == "integer") return "int";
  if (word == "number") return "float";
  if (word == "boolean") return "bool";
  if (word != "string") return "json";
  if (property.contains("enum")) return "json";
  const std::string_view how =
      format != nullptr && format->is_string() ? std::string_view(format->get_string()) : "";
  return how == "date" ? "date" : how == "date-time" ? "datetime" : "string";
}

json::array inputs_of(const std::string& schema) {
  json::array inputs;
  if (schema.empty()) return inputs;
  json::error_code error;
  const json::value whole = json::parse(schema, error);
  if (error || !whole.is_object()) return inputs;
  const json::value* properties = whole.get_object().if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return inputs;
  const json::value* required = whole.get_object().if_contains("required");
  for (const auto& member : properties->get_object()) {
    const json::string_view name = member.key();
    const json::value& property = member.value();
    if (!property.is_object()) continue;
    json::object input;
    input["id"] = name;
    input["type"] = input_type(property.get_object());
    const json::value* given = property.get_object().if_contains("default");
    if (given != nullptr && !given->is_null()) input["default"] = *given;
    const bool needed = required != nullptr && required->is_array() &&
                        std::ranges::any_of(required->get_array(), [&](const json::value& one) {
                          return one.is_string() && one.get_string() == name;
                        });
    input["required"] = needed;
    const json::value* said = property.get_object().if_contains("description");
    if (said != nullptr && said->is_string()) input["description"] = *said;
    inputs.push_back(std::move(input));
  }
  return inputs;
}

json::object retry_of(const Retry& retry) {
  static constexpr std::array kBackoffs{"constant", "exponential", "random"};
  json::object out;
  out["attempts"] = retry.attempts;
  if (retry.delay > 0) out["delay"] = duration_text(retry.delay);
  out["backoff"] = kBackoffs.at(static_cast<std::size_t>(retry.backoff));
  if (retry.max_delay > 0) out["max_delay"] = duration_text(retry.max_delay);
  out["jitter"] = retry.jitter;
  json::array on;
  for (const std::string& word : retry.on) on.push_back(json::string(word));
  if (!on.empty()) out["on"] = std::move(on);
  return out;
}

/// One that may fail is a task of its own, which completes however it ends.
std::string add_optional(const protocol::TaskNeed& need, json::array& tasks) {
  json::object task;
  const std::string id = fmt::format("optional-{}", tasks.size() + 1);
  task["id"] = id;
  task["type"] = "flow";
  task["flow"] = need.team + "/" + need.task;
  if (need.within > 0) task["within"] = duration_text(need.within);
  task["on_error"] = "continue";
  tasks.push_back(std::move(task));
  return id;
}

json::array needs_of(const protocol::Declaration& task, json::array& tasks) {
  json::array needs;
  for (const protocol::TaskNeed& need : task.needs) {
    if (need.optional) {
      needs.push_back(json::string(add_optional(need, tasks)));
      continue;
    }
    json::object one;
    one["flow"] = need.team + "/" + need.task;
    if (need.within > 0) one["within"] = duration_text(need.within);
    needs.push_back(std::move(one));
  }
  return needs;
}

json::object schedule_of(const protocol::Declaration& task) {
  static constexpr std::array kCatchUps{"all", "latest", "none"};
  json::object out;
  out["id"] = "cron";
  out["type"] = "schedule";
  out["cron"] = task.cron;
  out["timezone"] = task.timezone;
  out["catch_up"] = kCatchUps.at(static_cast<std::size_t>(task.catch_up));
  return out;
}

}  // namespace

std::string flow_text(const ServerName& server, const protocol::Declaration& task) {
  json::array tasks;
  json::object served;
  served["id"] = kServedTask;
  served["type"] = "invoke";
  served["server"] = server.server;
  served["task"] = task.id;
  if (!task.slot_class.empty()) served["slot_class"] = task.slot_class;
  if (!task.version.empty()) served["revision"] = task.version;
  if (!task.input_schema.empty()) served["input_schema"] = task.input_schema;
  if (!task.output_schema.empty()) served["output_schema"] = task.output_schema;
  json::array needs = needs_of(task, tasks);
  if (!needs.empty()) served["needs"] = std::move(needs);
  served["retry"] = retry_of(task.retry);
  json::object timeouts;
  timeouts["acknowledge"] = duration_text(task.timeouts.acknowledge);
  timeouts["start"] = duration_text(task.timeouts.start);
  timeouts["complete"] = duration_text(task.timeouts.complete);
  served["timeouts"] = std::move(timeouts);
  if (task.priority > 0) served["priority"] = task.priority;
  tasks.push_back(std::move(served));

  json::object flow;
  flow["id"] = task.id;
  flow["namespace"] = server.team;
  flow["description"] = task.description;
  flow["owner"] = task.team;
  json::object labels;
  for (const auto& [name, value] : task.labels) labels[name] = value;
  if (!task.runbook_url.empty()) labels["runbook_url"] = task.runbook_url;
  if (!task.contacts.empty())
    labels["contacts"] = fmt::format("{}", fmt::join(task.contacts, ", "));
  flow["labels"] = std::move(labels);
  json::array inputs = inputs_of(task.input_schema);
  if (!inputs.empty()) flow["inputs"] = std::move(inputs);
  if (!task.cron.empty()) flow["triggers"] = json::array{schedule_of(task)};
  if (task.overlap != protocol::Overlap::kAllow) {
    json::object concurrency;
    concurrency["limit"] = 1;
    concurrency["when_full"] = task.overlap == protocol::Overlap::kReplace ? "cancel" : "queue";
    flow["concurrency"] = std::move(concurrency);
  }
  flow["tasks"] = std::move(tasks);
  return json::serialize(flow);
}

Result<std::vector<protocol::Declaration>> read_declarations(std::string_view list) {
  // As a server would say it: what is wrong is found as it is there.
  const std::string message = fmt::format(
      R"({{"specversion":"1.0","id":"1","source":"{}","type":"cordyna.server.declare.v1",)"
      R"("data":{{"revision":1,"tasks":{}}}}})",
      source_of({"any", "any"}), list);
  const auto read = protocol::read_messages(message, protocol::Direction::kToCerebro);
  std::string wrong;
  const auto note = [&wrong](std::string_view at, std::string_view detail) {
    wrong += fmt::format("{}{}: {}", wrong.empty() ? "" : "; ", at, detail);
  };
  std::vector<protocol::Declaration> found;
  for (const protocol::ReadMessage& one : read) {
    if (const auto* bad = std::get_if<protocol::BadMessage>(&one)) {
      for (const shape::Flaw& flaw : bad->flaws) note(flaw.at, flaw.detail);
      continue;
    }
    for (const shape::JsonBody& task : std::get<protocol::Message>(one).data.objects("tasks")) {
      auto declaration = protocol::read_declaration(task, task.object("owner").text("team"));
      if (auto* good = std::get_if<protocol::Declaration>(&declaration)) {
        found.push_back(std::move(*good));
        continue;
      }
      for (const shape::Flaw& flaw : std::get<std::vector<shape::Flaw>>(declaration)) {
        note(fmt::format("task '{}' {}", task.text("id"), flaw.at), flaw.detail);
      }
    }
  }
  if (wrong.empty()) return found;
  return fail(ErrorCode::kInvalidArgument, wrong);
}

ServerName declarer_of(const Flow& flow) {
  for (const TaskSpec& task : flow.tasks) {
    if (task.kind != TaskKind::kServed || task.id != kServedTask) continue;
    json::error_code error;
    const json::value params = json::parse(task.params, error);
    if (error || !params.is_object()) continue;
    const json::value* name = params.get_object().if_contains("task");
    const json::value* server = params.get_object().if_contains("server");
    if (name == nullptr || !name->is_string() || name->get_string() != std::string_view(flow.id)) {
      continue;
    }
    if (server != nullptr && server->is_string()) return {flow.ns, server->get_string().c_str()};
  }
  return {};
}

}  // namespace cordyna::network
