/// Finds the run that somebody names.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna::cli {

/// `name` is a run's number, its whole id, the front of its id (at least 4 characters, of one run
/// only), or "last". Digits are a number where there is a run of that number.
/// Errors: kNotFound; kInvalidArgument: several runs, or too short; those of the store.
[[nodiscard]] Result<RunRow> find_run(StoreReader& reader, const std::string& name);

}  // namespace cordyna::cli
