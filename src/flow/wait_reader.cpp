// What a `pause` and a `wait_for` wait for.
#include <fmt/format.h>

#include <algorithm>

#include "base/durations.hpp"
#include "flow/input_reader.hpp"
#include "flow/task_reader.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

constexpr Millis kInterval = 30'000;

/// 0: the key is not there, or was reported.
Millis duration_of(const TaskDraft& draft, std::string_view key) {
  const Node* at = draft.node->find(key);
  if (at == nullptr || !at->is_scalar()) return 0;
  const auto parsed = parse_duration(at->text);
  return parsed.has_value() ? *parsed : 0;
}

/// Whether a template names `now`: all else that it may name has its value before the wait begins.
bool names_now(std::string_view text) {
  for (const tmpl::Reference& reference : tmpl::analyze(text).references) {
    if (!reference.path.empty() && reference.path.front() == "now") return true;
  }
  return false;
}

}  // namespace

void TaskReader::refuse_key(const TaskDraft& draft, std::string_view key, std::string_view why) {
  const Node* at = draft.node->find(key);
  if (at != nullptr) {
    reporter_.error(*at, Code::kBadValue, fmt::format("{}; leave '{}' out", why, key));
  }
}

void TaskReader::read_pause(TaskDraft& draft) {
  Wait& wait = draft.spec.wait;
  draft.spec.retry = Retry{};
  refuse_key(draft, "retry", "a pause is not tried again");
  refuse_key(draft, "timeouts", "a pause has one limit, 'timeout'");
  draft.spec.timeouts = Timeouts{};
  if (draft.node->find("for") != nullptr) {
    wait.what = WaitFor::kTime;
    wait.time = duration_of(draft, "for");
    refuse_key(draft, "timeout", "a pause with 'for' ends by itself");
    refuse_key(draft, "on_timeout", "a pause with 'for' ends by itself");
    refuse_key(draft, "message", "nobody is asked in a pause with 'for'");
    refuse_key(draft, "inputs", "nobody is asked in a pause with 'for'");
    return;
  }
  wait.what = WaitFor::kPerson;
  read_questions(draft);
  const Node* on_timeout = draft.node->find("on_timeout");
  if (on_timeout == nullptr) return;
  wait.go_on = on_timeout->text == "continue";
  if (draft.node->find("timeout") == nullptr) {
    reporter_.error(*on_timeout, Code::kMissingKey,
                    "'on_timeout' wants 'timeout' beside it: how long a person is waited for");
  }
  const auto& inputs = draft.spec.inputs;
  const auto wanted = std::ranges::find(inputs, true, &InputSpec::required);
  if (wait.go_on && wanted != inputs.end()) {
    reporter_.error(*on_timeout, Code::kBadValue,
                    fmt::format("with 'on_timeout: continue' nobody may have given the input '{}'; "
                                "give it a default, or write required: false",
                                wanted->id));
  }
}

/// What the person who approves gives; it stands among the outputs beside what a pause always has.
void TaskReader::read_questions(TaskDraft& draft) {
  const Node* list = draft.node->find("inputs");
  if (list == nullptr) return;
  ValueReader reader(reporter_, draft.input_uses);
  if (!reader.is_list(*list, "inputs")) return;
  if (list->first == nullptr) {
    reporter_.error(*list, Code::kBadValue,
                    "'inputs' has 0 items; leave it out to ask for nothing");
  }
  InputReader inputs(reporter_, draft.input_uses);
  for (const Node* item = list->first; item != nullptr; item = item->next) {
    draft.spec.inputs.push_back(inputs.read(*item));
    const std::string& id = draft.spec.inputs.back().id;
    if (id == "approved" || id == "by" || id == "note") {
      reporter_.error(
          *item, Code::kBadValue,
          fmt::format("'{}' is an output of every pause; give the input another id", id));
    } else if (draft.spec.inputs.back().type == InputType::kSecret) {
      reporter_.error(*item, Code::kBadValue,
                      "a pause asks for no secret: secret() takes a literal name, or an input of "
                      "the flow");
    }
  }
}

void TaskReader::read_wait_for(TaskDraft& draft) {
  Wait& wait = draft.spec.wait;
  draft.spec.retry = Retry{};
  refuse_key(draft, "retry", "a wait_for looks again each 'interval', as long as 'timeout' says");
  const Node* script = draft.node->find("script");
  const Node* until = draft.node->find("until");
  wait.time = duration_of(draft, "interval");
  if (wait.time == 0) wait.time = kInterval;
  if (until != nullptr) wait.what = WaitFor::kCondition;
  if ((script == nullptr) == (until == nullptr)) {
    reporter_.error(until == nullptr ? *draft.node : *until,
                    until == nullptr ? Code::kMissingKey : Code::kBadValue,
                    "a wait_for has one of 'script' and 'until'");
    return;
  }
  if (script != nullptr) {
    wait.what = WaitFor::kScript;
    return;
  }
  draft.spec.kind = TaskKind::kEngine;
  draft.spec.timeouts = Timeouts{};
  refuse_key(draft, "interpreter", "'until' is no script");
  refuse_key(draft, "timeouts", "with 'until' there is one limit, 'timeout'");
  if (!until->is_scalar()) return;
  wait.until = until->text;
  if (tmpl::has_template(until->text) && names_now(until->text)) return;
  reporter_.error(*until, Code::kBadValue,
                  "'until' is a template that names `now`, such as "
                  "\"{{ now >= inputs.begin }}\": nothing else changes while it waits; to look at "
                  "the world, write a 'script'");
}

}  // namespace cordyna::flow
