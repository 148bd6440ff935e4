/// A task as its server declares it, checked: its owner, what it needs, when it runs by itself.
///
/// Names, durations and defaults are those of flows. Pure, but for the machine's time zones.
/// Threads: any. Source: docs/decisions/044-protocol-messages.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/flow.hpp"
#include "model/task_server.hpp"
#include "model/trigger.hpp"
#include "shape/json_body.hpp"

namespace cordyna::protocol {

/// What becomes of an invocation while an attempt of the task runs.
enum class Overlap : std::uint8_t { kForbid, kAllow, kReplace };

/// A task that has to have completed before.
struct TaskNeed {
  std::string team;  ///< whose it is
  std::string task;
  Millis within = -1;     ///< how long ago at most; -1: it runs first, each time
  bool optional = false;  ///< its failure blocks nothing

  bool operator==(const TaskNeed&) const = default;
};

inline constexpr std::size_t kNeedsMax = 1000;

struct Declaration {
  std::string id;
  std::string version;
  std::string description;
  std::string team;
  std::vector<std::string> contacts;  ///< at least one
  std::vector<TaskNeed> needs;        ///< each task once
  std::string cron;                   ///< can be read; empty: it does not run by itself
  std::string timezone = "UTC";
  CatchUp catch_up = CatchUp::kLatest;
  Timeouts timeouts{kServedAcknowledge, kServedStart, kServedComplete};
  Millis max_extend = 0;
  Retry retry;
  Overlap overlap = Overlap::kForbid;
  bool cancellable = true;
  std::string slot_class;
  std::uint32_t priority = 0;
  std::string input_schema;   ///< a JSON Schema; empty: any
  std::string output_schema;  ///< a JSON Schema; empty: any
  std::map<std::string, std::string> labels;
  std::string runbook_url;

  bool operator==(const Declaration&) const = default;
};

/// `team`: the one that the server's credential is of; a task of another is a flaw. All that is
/// wrong is told at once.
[[nodiscard]] std::variant<Declaration, std::vector<shape::Flaw>> read_declaration(
    const shape::JsonBody& body, std::string_view team);

}  // namespace cordyna::protocol
