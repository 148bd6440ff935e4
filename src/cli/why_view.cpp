#include "cli/why_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "cli/owner_client.hpp"

namespace cordyna::cli {
namespace {

using engine::Blocker;
using engine::BlockerKind;

std::string reason(const Blocker& blocker, bool left, Millis now) {
  const std::string what = printable(blocker.what);
  switch (blocker.kind) {
    case BlockerKind::kUpstream: return fmt::format("waits for '{}', which has not ended", what);
    case BlockerKind::kSection:
      return what.empty() ? "waits for the main tasks to end" : "waits for " + what;
    case BlockerKind::kSlot: return "waits for a slot: all are taken";
    case BlockerKind::kPool: return "waits for a slot: " + what;
    case BlockerKind::kRate:
      return fmt::format("{}; the next one in {}", what,
                         format_delay(std::max<Millis>(blocker.until - now, 0)));
    case BlockerKind::kRetryAt:
      return blocker.until > now
                 ? fmt::format("between attempts, next in {}", format_delay(blocker.until - now))
                 : "between attempts, next one is due";
    case BlockerKind::kPreviousAttempt: return "its attempt before is not yet known to have ended";
    case BlockerKind::kRunning: return fmt::format("nothing: it runs ({})", what);
    case BlockerKind::kBlocked: return fmt::format("never runs: '{}' did not complete", what);
    case BlockerKind::kPaused: {
      const std::string held = "held, waits for dyna approve or reject: " + what;
      return blocker.until == 0
                 ? held
                 : fmt::format("{}; {} left", held, format_delay(blocker.until - now));
    }
    case BlockerKind::kTime:
      return fmt::format("waits until {}, {} left", format_timestamp(blocker.until),
                         format_delay(blocker.until - now));
    case BlockerKind::kCondition:
      return blocker.until > now ? fmt::format("waits for {}, looks again in {}", what,
                                               format_delay(blocker.until - now))
                                 : fmt::format("waits for {}, looks again now", what);
    case BlockerKind::kConcurrency:
      return left ? fmt::format(
                        "{}; nobody drives it at the moment: dyna resume {} or dyna cancel "
                        "{}",
                        what, blocker.run, blocker.run)
                  : what;
    case BlockerKind::kPlace: return "waits for a place: " + what;
    case BlockerKind::kServer: return "waits for a slot: " + what;
  }
  return what;
}

}  // namespace

std::string as_table(std::vector<WhyLine> lines) {
  lines.insert(lines.begin(), {"TASK", "WHY", "SINCE", "WHOSE"});
  std::size_t task_width = 0;
  std::size_t why_width = 0;
  std::size_t since_width = 0;
  for (const WhyLine& line : lines) {
    task_width = std::max(task_width, display_width(line.task));
    why_width = std::max(why_width, display_width(line.why));
    since_width = std::max(since_width, display_width(line.since));
  }
  std::string out;
  for (const WhyLine& line : lines) {
    fmt::format_to(std::back_inserter(out), "{}  {}  {}  {}\n", pad(line.task, task_width),
                   pad(line.why, why_width), pad(line.since, since_width), line.owner);
  }
  return out;
}

std::vector<WhyLine> lines_of(const RunWhy& why, Millis now) {
  std::vector<WhyLine> lines;
  for (const Blocker& blocker : why.blockers) {
    const std::string since = blocker.since > 0 ? format_delay(now - blocker.since) : "";
    const std::string task = blocker.path.empty() ? "(the run)" : printable(blocker.path);
    lines.push_back({task, reason(blocker, why.left.contains(blocker.run), now), since,
                     printable(blocker.owner)});
  }
  return lines;
}

Result<std::set<RunNo>> left_runs(const StateLayout& layout, StoreReader& reader,
                                  const std::vector<Blocker>& blockers) {
  std::set<RunNo> left;
  for (const Blocker& blocker : blockers) {
    if (blocker.run == 0) continue;
    auto owner = OwnerClient::connect(layout);
    if (!owner.has_value()) {
      left.insert(blocker.run);
      continue;
    }
    TRY_ASSIGN(const RunRow row, reader.find_run(blocker.run));
    OwnerRequest request;
    request.op = OwnerOp::kDrives;
    request.run = row.id;
    request.follow = false;
    const auto answer = owner->request(request);
    if (!answer.has_value() && answer.error().code == ErrorCode::kNotFound) left.insert(row.no);
  }
  return left;
}

}  // namespace cordyna::cli
