// How long a row takes from its insert into a process, and how many a second do, with all of it
// kept.
//     pg_input hint CONNECTION COUNT              the round trip of a bare NOTIFY, in ms, one a
//     line pg_input latency CONNECTION STATE COUNT     from before INSERT to the process's start,
//     in ms pg_input count CONNECTION STATE             prints "ready", then
//     {"events":N,"seconds":S} when
//                                                 as many came as the first line of stdin says
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cordyna/cordyna.hpp"
#include "input/postgres/stop_wake.hpp"
#include "pg/connection.hpp"

namespace {

using namespace cordyna;
using Steady = std::chrono::steady_clock;

constexpr const char* kInput = "bench";

double ms_since(Steady::time_point begun) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begun).count();
}

PgConnection connect(const std::string& text, const Wake& wake) {
  PgTarget target;
  target.text = text;
  auto opened = PgConnection::open(target, wake);
  if (!opened.has_value()) throw std::runtime_error(opened.error().message);
  return std::move(*opened);
}

void must(const PgResult<PgRows>& done) {
  if (!done.has_value()) throw std::runtime_error(done.error().message);
}

/// Counts, and wakes who waits.
struct Counter final : Process {
  Counter() : Process("count") {}
  Result<ProcessStatus> run(std::stop_token, const Event&) override {
    const std::lock_guard lock(mutex);
    ++count;
    changed.notify_all();
    return ProcessStatus{.status = ExitStatus::kSuccess};
  }
  void wait(std::size_t goal) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return count >= goal; });
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t count = 0;
};

void hint(const std::string& text, int count) {
  const input::StopWake never({});
  PgConnection sender = connect(text, never);
  PgConnection listener = connect(text, never);
  must(listener.run("LISTEN bare"));
  for (int i = 0; i < count; ++i) {
    const auto begun = Steady::now();
    must(sender.run("NOTIFY bare"));
    const auto heard = listener.notices(std::chrono::seconds(10));
    if (!heard.has_value() || heard->empty()) throw std::runtime_error("no hint");
    std::cout << ms_since(begun) << '\n';
  }
}

/// Runs the input beside `work`.
template <class Work>
void with_input(const std::string& text, const std::string& state, PostgresMode mode, Work work) {
  PostgresOptions options;
  options.connection = text;
  options.mode = mode;
  options.tables = {"bench"};
  auto made = postgres_input(kInput, options);
  if (!made) throw std::runtime_error(made.error().message);
  if (auto installed = install_postgres_input(kInput, options); !installed) {
    throw std::runtime_error(installed.error().message);
  }
  OrchestratorOptions how;
  how.state = state;
  Orchestrator orchestrator(std::move(how));
  auto counter = std::make_unique<Counter>();
  Counter& seen = *counter;
  auto done = orchestrator.add_input(std::move(*made));
  if (done) done = orchestrator.add_process(std::move(counter));
  if (done) done = orchestrator.add_link(kInput, "count");
  if (!done) throw std::runtime_error(done.error().message);
  std::jthread runner([&](std::stop_token stop) {
    if (const auto ended = orchestrator.run(stop); !ended) {
      std::cerr << ended.error().message << '\n';
      std::_Exit(1);
    }
  });
  work(seen);
}

void latency(const std::string& text, const std::string& state, int count, PostgresMode mode) {
  const input::StopWake never({});
  PgConnection writer = connect(text, never);
  with_input(text, state, mode, [&](Counter& seen) {
    for (int i = 0; i <= count; ++i) {
      const auto begun = Steady::now();
      must(writer.run("INSERT INTO bench (item) VALUES ('x')"));
      seen.wait(static_cast<std::size_t>(i) + 1);
      if (i > 0) std::cout << ms_since(begun) << '\n';  // the first one waits for the connection
    }
  });
}

void count(const std::string& text, const std::string& state, PostgresMode mode) {
  with_input(text, state, mode, [&](Counter& seen) {
    std::cout << "ready" << std::endl;
    const auto begun = Steady::now();
    std::size_t goal = 0;
    std::cin >> goal;
    seen.wait(goal);
    std::cout << R"({"events":)" << seen.count << R"(,"seconds":)" << ms_since(begun) / 1000
              << "}\n";
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  PostgresMode mode = PostgresMode::kOutbox;
  if (!words.empty() && words.back() == "slot") {
    mode = PostgresMode::kReplication;
    words.pop_back();
  }
  try {
    if (words.size() == 3 && words[0] == "hint") {
      hint(words[1], std::stoi(words[2]));
    } else if (words.size() == 4 && words[0] == "latency") {
      latency(words[1], words[2], std::stoi(words[3]), mode);
    } else if (words.size() == 3 && words[0] == "count") {
      count(words[1], words[2], mode);
    } else {
      std::cerr << "usage: pg_input hint|latency|count CONNECTION … [slot]\n";
      return 2;
    }
  } catch (const std::exception& error) {
    std::cerr << "pg_input: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
