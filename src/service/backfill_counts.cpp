#include "service/backfill_counts.hpp"

#include <string>
#include <vector>

namespace cordyna {
namespace {

constexpr std::uint32_t kRunPage = 500;

}  // namespace

void BackfillCounts::add(RunState state) {
  switch (state) {
    case RunState::kCompleted:
    case RunState::kWarning: ++well; break;
    case RunState::kError: ++failed; break;
    case RunState::kCancelled: ++cancelled; break;
    case RunState::kPaused: ++held; [[fallthrough]];
    case RunState::kPending:
    case RunState::kRunning: ++live; break;
  }
}

Result<BackfillCounts> count_runs(StoreReader& reader, BackfillNo no) {
  BackfillCounts counts;
  RunFilter filter;
  filter.backfill = std::to_string(no);
  filter.limit = kRunPage;
  for (;;) {
    TRY_ASSIGN(const std::vector<RunRow> page, reader.list_runs(filter));
    for (const RunRow& run : page) counts.add(run.state);
    if (page.size() < kRunPage) return counts;
    filter.before = page.back().no;
  }
}

}  // namespace cordyna
