// Each line of a file becomes an event, and two processes in a row work on it. Killed at any time
// and started again, it loses no line, and does nothing again that had completed.
//     embed-example LINES STATE OUTPUT        until it is killed, as by Ctrl-C
#include <algorithm>
#include <condition_variable>
#include <cordyna/cordyna.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <mutex>

using cordyna::Event, cordyna::ExitStatus, cordyna::ProcessStatus, cordyna::Result;
using Before = std::span<const ProcessStatus>;

struct Lines final : cordyna::Input {
  explicit Lines(std::string path) : Input("lines"), file(std::move(path)) {}
  Result<> handle(std::stop_token stop, cordyna::EventSink& sink) override {
    const long from = sink.position().empty() ? 0 : std::stol(sink.position());
    long number = 0;
    for (std::string line; !stop.stop_requested() && std::getline(file, line);) {
      if (++number <= from) continue;  // it was kept before
      const Event event{.location = line, .id = std::to_string(number)};
      if (auto kept = sink.send({&event, 1}, event.id); !kept) return kept;
    }
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, stop, [] { return false; });
    return {};
  }
  std::ifstream file;
};

struct Step final : cordyna::Process {
  using Work = std::function<ProcessStatus(const Event&, Before)>;
  Step(std::string id, Work todo) : Process(std::move(id)), work(std::move(todo)) {}
  Result<ProcessStatus> run(std::stop_token, const Event& event) override {
    return work(event, {});
  }
  Result<ProcessStatus> run_after(std::stop_token, const Event& event, Before before) override {
    return work(event, before);
  }
  Work work;
};

int main(int argc, char** argv) {
  if (argc != 4) return std::cerr << "usage: embed-example LINES STATE OUTPUT\n", 2;
  std::mutex mutex;  // processes are called from several threads
  std::ofstream output(argv[3], std::ios::app);
  const auto count = [](const Event& event, Before) {
    const auto words = std::ranges::count(event.location, ' ') + 1;
    return ProcessStatus{.logs = {std::to_string(words)}, .status = ExitStatus::kSuccess};
  };
  const auto write = [&](const Event& event, Before before) {
    const std::lock_guard lock(mutex);
    output << event.id + ' ' + before[0].logs[0] + '\n' << std::flush;
    return ProcessStatus{.status = output ? ExitStatus::kSuccess : ExitStatus::kFail};
  };
  cordyna::Orchestrator orchestrator({.state = argv[2]});
  auto done = orchestrator.add_input(std::make_unique<Lines>(argv[1]));
  if (done) done = orchestrator.add_process(std::make_unique<Step>("count", count));
  if (done) done = orchestrator.add_process(std::make_unique<Step>("write", write));
  if (done) done = orchestrator.add_link("lines", "count");
  if (done) done = orchestrator.add_link("count", "write");
  if (done) done = orchestrator.run({});  // never asked to stop
  if (!done) std::cerr << done.error().message << '\n';
  return done ? 0 : 1;
}
