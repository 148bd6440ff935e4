/// Copies of a state's rows, taken while its owner goes on, and put back.
///
/// A copy is one file, whole and checked. What tasks left beside the rows (logs, artifacts) and
/// secrets are not in it.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/layout.hpp"
#include "ports/state_copy.hpp"

namespace cordyna {

/// Copies the state as it is at one moment into `file`, readable by its owner alone. Neither waits
/// for the state's owner nor holds it up.
///
/// Errors: kNotFound: no state; kConflict: `file` is there already, and stays as it was; kCorrupt:
/// the state is damaged, and no copy was made; kNoSpace, kUnavailable.
[[nodiscard]] Result<StateCopy> back_up_state(const StateLayout& layout, const std::string& file);

/// Makes `file` the state of a folder that has none.
///
/// Errors: kNotFound: no file; kConflict: there is a state, or what its runs left, or an owner;
/// kCorrupt: the file is damaged, no state, or of a newer version; kNoSpace, kUnavailable. After an
/// error the folder has no state, as before.
[[nodiscard]] Result<StateCopy> restore_state(const std::string& file, const StateLayout& layout);

}  // namespace cordyna
