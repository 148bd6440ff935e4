#include "cordyna/orchestrator.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "embed/links.hpp"
#include "embed/session.hpp"
#include "store/memory/memory_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace cordyna {
namespace {

constexpr std::size_t kConcurrencyMax = 1024;
constexpr std::size_t kPendingMax = 10'000'000;

std::unexpected<Error> out_of_bounds(std::string_view option, std::string_view want) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("OrchestratorOptions::{} is out of its bounds: want {}", option, want));
}

Result<> check_options(const OrchestratorOptions& options) {
  if (options.concurrency < 1 || options.concurrency > kConcurrencyMax) {
    return out_of_bounds("concurrency", fmt::format("1 to {}", kConcurrencyMax));
  }
  if (options.pending < 1 || options.pending > kPendingMax) {
    return out_of_bounds("pending", fmt::format("1 to {}", kPendingMax));
  }
  if (options.attempts < 1) return out_of_bounds("attempts", "1 or more");
  if (options.retry_wait.count() < 0) return out_of_bounds("retry_wait", "0 or more");
  if (options.first_wait.count() < 1) return out_of_bounds("first_wait", "1 ms or more");
  if (options.longest_wait < options.first_wait) {
    return out_of_bounds("longest_wait", "first_wait or more");
  }
  if (options.remembered > kPendingMax) {
    return out_of_bounds("remembered", fmt::format("{} at most", kPendingMax));
  }
  return {};
}

}  // namespace

class Orchestrator::Impl {
 public:
  explicit Impl(OrchestratorOptions options)
      : options_(std::move(options)),
        reporter_(options_),
        memory_(std::make_unique<MemoryStore>()) {}

  Result<> add_input(std::unique_ptr<Input> input) {
    const std::lock_guard lock(mutex_);
    TRY(check_idle());
    if (input == nullptr) return fail(ErrorCode::kInvalidArgument, "the input is null");
    TRY(links_.add_input(input->id()));
    inputs_.push_back(std::move(input));
    return {};
  }

  Result<> add_process(std::unique_ptr<Process> process) {
    const std::lock_guard lock(mutex_);
    TRY(check_idle());
    if (process == nullptr) return fail(ErrorCode::kInvalidArgument, "the process is null");
    TRY(links_.add_process(process->id()));
    processes_.push_back(std::move(process));
    return {};
  }

  Result<> add_link(std::string_view from, std::string_view to) {
    const std::lock_guard lock(mutex_);
    TRY(check_idle());
    return links_.add(from, to);
  }

  Result<> run(const std::stop_token& stop) {
    {
      const std::lock_guard lock(mutex_);
      TRY(check_idle());
      TRY(check_options(options_));
      TRY(check_inputs());
      runs_ = true;
    }
    auto ended = run_alone(stop);
    const std::lock_guard lock(mutex_);
    runs_ = false;
    return ended;
  }

 private:
  [[nodiscard]] Result<> check_idle() const {
    if (!runs_) return {};
    return fail(ErrorCode::kConflict,
                "the orchestrator runs: nothing can be added, and it cannot run twice; wait until "
                "'run' has returned");
  }

  [[nodiscard]] Result<> check_inputs() const {
    if (inputs_.empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  "there is no input: add one with add_input, and link it to a process");
    }
    for (const auto& input : inputs_) {
      if (!links_.stages(input->id()).empty()) continue;
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("the input '{}' leads nowhere, and its events would be for nobody: "
                              "link it to a process with add_link",
                              input->id()));
    }
    return {};
  }

  Result<std::unique_ptr<Store>> open_store() {
    if (!options_.state.empty()) {
      std::error_code problem;
      const auto folder = std::filesystem::absolute(options_.state, problem);
      return open_sqlite_store(StateLayout(problem ? options_.state.string() : folder.string()));
    }
    // What is in memory stays for the next run.
    return std::unique_ptr<Store>(memory_->fork_owner());
  }

  Result<> run_alone(const std::stop_token& stop) {
    TRY_ASSIGN(const std::unique_ptr<Store> store, open_store());
    embed::SessionParts parts;
    for (const auto& input : inputs_) parts.inputs.push_back(input.get());
    for (const auto& process : processes_) parts.processes.emplace(process->id(), process.get());
    for (const auto& input : inputs_) parts.stages.emplace(input->id(), links_.stages(input->id()));
    embed::Session session(options_, std::move(parts), *store, reporter_);
    return session.run(stop);
  }

  OrchestratorOptions options_;
  embed::Reporter reporter_;
  std::unique_ptr<MemoryStore> memory_;
  std::mutex mutex_;
  embed::Links links_;
  std::vector<std::unique_ptr<Input>> inputs_;
  std::vector<std::unique_ptr<Process>> processes_;
  bool runs_ = false;
};

Orchestrator::Orchestrator(OrchestratorOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

Orchestrator::~Orchestrator() = default;

Result<> Orchestrator::add_input(std::unique_ptr<Input> input) {
  return impl_->add_input(std::move(input));
}
Result<> Orchestrator::add_process(std::unique_ptr<Process> process) {
  return impl_->add_process(std::move(process));
}
Result<> Orchestrator::add_link(std::string_view from, std::string_view to) {
  return impl_->add_link(from, to);
}
Result<> Orchestrator::run(std::stop_token stop) {  // NOLINT(performance-unnecessary-value-param)
  return impl_->run(stop);
}

}  // namespace cordyna
