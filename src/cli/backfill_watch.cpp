#include "cli/backfill_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "cli/up_report.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

constexpr std::uint32_t kPage = 500;

std::string name_of(const BackfillRow& row) {
  return row.ns.empty() ? row.flow_id : row.ns + "/" + row.flow_id;
}

/// Times that were dealt with.
std::uint32_t dealt_with(const BackfillRow& row) {
  return row.started + row.skipped + row.refused;
}

std::string counts_text(const BackfillRow& row, const BackfillCounts& counts) {
  std::string out = fmt::format("{} of {}", dealt_with(row), counted(row.total, "time"));
  const auto add = [&out](std::uint32_t number, std::string_view what) {
    if (number > 0) fmt::format_to(std::back_inserter(out), ", {} {}", number, what);
  };
  add(counts.well, "completed");
  add(counts.failed, "failed");
  add(counts.cancelled, "cancelled");
  add(counts.live - counts.held, "running");
  add(counts.held, "waiting for a person");
  add(row.skipped, "left out");
  add(row.refused, "without a run");
  return out;
}

}  // namespace

std::string line_of(const BackfillRow& row, const BackfillCounts& counts) {
  std::string out = fmt::format("backfill {} of {}: {}, {}", row.no, printable(name_of(row)),
                                to_string(row.state), counts_text(row, counts));
  if (!row.detail.empty()) out += "; " + printable(row.detail);
  return out;
}

/// Ascending.
Result<std::vector<RunRow>> BackfillWatch::fresh_runs() {
  std::vector<RunRow> fresh;
  RunFilter filter;
  filter.backfill = std::to_string(no_);
  filter.limit = kPage;
  for (;;) {
    TRY_ASSIGN(std::vector<RunRow> page, reader_.list_runs(filter));
    for (RunRow& run : page) {
      if (run.no <= last_) break;
      filter.before = run.no;
      fresh.push_back(std::move(run));
    }
    if (page.size() < kPage || filter.before != page.back().no) break;
  }
  std::ranges::reverse(fresh);
  return fresh;
}

Result<std::vector<std::string>> BackfillWatch::look() {
  // The row first: a run that began after it was read is seen all the same, and an end of the
  // backfill is never seen before those of its runs.
  TRY_ASSIGN(row_, reader_.find_backfill(no_));
  std::vector<RunRow> changed;
  std::vector<RunRow> live;
  for (const RunNo no : live_) {
    TRY_ASSIGN(RunRow run, reader_.find_run(no));
    (is_final(run.state) ? changed : live).push_back(std::move(run));
  }
  TRY_ASSIGN(std::vector<RunRow> fresh, fresh_runs());
  for (RunRow& run : fresh) {
    last_ = run.no;
    if (!is_final(run.state)) {
      live_.insert(run.no);
      live.push_back(run);
    }
    changed.push_back(std::move(run));
  }
  for (const RunRow& run : changed) {
    if (is_final(run.state)) {
      live_.erase(run.no);
      ended_.add(run.state);
    }
  }
  recount(live);
  std::vector<std::string> lines;
  if (std::exchange(tells_, true)) {
    lines.reserve(changed.size());
    for (const RunRow& run : changed) lines.push_back(news(run));
  }
  return lines;
}

void BackfillWatch::recount(const std::vector<RunRow>& live) {
  counts_ = ended_;
  for (const RunRow& run : live) counts_.add(run.state);
}

std::string BackfillWatch::news(const RunRow& run) const {
  // One that was skipped, or cancelled while it was pending, has not begun.
  const Millis from = run.started_at > 0 ? run.started_at : run.created_at;
  if (json_) {
    std::string out =
        fmt::format("{{\"backfill\":{},\"run\":{},\"scheduled_for\":\"{}\",\"state\":\"{}\"", no_,
                    run.no, format_timestamp(run.scheduled.at), to_string(run.state));
    if (is_final(run.state)) out += fmt::format(",\"duration_ms\":{}", run.ended_at - from);
    return out + "}";
  }
  std::string out = fmt::format("run {} for {}: {}", run.no, seconds_text(run.scheduled.at),
                                to_string(run.state));
  if (!is_final(run.state)) return out;
  return out +
         fmt::format(" in {}  ({})", format_delay(run.ended_at - from), counts_text(row_, counts_));
}

ExitCode BackfillWatch::exit_code() const {
  switch (row_.state) {
    case BackfillState::kRunning:
    case BackfillState::kPaused: return ExitCode::kHeld;
    case BackfillState::kCompleted: return ExitCode::kOk;
    case BackfillState::kError: return ExitCode::kRunError;
    case BackfillState::kCancelled: break;
  }
  return ExitCode::kCancelled;
}

}  // namespace cordyna::cli
