// What an event costs the library's own threads, where the input and the process cost nothing.
//     library_cost STATE COUNT BATCH [CHAIN]   prints {"events":N,"seconds":S,"engine_us":…,
//                                              "worker_us":…,"input_us":…}: the last three are
//                                              CPU time for each event; CHAIN processes, one
//                                              behind the other (1)
// `engine` is all that is neither of an input nor of a process: it is one thread, and so the bound.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cordyna/cordyna.hpp"

namespace {

using namespace cordyna;
using Steady = std::chrono::steady_clock;

constexpr const char* kInput = "bench";

struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t count = 0;
  std::set<int> workers;
  int input = 0;
};

struct Counter final : Process {
  Counter(std::string id, Seen* seen, bool last)
      : Process(std::move(id)), seen_(*seen), last_(last) {}
  Result<ProcessStatus> run(std::stop_token, const Event&) override { return note(); }
  Result<ProcessStatus> run_after(std::stop_token, const Event&,
                                  std::span<const ProcessStatus>) override {
    return note();
  }
  ProcessStatus note() {
    thread_local const int self = ::gettid();
    const std::lock_guard lock(seen_.mutex);
    seen_.workers.insert(self);
    if (last_) ++seen_.count;
    seen_.changed.notify_all();
    return ProcessStatus{.status = ExitStatus::kSuccess};
  }
  Seen& seen_;
  bool last_;
};

struct Sender final : Input {
  Sender(Seen* seen, std::size_t count, std::size_t batch)
      : Input(kInput), seen_(*seen), count_(count), batch_(batch) {}
  Result<> handle(std::stop_token stop, EventSink& sink) override {
    seen_.input = ::gettid();
    std::vector<Event> events;
    for (std::size_t i = 0; i < count_;) {
      events.clear();
      for (; events.size() < batch_ && i < count_; ++i) {
        Event event;
        event.location = "orders";
        event.operation = Operation::kCreate;
        event.id = std::to_string(i);
        event.key = "bench/0/" + event.id;
        event.data = R"({"order": )" + event.id + R"(, "item": "tea", "note": ")" +
                     std::string(60, 'x') + R"("})";
        events.push_back(std::move(event));
      }
      if (auto sent = sink.send(events, std::to_string(i)); !sent) return sent;
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
    return {};
  }
  Seen& seen_;
  std::size_t count_;
  std::size_t batch_;
};

/// In µs, of one thread.
double cpu_of(const std::filesystem::path& task) {
  double ns = 0;
  std::ifstream(task / "schedstat") >> ns;
  return ns / 1000;
}

void print(Seen& seen, double seconds) {
  double engine = 0;
  double worker = 0;
  double input = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const int id = std::stoi(task.path().filename().string());
    double& whose = id == seen.input ? input : seen.workers.contains(id) ? worker : engine;
    whose += cpu_of(task.path());
  }
  const auto events = static_cast<double>(seen.count);
  std::cout << R"({"events":)" << seen.count << R"(,"seconds":)" << seconds << R"(,"engine_us":)"
            << engine / events << R"(,"worker_us":)" << worker / events << R"(,"input_us":)"
            << input / events << "}" << std::endl;
}

void measure(const std::string& state, std::size_t count, std::size_t batch, std::size_t chain) {
  OrchestratorOptions how;
  how.state = state;
  Orchestrator orchestrator(std::move(how));
  Seen seen;
  auto done = orchestrator.add_input(std::make_unique<Sender>(&seen, count, batch));
  std::string before = kInput;
  for (std::size_t i = 1; done && i <= chain; ++i) {
    const std::string id = "p" + std::to_string(i);
    done = orchestrator.add_process(std::make_unique<Counter>(id, &seen, i == chain));
    if (done) done = orchestrator.add_link(before, id);
    before = id;
  }
  if (!done) throw std::runtime_error(done.error().message);
  const auto begun = Steady::now();
  const std::jthread runner([&](std::stop_token stop) {
    if (const auto ended = orchestrator.run(stop); !ended) {
      std::cerr << ended.error().message << '\n';
      std::_Exit(1);
    }
  });
  std::unique_lock lock(seen.mutex);
  seen.changed.wait(lock, [&] { return seen.count >= count; });
  print(seen, std::chrono::duration<double>(Steady::now() - begun).count());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 3 && words.size() != 4) {
    std::cerr << "usage: library_cost STATE COUNT BATCH [CHAIN]\n";
    return 2;
  }
  try {
    measure(words[0], std::stoul(words[1]), std::stoul(words[2]),
            words.size() == 4 ? std::stoul(words[3]) : 1);
  } catch (const std::exception& error) {
    std::cerr << "library_cost: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
