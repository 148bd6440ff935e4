/// What a person gives to a task that asks, checked against what it asks for.
#pragma once

#include <string>

#include "base/result.hpp"
#include "flow/flow_file.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna {

struct HeldWish {
  std::string task;        ///< its path; empty: the only one that is held
  flow::GivenInputs with;  ///< as on a command line
  std::string json{};      ///< instead: a JSON object; empty: none
  flow::InputPlaces places{};
};

struct HeldAnswers {
  std::string path;    ///< the task that is meant; empty: whoever decides says what is wrong
  std::string values;  ///< JSON object with each input that it asks for; empty: it asks for none
};

/// Errors: kInvalidArgument, as flow::resolve_inputs, also where it asks for nothing; kConflict:
/// something is given, and nobody knows to which task.
[[nodiscard]] Result<HeldAnswers> held_answers(const Flow& flow, const RunSnapshot& snapshot,
                                               const HeldWish& wish);

}  // namespace cordyna
