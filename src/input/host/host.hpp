/// Keeps the inputs of applied flows going: one for each enabled trigger that has one.
///
/// What is applied, disabled or removed takes effect with the commit that says so. An input that
/// ends or throws is told of, and begun again after a while, from where it was.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "model/flow.hpp"
#include "model/input_status.hpp"
#include "ports/clock.hpp"
#include "ports/evaluator.hpp"
#include "ports/secrets.hpp"
#include "ports/store.hpp"

namespace cordyna::input {

struct HostParts {
  Cerebro* cerebro = nullptr;
  const Clock* clock = nullptr;
  FlowLoader loader{};
  std::function<Result<std::unique_ptr<StoreReader>>()> open_reader{};
  const Secrets* secrets = nullptr;
  const Evaluator* evaluator = nullptr;
  /// A state has changed. Called from any thread; must not wait.
  std::function<void(const InputStatus&)> told{};
};

/// Threads: any.
class InputHost {
 public:
  /// Begins all that there are now. Borrows what the parts point to, until it ends.
  explicit InputHost(HostParts parts);
  /// As `stop`.
  ~InputHost();
  InputHost(const InputHost&) = delete;
  InputHost& operator=(const InputHost&) = delete;

  /// Ends all inputs and waits for them; none is begun any more.
  void stop();

  /// Of each that there is now, in order of flow and trigger.
  [[nodiscard]] std::vector<InputStatus> statuses() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::input
