/// How the attempts of a run ended that left nothing: one line each in runs/<run>/ended.
///
/// Most short tasks print nothing and make no file. Their folder goes on to the next attempt, and
/// only this line stays; making a folder costs as much as starting a small program.
/// Threads and processes: any; a line is one write, at the end of the file.
#pragma once

#include <optional>
#include <string>

#include "process/local/exit_record.hpp"

namespace cordyna::local {

/// `name`: "12/3-1". 0 or errno; after an error the line does not count.
[[nodiscard]] int append_ended(int state, const std::string& name, const ExitRecord& record);

/// Of the attempt with this folder. Nullopt: it is not in the list.
[[nodiscard]] std::optional<ExitRecord> find_ended(const std::string& folder);

}  // namespace cordyna::local
