#include "flow/subflow_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/durations.hpp"
#include "base/words.hpp"
#include "flow/task_reader.hpp"

namespace cordyna::flow {
namespace {

constexpr std::string_view kWanted =
    "write NAMESPACE/ID, such as acme.orders/load, or the ID of a flow in the same namespace";

Millis duration_of(const Node& map, std::string_view key) {
  const Node* at = map.find(key);
  if (at == nullptr || !at->is_scalar()) return 0;
  return parse_duration(at->text).value_or(0);
}

/// As the canonical form has it: whole, so that two ways to write it are one version.
std::string name_json(const Subflow& subflow, std::string_view own) {
  std::string out;
  append_json_string(out, subflow.ns.empty() && !own.empty() ? "/" + subflow.id : subflow.name());
  return out;
}

/// Of two needs, the one that more runs fail to meet.
Millis stricter(Millis a, Millis b) {
  return a == 0 || b == 0 ? 0 : std::min(a, b);
}

TaskDraft need_draft(const FlowDraft& flow, const Node& need, Subflow subflow) {
  TaskDraft draft;
  draft.node = &need;
  draft.implied = true;
  draft.type = find_task_type("flow");
  draft.spec.type = "flow";
  draft.spec.kind = TaskKind::kRun;
  draft.spec.id = need_path(subflow);
  draft.spec.owner = flow.flow.owner;
  draft.spec.line = need.mark.line;
  draft.spec.subflow = std::move(subflow);
  return draft;
}

void write_params(TaskDraft& draft, std::string_view own) {
  const Subflow& subflow = draft.spec.subflow;
  draft.params.clear();
  draft.params.emplace_back("flow", name_json(subflow, own));
  if (subflow.within == 0) return;
  std::string within;
  append_json_string(within, canonical_duration(subflow.within));
  draft.params.emplace_back("within", std::move(within));
}

}  // namespace

std::optional<Subflow> parse_flow_name(std::string_view text, std::string_view own) {
  const std::size_t slash = text.find('/');
  Subflow subflow;
  subflow.id = text.substr(slash == std::string_view::npos ? 0 : slash + 1);
  subflow.ns = slash == std::string_view::npos ? own : text.substr(0, slash);
  const bool good_ns = subflow.ns.empty() || is_id(subflow.ns);
  if (!is_id(subflow.id) || !good_ns) return std::nullopt;
  return subflow;
}

std::optional<Subflow> flow_of_need(const Node& need, std::string_view own) {
  const Node* name = need.find("flow");
  if (name == nullptr || !name->is_scalar()) return std::nullopt;
  auto subflow = parse_flow_name(name->text, own);
  if (subflow.has_value()) subflow->within = duration_of(need, "within");
  return subflow;
}

std::string need_path(const Subflow& subflow) {
  return "flow:" + subflow.name();
}

void add_flow_needs(FlowDraft& draft, TaskIndex first, Reporter& reporter) {
  const auto end = static_cast<TaskIndex>(draft.tasks.size());
  for (TaskIndex task = first; task < end; ++task) {
    // The list of tasks grows meanwhile.
    const std::vector<TaskUse> uses = draft.tasks[task].uses.tasks;
    for (const TaskUse& use : uses) {
      if (use.node->kind != NodeKind::kMap) continue;
      auto subflow = flow_of_need(*use.node, draft.flow.ns);
      if (!subflow.has_value()) {
        const Node& name = *use.node->find("flow");
        reporter.error(name, Code::kBadId,
                       fmt::format("{} names no flow; {}", quoted(name.text), kWanted));
        continue;
      }
      if (draft.tasks[task].spec.section != Section::kTasks) {
        reporter.error(*use.node, Code::kWrongSection,
                       "what other flows must have done stands in 'tasks': 'errors' and 'finally' "
                       "run after it");
        continue;
      }
      const std::string path = need_path(*subflow);
      const auto known =
          std::find_if(draft.tasks.begin() + end, draft.tasks.end(),
                       [&path](const TaskDraft& other) { return other.spec.id == path; });
      if (known == draft.tasks.end()) {
        draft.tasks.push_back(need_draft(draft, *use.node, std::move(*subflow)));
      } else {
        known->spec.subflow.within = stricter(known->spec.subflow.within, subflow->within);
      }
    }
  }
  // The canonical form may name them elsewhere, and a task keeps its place in it.
  std::sort(draft.tasks.begin() + end, draft.tasks.end(),
            [](const TaskDraft& a, const TaskDraft& b) { return a.spec.id < b.spec.id; });
  for (TaskIndex task = end; task < draft.tasks.size(); ++task) {
    write_params(draft.tasks[task], draft.flow.ns);
  }
}

void TaskReader::read_subflow(TaskDraft& draft) {
  draft.spec.kind = TaskKind::kRun;
  for (const std::string_view key : {"env", "timeouts", "resources", "pool", "cache"}) {
    refuse_key(draft, key, "that is for the tasks of the other flow");
  }
  draft.spec.env.clear();
  draft.spec.timeouts = Timeouts{};
  draft.spec.resources = Resources{};
  draft.spec.pool.clear();
  const Node& node = *draft.node;
  const Node* name = node.find("flow");
  if (name == nullptr || !name->is_scalar()) return;
  auto subflow = parse_flow_name(name->text, ns_);
  if (!subflow.has_value()) {
    reporter_.error(*name, Code::kBadId,
                    fmt::format("{} names no flow; {}", quoted(name->text), kWanted));
    return;
  }
  subflow->within = duration_of(node, "within");
  const Node* wait = node.find("wait");
  const Node* on_error = node.find("on_error");
  subflow->wait = wait == nullptr || scalar_as_json(*wait) != "false";
  subflow->go_on = on_error != nullptr && on_error->text == "continue";
  if (!subflow->wait && subflow->within > 0) {
    reporter_.error(*wait, Code::kBadValue,
                    "with 'within' the end of a run is what counts; leave 'wait' or 'within' out");
  }
  if (!subflow->wait && subflow->go_on) {
    reporter_.error(*on_error, Code::kBadValue,
                    "without 'wait' the task ends before the run does; leave 'on_error' out");
  }
  const auto param = [&draft](std::string_view key) {
    return std::ranges::find(draft.params, key, &JsonFields::value_type::first);
  };
  if (const auto found = param("flow"); found != draft.params.end()) {
    found->second = name_json(*subflow, ns_);
  }
  if (const auto found = param("inputs"); found != draft.params.end()) {
    subflow->inputs = found->second;
  }
  draft.spec.subflow = std::move(*subflow);
}

}  // namespace cordyna::flow
