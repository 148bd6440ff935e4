// Who is told of what went wrong.
#include <algorithm>

#include "store/memory/memory_data.hpp"

namespace cordyna {

void MemoryStore::Data::write_notices(const ChangeSet& changes) {
  for (const RunNo run : changes.removed_runs) {
    std::erase_if(notices, [&](const auto& one) {
      if (one.second.run != run) return false;
      notice_ids.erase(one.second.id);
      return true;
    });
  }
  for (const NoticeRow& row : changes.notices) {
    if (!notice_ids.insert(row.id).second) continue;
    NoticeRow& notice = notices[++last_notice];
    notice = row;
    notice.no = last_notice;
  }
}

Result<std::vector<NoticeRow>> MemoryStore::list_notices(const NoticeFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<NoticeRow> found;
  for (const auto& [no, row] : data_->notices) {
    if (no <= filter.after.value_or(0)) continue;
    if (filter.before != 0 && no >= filter.before) break;
    if (!filter.team.empty() && row.team != filter.team) continue;
    if (filter.kind.has_value() && row.kind != *filter.kind) continue;
    if (filter.run != 0 && row.run != filter.run) continue;
    found.push_back(row);
  }
  if (!filter.after.has_value()) std::ranges::reverse(found);
  if (found.size() > filter.limit) found.resize(filter.limit);
  return found;
}

}  // namespace cordyna
