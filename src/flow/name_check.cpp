#include "flow/name_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "template/template.hpp"

namespace cordyna::flow {
namespace {

using Words = std::vector<std::string_view>;

// What the engine puts into a context (engine/run_record.cpp).
constexpr std::array kRunFields{
    std::string_view("id"),     std::string_view("date"),          std::string_view("started_at"),
    std::string_view("number"), std::string_view("scheduled_for"), std::string_view("interval")};
constexpr std::array kIntervalFields{std::string_view("start"), std::string_view("end")};
constexpr std::array kFlowFields{std::string_view("id"), std::string_view("namespace"),
                                 std::string_view("owner")};
constexpr std::array kTaskFields{std::string_view("id"), std::string_view("attempt")};
constexpr std::array kLoopFields{std::string_view("index"), std::string_view("index0"),
                                 std::string_view("length"), std::string_view("parent")};
constexpr std::array kTriggerFields{std::string_view("id")};
constexpr std::array kEventFields{std::string_view("id"),      std::string_view("trigger"),
                                  std::string_view("at"),      std::string_view("data"),
                                  std::string_view("headers"), std::string_view("query"),
                                  std::string_view("count"),   std::string_view("events")};
constexpr std::array kRowFields{
    std::string_view("id"),   std::string_view("key"),      std::string_view("trigger"),
    std::string_view("at"),   std::string_view("location"), std::string_view("operation"),
    std::string_view("data"), std::string_view("count"),    std::string_view("events")};
constexpr std::array kErrorFields{std::string_view("task"),    std::string_view("code"),
                                  std::string_view("message"), std::string_view("description"),
                                  std::string_view("phase"),   std::string_view("owner"),
                                  std::string_view("attempt")};

/// The names a scope has, and why the others are not there.
struct ScopeInfo {
  std::string_view where;
  bool outputs;
  bool task;
  bool vars;
  bool inputs;
  bool error;
  bool secrets;
  bool now = false;
  bool files = false;
  bool trigger = false;
  bool event = false;
};

constexpr ScopeInfo kScopes[] = {
    {"in a task", true, true, true, true, false, true},
    {"in a task", true, true, true, true, true, true},
    {"in 'run_if'", true, true, true, true, false, false},
    {"in 'run_if'", true, true, true, true, true, false},
    {"in 'until'", true, true, true, true, false, false, true},
    {"in 'until'", true, true, true, true, true, false, true},
    {"in 'items'", true, true, true, true, false, false},
    {"in 'items'", true, true, true, true, true, false},
    {"in an input's default", false, false, false, false, false, false},
    {"in a trigger's inputs", false, false, false, false, false, false},
    {"in a webhook", false, false, false, false, false, false, false, false, false, true},
    {"in a postgres, kafka, file, poll or redis trigger", false, false, false, false, false, false,
     false, false, false, true},
    {"in 'vars'", false, false, false, true, false, false},
    {"in the flow's 'env'", false, true, true, true, false, true},
    {"in the flow's 'outputs'", true, false, true, true, false, false},
    {"in a cache's key", true, true, true, true, false, true, false, true},
    {"in a cache's key", true, true, true, true, true, true, false, true},
    {"in 'inputs' of a flow", true, true, true, true, false, false},
    {"in 'inputs' of a flow", true, true, true, true, true, false},
    {"in 'concurrency.key'", false, false, true, true, false, false, false, false, true},
};

const ScopeInfo& info_of(Scope scope) {
  return kScopes[static_cast<std::size_t>(scope)];
}

bool is_available(std::string_view root, const ScopeInfo& scope, bool in_loop) {
  if (root == "item" || root == "loop") return in_loop;
  if (root == "run") return true;
  if (root == "outputs") return scope.outputs;
  if (root == "task") return scope.task;
  if (root == "vars") return scope.vars;
  if (root == "error") return scope.error;
  if (root == "now") return scope.now;
  if (root == "files") return scope.files;
  if (root == "trigger") return scope.trigger;
  if (root == "event") return scope.event;
  if (root == "secret" || root == "env") return scope.secrets;
  return scope.inputs;  // inputs, flow, labels
}

Words available(const ScopeInfo& scope, bool in_loop) {
  Words words;
  for (const std::string_view root : {"inputs", "outputs", "run", "flow", "task", "vars", "labels",
                                      "error", "now", "trigger", "event", "item", "loop"}) {
    if (is_available(root, scope, in_loop)) words.push_back(root);
  }
  return words;
}

bool is_root(std::string_view name) {
  static constexpr std::array kRoots{
      std::string_view("inputs"), std::string_view("outputs"), std::string_view("run"),
      std::string_view("flow"),   std::string_view("task"),    std::string_view("vars"),
      std::string_view("labels"), std::string_view("error"),   std::string_view("secret"),
      std::string_view("env"),    std::string_view("now"),     std::string_view("item"),
      std::string_view("loop"),   std::string_view("files"),   std::string_view("trigger"),
      std::string_view("event")};
  return std::ranges::count(kRoots, name) > 0;
}

std::string missing_message(std::string_view root, const ScopeInfo& scope, bool in_loop) {
  if (root == "item" || root == "loop") {
    return fmt::format("'{}' is known only inside of a foreach, in its tasks", root);
  }
  if (root == "files") {
    return fmt::format("files() is not known {}; it is in the 'key' of a cache", scope.where);
  }
  if (root == "secret" || root == "env") {
    return fmt::format(
        "{}() is not known {}; it is looked up when a task is handed out, so name "
        "it in the task",
        root, scope.where);
  }
  if (root == "error") {
    return fmt::format("'error' is not known {} of 'tasks'; it is in 'errors' and 'finally'",
                       scope.where);
  }
  return fmt::format("'{}' is not known {}; known are {}", root, scope.where,
                     join_or(available(scope, in_loop)));
}

/// Where exactly the name is written: the expression may be long.
std::size_t find_name(std::string_view text, std::size_t offset, std::string_view root,
                      std::string_view field) {
  const std::size_t begin = std::min(offset, text.size());
  if (!field.empty()) {
    const std::size_t whole = text.find(fmt::format("{}.{}", root, field), begin);
    if (whole != std::string_view::npos) return whole;
  }
  const std::size_t part = text.find(root, begin);
  return part == std::string_view::npos ? begin : part;
}

}  // namespace

NameCheck::NameCheck(const FlowDraft& draft, Reporter& reporter) : reporter_(reporter) {
  for (const InputSpec& input : draft.flow.inputs) {
    inputs_.emplace_back(input.id);
    if (input.type == InputType::kSecret) secret_inputs_.emplace_back(input.id);
  }
  for (const std::string& name : draft.var_names) vars_.emplace_back(name);
  for (const std::string& name : draft.label_names) labels_.emplace_back(name);
}

void NameCheck::check(const TemplateUse& use, Scope scope, std::vector<OutputRef>& refs,
                      bool in_loop) {
  in_loop_ = in_loop;
  const std::string_view text = use.node->text;
  const tmpl::Analysis analysis = tmpl::analyze(text);
  for (const tmpl::Problem& problem : analysis.problems) {
    reporter_.error_in(*use.node, problem.offset, Code::kBadTemplate, problem.message);
  }
  if (analysis.problems.empty() && use.kind == ValueKind::kShell) {
    for (const tmpl::Problem& problem : tmpl::check_shell(text)) {
      reporter_.error_in(*use.node, problem.offset, Code::kBadTemplate, problem.message);
    }
  }
  if (analysis.problems.empty() && use.kind == ValueKind::kUrl) {
    for (const tmpl::Problem& problem : tmpl::check_url(text)) {
      reporter_.error_in(*use.node, problem.offset, Code::kBadTemplate, problem.message);
    }
    for (const std::size_t offset : analysis.raw_uses) {
      reporter_.warning_in(*use.node, offset, Code::kRawTemplate,
                           "with `raw` the value may end its part of the address; make sure that "
                           "nobody else chooses it");
    }
  }
  const bool is_program = use.kind == ValueKind::kShell || use.kind == ValueKind::kSql;
  if (is_program) {
    for (const std::size_t offset : analysis.raw_uses) {
      reporter_.warning_in(*use.node, offset, Code::kRawTemplate,
                           "with `raw` the value becomes program text; make sure that nobody "
                           "else chooses it");
    }
  }
  for (const tmpl::Reference& reference : analysis.references) {
    if (reference.path.empty()) continue;
    Name name;
    name.root = reference.path[0];
    if (reference.path.size() > 1) name.field = reference.path[1];
    if (reference.path.size() > 2) name.part = reference.path[2];
    name.offset = find_name(text, reference.offset, name.root, name.field);
    check_name(use, name, scope, refs);
    if (name.root == "secret" && reference.path.size() == 3) {
      check_secret_input(use, name.offset, reference.path[2]);
    }
  }
}

void NameCheck::check_secret_input(const TemplateUse& use, std::size_t offset,
                                   std::string_view id) {
  const bool unknown = std::ranges::find(inputs_, id) == inputs_.end();  // reported as such
  if (unknown || std::ranges::find(secret_inputs_, id) != secret_inputs_.end()) return;
  // Otherwise whoever gives a text to the run would choose which secret is shown to it.
  reporter_.error_in(
      *use.node, offset, Code::kBadTemplate,
      fmt::format("input {} is no name of a secret; give it the type secret, or write "
                  "secret('NAME')",
                  quoted(id)));
}

void NameCheck::check_name(const TemplateUse& use, const Name& name, Scope scope,
                           std::vector<OutputRef>& refs) {
  const ScopeInfo& here = info_of(scope);
  if (!is_root(name.root)) {
    const Words known = available(here, in_loop_);
    std::string hint = did_you_mean(name.root, known);
    if (hint.empty()) hint = "; known are " + join_or(known);
    reporter_.error_in(*use.node, name.offset, Code::kUndefinedName,
                       fmt::format("undefined name {}{}", quoted(name.root), hint));
    return;
  }
  if (!is_available(name.root, here, in_loop_)) {
    reporter_.error_in(*use.node, name.offset, Code::kUndefinedName,
                       missing_message(name.root, here, in_loop_));
    return;
  }
  if (name.root == "outputs") {
    check_outputs(use, name, refs);
  } else if (name.root != "secret" && name.root != "env" && name.root != "now" &&
             name.root != "item" && !name.field.empty()) {
    Words fields = fields_of(name.root);
    // A run gets its number only when it is recorded, after its inputs are known.
    const bool before = scope == Scope::kInputDefault || scope == Scope::kTriggerInputs ||
                        scope == Scope::kEventInputs || scope == Scope::kRowInputs;
    if (scope == Scope::kRowInputs && name.root == "event") {
      fields = {kRowFields.begin(), kRowFields.end()};
    }
    if (before) std::erase(fields, "number");
    check_field(use, name, fields);
    if (name.root == "run" && name.field == "interval" && !name.part.empty()) {
      const Name part{"run.interval", name.part, {}, name.offset};
      check_field(use, part, {kIntervalFields.begin(), kIntervalFields.end()});
    }
  }
}

void NameCheck::check_outputs(const TemplateUse& use, const Name& name,
                              std::vector<OutputRef>& refs) {
  if (name.field.empty()) {
    reporter_.error_in(*use.node, name.offset, Code::kBadTemplate,
                       "'outputs' without the id of a task; write outputs.ID or outputs['ID'], "
                       "with the id itself, so that the order of tasks is known");
    return;
  }
  refs.push_back({name.field, name.part, use.node, name.offset});
}

Words NameCheck::fields_of(std::string_view root) const {
  if (root == "inputs") return inputs_;
  if (root == "vars") return vars_;
  if (root == "labels") return labels_;
  if (root == "run") return {kRunFields.begin(), kRunFields.end()};
  if (root == "flow") return {kFlowFields.begin(), kFlowFields.end()};
  if (root == "trigger") return {kTriggerFields.begin(), kTriggerFields.end()};
  if (root == "event") return {kEventFields.begin(), kEventFields.end()};
  if (root == "loop") return {kLoopFields.begin(), kLoopFields.end()};
  if (root == "task") return {kTaskFields.begin(), kTaskFields.end()};
  return {kErrorFields.begin(), kErrorFields.end()};
}

void NameCheck::check_field(const TemplateUse& use, const Name& name, const Words& fields) {
  if (std::ranges::find(fields, name.field) != fields.end()) return;
  std::string hint = did_you_mean(name.field, fields);
  if (hint.empty()) {
    hint = fields.empty() ? fmt::format("; the flow has no {}", name.root)
                          : fmt::format("; there is {}", join_or(fields));
  }
  reporter_.error_in(*use.node, name.offset, Code::kUndefinedName,
                     fmt::format("undefined name {}{}",
                                 quoted(fmt::format("{}.{}", name.root, name.field)), hint));
}

}  // namespace cordyna::flow
