// tick_day STATE FLOWS HOURS
//
// Keeps FLOWS hourly schedules, spread over the minutes, through HOURS simulated hours, against a
// real state on the disk: each minute one commit, as `dyna up` makes it. A tick here begins no run:
// the starter hands out a number. Prints a JSON object: ticks, the seconds they took, how often it
// was awake, and what was missed, doubled, or done at another time than its own. For ./dev bench.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cerebro/ticker.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace {

using namespace cordyna;

constexpr Millis kFirst = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr Millis kHour = 3'600'000;

KeptTrigger hourly(int number) {
  auto flow = std::make_shared<Flow>();
  flow->id = "flow-" + std::to_string(number);
  flow->ns = "bench";
  TriggerSpec spec;
  spec.id = "hourly";
  spec.cron = std::to_string(number % 60) + " * * * *";
  flow->triggers.push_back(std::move(spec));
  return {std::move(flow), "{}", 0};
}

struct Day {
  std::int64_t ticks = 0;
  std::int64_t wakes = 0;
  std::int64_t at_another_time = 0;
  double seconds = 0;
};

class Clockwork {
 public:
  Clockwork(Store& store, int flows) : store_(store), flows_(flows), ticker_(store, ports()) {}

  Result<> begin() {
    std::vector<KeptTrigger> kept;
    kept.reserve(static_cast<std::size_t>(flows_));
    for (int i = 0; i < flows_; ++i) kept.push_back(hourly(i));
    ChangeSet begun;
    TRY(ticker_.keep(kFirst, kept, begun));
    return store_.commit(begun);
  }

  /// Sleeps from one time that is due to the next; only what is done awake is timed.
  Result<> go_to(Millis until) {
    RunNo last_run = 0;
    const Ticker::Starter starter = [&](engine::RunStart) { return Result<RunNo>(++last_run); };
    while (true) {
      const auto next = ticker_.next();
      if (!next.has_value() || *next > until) return {};
      const auto begun = std::chrono::steady_clock::now();
      ChangeSet changes;
      do {
        ticker_.advance(*next, starter, changes);
      } while (ticker_.behind());
      TRY(store_.commit(changes));
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
      day_.seconds += took.count();
      ++day_.wakes;
      day_.ticks += static_cast<std::int64_t>(changes.ticks.size());
      for (const TickRow& row : changes.ticks) {
        if (row.scheduled_for != *next || row.state != TickState::kRun) ++day_.at_another_time;
      }
    }
  }

  /// Times that the rows of each flow leave out, or have twice.
  Result<std::int64_t> wrong(int hours) {
    std::int64_t wrong = 0;
    for (int i = 0; i < flows_; ++i) {
      TickFilter filter{"bench", "flow-" + std::to_string(i), "hourly", 0, 1'000'000};
      TRY_ASSIGN(const std::vector<TickRow> rows, store_.list_ticks(filter));
      const Millis first = kFirst + (i % 60 == 0 ? kHour : (i % 60) * kHour / 60);
      // Newest first; the last one says when it began.
      for (std::size_t at = 0; at + 1 < rows.size(); ++at) {
        const auto place = static_cast<Millis>(rows.size() - 2 - at);
        if (rows[at].scheduled_for != first + place * kHour) ++wrong;
      }
      wrong += std::abs(static_cast<std::int64_t>(rows.size()) - 1 - hours);
    }
    return wrong;
  }

  [[nodiscard]] const Day& day() const { return day_; }

 private:
  static TickPorts ports() {
    TickPorts ports;
    ports.inputs = [](const Flow&, const TriggerSpec&, std::string_view) {
      return Result<std::string>("{}");
    };
    ports.make_id = [](Millis) { return RunId{"run"}; };
    return ports;
  }

  Store& store_;
  int flows_;
  Ticker ticker_;
  Day day_;
};

Result<> live(const std::string& folder, int flows, int hours) {
  TRY_ASSIGN(const std::unique_ptr<Store> store, open_sqlite_store(StateLayout(folder)));
  Clockwork clockwork(*store, flows);
  TRY(clockwork.begin());
  TRY(clockwork.go_to(kFirst + hours * kHour));
  TRY_ASSIGN(const std::int64_t wrong, clockwork.wrong(hours));
  const Day& day = clockwork.day();
  std::printf(
      "{\"ticks\":%lld,\"seconds\":%.6f,\"wakes\":%lld,\"missed_or_doubled\":%lld,"
      "\"at_another_time\":%lld}\n",
      static_cast<long long>(day.ticks), day.seconds, static_cast<long long>(day.wakes),
      static_cast<long long>(wrong), static_cast<long long>(day.at_another_time));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: tick_day STATE FLOWS HOURS\n", stderr);
    return 2;
  }
  const Result<> done = live(argv[1], std::atoi(argv[2]), std::atoi(argv[3]));
  if (done.has_value()) return 0;
  std::fprintf(stderr, "tick_day: %s\n", done.error().message.c_str());
  return 1;
}
