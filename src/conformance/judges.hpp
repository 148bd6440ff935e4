/// The rules that hold in whatever happens: each looks at the record of one server.
///
/// Pure. Nullopt: nothing is broken. Threads: any.
#pragma once

#include <optional>
#include <string>

#include "conformance/entry.hpp"
#include "conformance/finding.hpp"

namespace cordyna::conformance {

/// `source`: what the server has to have.
using Judge = std::optional<Finding> (*)(const Record& record, const std::string& source);

/// Whatever came is a message of the table.
[[nodiscard]] std::optional<Finding> judge_messages(const Record& record,
                                                    const std::string& source);
/// `source` is the server's, and `subject` the attempt.
[[nodiscard]] std::optional<Finding> judge_source(const Record& record, const std::string& source);
/// From welcome on each message has its session, and `seq` counts from 1 without gaps.
[[nodiscard]] std::optional<Finding> judge_seq(const Record& record, const std::string& source);
/// One id is of one message, and an end that has no receipt has one id.
[[nodiscard]] std::optional<Finding> judge_ids(const Record& record, const std::string& source);
/// What is said of an attempt goes forward: queued, started, its end, and then nothing new.
[[nodiscard]] std::optional<Finding> judge_order(const Record& record, const std::string& source);
/// Each message of an attempt has the fence of its invoke.
[[nodiscard]] std::optional<Finding> judge_fence(const Record& record, const std::string& source);

}  // namespace cordyna::conformance
