#include "service/need_plan.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "model/applied_flow.hpp"
#include "model/task_server.hpp"

namespace cordyna {
namespace {

constexpr std::uint32_t kRunsSeen = 50;

class Planner {
 public:
  Planner(StoreReader& reader, const FlowOf& find, Millis now)
      : reader_(reader), find_(find), now_(now) {}

  /// Depth first, without recursion: a chain may be as long as the network is.
  Result<std::vector<PlannedRun>> plan(std::shared_ptr<const Flow> flow) {
    seen_.insert(flow_name(flow->ns, flow->id));
    open_.push_back({std::move(flow), 0});
    while (!open_.empty()) {
      Open& top = open_.back();
      if (top.next == top.flow->tasks.size()) {
        made_.push_back(of(*top.flow));
        open_.pop_back();
        continue;
      }
      const TaskSpec& task = top.flow->tasks[top.next++];
      if (task.kind == TaskKind::kRun) TRY(visit(task.subflow));
    }
    return std::move(made_);
  }

 private:
  struct Open {
    std::shared_ptr<const Flow> flow;
    std::size_t next = 0;  // task to look at
  };

  static PlannedRun of(const Flow& flow) {
    PlannedRun made;
    made.flow = flow_name(flow.ns, flow.id);
    made.owner = flow.owner;
    for (const TaskSpec& task : flow.tasks) {
      if (task.kind == TaskKind::kRun) made.needs.push_back(task.subflow.name());
      if (task.kind == TaskKind::kServed) made.server = server_of_line(task.pool);
    }
    return made;
  }

  Result<> visit(const Subflow& wanted) {
    if (!seen_.insert(wanted.name()).second) return {};
    auto flow = find_(wanted.ns, wanted.id);
    if (!flow.has_value() && flow.error().code != ErrorCode::kNotFound) {
      return std::unexpected<Error>(flow.error());
    }
    if (!flow.has_value()) {
      PlannedRun missing;
      missing.flow = wanted.name();
      missing.fate = NeedFate::kMissing;
      made_.push_back(std::move(missing));
      return {};
    }
    // One with inputs has to have run with the same: what these are is not known yet.
    if (wanted.within > 0 && wanted.inputs.empty()) {
      TRY_ASSIGN(std::optional<PlannedRun> met, met_by(wanted, **flow));
      if (met.has_value()) {
        made_.push_back(std::move(*met));
        return {};
      }
    }
    open_.push_back({std::move(*flow), 0});
    return {};
  }

  Result<std::optional<PlannedRun>> met_by(const Subflow& wanted, const Flow& flow) {
    RunFilter filter;
    filter.flow_id = wanted.id;
    filter.limit = kRunsSeen;
    TRY_ASSIGN(const std::vector<RunRow> runs, reader_.list_runs(filter));
    std::optional<PlannedRun> joins;
    for (const RunRow& run : runs) {
      if (run.ns != wanted.ns || !run.backfill.empty()) continue;
      PlannedRun met = of(flow);
      met.needs.clear();
      met.run = run.no;
      const bool well = run.state == RunState::kCompleted || run.state == RunState::kWarning;
      if (well && run.ended_at >= now_ - wanted.within) {
        met.fate = NeedFate::kFresh;
        met.completed_at = run.ended_at;
        return std::optional(std::move(met));
      }
      if (is_final(run.state) || joins.has_value()) continue;
      met.fate = NeedFate::kJoins;
      joins = std::move(met);
    }
    return joins;
  }

  StoreReader& reader_;
  const FlowOf& find_;
  Millis now_;
  std::set<std::string> seen_;
  std::vector<Open> open_;
  std::vector<PlannedRun> made_;
};

}  // namespace

std::string_view to_string(NeedFate fate) {
  static constexpr std::array kNames{std::string_view("runs"), std::string_view("fresh"),
                                     std::string_view("joins"), std::string_view("missing"),
                                     std::string_view("hidden")};
  return kNames[static_cast<std::size_t>(fate)];
}

Result<std::vector<PlannedRun>> plan_run(StoreReader& reader, const FlowOf& find,
                                         std::shared_ptr<const Flow> flow, Millis now) {
  return Planner(reader, find, now).plan(std::move(flow));
}

std::string plan_as_json(const std::vector<PlannedRun>& plan) {
  std::string out = "[";
  for (const PlannedRun& one : plan) {
    out += out.size() > 1 ? ",\n{\"flow\":" : "{\"flow\":";
    append_json(out, one.flow);
    out += fmt::format(R"(,"fate":"{}","owner":)", to_string(one.fate));
    append_json(out, one.owner);
    if (one.run != 0) out += fmt::format(R"(,"run":{})", one.run);
    if (one.completed_at != 0) {
      out += fmt::format(R"(,"completed_at":"{}")", format_timestamp(one.completed_at));
    }
    if (!one.server.empty()) {
      out += R"(,"server":)";
      append_json(out, one.server);
    }
    out += R"(,"needs":[)";
    for (std::size_t i = 0; i < one.needs.size(); ++i) {
      if (i > 0) out += ',';
      append_json(out, one.needs[i]);
    }
    out += "]}";
  }
  return out + "]";
}

}  // namespace cordyna
