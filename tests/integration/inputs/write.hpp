// The process of the tests' programs: each event becomes a line of a file.
#pragma once

#include <cordyna/cordyna.hpp>
#include <fstream>
#include <mutex>
#include <string>

#include "../whole_lines.hpp"

struct Write final : cordyna::Process {
  explicit Write(const std::string& path) : Process("write"), file(add_whole_lines(path)) {}
  cordyna::Result<cordyna::ProcessStatus> run(std::stop_token,
                                              const cordyna::Event& event) override {
    const std::lock_guard lock(mutex);
    file << cordyna::to_json(event) + "\n" << std::flush;
    return cordyna::ProcessStatus{.status = file ? cordyna::ExitStatus::kSuccess
                                                 : cordyna::ExitStatus::kFail};
  }
  std::mutex mutex;
  std::ofstream file;
};

/// Runs the input in front of it, with a state, until the program is ended.
inline cordyna::Result<> run_into_file(std::unique_ptr<cordyna::Input> input,
                                       const std::string& state, const std::string& output) {
  const std::string id = input->id();
  cordyna::OrchestratorOptions options;
  options.state = state;
  options.longest_wait = std::chrono::milliseconds(200);
  cordyna::Orchestrator orchestrator(std::move(options));
  auto done = orchestrator.add_input(std::move(input));
  if (done) done = orchestrator.add_process(std::make_unique<Write>(output));
  if (done) done = orchestrator.add_link(id, "write");
  return done ? orchestrator.run({}) : done;
}
