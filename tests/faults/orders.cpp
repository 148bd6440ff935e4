#include "faults/orders.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "base/test_draws.hpp"
#include "cerebro/loop.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace cordyna::faults {

std::uint64_t next_operation(std::uint64_t at) {
  return at + (at < 20 ? 1 : test::draws(3, 1));
}

std::string text(const std::vector<std::string>& flaws) {
  return fmt::format("{}", fmt::join(flaws, "\n"));
}

namespace {

constexpr std::size_t kStepsMax = 10'000;
constexpr std::size_t kWaitsMax = 3;

TaskSpec task_of(std::string id, TaskKind kind) {
  TaskSpec task;
  task.id = std::move(id);
  task.type = kind == TaskKind::kEngine ? "log" : "shell";
  task.owner = "team";
  task.kind = kind;
  return task;
}

std::shared_ptr<const Flow> the_flow() {
  auto flow = std::make_shared<Flow>();
  flow->id = "order";
  flow->owner = "team";
  flow->hash = "h";
  flow->tasks.push_back(task_of("say", TaskKind::kEngine));
  TaskSpec work = task_of("work", TaskKind::kProcess);
  work.needs = {0};
  flow->tasks.push_back(std::move(work));
  return flow;
}

/// Keeps what was ordered until the life hands out its end; an order never begins twice.
class Workers final : public Executor {
 public:
  explicit Workers(std::size_t output_bytes) : output_bytes_(output_bytes) {}
  void start(const StartAttempt& command) override { ends_.push_back(command.key); }
  void adopt(const StartAttempt& command) override { ends_.push_back(command.key); }
  void cancel(const CancelAttempt& command) override { ends_.push_back(command.key); }

  [[nodiscard]] std::vector<AttemptReport> take() {
    std::vector<AttemptReport> reports;
    for (AttemptKey& key : std::exchange(ends_, {})) {
      Outcome outcome;
      outcome.outputs = fmt::format(R"({{"text":"{}"}})", std::string(output_bytes_, 'x'));
      reports.push_back({std::move(key), ReportKind::kEnded, std::move(outcome)});
    }
    return reports;
  }

 private:
  std::size_t output_bytes_;
  std::vector<AttemptKey> ends_;
};

AuditNote a_note() {
  AuditNote note;
  note.actor = "test";
  note.action = "order";
  note.subject = "order";
  return note;
}

/// As long as the state wants it.
std::string a_hash(std::string_view text) {
  return fmt::format("{:064x}", std::hash<std::string_view>()(text));
}

RunId id_of(std::size_t number) {
  return RunId{fmt::format("order-{}", number)};
}

/// A connection of its own, past all rules of ours.
class Look {
 public:
  explicit Look(const std::string& path) {
    if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
      flaws_.emplace_back(fmt::format("it cannot be opened: {}", sqlite3_errmsg(handle_)));
    }
  }
  ~Look() { sqlite3_close(handle_); }
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;

  /// Its rows, a text each, must be these.
  void wants(const std::string& sql, const std::vector<std::string>& wanted) {
    std::vector<std::string> rows;
    const auto add = [](void* out, int columns, char** texts, char**) {
      std::vector<std::string> row;
      row.reserve(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) row.emplace_back(texts[i] == nullptr ? "" : texts[i]);
      static_cast<std::vector<std::string>*>(out)->push_back(
          fmt::format("{}", fmt::join(row, " ")));
      return 0;
    };
    if (sqlite3_exec(handle_, sql.c_str(), add, &rows, nullptr) != SQLITE_OK) {
      rows.emplace_back(sqlite3_errmsg(handle_));
    }
    if (rows != wanted) flaws_.push_back(fmt::format("{}: {}", sql, fmt::join(rows, ", ")));
  }
  [[nodiscard]] const std::vector<std::string>& flaws() const { return flaws_; }

 private:
  sqlite3* handle_ = nullptr;
  std::vector<std::string> flaws_;
};

/// Each entry is made of the hash of the one before.
void check_audit_chain(const StateLayout& layout, std::vector<std::string>& flaws) {
  const auto reader = open_sqlite_reader(layout);
  if (!reader.has_value()) return;
  const auto audit = (*reader)->list_audit({.limit = 10'000});
  if (!audit.has_value()) {
    flaws.push_back(audit.error().message);
    return;
  }
  std::string before;
  for (auto row = audit->rbegin(); row != audit->rend(); ++row) {
    if (row->hash != a_hash(audit_text(*row, before))) {
      flaws.push_back(fmt::format("entry {} of the audit does not follow", row->seq));
    }
    before = row->hash;
  }
}

}  // namespace

/// An owner from its start to its end.
class Orders::Life {
 public:
  Life(Orders& orders, FaultVfs& disk)
      : orders_(orders), disk_(disk), workers_(orders.settings_.output_bytes) {}

  Result<> live() {
    TRY_ASSIGN(store_, open_sqlite_store(orders_.layout_));
    loop_ = std::make_unique<Loop>(
        engine::Limits{2}, *store_, evaluator_,
        [](std::string_view, std::string_view) -> Result<std::shared_ptr<const Flow>> {
          return the_flow();
        },
        TickPorts{}, SubflowPorts{}, a_hash);
    loop_->set_process(workers_);
    loop_->wait_for_space();
    loop_->set_listener([this](const ChangeSet& changes) { hear(changes); });
    TRY(take_up());
    TRY(order());
    return rest();
  }

 private:
  Result<> take_up() {
    RunFilter unfinished;
    unfinished.unfinished = true;
    TRY_ASSIGN(const std::vector<RunRow> left, store_->list_runs(unfinished));
    for (const RunRow& row : left) TRY(loop_->apply(1, ResumeSignal{row.id}));
    return {};
  }

  /// Each order in a step of its own, and each asked for twice.
  Result<> order() {
    for (std::size_t number = 0; number < orders_.settings_.orders; ++number) {
      if (orders_.begun_.contains(number)) continue;
      TRY_ASSIGN(const RunNo run, ask(number));
      TRY_ASSIGN(const RunNo again, ask(number));
      if (run != again) return fail(ErrorCode::kInternal, "an order became two runs");
      TRY(step());
      if (!disk_.power_is_off()) orders_.learn(number, run, false);
    }
    return {};
  }

  Result<RunNo> ask(std::size_t number) {
    return loop_->apply(1, 1, SubmitSignal{{id_of(number), the_flow(), "{}", "{}"}}, a_note());
  }

  Result<> rest() {
    for (std::size_t steps = 0; steps < kStepsMax; ++steps) {
      for (const AttemptReport& report : workers_.take()) {
        loop_->apply(1, report);
        worked_ = true;
      }
      if (!loop_->has_work() && !std::exchange(worked_, false)) return {};
      TRY(step());
    }
    return fail(ErrorCode::kInternal, "it never comes to rest");
  }

  Result<> step() {
    for (std::size_t tries = 0;; ++tries) {
      const auto done = loop_->step(1);
      if (done.has_value() || !loop_->waits()) return done;
      ++orders_.waits_;
      if (loop_->apply(1, WakeSignal{}).has_value()) {
        return fail(ErrorCode::kInternal, "it takes commands while it waits for space");
      }
      if (tries == kWaitsMax) disk_.heal();
    }
  }

  /// What is told here is a promise, unless the power went before.
  void hear(const ChangeSet& changes) {
    if (disk_.power_is_off()) return;
    for (const RunRow& row : changes.runs) {
      if (!is_final(row.state)) continue;
      const auto order =
          std::ranges::find(orders_.begun_, row.no, [](const auto& begun) { return begun.second; });
      if (order != orders_.begun_.end()) orders_.learn(order->first, row.no, true);
    }
  }

  Orders& orders_;
  FaultVfs& disk_;
  PlainEvaluator evaluator_;
  Workers workers_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Loop> loop_;
  bool worked_ = false;
};

Orders::Orders(OrderSettings settings) : settings_(settings), layout_("") {
  // What is synchronized is known to the VFS; the real disk need not be waited for.
  const std::filesystem::path memory = "/dev/shm";
  const auto parent =
      std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
  std::string name = (parent / "dyna-faults-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  folder_ = name;
  layout_ = StateLayout(folder_ + "/state");
}

Orders::~Orders() {
  std::filesystem::remove_all(folder_);
}

Result<> Orders::live(FaultVfs& disk) {
  Life life(*this, disk);
  return life.live();
}

void Orders::learn(std::size_t number, RunNo run, bool ended) {
  begun_[number] = run;
  if (ended) ended_[run] = true;
  if (tell) tell(number, run, ended);
}

void Orders::restart_machine() {
  std::ofstream(layout_.owner_lock(), std::ios::trunc);
}

void Orders::forget() {
  begun_.clear();
  ended_.clear();
}

std::vector<std::string> Orders::flaws() {
  Look look(layout_.database());
  look.wants("PRAGMA integrity_check", {"ok"});
  for (const auto& [number, run] : begun_) {
    look.wants(fmt::format("SELECT no FROM run WHERE id = '{}'", id_of(number).value),
               {std::to_string(run)});
  }
  for (const auto& [run, ended] : ended_) {
    look.wants(fmt::format("SELECT state FROM run WHERE no = {}", run), {"completed"});
  }
  look.wants("SELECT run FROM history GROUP BY run HAVING max(seq) <> count(*)", {});
  look.wants(
      "SELECT run FROM history WHERE run_state = 'completed' GROUP BY run HAVING count(*) <> 1",
      {});
  look.wants("SELECT run FROM attempt GROUP BY run, path HAVING max(attempt) <> count(*)", {});
  look.wants("SELECT max(seq) FROM audit HAVING max(seq) <> count(*)", {});
  std::vector<std::string> flaws = look.flaws();
  check_audit_chain(layout_, flaws);
  return flaws;
}

}  // namespace cordyna::faults
