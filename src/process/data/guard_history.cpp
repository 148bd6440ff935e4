#include "process/data/guard_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <vector>

#include "base/hash.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

/// The data that a data task takes.
std::string of_param(const TaskSpec& task) {
  json::error_code error;
  const json::value params = json::parse(task.params, error);
  if (error || !params.is_object()) return {};
  const json::value* of = params.get_object().if_contains("of");
  if (of == nullptr || !of->is_string()) return {};
  return {of->get_string().data(), of->get_string().size()};
}

std::string usual_series(const Flow& flow, const std::string& of) {
  return fmt::format("{}{}{}/{}", flow.ns, flow.ns.empty() ? "" : "/", flow.id, of);
}

}  // namespace

const GuardPolicy* guard_before(const Flow& flow, const TaskSpec& task, const Step& step) {
  if (const auto* guard = std::get_if<GuardParams>(&step.params)) return &guard->guard;
  const auto* share = std::get_if<ShareParams>(&step.params);
  if (share == nullptr || !share->guard.has_value()) return nullptr;
  for (const TaskIndex up : task.needs) {
    const TaskSpec& other = flow.tasks[up];
    if (other.type != "guard") continue;
    const auto self = static_cast<TaskIndex>(&task - flow.tasks.data());
    if (name_within(flow, self, up) == share->of || of_param(other) == share->of) return nullptr;
  }
  return &*share->guard;
}

std::string steps_of(const Flow& flow, std::string_view task) {
  const auto first = std::ranges::find(flow.tasks, task, &TaskSpec::id);
  if (first == flow.tasks.end()) return {};
  std::set<TaskIndex> all;
  std::vector<TaskIndex> open{static_cast<TaskIndex>(first - flow.tasks.begin())};
  while (!open.empty()) {
    const TaskIndex index = open.back();
    open.pop_back();
    if (!all.insert(index).second) continue;
    const TaskSpec& spec = flow.tasks[index];
    open.insert(open.end(), spec.needs.begin(), spec.needs.end());
    open.insert(open.end(), spec.refs.begin(), spec.refs.end());
  }
  std::vector<std::string> texts;
  for (const TaskIndex index : all) {
    const TaskSpec& spec = flow.tasks[index];
    texts.push_back(spec.id + "\n" + spec.type + "\n" + spec.params);
  }
  std::ranges::sort(texts);  // the place in the file means nothing
  std::uint64_t hash = kFnvBegin;
  for (const std::string& text : texts) hash = fnv1a("\xff", fnv1a(text, hash));
  return fmt::format("{:016x}", hash);
}

Result<json::object> guard_context(const StartAttempt& command, const GuardPolicy& guard,
                                   const std::string& of, const PointSource& points) {
  PointFilter filter;
  filter.series = guard.series.empty() ? usual_series(*command.flow, of) : guard.series;
  filter.before_at = command.run_at;
  filter.before_run = command.key.run;
  filter.limit = guard::kHistoryMax;
  std::vector<PointRow> rows;
  if (points) {
    TRY_ASSIGN(rows, points(filter));
  }
  json::array history;
  for (const PointRow& row : rows) {
    const std::string_view verdict = to_string(row.verdict);
    history.push_back({{"at", row.at},
                       {"run", row.run},
                       {"verdict", json::string_view(verdict.data(), verdict.size())},
                       {"facts", row.facts}});
  }
  return json::object{{"series", filter.series},      {"steps", steps_of(*command.flow, of)},
                      {"at", command.run_at},         {"run", command.key.run},
                      {"approved", command.approved}, {"history", std::move(history)}};
}

}  // namespace cordyna::data
