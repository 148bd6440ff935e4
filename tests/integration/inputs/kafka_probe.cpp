// A program with one Kafka input, as a user of the library would write it; the tests build and call
// it.
//     kafka_probe ID BROKERS TOPIC FORMAT STATE OUTPUT     each event becomes a line of OUTPUT
#include <cordyna/cordyna.hpp>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

namespace {

using cordyna::Event, cordyna::ExitStatus, cordyna::ProcessStatus, cordyna::Result;

struct Write final : cordyna::Process {
  explicit Write(const std::string& path) : Process("write"), file(path, std::ios::app) {}
  Result<ProcessStatus> run(std::stop_token, const Event& event) override {
    const std::lock_guard lock(mutex);
    file << cordyna::to_json(event) + "\n" << std::flush;
    return ProcessStatus{.status = file ? ExitStatus::kSuccess : ExitStatus::kFail};
  }
  std::mutex mutex;
  std::ofstream file;
};

Result<> run(const std::vector<std::string>& words) {
  cordyna::KafkaOptions options;
  options.brokers = words[1];
  options.topics = {words[2]};
  if (words[3] == "text") options.format = cordyna::KafkaFormat::kText;
  if (words[3] == "bytes") options.format = cordyna::KafkaFormat::kBytes;
  auto input = cordyna::kafka_input(words[0], options);
  if (!input) return std::unexpected(input.error());
  cordyna::OrchestratorOptions orchestrator_options;
  orchestrator_options.state = words[4];
  orchestrator_options.longest_wait = std::chrono::milliseconds(200);
  cordyna::Orchestrator orchestrator(std::move(orchestrator_options));
  auto done = orchestrator.add_input(std::move(*input));
  if (done) done = orchestrator.add_process(std::make_unique<Write>(words[5]));
  if (done) done = orchestrator.add_link(words[0], "write");
  return done ? orchestrator.run({}) : done;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 6) return 2;
  const Result<> done = run(words);
  if (!done) std::cerr << to_string(done.error().code) << ": " << done.error().message << '\n';
  return done ? 0 : 1;
}
