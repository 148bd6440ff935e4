#include "cerebro/auditor.hpp"

#include <utility>
#include <vector>

namespace cordyna {

Result<> Auditor::write(Millis wall, AuditNote note, std::int64_t number, ChangeSet& out) {
  if (!hash_) return {};
  if (!last_.has_value()) {
    TRY_ASSIGN(const std::vector<AuditRow> newest, store_.list_audit({.limit = 1}));
    last_ = newest.empty() ? Last{} : Last{newest.front().seq, newest.front().hash};
  }
  AuditRow row;
  row.seq = last_->seq + 1;
  row.at = wall;
  row.actor = std::move(note.actor);
  row.address = std::move(note.address);
  row.action = std::move(note.action);
  row.subject = std::move(note.subject);
  if (note.numbered) row.subject += ' ' + std::to_string(number);
  row.ns = std::move(note.ns);
  row.before = std::move(note.before);
  row.after = std::move(note.after);
  row.hash = hash_(audit_text(row, last_->hash));
  last_ = Last{row.seq, row.hash};
  out.audit.push_back(std::move(row));
  return {};
}

}  // namespace cordyna
