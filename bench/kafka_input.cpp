// How many records a second come from Kafka into a process, with all of them kept.
//     kafka_input count BROKERS TOPIC STATE COUNT  {"events":N,"seconds":S}: from the start of the
//                                                  program's input to the end of the last process
//     kafka_input bare BROKERS TOPIC COUNT         the same for records that are taken and dropped
#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cordyna/cordyna.hpp"
#include "kafka/consumer.hpp"
#include "kafka/settings.hpp"

namespace {

using namespace cordyna;
using Steady = std::chrono::steady_clock;

constexpr const char* kInput = "bench";

void print(std::size_t events, Steady::time_point begun) {
  const double seconds = std::chrono::duration<double>(Steady::now() - begun).count();
  std::cout << R"({"events":)" << events << R"(,"seconds":)" << seconds << "}\n";
}

/// Counts, and wakes who waits for the last one.
struct Counter final : Process {
  explicit Counter(std::size_t goal) : Process("count"), goal(goal) {}
  Result<ProcessStatus> run(std::stop_token, const Event&) override {
    const std::lock_guard lock(mutex);
    if (++count == goal) changed.notify_all();
    return ProcessStatus{.status = ExitStatus::kSuccess};
  }
  void wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return count >= goal; });
  }
  std::size_t goal;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t count = 0;
};

void count(const std::vector<std::string>& words) {
  const std::size_t goal = std::stoul(words[4]);
  KafkaOptions options;
  options.brokers = words[1];
  options.topics = {words[2]};
  auto made = kafka_input(kInput, options);
  if (!made) throw std::runtime_error(made.error().message);
  OrchestratorOptions how;
  how.state = words[3];
  Orchestrator orchestrator(std::move(how));
  auto counter = std::make_unique<Counter>(goal);
  Counter& seen = *counter;
  auto done = orchestrator.add_input(std::move(*made));
  if (done) done = orchestrator.add_process(std::move(counter));
  if (done) done = orchestrator.add_link(kInput, "count");
  if (!done) throw std::runtime_error(done.error().message);
  const auto begun = Steady::now();
  const std::jthread runner([&](std::stop_token stop) {
    if (const auto ended = orchestrator.run(stop); !ended) {
      std::cerr << ended.error().message << '\n';
      std::_Exit(1);
    }
  });
  seen.wait();
  print(seen.count, begun);
}

/// Reads all partitions from their beginning.
struct FromTheBeginning final : kafka::Assignee {
  Result<std::vector<std::int64_t>> begin(std::span<const kafka::Facts> given) override {
    std::vector<std::int64_t> offsets;
    for (const kafka::Facts& facts : given) offsets.push_back(facts.low);
    return offsets;
  }
  void end(std::span<const kafka::Partition> /*taken*/) override {}
};

void bare(const std::vector<std::string>& words) {
  const std::size_t goal = std::stoul(words[3]);
  const auto settings =
      kafka::settings_of({.brokers = words[1], .group = "bare", .member = "", .more = {}});
  if (!settings) throw std::runtime_error(settings.error().message);
  FromTheBeginning beginning;
  const auto begun = Steady::now();
  const auto consumer = kafka::Consumer::open(*settings, {words[2]}, beginning, {});
  if (!consumer) throw std::runtime_error(consumer.error().message);
  std::size_t seen = 0;
  while (seen < goal) {
    const auto records = (*consumer)->take(std::size_t{4} << 20);
    if (!records) throw std::runtime_error(records.error().message);
    seen += records->size();
  }
  print(seen, begun);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 5 && words[0] == "count") {
      count(words);
    } else if (words.size() == 4 && words[0] == "bare") {
      bare(words);
    } else {
      std::cerr
          << "usage: kafka_input count BROKERS TOPIC STATE COUNT | bare BROKERS TOPIC COUNT\n";
      return 2;
    }
  } catch (const std::exception& error) {
    std::cerr << "kafka_input: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
