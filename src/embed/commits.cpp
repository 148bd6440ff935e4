#include "embed/commits.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace cordyna::embed {
namespace {

constexpr std::size_t kFailedMax = 1000;
// A removal is a commit: so many go together, and no more, for others wait meanwhile.
constexpr std::size_t kWorthIt = 512;
constexpr std::size_t kMostRemoved = 1024;
constexpr std::uint32_t kOldRunsPage = 500;

bool has_failed(const RunRow& run) {
  return run.state == RunState::kError || run.state == RunState::kCancelled;
}

}  // namespace

Result<> Commits::know(StoreReader& store) {
  for (RunNo after = 0;;) {
    TRY_ASSIGN(const std::vector<OldRun> page, store.list_old_runs(after, kOldRunsPage));
    for (const OldRun& old : page) {
      newest_run_ = old.run.no;
      if (has_failed(old.run)) {
        note_failed(old.run.no);
      } else if (is_final(old.run.state)) {
        done_.push_back(old.run.no);  // of a version that removed them later
      }
    }
    if (page.size() < kOldRunsPage) break;
    after = page.back().run.no;
  }
  TRY_ASSIGN(const EventCounts counts, store.count_events());
  newest_event_ = counts.last;
  TRY_ASSIGN(const std::vector<OldEvent> oldest,
             store.list_old_events(0, std::numeric_limits<Millis>::max(), 1));
  removed_to_ = oldest.empty() ? newest_event_ : oldest.front().no - 1;
  return {};
}

void Commits::note_failed(RunNo run) {
  failed_.push_back(run);
  if (failed_.size() > kFailedMax) {
    done_.push_back(failed_.front());
    failed_.pop_front();
  }
}

void Commits::on_commit(const ChangeSet& changes) {
  std::size_t begun = 0;
  std::size_t ended = 0;
  bool worth_it = false;
  {
    const std::lock_guard lock(mutex_);
    for (const EventRow& event : changes.events) {
      begun += event.from.has_value() ? 0 : 1;
      ended += event.state == EventState::kDead ? 1 : 0;
      newest_event_ = std::max(newest_event_, event.no);
      if (event.no <= removed_to_ && event.state != EventState::kPending) late_.push_back(event.no);
    }
    for (const RunRow& run : changes.runs) {
      newest_run_ = std::max(newest_run_, run.no);
      if (!is_final(run.state)) continue;
      ++ended;
      if (has_failed(run)) note_failed(run.no);
    }
    worth_it = is_worth_it();
  }
  room_.begin(begun);
  room_.end(ended);
  if (worth_it) changed_.notify_all();
  for (const EventRow& event : changes.events) {
    if (event.state != EventState::kDead) continue;
    Failure failure;
    failure.error = {ErrorCode::kInternal, "an event cannot be begun: " + event.detail};
    failure.input = event.flow_id;
    reporter_.failed(failure);
  }
}

void Commits::on_full(const Error& why) {
  Failure failure;
  failure.error = why;
  reporter_.failed(failure);
}

bool Commits::is_worth_it() const {
  const auto past = static_cast<std::size_t>(newest_event_ - removed_to_);
  return done_.size() > kWorthIt || late_.size() > kWorthIt || past > remembered_ + kWorthIt;
}

/// The newest run stays: the numbers of runs go up from there.
OldRows Commits::take() {
  OldRows rows;
  while (!done_.empty() && rows.runs.size() < kMostRemoved) {
    if (done_.front() != newest_run_) rows.runs.push_back(done_.front());
    const bool last = done_.front() == newest_run_;
    done_.pop_front();
    if (last) {
      done_.push_back(newest_run_);
      break;
    }
  }
  std::ranges::sort(rows.runs);
  for (; !late_.empty() && rows.events.size() < kMostRemoved; late_.pop_front()) {
    rows.events.push_back(late_.front());
  }
  const auto keep = static_cast<EventNo>(remembered_);
  while (removed_to_ < newest_event_ - keep && rows.events.size() < kMostRemoved) {
    rows.events.push_back(++removed_to_);
  }
  return rows;
}

std::optional<OldRows> Commits::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return error_.has_value() || is_worth_it(); });
  if (stop.stop_requested() || error_.has_value()) return std::nullopt;
  return take();
}

void Commits::end(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_.has_value()) error_ = std::move(error);
  }
  changed_.notify_all();
}

Result<> Commits::verdict() {
  const std::lock_guard lock(mutex_);
  if (error_.has_value()) return std::unexpected<Error>(*error_);
  return {};
}

}  // namespace cordyna::embed
