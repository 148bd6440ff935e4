/// Tells the teams: takes what cerebro saves about failures, and sends it on.
///
/// What is not sent is in the state, and is sent by the next owner: at least once, with the same
/// id. Nothing here changes a run.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "alert/status.hpp"
#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "model/alert.hpp"
#include "ports/clock.hpp"
#include "ports/secrets.hpp"
#include "ports/store.hpp"

namespace cordyna::alert {

/// The name of its row in the state (PositionRow).
inline constexpr std::string_view kAlertPosition = "alerts";

struct HostParts {
  Cerebro* cerebro = nullptr;
  const Clock* clock = nullptr;
  std::function<Result<std::unique_ptr<StoreReader>>()> open_reader{};
  const Secrets* secrets = nullptr;
  /// Nullopt: it is as it was read last. Errors: it cannot be read, and the one before stays.
  /// Called from any thread, one at a time.
  std::function<Result<std::optional<AlertPlan>>()> read_plan{};
  /// Something for the log of the server: a message that could not be sent, a file with errors.
  /// Called from any thread; must not wait.
  std::function<void(const std::string&)> told{};
};

/// Threads: any.
class AlertHost {
 public:
  /// Tells what fails from now on, and what an owner before left; where there was none that told
  /// anybody, what failed before is history.
  explicit AlertHost(HostParts parts);
  /// Leaves what has not been sent to the next owner.
  ~AlertHost();
  AlertHost(const AlertHost&) = delete;
  AlertHost& operator=(const AlertHost&) = delete;

  /// Where the web UI is, for links; as of `words_of`. Without it there are none.
  void set_base(std::string base);
  /// A task server, "team/name", is heard of.
  void server_back(const std::string& server);
  /// Sends a message that tries the channel out, once. Errors: kNotFound: no such channel;
  /// kUnavailable: why it was not taken.
  [[nodiscard]] Result<> try_out(const std::string& channel);
  /// As `AlertBook::acknowledge`; it is saved when this returns. Waits for some seconds at most.
  /// Errors: kNotFound; kUnavailable: it could not be saved so far.
  [[nodiscard]] Result<> acknowledge(const std::string& alert, const std::string& by);
  [[nodiscard]] AlertStatus status();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::alert
