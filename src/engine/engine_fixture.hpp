/// An engine whose cases read as text: signals in, what changed and what was commanded out.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

namespace cordyna::engine {

/// A text "=x" renders as "x", "{inputs}" as the inputs. A condition is "true", or "at " and a
/// time: then it holds when `now` of the context is past it.
class PlainEvaluator final : public Evaluator {
 public:
  Result<std::string> render(std::string_view text, std::string_view context) const override {
    if (text.starts_with("=")) return std::string(text.substr(1));
    if (text == "{inputs}") {
      const std::size_t at = context.find("\"inputs\":") + 9;
      return std::string(context.substr(at, context.find(",\"labels\"") - at));
    }
    if (text == "{bad}") return fail(ErrorCode::kInvalidArgument, "undefined name 'bad'");
    return std::string(text) + " with " + std::string(context);
  }
  Result<std::string> render_json(std::string_view json, std::string_view) const override {
    return std::string(json);
  }
  Result<bool> condition(std::string_view text, std::string_view context) const override {
    if (text == "wrong") return fail(ErrorCode::kInvalidArgument, "neither true nor false");
    if (!text.starts_with("at ")) return text == "true";
    const std::size_t now = context.find("\"now\":\"");
    if (now == std::string_view::npos) return fail(ErrorCode::kInvalidArgument, "no 'now'");
    return context.substr(now + 7, 24) >= text.substr(3);
  }
};

inline TaskSpec task(std::string id, std::vector<TaskIndex> needs = {}) {
  TaskSpec spec;
  spec.id = std::move(id);
  spec.type = "shell";
  spec.owner = "team";
  spec.needs = std::move(needs);
  spec.refs = spec.needs;
  return spec;
}

class EngineTest : public testing::Test {
 protected:
  explicit EngineTest(Limits limits = {2}) : engine_(std::move(limits), evaluator_) {}

  void begin(std::vector<TaskSpec> tasks) {
    flow_ = std::make_shared<Flow>();
    flow_->id = "f";
    flow_->owner = "flow-team";
    flow_->tasks = std::move(tasks);
    ASSERT_TRUE(engine_.start_run(now_, {1, RunId{"r"}, flow_, "{}", "{}"}, out_).has_value());
  }

  void report(const std::string& path, ReportKind kind, AttemptState end = AttemptState::kCompleted,
              std::uint32_t attempt = 1) {
    AttemptReport report{{1, path, attempt}, kind, {}};
    report.outcome.state = end;
    if (end == AttemptState::kFailed) {
      report.outcome.error =
          make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit code 1");
    }
    engine_.report(now_, report, out_);
  }

  /// What the step decided: "a:dispatched", "a=completed", "run=error", ">a" start, "!a" cancel.
  std::string step() {
    engine_.advance(now_, out_);
    std::string text;
    const auto add = [&](std::string_view word) {
      text += (text.empty() ? "" : " ") + std::string(word);
    };
    for (const HistoryRow& row : out_.changes.history) {
      if (row.attempt_state) add(row.path + ":" + std::string(to_string(*row.attempt_state)));
      if (row.task_state) add(row.path + "=" + std::string(to_string(*row.task_state)));
      if (row.run_state) add("run=" + std::string(to_string(*row.run_state)));
      if (!row.attempt_state && !row.task_state && !row.run_state) add("note");
    }
    for (const CancelAttempt& cancel : out_.cancels) add("!" + cancel.key.path);
    for (const StartAttempt& start : out_.starts) add(">" + start.key.path);
    last_ = std::exchange(out_, {});
    return text;
  }

  PlainEvaluator evaluator_;
  Engine engine_;
  std::shared_ptr<Flow> flow_;
  Decision out_;
  Decision last_;
  Millis now_ = 1'000'000;
};

}  // namespace cordyna::engine
