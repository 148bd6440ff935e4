#include "conformance/kit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/id.hpp"
#include "base/nearest.hpp"
#include "conformance/checks.hpp"

namespace cordyna::conformance {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTeam = "conformance";
constexpr std::string_view kServer = "kit";

/// Made for one check, and removed with all that the server left in it.
class Folder {
 public:
  static Result<Folder> make() {
    std::error_code error;
    std::string name = fs::temp_directory_path(error).string() + "/dyna-conformance-XXXXXX";
    if (error || ::mkdtemp(name.data()) == nullptr) {
      return fail(ErrorCode::kUnavailable, name + ": " + std::strerror(errno));
    }
    Folder made;
    made.path_ = name;
    fs::create_directory(name + "/state", error);
    if (error) return fail(ErrorCode::kUnavailable, name + "/state: " + error.message());
    return made;
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Folder& operator=(Folder&&) = delete;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Folder() = default;
  std::string path_;
};

struct Done {
  Outcome outcome;
  Record record;
  std::string source;
  int level = 0;      ///< what the server said that it is of
  bool came = false;  ///< it connected or posted something
};

std::string trace_of(const Record& record) {
  std::string out;
  for (const Entry& entry : record) out += entry_line(entry, record.front().at) + "\n";
  return out;
}

Result<Done> run_one(const Check& check, const Wishes& wishes) {
  TRY_ASSIGN(const Folder folder, Folder::make());
  const Place place{
      wishes.command, std::string(kTeam), std::string(kServer), "dyna_" + make_uuid7(0),
      wishes.stop,    folder.path(),      wishes.redis};
  TRY_ASSIGN(const auto world, World::make(place));
  Done done;
  done.outcome = {check.name, check.rule, check.where, check.level, {}};
  const Millis begun = steady_now();
  const Result<> result = check.run(*world);
  done.outcome.took = steady_now() - begun;
  world->child().kill();
  if (!result.has_value() && !world->finding().has_value()) {
    return std::unexpected<Error>(result.error());  // of this machine, not of the server
  }
  if (wishes.stop != nullptr && *wishes.stop) return fail(ErrorCode::kCancelled, "stopped");
  done.outcome.broken = world->finding();
  done.record = world->cerebro().record();
  done.source = world->source();
  done.level = world->level();
  done.came = std::ranges::any_of(done.record,
                                  [](const Entry& entry) { return entry.sort != Sort::kSent; });
  if (done.outcome.broken.has_value()) {
    done.outcome.output = world->output_tail();
    if (wishes.keep_trace) done.outcome.trace = trace_of(done.record);
  }
  return done;
}

/// What a rule that holds always says of all records. What else was broken in its own check is told
/// by the others, unless there was no session to look at.
void judge_all(const Check& check, const std::vector<Done>& all, const Wishes& wishes,
               const Record& own, Outcome& outcome) {
  const bool met = std::ranges::any_of(
      own, [](const Entry& entry) { return entry.is(protocol::MessageKind::kReady); });
  if (met) outcome.broken.reset();
  for (const Done& one : all) {
    const auto found = check.judge(one.record, one.source);
    if (!found.has_value()) continue;
    outcome.broken = found;
    if (one.outcome.check != check.name) outcome.in_check = one.outcome.check;
    if (wishes.keep_trace) outcome.trace = trace_of(one.record);
    return;
  }
}

class Run {
 public:
  Run(const Wishes& wishes, const Progress& progress) : wishes_(wishes), progress_(progress) {}

  /// The first one by itself: when the server does not come, the others need not wait for it.
  Result<Report> go(std::vector<Check> checks, int level, std::optional<Done> first) {
    checks_ = std::move(checks);
    done_.resize(checks_.size());
    if (first.has_value()) {
      const auto at = std::ranges::find(checks_, first->outcome.check, &Check::name);
      if (at != checks_.end()) keep(static_cast<std::size_t>(at - checks_.begin()), *first);
    }
    std::vector<std::jthread> threads;
    threads.reserve(static_cast<std::size_t>(wishes_.jobs));
    for (int i = 0; i < wishes_.jobs; ++i) threads.emplace_back([this] { work(); });
    threads.clear();
    if (error_.has_value()) return std::unexpected<Error>(*error_);
    Report report{level, {}};
    std::vector<Done> all;
    all.reserve(done_.size());
    for (std::optional<Done>& one : done_) all.push_back(*std::move(one));
    for (std::size_t i = 0; i < checks_.size(); ++i) {
      Outcome outcome = all[i].outcome;
      if (checks_[i].judge != nullptr) judge_all(checks_[i], all, wishes_, all[i].record, outcome);
      report.outcomes.push_back(std::move(outcome));
    }
    return report;
  }

 private:
  void work() {
    while (true) {
      const std::size_t next = next_++;
      if (next >= checks_.size()) return;
      {
        const std::lock_guard lock(mutex_);
        if (error_.has_value()) return;
        if (done_[next].has_value()) continue;
      }
      Result<Done> done = run_one(checks_[next], wishes_);
      const std::lock_guard lock(mutex_);
      if (done.has_value()) {
        keep(next, *std::move(done));
      } else if (!error_.has_value()) {
        error_ = done.error();
      }
    }
  }

  void keep(std::size_t at, Done done) {
    done_[at] = std::move(done);
    if (progress_) progress_(++count_, checks_.size(), done_[at]->outcome);
  }

  const Wishes& wishes_;
  const Progress& progress_;
  std::vector<Check> checks_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::vector<std::optional<Done>> done_;  // guarded by mutex_, as what follows
  std::optional<Error> error_;
  std::size_t count_ = 0;
};

bool is_of_level(const Check& check, int level) {
  return level == 0 ? check.level == 0 : check.level >= 1 && check.level <= level;
}

Result<> check_names(const std::vector<std::string>& only) {
  std::vector<std::string_view> names;
  for (const Check& check : all_checks()) names.push_back(check.name);
  for (const std::string& name : only) {
    if (std::ranges::find(names, name) != names.end()) continue;
    const std::string near = nearest(name, names);
    const std::string hint = near.empty() ? "" : fmt::format("did you mean '{}'? ", near);
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("no check is called '{}'; {}--list shows them", name, hint));
  }
  return {};
}

/// Errors: kInvalidArgument: there is nothing to do.
Result<std::vector<Check>> chosen(const Wishes& wishes, int level) {
  std::vector<Check> out;
  for (const Check& check : all_checks()) {
    const bool wanted =
        wishes.only.empty() || std::ranges::find(wishes.only, check.name) != wishes.only.end();
    if (wanted && is_of_level(check, level)) out.push_back(check);
  }
  if (!out.empty()) return out;
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("none of these checks is for a server of level {}; --list shows of which "
                          "they are",
                          level));
}

const Check& check_named(std::string_view name) {
  return *std::ranges::find(all_checks(), name, &Check::name);
}

}  // namespace

bool Report::is_fine() const {
  return std::ranges::none_of(outcomes, [](const Outcome& one) { return one.broken.has_value(); });
}

std::vector<CheckInfo> known_checks() {
  std::vector<CheckInfo> out;
  for (const Check& check : all_checks()) {
    out.push_back({check.name, check.rule, check.where, check.level});
  }
  return out;
}

Result<Report> run_checks(const Wishes& wishes, const Progress& progress) {
  TRY(check_names(wishes.only));
  if (wishes.level.has_value()) TRY(chosen(wishes, *wishes.level));
  // Whether it comes at all, and what it is.
  const Check& first = check_named(wishes.level == 0 ? "http-ready" : "hello");
  TRY_ASSIGN(Done came, run_one(first, wishes));
  if (!came.came) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the server does not come: {}; what it printed:\n{}",
                            came.outcome.broken.value_or(Finding{}).seen,
                            came.outcome.output.empty() ? "nothing" : came.outcome.output));
  }
  // One that posts instead of connecting is of level 0.
  const bool posts = std::ranges::any_of(
      came.record, [](const Entry& entry) { return entry.sort == Sort::kCame && entry.link == 0; });
  const int level = wishes.level.value_or(posts ? 0 : std::max(came.level, 1));
  TRY_ASSIGN(std::vector<Check> checks, chosen(wishes, level));
  if (came.level == 0 && level > 0 && came.outcome.broken.has_value()) {
    // Nothing else can be looked at without a hello.
    if (progress) progress(1, 1, came.outcome);
    return Report{level, {std::move(came.outcome)}};
  }
  return Run(wishes, progress).go(std::move(checks), level, std::move(came));
}

}  // namespace cordyna::conformance
