#include "service/held_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "flow/given_json.hpp"
#include "model/layout.hpp"
#include "model/run_fields.hpp"

namespace cordyna {
namespace {

/// Nullopt: none is held, or several are.
std::optional<std::string> held_path(const RunSnapshot& snapshot, const std::string& named) {
  if (!named.empty()) return named;
  std::optional<std::string> path;
  for (const HoldRow& hold : snapshot.holds) {
    if (hold.state != HoldState::kHeld) continue;
    if (path.has_value()) return std::nullopt;
    path = hold.path;
  }
  return path;
}

}  // namespace

Result<HeldAnswers> held_answers(const Flow& flow, const RunSnapshot& snapshot,
                                 const HeldWish& wish) {
  HeldAnswers answers;
  const bool gives = !wish.with.empty() || !wish.json.empty();
  const std::optional<std::string> path = held_path(snapshot, wish.task);
  if (!path.has_value()) {
    if (!gives) return answers;
    return fail(ErrorCode::kConflict,
                fmt::format("{} is for one task that is held; name it", wish.places.option));
  }
  answers.path = *path;
  const auto spec = std::ranges::find(flow.tasks, task_in_path(*path), &TaskSpec::id);
  if (spec == flow.tasks.end()) return answers;
  const auto index = static_cast<TaskIndex>(spec - flow.tasks.begin());
  const Flow questions = flow::questions_of(flow, index);
  flow::GivenInputs given = wish.with;
  if (!wish.json.empty()) {
    TRY_ASSIGN(given, flow::given_of_json(questions, wish.json));
  }
  if (spec->inputs.empty()) {
    if (given.empty()) return answers;
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("task '{}' asks for no inputs; leave {} out", *path, wish.places.option));
  }
  const RunRow& run = snapshot.run;
  const std::string context =
      fmt::format(R"({{"run":{{{}}}}})", run_fields(run.id, run.created_at, run.scheduled));
  TRY_ASSIGN(answers.values, flow::resolve_inputs(questions, given, context, wish.places));
  return answers;
}

}  // namespace cordyna
