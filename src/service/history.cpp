#include "service/history.hpp"

namespace cordyna {

Result<std::shared_ptr<const TaskError>> History::error_of(const HistoryRow& row) {
  const Key key{row.path, row.attempt};
  const auto known = errors_.find(key);
  if (run_ == row.run && known != errors_.end()) return known->second;
  if (run_ != row.run) errors_.clear();
  run_ = row.run;
  TRY_ASSIGN(const std::vector<AttemptRow> attempts, reader_.list_attempts(row.run));
  for (const AttemptRow& attempt : attempts) {
    if (!attempt.error.has_value()) continue;
    auto& error = errors_[{attempt.path, attempt.attempt}];
    if (error == nullptr) error = std::make_shared<TaskError>(*attempt.error);
  }
  // A task can fail without an attempt (its condition): remembered, not to be looked for again.
  return errors_[key];
}

Result<std::vector<Update>> History::read(RunNo run, std::int64_t after_seq, std::uint32_t limit) {
  TRY_ASSIGN(const std::vector<HistoryRow> rows, reader_.list_history(run, after_seq, limit));
  std::vector<Update> updates;
  updates.reserve(rows.size());
  for (const HistoryRow& row : rows) {
    updates.push_back(make_update(row));
    if (!wants_error(row)) continue;
    TRY_ASSIGN(updates.back().error, error_of(row));
  }
  return updates;
}

}  // namespace cordyna
