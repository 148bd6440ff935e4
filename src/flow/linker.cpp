#include "flow/linker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/words.hpp"
#include "flow/sql_names.hpp"
#include "flow/subflow_reader.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

std::string_view name_of(Section section) {
  switch (section) {
    case Section::kTasks: return "tasks";
    case Section::kErrors: return "errors";
    case Section::kFinally: return "finally";
  }
  return "tasks";
}

Scope scope_of(const TaskDraft& draft, const TemplateUse& use) {
  const bool on_error = draft.spec.section != Section::kTasks;
  const ValueKind kind = use.kind;
  const Node* cache = draft.node->find("cache");
  if (cache != nullptr && use.node == cache->find("key")) {
    return on_error ? Scope::kCacheKeyOnError : Scope::kCacheKey;
  }
  if (draft.spec.wait.what == WaitFor::kCondition && use.node == draft.node->find("until")) {
    return on_error ? Scope::kUntilOnError : Scope::kUntil;
  }
  // Of these the engine renders what they have, at any depth.
  if (kind != ValueKind::kCondition && draft.spec.kind == TaskKind::kRun) {
    return on_error ? Scope::kSubflowOnError : Scope::kSubflow;
  }
  if (kind != ValueKind::kCondition && !draft.spec.foreach.items.empty()) {
    return on_error ? Scope::kItemsOnError : Scope::kItems;
  }
  if (kind == ValueKind::kCondition) return on_error ? Scope::kConditionOnError : Scope::kCondition;
  return on_error ? Scope::kTaskOnError : Scope::kTask;
}

void sort_unique(std::vector<TaskIndex>& indexes) {
  std::ranges::sort(indexes);
  const auto rest = std::ranges::unique(indexes);
  indexes.erase(rest.begin(), rest.end());
  indexes.shrink_to_fit();
}

/// The contract of a load as JSON, also one from a file of its own; empty: it has none.
std::string_view contract_of(const TaskDraft& task) {
  const auto found = std::ranges::find(task.params, "contract", &JsonFields::value_type::first);
  return found == task.params.end() ? std::string_view() : std::string_view(found->second);
}

/// The object under `key` in a JSON text; empty: there is none.
boost::json::object object_in(std::string_view text, std::string_view key) {
  if (text.empty()) return {};
  boost::system::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error.failed() || !value.is_object()) return {};
  const boost::json::value* inside =
      value.get_object().if_contains(boost::json::string_view(key.data(), key.size()));
  return inside == nullptr || !inside->is_object() ? boost::json::object() : inside->get_object();
}

}  // namespace

Linker::Linker(FlowDraft& draft, Reporter& reporter)
    : draft_(draft), reporter_(reporter), names_(draft, reporter) {}

void Linker::link() {
  index_ids();
  check_flow_templates();
  for (TaskIndex i = 0; i < draft_.tasks.size(); ++i) link_task(i);
  put_guards_before_shares();
  for (TaskIndex i = 0; i < draft_.tasks.size(); ++i) {
    if (is_foreach(i)) sort_unique(draft_.tasks[i].spec.needs);  // what its tasks gave to it
    check_guard_of_items(i);
  }
  check_cycles(draft_, reporter_);
}

void Linker::index_ids() {
  ids_.reserve(draft_.tasks.size());
  for (TaskIndex i = 0; i < draft_.tasks.size(); ++i) {
    const TaskDraft& task = draft_.tasks[i];
    if (task.spec.id.empty()) continue;
    const auto [found, added] = ids_.emplace(task.spec.id, i);
    if (added) continue;
    reporter_.error(*task.node->find("id"), Code::kDuplicateId,
                    fmt::format("a second task has the id '{}'; the first is in line {}",
                                task.spec.id, draft_.tasks[found->second].spec.line));
  }
}

void Linker::check_flow_templates() {
  std::vector<OutputRef> refs;
  const auto check = [&](const Uses& uses, Scope scope) {
    for (const TemplateUse& use : uses.templates) names_.check(use, scope, refs);
  };
  check(draft_.default_uses, Scope::kInputDefault);
  check(draft_.trigger_uses, Scope::kTriggerInputs);
  check(draft_.event_uses, Scope::kEventInputs);
  check(draft_.row_uses, Scope::kRowInputs);
  check(draft_.vars_uses, Scope::kVars);
  check(draft_.env_uses, Scope::kFlowEnv);
  check(draft_.output_uses, Scope::kFlowOutputs);
  check(draft_.concurrency_uses, Scope::kConcurrencyKey);
  for (const OutputRef& ref : refs) {
    const auto found = ids_.find(ref.id);
    if (found == ids_.end()) {
      report_unknown(*ref.node, ref.offset, ref.id, By::kTemplate);
      continue;
    }
    check_part(ref, found->second);
    const TaskIndex loop = loop_around(found->second);
    if (loop != kNoTask) report_item_task(found->second, loop, *ref.node, ref.offset);
  }
}

std::optional<TaskIndex> Linker::find(std::string_view name, TaskIndex from) const {
  for (TaskIndex in = draft_.tasks[from].spec.inside; in != kNoTask;
       in = draft_.tasks[in].spec.inside) {
    const auto near = ids_.find(fmt::format("{}/{}", draft_.tasks[in].spec.id, name));
    if (near != ids_.end()) return near->second;
  }
  const auto found = ids_.find(name);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

bool Linker::is_foreach(TaskIndex task) const {
  const TaskType* type = draft_.tasks[task].type;
  return type != nullptr && type->name == "foreach";
}

TaskIndex Linker::loop_around(TaskIndex task) const {
  TaskIndex in = draft_.tasks[task].spec.inside;
  while (in != kNoTask && !is_foreach(in)) in = draft_.tasks[in].spec.inside;
  return in;
}

bool Linker::stands_in(TaskIndex task, TaskIndex outer) const {
  for (TaskIndex in = draft_.tasks[task].spec.inside; in != kNoTask;
       in = draft_.tasks[in].spec.inside) {
    if (in == outer) return true;
  }
  return false;
}

void Linker::report_item_task(TaskIndex task, TaskIndex loop, const Node& node,
                              std::size_t offset) {
  const std::string& id = draft_.tasks[loop].spec.id;
  reporter_.error_in(
      node, offset, Code::kBadValue,
      fmt::format("task '{}' runs once for each item of '{}', and has no one outcome outside of "
                  "it; name '{}', whose outputs have `results`",
                  draft_.tasks[task].spec.id, id, id));
}

/// What a task in a foreach needs from outside of it, the foreach needs: it is there before the
/// first item.
void Linker::add_need(TaskIndex from, TaskIndex to) {
  TaskIndex carrier = from;
  for (TaskIndex loop = loop_around(from); loop != kNoTask; loop = loop_around(loop)) {
    if (!stands_in(to, loop)) carrier = loop;
  }
  draft_.tasks[carrier].spec.needs.push_back(to);
}

bool Linker::in_switch(TaskIndex from, TaskIndex to, By by, const Node& node, std::size_t offset) {
  const TaskSpec& task = draft_.tasks[from].spec;
  const TaskSpec& other = draft_.tasks[to].spec;
  for (TaskIndex in = task.inside; in != kNoTask; in = draft_.tasks[in].spec.inside) {
    if (in != to) continue;
    if (by == By::kTemplate && !is_foreach(to)) {
      draft_.tasks[from].spec.refs.push_back(to);  // it was chosen before
    } else {
      reporter_.error_in(node, offset, Code::kSelfNeed,
                         fmt::format("task '{}' is inside of '{}', which ends after it; leave it "
                                     "out",
                                     task.id, other.id));
    }
    return true;
  }
  for (TaskIndex loop = loop_around(to); loop != kNoTask; loop = loop_around(loop)) {
    if (stands_in(from, loop)) continue;
    report_item_task(to, loop, node, offset);
    return true;
  }
  for (TaskIndex a = from; a != kNoTask; a = draft_.tasks[a].spec.inside) {
    for (TaskIndex b = to; b != kNoTask; b = draft_.tasks[b].spec.inside) {
      const TaskSpec& one = draft_.tasks[a].spec;
      const TaskSpec& two = draft_.tasks[b].spec;
      if (one.inside == kNoTask || one.inside != two.inside || one.branch == two.branch) continue;
      reporter_.error_in(node, offset, Code::kBadValue,
                         fmt::format("tasks '{}' and '{}' are in two cases of '{}', and never both "
                                     "run",
                                     task.id, other.id, draft_.tasks[one.inside].spec.id));
      return true;
    }
  }
  return false;
}

void Linker::report_unknown(const Node& node, std::size_t offset, std::string_view id, By by) {
  std::string hint;
  if (reporter_.may_suggest()) {
    std::vector<std::string_view> known;
    known.reserve(ids_.size());
    for (const auto& [name, index] : ids_) known.push_back(name);
    std::ranges::sort(known);
    hint = did_you_mean(id, known);
    if (hint.empty() && by == By::kTemplate) {
      // outputs.a.b, where the task is called a.b.
      const std::string prefix = fmt::format("{}.", id);
      for (const std::string_view name : known) {
        if (!name.starts_with(prefix)) continue;
        hint = fmt::format("; for task '{0}' write outputs['{0}']", name);
        break;
      }
    }
    if (hint.empty() && !known.empty() && known.size() <= 8) hint = "; there is " + join_or(known);
  }
  reporter_.error_in(node, offset, Code::kUnknownTask,
                     fmt::format("unknown task {}{}", quoted(id), hint));
}

/// Of a pause it is known which outputs it will have.
void Linker::check_part(const OutputRef& ref, TaskIndex named) {
  const TaskSpec& spec = draft_.tasks[named].spec;
  if (ref.part.empty() || spec.wait.what != WaitFor::kPerson) return;
  std::vector<std::string_view> known{"approved", "by", "note"};
  known.reserve(known.size() + spec.inputs.size());
  for (const InputSpec& input : spec.inputs) known.emplace_back(input.id);
  if (std::ranges::find(known, ref.part) != known.end()) return;
  std::string hint = did_you_mean(ref.part, known);
  if (hint.empty()) hint = "; there is " + join_or(known);
  reporter_.error_in(*ref.node, ref.offset, Code::kUndefinedName,
                     fmt::format("the pause '{}' has no output {}{}", spec.id,
                                 quoted(std::string_view(ref.part)), hint));
}

void Linker::link_task(TaskIndex index) {
  TaskDraft& task = draft_.tasks[index];
  if (task.node == nullptr) return;
  for (const TaskUse& use : task.uses.tasks) {
    const By by = use.data ? By::kData : By::kNeeds;
    if (use.node->kind == NodeKind::kMap) {
      const auto subflow = flow_of_need(*use.node, draft_.flow.ns);
      const auto need = subflow.has_value() ? ids_.find(need_path(*subflow)) : ids_.end();
      if (need != ids_.end()) add_edge(index, need->second, by, *use.node, 0);
      continue;
    }
    const auto found = find(use.node->text, index);
    if (!found.has_value()) {
      report_unknown(*use.node, 0, use.node->text, by);
    } else {
      add_edge(index, *found, by, *use.node, 0);
    }
  }
  refs_.clear();
  for (const TemplateUse& use : task.uses.templates) {
    names_.check(use, scope_of(task, use), refs_, loop_around(index) != kNoTask);
  }
  for (const OutputRef& ref : refs_) {
    const auto found = find(ref.id, index);
    if (!found.has_value()) {
      report_unknown(*ref.node, ref.offset, ref.id, By::kTemplate);
    } else {
      add_edge(index, *found, By::kTemplate, *ref.node, ref.offset);
      check_part(ref, *found);
    }
  }
  // The defaults of what a pause asks for; they name no task.
  for (const TemplateUse& use : task.input_uses.templates) {
    names_.check(use, Scope::kInputDefault, refs_);
  }
  if (task.type != nullptr && task.type->name == "transform") link_sql(index);
  if (task.type != nullptr && task.type->name == "load") link_columns(index);
  sort_unique(task.spec.needs);
  sort_unique(task.spec.refs);
}

/// A guard stands before every share of the same data, also where the share names that data itself.
void Linker::put_guards_before_shares() {
  std::unordered_multimap<TaskIndex, TaskIndex> guards;  // by the task whose data they judge
  const auto of = [this](TaskIndex index, std::string_view type) -> std::optional<TaskIndex> {
    const TaskDraft& task = draft_.tasks[index];
    if (task.node == nullptr || task.type == nullptr || task.type->name != type) {
      return std::nullopt;
    }
    const Node* node = task.node->find("of");
    if (node == nullptr || !node->is_scalar()) return std::nullopt;
    return find(node->text, index);
  };
  for (TaskIndex i = 0; i < draft_.tasks.size(); ++i) {
    const auto data = of(i, "guard");
    if (data.has_value()) guards.emplace(*data, i);
  }
  if (guards.empty()) return;
  for (TaskIndex i = 0; i < draft_.tasks.size(); ++i) {
    const auto data = of(i, "share");
    if (!data.has_value()) continue;
    const auto [begin, end] = guards.equal_range(*data);
    for (auto guard = begin; guard != end; ++guard) {
      const TaskSpec& share = draft_.tasks[i].spec;
      const TaskSpec& other = draft_.tasks[guard->second].spec;
      const bool both = other.inside == share.inside && other.branch == share.branch;
      if (other.section == share.section && (both || other.inside == kNoTask)) {
        add_need(i, guard->second);
      }
    }
    sort_unique(draft_.tasks[i].spec.needs);
  }
}

/// Without a series of its own, the data of each item would be judged by that of the others.
void Linker::check_guard_of_items(TaskIndex index) {
  const TaskDraft& task = draft_.tasks[index];
  if (task.type == nullptr || task.node == nullptr || loop_around(index) == kNoTask) return;
  const bool share = task.type->name == "share";
  if (!share && task.type->name != "guard") return;
  const auto is_guard = [this](TaskIndex up) { return draft_.tasks[up].spec.type == "guard"; };
  if (share && std::ranges::any_of(task.spec.needs, is_guard)) return;
  const Node* guard = share ? task.node->find("guard") : task.node;
  if (guard != nullptr && guard->kind == NodeKind::kMap) {
    const Node* on_trip = guard->find("on_trip");
    if (guard->find("series") != nullptr) return;
    if (on_trip != nullptr && on_trip->text == "off") return;
  } else if (guard != nullptr && guard->text == "off") {
    return;
  }
  reporter_.error(
      *task.node, Code::kMissingKey,
      fmt::format("the guard {}'{}' would have one history for all items of '{}': "
                  "give it a 'series' with the item in it, or write guard: off",
                  share ? "before " : "", task.spec.id, draft_.tasks[loop_around(index)].spec.id));
}

void Linker::link_sql(TaskIndex index) {
  const Node* sql = draft_.tasks[index].node->find("sql");
  if (sql == nullptr || !sql->is_scalar()) return;
  for (const SqlName& name : sql_names(sql->text)) {
    const auto found = find(name.name, index);
    // A column or alias may well be called like this task itself, or like one without data.
    if (!found.has_value() || *found == index) continue;
    const TaskDraft& named = draft_.tasks[*found];
    if (named.type == nullptr || !named.type->data) continue;
    add_edge(index, *found, By::kSql, *sql, name.offset);
  }
}

void Linker::link_columns(TaskIndex index) {
  const std::string_view contract = contract_of(draft_.tasks[index]);
  if (contract.find("\"refs\"") == std::string_view::npos) return;
  for (const auto& column : object_in(contract, "columns")) {
    const boost::json::object* spec = column.value().if_object();
    const boost::json::value* refs = spec == nullptr ? nullptr : spec->if_contains("refs");
    if (refs == nullptr || !refs->is_string()) continue;
    link_column(index, {column.key().data(), column.key().size()},
                {refs->get_string().data(), refs->get_string().size()});
  }
}

void Linker::check_referred(TaskIndex other, std::string_view column, const Node& at) {
  // Known ahead only of a load with a contract that takes no more columns along.
  const TaskDraft& task = draft_.tasks[other];
  const std::string_view contract = contract_of(task);
  const boost::json::object columns = object_in(contract, "columns");
  const boost::json::object drift = object_in(contract, "drift");
  const boost::json::value* added = drift.if_contains("new");
  if (columns.empty() || (added != nullptr && *added == "add")) return;
  if (columns.contains({column.data(), column.size()})) return;
  std::vector<std::string_view> names;
  for (const auto& item : columns) names.emplace_back(item.key().data(), item.key().size());
  reporter_.error(at, Code::kUndefinedName,
                  fmt::format("'refs' names column {} of task '{}', whose contract does not have "
                              "it{}",
                              quoted(column), task.spec.id, did_you_mean(column, names)));
}

void Linker::link_column(TaskIndex index, std::string_view column, std::string_view refs) {
  // The place where it is written, or the name of the file where that is.
  const Node* at = draft_.tasks[index].node->find("contract");
  if (at == nullptr) return;
  if (at->kind == NodeKind::kMap) {
    for (const std::string_view key :
         {std::string_view("columns"), column, std::string_view("refs")}) {
      const Node* inside = at->find(key);
      if (inside != nullptr) at = inside;
    }
  }
  const std::size_t dot =
      split_reference(refs, [this](std::string_view id) { return ids_.contains(id); });
  if (dot != std::string_view::npos) {
    const TaskIndex other = ids_.find(refs.substr(0, dot))->second;
    add_edge(index, other, By::kData, *at, 0);
    check_referred(other, refs.substr(dot + 1), *at);
    return;
  }
  std::vector<std::string_view> known;
  for (const TaskDraft& task : draft_.tasks) {
    if (task.type != nullptr && task.type->data) known.emplace_back(task.spec.id);
  }
  const std::string_view id = refs.substr(0, refs.find('.'));
  reporter_.error(*at, Code::kUnknownTask,
                  fmt::format("'refs' of column {} names task {}, which the flow does not have{}",
                              quoted(column), quoted(id), did_you_mean(id, known)));
}

void Linker::add_edge(TaskIndex from, TaskIndex to, By by, const Node& node, std::size_t offset) {
  TaskDraft& task = draft_.tasks[from];
  const TaskDraft& other = draft_.tasks[to];
  if (from == to) {
    reporter_.error_in(node, offset, Code::kSelfNeed,
                       fmt::format("task '{}' {}", task.spec.id,
                                   by == By::kTemplate ? "reads its own outputs"
                                   : by == By::kNeeds  ? "needs itself"
                                                       : "takes its own data"));
    return;
  }
  if (in_switch(from, to, by, node, offset)) return;
  if (by == By::kData && other.type != nullptr && !other.type->data) {
    reporter_.error(node, Code::kNoData,
                    fmt::format("task '{}' is of type {} and gives no data; name a task of type "
                                "load, check, standardize, secure, merge, transform or guard",
                                other.spec.id, other.spec.type));
    return;
  }
  const bool same = task.spec.section == other.spec.section;
  if (task.spec.section < other.spec.section) {
    reporter_.error_in(
        node, offset, Code::kWrongSection,
        fmt::format("task '{}' is in '{}', which runs after '{}'; name a task that "
                    "runs before",
                    other.spec.id, name_of(other.spec.section), name_of(task.spec.section)));
    return;
  }
  if (by == By::kNeeds && !same) {
    reporter_.error(
        node, Code::kWrongSection,
        fmt::format("task '{}' is in '{}', which has ended before '{}' begins; leave "
                    "it out of 'needs'",
                    other.spec.id, name_of(other.spec.section), name_of(task.spec.section)));
    return;
  }
  if (same) add_need(from, to);
  // What a program reads no template says: it is given what it needs.
  if (by != By::kNeeds || task.reads_values) task.spec.refs.push_back(to);
}

}  // namespace cordyna::flow
